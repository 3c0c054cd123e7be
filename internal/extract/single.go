package extract

import (
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// maxSingle bounds a value in which one indicator is looked for, in octets.
const maxSingle = 8 << 10

// Single finds the one indicator in a value that says more than its type allows or
// is defanged, if there is just one and it is of the right kind.
func Single(s string, allowed ...entity.Kind) (entity.Entity, bool) {
	if len(s) > maxSingle {
		return entity.Entity{}, false
	}
	if hits := All([]byte(s)); len(hits) == 1 && slices.Contains(allowed, hits[0].Entity.Kind) {
		return hits[0].Entity, true
	}
	return entity.Entity{}, false
}

// Address reads a value that should be an address: an address, a prefix, of which
// one that holds a single address is that address, or a text with one of them in it.
func Address(s string) (entity.Entity, error) {
	if e, err := entity.New(entity.IP, s); err == nil {
		return e, nil
	}
	if e, err := entity.New(entity.Prefix, s); err == nil {
		addr, bits, _ := strings.Cut(e.Key, "/")
		if bits == "128" || bits == "32" && !strings.Contains(addr, ":") {
			return entity.New(entity.IP, addr)
		}
		return e, nil
	}
	if e, ok := Single(s, entity.IP, entity.Prefix); ok {
		return e, nil
	}
	return entity.Entity{}, fault.New(fault.Invalid, "%.60q is neither an address nor a prefix", s)
}
