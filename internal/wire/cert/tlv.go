package cert

import "github.com/spoor-cti/spoor/internal/fault"

// element is one tagged value of BER or DER (X.690).
type element struct {
	tag   byte
	value []byte
	whole []byte // with tag and length
}

// Tags that certificates use.
const (
	tagBool        = 0x01
	tagInteger     = 0x02
	tagOctets      = 0x04
	tagOID         = 0x06
	tagUTF8        = 0x0c
	tagT61         = 0x14
	tagUTCTime     = 0x17
	tagGeneralized = 0x18
	tagUniversal   = 0x1c
	tagBMP         = 0x1e
	tagSequence    = 0x30
	tagSet         = 0x31
	contextTag     = 0x80 // primitive, plus the number
	nestedTag      = 0xa0 // constructed, plus the number
)

var errCut = fault.New(fault.Invalid, "the DER is cut or malformed")

// next splits the first element off b. It takes lengths that are longer than
// need be, which DER forbids and real certificates have; not indefinite ones.
func next(b []byte) (e element, rest []byte, err error) {
	head, size, ok := header(b)
	if !ok || size > len(b)-head {
		return e, nil, errCut
	}
	end := head + size
	return element{tag: b[0], value: b[head:end], whole: b[:end]}, b[end:], nil
}

// header reads tag and length; size may go beyond b.
func header(b []byte) (head, size int, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, 0, false
	}
	n := int(b[1])
	if n < 0x80 {
		return 2, n, true
	}
	n &= 0x7f
	if n == 0 || n > 8 || len(b) < 2+n {
		return 0, 0, false
	}
	for _, c := range b[2 : 2+n] {
		if size > maxSize {
			return 0, 0, false
		}
		size = size<<8 | int(c)
	}
	return 2 + n, size, size <= maxSize
}

// maxSize bounds an element, so that its size is a small number everywhere.
const maxSize = 1 << 30

// want splits off an element that must have the tag.
func want(b []byte, tag byte, what string) (e element, rest []byte, err error) {
	e, rest, err = next(b)
	if err != nil || e.tag != tag {
		return e, nil, fault.New(fault.Invalid, "%s is missing or malformed", what)
	}
	return e, rest, nil
}

// each hands the elements of b to f until f says false; it reports whether b is
// well-formed as far as it was read.
func each(b []byte, f func(element) bool) bool {
	for len(b) > 0 {
		e, rest, err := next(b)
		if err != nil {
			return false
		}
		if !f(e) {
			return true
		}
		b = rest
	}
	return true
}

// wrap encodes an element in DER.
func wrap(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := make([]byte, 0, n+6)
	out = append(out, tag)
	switch {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 1<<8:
		out = append(out, 0x81, byte(n))
	case n < 1<<16:
		out = append(out, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		out = append(out, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
