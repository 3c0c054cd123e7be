package store

import (
	"bytes"
	"errors"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// The least specificity of a range scan, on every backend.
const (
	minBits4 = 16
	minBits6 = 32
)

// Bounds returns the binary keys between which the range lies: lower inclusive,
// upper exclusive. A range that is too broad is refused with code Invalid.
func (r Range) Bounds() (lower, upper []byte, err error) {
	switch {
	case r.Zone != "":
		if _, ok := entity.Registrable(r.Zone); !ok {
			return nil, nil, tooBroad("zone "+r.Zone, "ask for a registered domain or a zone below one")
		}
		p := entity.ZonePrefix(r.Zone)
		return p, append(bytes.Clone(p), 0x02), nil // the zone itself (00) and what lies below it (01)
	case r.Prefix.IsValid():
		if r.Prefix.Addr().Is4() && r.Prefix.Bits() < minBits4 || r.Prefix.Addr().Is6() && r.Prefix.Bits() < minBits6 {
			return nil, nil, tooBroad("prefix "+r.Prefix.String(), "ask for at least a /16, or for IPv6 a /32")
		}
		first, last := entity.AddrRange(r.Prefix)
		return first, append(last, 0xff), nil // above everything that a row's key puts behind the last address
	}
	return nil, nil, fault.New(fault.Invalid, "the range is empty")
}

// ErrTooBroad is in the chain of the error for a range that is not specific
// enough to be scanned.
var ErrTooBroad = errors.New("too broad a range")

func tooBroad(what, hint string) error {
	return &fault.Error{Code: fault.Invalid, What: what, Hint: hint, Cause: ErrTooBroad}
}
