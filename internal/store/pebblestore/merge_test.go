package pebblestore

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/obs"
)

// values draws the values that chunks merge into one row: atoms of a few chunks,
// and deaths of some of them.
func values(t *rapid.T) (out [][]byte) {
	for range rapid.IntRange(1, 6).Draw(t, "values") {
		chunk := uint64(rapid.IntRange(1, 4).Draw(t, "chunk"))
		if rapid.IntRange(0, 4).Draw(t, "death") == 0 {
			out = append(out, appendUvarints(nil, 1, chunk))
			continue
		}
		var s set
		for range rapid.IntRange(1, 3).Draw(t, "atoms") {
			first := obs.Time(rapid.IntRange(0, 50).Draw(t, "first"))
			o := obs.Observation{First: first, Last: first, HasCount: true, Count: uint64(rapid.IntRange(0, 3).Draw(t, "count"))}
			s.atoms = append(s.atoms, appendAtom(nil, chunk, 7, &o))
		}
		s.settle()
		out = append(out, s.append(nil, false))
	}
	return out
}

func appendUvarints(dst []byte, ns ...uint64) []byte {
	for _, n := range ns {
		dst = append(dst, byte(n))
	}
	return dst
}

// fold merges the values, which come oldest first, as a compaction would that does
// not reach the oldest data.
func fold(t *rapid.T, vs [][]byte) []byte {
	m, err := merger.Merge(nil, vs[len(vs)-1])
	if err != nil {
		t.Fatal(err)
	}
	for i := len(vs) - 2; i >= 0; i-- {
		if err := m.MergeOlder(vs[i]); err != nil {
			t.Fatal(err)
		}
	}
	v, closer, err := m.Finish(false)
	if err != nil {
		t.Fatal(err)
	}
	v = bytes.Clone(v)
	if closer != nil {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// TestMergeIsAssociative: wherever compactions put their brackets, the row is the
// same, octet for octet.
func TestMergeIsAssociative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t)
		whole := fold(t, vs)
		for split := 1; split < len(vs); split++ {
			parts := fold(t, [][]byte{fold(t, vs[:split]), fold(t, vs[split:])})
			if !bytes.Equal(parts, whole) {
				t.Fatalf("split at %d of %d: %x, want %x", split, len(vs), parts, whole)
			}
		}
		twice := fold(t, append(append([][]byte{}, vs...), vs[len(vs)-1]))
		if !bytes.Equal(twice, whole) {
			t.Fatalf("the last value twice: %x, want %x", twice, whole)
		}
	})
}

func FuzzDecodeAtoms(f *testing.F) {
	o := obs.Observation{First: 1, Last: 2, HasTTL: true, TTL: 3, Bailiwick: "example", Attributes: []obs.Attribute{{Name: "a", State: obs.Redacted, Reason: "b"}}}
	f.Add(append([]byte{0}, appendAtom(nil, 1, 2, &o)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		atoms, err := decodeAtoms(nil, b, "a.example")
		var s set
		if addErr := s.add(b); (addErr == nil) != (err == nil) {
			t.Fatalf("reading says %v, merging says %v", err, addErr)
		}
		if err != nil {
			return
		}
		s.settle()
		again, err := decodeAtoms(nil, s.append(nil, true), "a.example")
		if err != nil || len(again) > len(atoms) {
			t.Fatalf("%d atoms became %d, %v", len(atoms), len(again), err)
		}
	})
}

func FuzzTouched(f *testing.F) {
	f.Add(frontCode([]row{{key: []byte("abc")}, {key: []byte("abd")}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		for key, err := range touched(b) {
			if err == nil {
				_, _ = decodeRowKey(key)
			}
		}
	})
}
