package stix

import (
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// piece is one value of the stream: an object, or what stands in its place.
type piece struct {
	importer.Piece
	outer bool // it stands by itself, in no array
	stray bool // it is no JSON value
}

// err says why the piece can't be an object, or nil.
func (p *piece) err() error {
	switch {
	case p.Long > 0:
		return fault.New(fault.Invalid, "object of %d octets is longer than %d: take out what it embeds, such as payload_bin", p.Long, importer.MaxPiece)
	case p.Cut:
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
// one another. It holds one object at a time.
type splitter struct {
	*importer.Scanner
	at       place
	inBundle bool   // the array is a member of an object
	header   []byte // the members of the last bundle before its objects
	started  bool   // something was found
	open     bool   // the input ended inside a bundle or an array
}

func newSplitter(r io.Reader) *splitter { return &splitter{Scanner: importer.NewScanner(r)} }

// next returns the next piece, or io.EOF. Other errors are the reader's, or say
// that the input isn't JSON from its first octet on.
func (s *splitter) next() (*piece, error) {
	for {
		c, ok := s.Blank()
		if !ok {
			s.open = s.open || s.at != top
			return nil, s.Err()
		}
		p := &piece{Piece: s.Begin()}
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
		s.Take()
		return s.members(p)
	case '[':
		s.Take()
		s.started, s.at, s.inBundle = true, elements, false
		return nil
	}
	p.stray = true
	s.Run("{[\n")
	return s.finish(p)
}

func (s *splitter) atElement(p *piece, c byte) *piece {
	switch c {
	case ',':
		s.Take()
		return nil
	case ']':
		s.Take()
		s.at = top
		if s.inBundle {
			s.at = tail
		}
		return nil
	case '"', '{', '[':
		s.Value()
	default:
		s.Run(",]{[\"\n")
	}
	return s.finish(p)
}

// members reads on in an object at the top. It returns the object p, or nil if
// it is a bundle and its objects come next, or a bundle that ends here.
func (s *splitter) members(p *piece) *piece {
	for {
		c, ok := s.Blank()
		switch {
		case !ok && s.at == tail:
			return nil
		case !ok:
			s.open, p.Cut = true, true
			return s.finish(p)
		case c == '}':
			s.Take()
			if s.at == tail {
				s.at = top
				return nil
			}
			return s.finish(p)
		case c == '"':
			if s.member() {
				return nil
			}
		case c == ',' || !s.Value():
			s.Take()
		}
	}
}

// member reads a member of an object at the top and reports whether it is the
// array of a bundle's objects, inside of which the splitter then stands.
func (s *splitter) member() bool {
	from := len(s.Taken())
	s.Text()
	isObjects := string(s.Taken()[from:]) == `"objects"`
	if c, ok := s.Blank(); !ok || c != ':' {
		return false
	}
	s.Take()
	c, ok := s.Blank()
	if ok && c == '[' && isObjects {
		s.Take()
		if s.at == top {
			s.header = append(s.header[:0], s.Taken()[:from]...)
		}
		s.started, s.at, s.inBundle = true, elements, true
		return true
	}
	if ok {
		s.Value()
	}
	if s.at == tail {
		s.Begin() // nobody needs what stands behind the objects
	}
	return false
}

// finish ends a piece before the next octet.
func (s *splitter) finish(p *piece) *piece {
	s.Finish(&p.Piece)
	return p
}
