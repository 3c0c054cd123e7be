package importer

import (
	"bytes"
	"io"
	"strings"
)

// MaxPiece is the longest piece that a Scanner holds, in octets. A longer one is
// skipped.
const MaxPiece = 16 << 20

// Piece is a value as it stands in the input, or what stands in its place.
type Piece struct {
	Raw          []byte // valid until the next piece
	Offset, Line int64  // of its first octet; the line from 1
	Long         int64  // whole length of a piece over MaxPiece, of which Raw is the head; else 0
	Cut          bool   // the input ended inside it
}

// Scanner cuts a stream of JSON into pieces, in bounded memory. It goes by brackets
// and quotes alone, and whoever reads a piece checks it: so what is damaged costs
// that piece, not the rest.
type Scanner struct {
	r      io.Reader
	window []byte // read, not yet taken
	space  []byte // what window lies in
	fail   error  // of the reader, io.EOF included
	idle   int    // reads in a row that gave nothing

	offset, line int64
	buf          []byte // taken since Begin, up to MaxPiece
	total        int64  // how much that is
	stack        []byte // open brackets of the value that is being read
}

// NewScanner reads JSON from r.
func NewScanner(r io.Reader) *Scanner {
	return &Scanner{r: r, space: make([]byte, 64<<10), line: 1}
}

// Err returns why there is nothing more: the reader's error, io.EOF included.
func (s *Scanner) Err() error { return s.fail }

// Offset returns how many octets were taken.
func (s *Scanner) Offset() int64 { return s.offset }

// Taken returns what was taken since Begin, up to MaxPiece octets, valid until the
// next Begin; Long reports whether there was more.
func (s *Scanner) Taken() []byte { return s.buf }

// Long reports whether more was taken since Begin than is held.
func (s *Scanner) Long() bool { return s.total > MaxPiece }

// Begin starts a piece at the next octet.
func (s *Scanner) Begin() Piece {
	s.buf, s.total, s.stack = s.buf[:0], 0, s.stack[:0]
	return Piece{Offset: s.offset, Line: s.line}
}

// Finish ends a piece before the next octet.
func (s *Scanner) Finish(p *Piece) {
	p.Raw = s.buf
	p.Cut = p.Cut || len(s.stack) > 0 // brackets stay open only at the end of the input
	if s.Long() {
		p.Raw, p.Long = s.buf[:KeptHead], s.total
	}
}

// Value reads one value and reports whether there was any.
func (s *Scanner) Value() bool {
	c, ok := s.peek()
	switch {
	case !ok:
		return false
	case c == '"':
		s.Text()
		return true
	case c == '{' || c == '[':
		s.nested()
		return true
	}
	return s.Run(",]}[{\" \t\r\n")
}

// Run takes octets up to one of those in stop, which must hold the line feed, and
// reports whether there were any.
func (s *Scanner) Run(stop string) bool {
	from := s.total
	for c, ok := s.peek(); ok && strings.IndexByte(stop, c) < 0; c, ok = s.peek() {
		s.takeTo(stop)
	}
	return s.total > from
}

// Skip reads a value, or one octet where none begins.
func (s *Scanner) Skip() {
	if !s.Value() {
		s.Take()
	}
}

// maxStack is how many open brackets are remembered by their kind. Pieces that
// nest so deep are refused by whoever reads them; here they need only end.
const maxStack = 1 << 10

// nested reads an object or an array to its closing bracket. A bracket that
// closes an outer one closes those inside it too; one that closes nothing ends
// the value before it, since it belongs to the array around it.
func (s *Scanner) nested() {
	s.stack = s.stack[:0]
	over := 0
	for c, ok := s.peek(); ok; c, ok = s.peek() {
		switch {
		case c == '"':
			if !s.Text() && s.astray() {
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
		if s.Take(); len(s.stack) == 0 {
			return
		}
	}
}

// astray reports, behind a string without its end, whether an object begins where
// a member should: then the object around it was on the line that has passed.
func (s *Scanner) astray() bool {
	c, ok := s.Blank()
	if ok && c == ',' {
		s.Take()
		c, ok = s.Blank()
	}
	return ok && c == '{' && len(s.stack) > 0 && s.stack[len(s.stack)-1] == '{'
}

// Text reads a string and reports whether it has an end. A line feed ends it too:
// none may stand in a string, and where a closing quote is missing, the next line
// is sound again.
func (s *Scanner) Text() bool {
	s.Take()
	for c, ok := s.peek(); ok && c != '\n'; c, ok = s.peek() {
		switch c {
		case '"':
			s.Take()
			return true
		case '\\':
			s.Take()
			if c, ok := s.peek(); ok && c != '\n' {
				s.Take()
			}
		default:
			s.takeTo("\"\\\n")
		}
	}
	return false
}

// Blank passes over white space and a byte order mark, and returns the octet
// behind it, which is still to be taken.
func (s *Scanner) Blank() (byte, bool) {
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
		s.Take()
	}
}

func (s *Scanner) peek() (byte, bool) {
	if len(s.window) == 0 && !s.fill() {
		return 0, false
	}
	return s.window[0], true
}

// fill reads on and reports whether there is more.
func (s *Scanner) fill() bool {
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

// Take takes the octet that peek showed.
func (s *Scanner) Take() {
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
	if len(s.buf) < MaxPiece {
		s.buf = append(s.buf, c)
	}
}

// takeTo takes what is read up to one of the octets in stop, which must hold the
// line feed.
func (s *Scanner) takeTo(stop string) {
	n := bytes.IndexAny(s.window, stop)
	if n < 0 {
		n = len(s.window)
	}
	s.buf = append(s.buf, s.window[:min(n, MaxPiece-len(s.buf))]...)
	s.window = s.window[n:]
	s.offset += int64(n)
	s.total += int64(n)
}
