package misp

import (
	"bytes"
	"io"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// most is the longest attribute, object or member of an event that is read, in
// octets. A longer one is skipped without being held.
const most = 16 << 20

// place is the member of an event in which an element stands.
type place uint8

const (
	none place = iota
	inAttribute
	inObject
)

// String returns the member's name.
func (p place) String() string { return [...]string{"", "Attribute", "Object"}[p] }

// element is an attribute or an object as it stands in the input.
type element struct {
	member       place
	offset, line int64
	raw          []byte // valid until the next element
	long         int64  // whole length of an element over most, of which raw is the head; else 0
	cut          bool   // the input ended inside it
}

// err says why the element can't be read, or nil.
func (el *element) err() error {
	switch {
	case el.long > 0:
		return fault.New(fault.Invalid, "%d octets are longer than %d: take out what it embeds, such as attachments in member data", el.long, most)
	case el.cut:
		return fault.New(fault.Invalid, "the input ends inside the element")
	}
	return nil
}

// scanner reads JSON octet by octet in bounded memory. It goes by brackets and
// quotes alone, and whoever reads an element checks it: so what is damaged costs
// that element, not the rest.
type scanner struct {
	r      io.Reader
	window []byte // read, not yet taken
	space  []byte // what window lies in
	fail   error  // of the reader, io.EOF included
	idle   int    // reads in a row that gave nothing

	offset, line int64
	buf          []byte // taken since begin, up to most
	total        int64  // how much that is
	stack        []byte // open brackets of the value that is being read
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, space: make([]byte, 64<<10), line: 1}
}

// begin starts an element at the next octet.
func (s *scanner) begin(member place) *element {
	s.buf, s.total, s.stack = s.buf[:0], 0, s.stack[:0]
	return &element{member: member, offset: s.offset, line: s.line}
}

// finish ends an element before the next octet.
func (s *scanner) finish(el *element) {
	el.raw, el.cut = s.buf, len(s.stack) > 0 // brackets stay open only at the end of the input
	if s.total > most {
		el.raw, el.long = s.buf[:importer.KeptHead], s.total
	}
}

// value reads one value and reports whether there was any.
func (s *scanner) value() bool {
	c, ok := s.peek()
	switch {
	case !ok:
		return false
	case c == '"':
		s.text()
		return true
	case c == '{' || c == '[':
		s.nested()
		return true
	}
	const stop = ",]}[{\" \t\r\n"
	from := s.total
	for ok && strings.IndexByte(stop, c) < 0 {
		s.takeTo(stop)
		c, ok = s.peek()
	}
	return s.total > from
}

// skip reads a value, or one octet where none begins.
func (s *scanner) skip() {
	if !s.value() {
		s.take()
	}
}

// maxStack is how many open brackets are remembered by their kind. Elements that
// nest so deep are refused by whoever reads them; here they need only end.
const maxStack = 1 << 10

// nested reads an object or an array to its closing bracket. A bracket that
// closes an outer one closes those inside it too; one that closes nothing ends
// the value before it, since it belongs to the array around it.
func (s *scanner) nested() {
	s.stack = s.stack[:0]
	over := 0
	for c, ok := s.peek(); ok; c, ok = s.peek() {
		switch {
		case c == '"':
			if !s.text() && s.astray() {
				s.stack = s.stack[:0]
				return
			}
			continue
		case c == '{' || c == '[':
			if len(s.stack) < maxStack {
				s.stack = append(s.stack, c)
			} else {
				over++
			}
		case (c == '}' || c == ']') && over > 0:
			over--
		case c == '}' || c == ']':
			i := bytes.LastIndexByte(s.stack, c-2) // in ASCII the two lie two apart
			s.stack = s.stack[:max(i, 0)]
			if i < 0 {
				return
			}
		}
		if s.take(); len(s.stack) == 0 {
			return
		}
	}
}

// astray reports, behind a string without its end, whether an object begins where
// a member should: then the object around it was on the line that has passed.
func (s *scanner) astray() bool {
	c, ok := s.blank()
	if ok && c == ',' {
		s.take()
		c, ok = s.blank()
	}
	return ok && c == '{' && len(s.stack) > 0 && s.stack[len(s.stack)-1] == '{'
}

// text reads a string and reports whether it has an end. A line feed ends it too:
// none may stand in a string, and where a closing quote is missing, the next line
// is sound again.
func (s *scanner) text() bool {
	s.take()
	for c, ok := s.peek(); ok && c != '\n'; c, ok = s.peek() {
		switch c {
		case '"':
			s.take()
			return true
		case '\\':
			s.take()
			if c, ok := s.peek(); ok && c != '\n' {
				s.take()
			}
		default:
			s.takeTo("\"\\\n")
		}
	}
	return false
}

// blank passes over white space and a byte order mark, and returns the octet
// behind it, which is still to be taken.
func (s *scanner) blank() (byte, bool) {
	const mark = "\xef\xbb\xbf"
	for {
		c, ok := s.peek()
		switch {
		case !ok:
			return 0, false
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case s.offset < 3 && c == mark[s.offset]:
		default:
			return c, true
		}
		s.take()
	}
}

func (s *scanner) peek() (byte, bool) {
	if len(s.window) == 0 && !s.fill() {
		return 0, false
	}
	return s.window[0], true
}

// fill reads on and reports whether there is more.
func (s *scanner) fill() bool {
	for s.fail == nil {
		n, err := s.r.Read(s.space)
		s.window, s.fail = s.space[:n], err
		if n > 0 {
			s.idle = 0
			return true
		}
		if s.idle++; s.idle > 100 && s.fail == nil {
			s.fail = io.ErrNoProgress
		}
	}
	return false
}

// take takes the octet that peek showed.
func (s *scanner) take() {
	if len(s.window) == 0 {
		return
	}
	c := s.window[0]
	s.window = s.window[1:]
	s.offset++
	s.total++
	if c == '\n' {
		s.line++
	}
	if len(s.buf) < most {
		s.buf = append(s.buf, c)
	}
}

// takeTo takes what is read up to one of the octets in stop, which must hold the
// line feed.
func (s *scanner) takeTo(stop string) {
	n := bytes.IndexAny(s.window, stop)
	if n < 0 {
		n = len(s.window)
	}
	s.buf = append(s.buf, s.window[:min(n, most-len(s.buf))]...)
	s.window = s.window[n:]
	s.offset += int64(n)
	s.total += int64(n)
}
