package stix

import (
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
)

// maxObject is the longest object that is read, in octets. A longer one is
// rejected and skipped without being held.
const maxObject = 16 << 20

// piece is one value of the stream: an object, or what stands in its place.
type piece struct {
	raw    []byte // valid until the next piece
	offset int64
	line   int64
	long   int64 // whole length of a piece over maxObject, of which raw is the head; else 0
	cut    bool  // the input ended inside it
	outer  bool  // it stands by itself, in no array
	stray  bool  // it is no JSON value
}

// err says why the piece can't be an object, or nil.
func (p *piece) err() error {
	switch {
	case p.long > 0:
		return fault.New(fault.Invalid, "object of %d octets is longer than %d: take out what it embeds, such as payload_bin", p.long, maxObject)
	case p.cut:
		return fault.New(fault.Invalid, "the input ends inside the object")
	}
	return nil
}

// place is where in the input the splitter stands.
type place uint8

const (
	top      place = iota // between values
	elements              // in an array of objects
	tail                  // in a bundle, behind its array
)

// splitter cuts a stream into its objects: the elements of a bundle's "objects"
// (or a TAXII envelope's), the elements of a bare array, or values that follow
// one another. It holds one object at a time. It goes by brackets and quotes
// alone, and whoever reads a piece checks it: so what is damaged costs that
// piece, not the rest.
type splitter struct {
	r      io.Reader
	window []byte // read, not yet taken
	space  []byte // what window lies in
	fail   error  // of the reader, io.EOF included
	idle   int    // reads in a row that gave nothing

	at       place
	inBundle bool   // the array is a member of an object
	header   []byte // the members of the last bundle before its objects
	started  bool   // something was found
	open     bool   // the input ended inside a bundle or an array

	offset, line int64
	buf          []byte // the piece, up to maxObject
	total        int64  // its length so far
	stack        []byte // open brackets of the value that is being read
}

func newSplitter(r io.Reader) *splitter {
	return &splitter{r: r, space: make([]byte, 128<<10), line: 1}
}

// next returns the next piece, or io.EOF. Other errors are the reader's, or say
// that the input isn't JSON from its first octet on.
func (s *splitter) next() (*piece, error) {
	for {
		c, ok := s.blank()
		if !ok {
			s.open = s.open || s.at != top
			return nil, s.fail
		}
		p := s.begin()
		switch s.at {
		case top:
			p = s.atTop(p, c)
		case elements:
			p = s.atElement(p, c)
		case tail:
			p = s.members(p)
		}
		switch {
		case p == nil:
			continue
		case p.stray && !s.started:
			return nil, fault.New(fault.Format, "the input isn't JSON: want a STIX bundle or STIX objects").
				Hinted("name its format with --as, see `spoor help formats`")
		}
		s.started = true
		return p, nil
	}
}

func (s *splitter) atTop(p *piece, c byte) *piece {
	p.outer = true
	switch c {
	case '{':
		s.take()
		return s.members(p)
	case '[':
		s.take()
		s.started, s.at, s.inBundle = true, elements, false
		return nil
	}
	p.stray = true
	s.run("{[\n")
	return s.finish(p)
}

func (s *splitter) atElement(p *piece, c byte) *piece {
	switch c {
	case ',':
		s.take()
		return nil
	case ']':
		s.take()
		s.at = top
		if s.inBundle {
			s.at = tail
		}
		return nil
	case '"', '{', '[':
		s.value()
	default:
		s.run(",]{[\"\n")
	}
	return s.finish(p)
}

// members reads on in an object at the top. It returns the object p, or nil if
// it is a bundle and its objects come next, or a bundle that ends here.
func (s *splitter) members(p *piece) *piece {
	for {
		c, ok := s.blank()
		switch {
		case !ok && s.at == tail:
			return nil
		case !ok:
			s.open, p.cut = true, true
			return s.finish(p)
		case c == '}':
			s.take()
			if s.at == tail {
				s.at = top
				return nil
			}
			return s.finish(p)
		case c == '"':
			if s.member() {
				return nil
			}
		case c == ',' || !s.value():
			s.take()
		}
	}
}

// member reads a member of an object at the top and reports whether it is the
// array of a bundle's objects, inside of which the splitter then stands.
func (s *splitter) member() bool {
	from := len(s.buf)
	s.text()
	isObjects := string(s.buf[from:]) == `"objects"`
	if c, ok := s.blank(); !ok || c != ':' {
		return false
	}
	s.take()
	c, ok := s.blank()
	if ok && c == '[' && isObjects {
		s.take()
		if s.at == top {
			s.header = append(s.header[:0], s.buf[:from]...)
		}
		s.started, s.at, s.inBundle = true, elements, true
		return true
	}
	if ok {
		s.value()
	}
	if s.at == tail {
		s.begin() // nobody needs what stands behind the objects
	}
	return false
}
