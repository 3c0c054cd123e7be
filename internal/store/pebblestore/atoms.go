package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/obs"
)

// A row's value is a set of atoms, each written as one self-delimiting run of
// octets, sorted, without repetition; so equal sets are equal octets. In front
// of them may stand the numbers of dead chunks, whose atoms are to be dropped
// from everything older (see merger.go).
//
//	value  = count of dead chunks, dead chunk numbers, atoms
//	atom   = chunk, recorded, presence, [first, [last-first]], [count], [ttl],
//	         [bailiwick depth | bailiwick text], [attributes], [flags]
//
// Numbers are varints; first and recorded are signed.
var errValue = errors.New("pebblestore: malformed row value")

const (
	hasTime = 1 << iota
	hasLength
	hasCount
	hasTTL
	hasDepth // the bailiwick is the subject's last n labels
	hasBailiwick
	hasAttributes
	hasFlags
)

// appendAtom writes the observation's atom for a chunk.
func appendAtom(dst []byte, chunk uint64, recorded obs.Time, o *obs.Observation) []byte {
	dst = binary.AppendUvarint(dst, chunk)
	dst = binary.AppendVarint(dst, int64(recorded))
	at := len(dst)
	dst = append(dst, 0)
	presence := byte(0)
	if o.First.Known() {
		presence |= hasTime
		dst = binary.AppendVarint(dst, int64(o.First))
		if o.Last != o.First {
			presence |= hasLength
			dst = binary.AppendUvarint(dst, uint64(o.Last-o.First))
		}
	}
	if o.HasCount {
		presence |= hasCount
		dst = binary.AppendUvarint(dst, o.Count)
	}
	if o.HasTTL {
		presence |= hasTTL
		dst = binary.AppendUvarint(dst, uint64(o.TTL))
	}
	if depth, ok := bailiwickDepth(o.Subject.Key, o.Bailiwick); ok {
		presence |= hasDepth
		dst = binary.AppendUvarint(dst, uint64(depth))
	} else if o.Bailiwick != "" {
		presence |= hasBailiwick
		dst = appendText(dst, o.Bailiwick)
	}
	if len(o.Attributes) > 0 {
		presence |= hasAttributes
		dst = appendAttributes(dst, o.Attributes)
	}
	if o.Flags != 0 {
		presence |= hasFlags
		dst = append(dst, byte(o.Flags))
	}
	dst[at] = presence
	return dst
}

// bailiwickDepth returns how many of the name's last labels make the bailiwick.
func bailiwickDepth(name, bailiwick string) (int, bool) {
	if bailiwick == "" {
		return 0, false
	}
	if bailiwick == "." {
		return 0, true
	}
	if !strings.HasSuffix(name, bailiwick) || strings.Contains(name, `\`) {
		return 0, false
	}
	if cut := len(name) - len(bailiwick); cut > 0 && name[cut-1] != '.' {
		return 0, false
	}
	return strings.Count(bailiwick, ".") + 1, true
}

func lastLabels(name string, n int) string {
	if n == 0 {
		return "."
	}
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			if n--; n == 0 {
				return name[i+1:]
			}
		}
	}
	return name
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendAttributes(dst []byte, attrs []obs.Attribute) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(attrs)))
	for _, a := range attrs {
		dst = appendText(dst, a.Name)
		dst = append(dst, byte(a.State))
		if a.State == obs.Present {
			dst = appendText(dst, a.Value)
			continue
		}
		dst = appendText(dst, a.Reason)
	}
	return dst
}

// reader walks a row's value. After the first fault err stays set and every
// read returns zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) octet() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	t := r.b[:n]
	r.b = r.b[n:]
	return t
}

func (r *reader) fail() {
	r.b = nil
	if r.err == nil {
		r.err = errValue
	}
}

// dead reads the numbers of dead chunks in front of the atoms.
func (r *reader) dead() []uint64 {
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.b)) {
		if n > 0 {
			r.fail()
		}
		return nil
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = r.uvarint()
	}
	return out
}

// atom reads the next atom; subject gives the bailiwick its name.
func (r *reader) atom(subject string) (a obs.Atom) {
	a.Chunk = r.uvarint()
	a.Recorded = obs.Time(r.varint())
	p := r.octet()
	if p&hasTime != 0 {
		a.First = obs.Time(r.varint())
		a.Last = a.First
		if p&hasLength != 0 {
			a.Last += obs.Time(r.uvarint())
		}
	}
	if p&hasCount != 0 {
		a.HasCount, a.Count = true, r.uvarint()
	}
	if p&hasTTL != 0 {
		a.HasTTL, a.TTL = true, uint32(r.uvarint())
	}
	if p&hasDepth != 0 {
		a.Bailiwick = lastLabels(subject, int(r.uvarint()))
	}
	if p&hasBailiwick != 0 {
		a.Bailiwick = string(r.text())
	}
	if p&hasAttributes != 0 {
		a.Attributes = r.attributes()
	}
	if p&hasFlags != 0 {
		a.Flags = obs.Flags(r.octet())
	}
	return a
}

func (r *reader) attributes() []obs.Attribute {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	out := make([]obs.Attribute, 0, n)
	for range n {
		a := obs.Attribute{Name: string(r.text()), State: obs.State(r.octet())}
		if t := string(r.text()); a.State == obs.Present {
			a.Value = t
		} else {
			a.Reason = t
		}
		out = append(out, a)
	}
	return out
}

// skipAtom moves over one atom and returns its octets and its chunk.
func (r *reader) skipAtom() (octets []byte, chunk uint64) {
	start := r.b
	chunk = r.uvarint()
	r.varint()
	p := r.octet()
	if p&hasTime != 0 {
		r.varint()
		if p&hasLength != 0 {
			r.uvarint()
		}
	}
	for _, bit := range [...]byte{hasCount, hasTTL, hasDepth} {
		if p&bit != 0 {
			r.uvarint()
		}
	}
	if p&hasBailiwick != 0 {
		r.text()
	}
	if p&hasAttributes != 0 {
		for n := r.uvarint(); n > 0 && r.err == nil; n-- {
			r.text()
			r.octet()
			r.text()
		}
	}
	if p&hasFlags != 0 {
		r.octet()
	}
	return start[:len(start)-len(r.b)], chunk
}

// decodeAtoms appends the atoms of a row's value to dst.
func decodeAtoms(dst []obs.Atom, value []byte, subject string) ([]obs.Atom, error) {
	r := reader{b: value}
	r.dead()
	for len(r.b) > 0 && r.err == nil {
		dst = append(dst, r.atom(subject))
	}
	return dst, r.err
}

// set is a row's value taken apart, for merging.
type set struct {
	dead  []uint64 // sorted
	atoms [][]byte // sorted, each an encoded atom
}

// add takes in a value; order does not matter, because a chunk number is never
// used again once it is dead.
func (s *set) add(value []byte) error {
	r := reader{b: value}
	s.dead = append(s.dead, r.dead()...)
	for len(r.b) > 0 && r.err == nil {
		a, _ := r.skipAtom()
		s.atoms = append(s.atoms, a)
	}
	return r.err
}

// settle sorts, removes repetitions and the atoms of dead chunks.
func (s *set) settle() {
	slices.Sort(s.dead)
	s.dead = slices.Compact(s.dead)
	slices.SortFunc(s.atoms, bytes.Compare)
	s.atoms = slices.CompactFunc(s.atoms, bytes.Equal)
	if len(s.dead) == 0 {
		return
	}
	s.atoms = slices.DeleteFunc(s.atoms, func(a []byte) bool {
		chunk, _ := binary.Uvarint(a)
		_, dead := slices.BinarySearch(s.dead, chunk)
		return dead
	})
}

// append writes the value; keepDead is false when nothing older can exist.
func (s *set) append(dst []byte, keepDead bool) []byte {
	dead := s.dead
	if !keepDead {
		dead = nil
	}
	dst = binary.AppendUvarint(dst, uint64(len(dead)))
	for _, c := range dead {
		dst = binary.AppendUvarint(dst, c)
	}
	for _, a := range s.atoms {
		dst = append(dst, a...)
	}
	return dst
}
