package stix

import (
	"bytes"
	"io"
	"strings"

	"github.com/spoor-cti/spoor/internal/importer"
)

// value reads one value and reports whether there was any.
func (s *splitter) value() bool {
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
	return s.run(",]}[{\" \t\r\n")
}

// run takes octets up to one of those in stop, and reports whether there were any.
func (s *splitter) run(stop string) bool {
	from := s.total
	for c, ok := s.peek(); ok && strings.IndexByte(stop, c) < 0; c, ok = s.peek() {
		s.takeTo(stop)
	}
	return s.total > from
}

// maxStack is how many open brackets are remembered by their kind. Objects that
// nest so deep are refused by whoever reads them; here they need only end.
const maxStack = 1 << 10

// nested reads an object or an array to its closing bracket. A bracket that
// closes an outer one closes those inside it too; one that closes nothing ends
// the value before it, since it belongs to the array around it.
func (s *splitter) nested() {
	over := 0
	for {
		c, ok := s.peek()
		switch {
		case !ok:
			return
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
			if i < 0 {
				s.stack = s.stack[:0]
				return
			}
			s.stack = s.stack[:i]
		}
		s.take()
		if len(s.stack) == 0 {
			return
		}
	}
}

// astray reports, behind a string without its end, whether an object begins where
// a member should: then the object around was on the line that has passed.
func (s *splitter) astray() bool {
	c, ok := s.blank()
	if ok && c == ',' {
		s.take()
		c, ok = s.blank()
	}
	return ok && c == '{' && len(s.stack) > 0 && s.stack[len(s.stack)-1] == '{'
}

// text reads a string and reports whether it has an end. A line feed ends it: none
// may stand in a string, and where a closing quote is missing, the next line is
// sound again.
func (s *splitter) text() bool {
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
func (s *splitter) blank() (byte, bool) {
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

// begin starts a piece at the next octet.
func (s *splitter) begin() *piece {
	s.buf, s.total, s.stack = s.buf[:0], 0, s.stack[:0]
	return &piece{offset: s.offset, line: s.line}
}

// finish ends a piece before the next octet.
func (s *splitter) finish(p *piece) *piece {
	p.raw = s.buf
	p.cut = p.cut || len(s.stack) > 0 // nested leaves brackets open only at the end of the input
	if s.total > maxObject {
		p.raw, p.long = s.buf[:importer.KeptHead], s.total
	}
	return p
}

func (s *splitter) peek() (byte, bool) {
	if len(s.window) == 0 && !s.fill() {
		return 0, false
	}
	return s.window[0], true
}

// fill reads on and reports whether there is more.
func (s *splitter) fill() bool {
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

// take takes the octet that peek showed into the piece.
func (s *splitter) take() {
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
	if len(s.buf) < maxObject {
		s.buf = append(s.buf, c)
	}
}

// takeTo takes what is read up to one of the octets in stop, which must hold the
// line feed.
func (s *splitter) takeTo(stop string) {
	n := bytes.IndexAny(s.window, stop)
	if n < 0 {
		n = len(s.window)
	}
	s.buf = append(s.buf, s.window[:min(n, maxObject-len(s.buf))]...)
	s.window = s.window[n:]
	s.offset += int64(n)
	s.total += int64(n)
}
