package index

import (
	"slices"
	"testing"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

// What the decoders take is what they would write; the rest they refuse.
func FuzzRow(f *testing.F) {
	f.Add(encodeRow([]feature.Counted{{Key: feature.Key{Feature: feature.IP, Hash: 7}, TLP: obs.Red}, {Key: feature.Key{Feature: feature.Gram, Hash: 1 << 63}, TLP: obs.Amber}}))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := decodeRow(b)
		if err != nil {
			return
		}
		if got := encodeRow(list); !slices.Equal(got, b) {
			t.Errorf("%x was read and written as %x", b, got)
		}
	})
}

func FuzzCounts(f *testing.F) {
	f.Add((&counts{1, 2, 3, 1 << 40, -5}).append(nil))
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCounts(b)
		if err != nil {
			return
		}
		again, err := decodeCounts(c.append(nil))
		if err != nil || again != c {
			t.Errorf("%v became %v, %v", c, again, err)
		}
	})
}

func TestCountsAreCumulative(t *testing.T) {
	var c counts
	c.add(obs.Clear, 2)
	c.add(obs.Amber, 1)
	c.add(obs.Red, 4)
	if want := (counts{2, 2, 3, 3, 7}); c != want { // CLEAR, GREEN, AMBER, AMBER+STRICT, RED
		t.Errorf("%v, want %v", c, want)
	}
	c.add(obs.Clear, -2)
	c.add(obs.Amber, -1)
	c.add(obs.Red, -4)
	if !c.zero() {
		t.Errorf("%v is left of what was taken back", c)
	}
}

// The engine may merge operands in any grouping; a sum of zero vanishes only when
// nothing older can lie below it.
func TestMergeOfCounts(t *testing.T) {
	op := func(n int64) []byte { return (&counts{n, n, n, n, n}).append(nil) }
	m, err := merger.Merge(nil, op(3))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{m.MergeOlder(op(-1)), m.MergeNewer(op(-2))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, base := range []bool{true, false} {
		_, gone, _, err := m.(*countsMerger).DeletableFinish(base)
		if err != nil || gone != base {
			t.Errorf("with the oldest %v: a sum of zero is deleted: %v, %v", base, gone, err)
		}
	}
	if _, err := merger.Merge(nil, []byte{0x80}); err == nil {
		t.Error("a malformed operand was taken")
	}
}
