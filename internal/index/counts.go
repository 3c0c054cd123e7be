package index

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/obs"
)

// counts are numbers of names by TLP rank, cumulative: counts[r] is how many a
// reader sees whose clearance has rank r.
type counts [obs.TLPLevels]int64

var errCounts = errors.New("index: malformed counts")

// add counts n more names that are visible from the given level on.
func (c *counts) add(level obs.TLP, n int64) {
	for r := level.Rank(); r < len(c); r++ {
		c[r] += n
	}
}

func (c *counts) zero() bool { return *c == counts{} }

func (c *counts) append(dst []byte) []byte {
	for _, n := range c {
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

func decodeCounts(b []byte) (c counts, err error) {
	for i := range c {
		n, size := binary.Varint(b)
		if size <= 0 {
			return c, errCounts
		}
		c[i], b = n, b[size:]
	}
	return c, nil
}

// merger adds differences to counts; a count of zero vanishes.
var merger = &pebble.Merger{
	Name: "spoor.counts.v1",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		m := &countsMerger{}
		return m, m.MergeNewer(value)
	},
}

type countsMerger struct{ sum counts }

var _ pebble.DeletableValueMerger = (*countsMerger)(nil)

// MergeNewer adds an operand.
func (m *countsMerger) MergeNewer(value []byte) error {
	c, err := decodeCounts(value)
	for i, n := range c {
		m.sum[i] += n
	}
	return err
}

// MergeOlder adds an operand; for a sum the order does not matter.
func (m *countsMerger) MergeOlder(value []byte) error { return m.MergeNewer(value) }

// Finish returns the sum.
func (m *countsMerger) Finish(bool) ([]byte, io.Closer, error) { return m.sum.append(nil), nil, nil }

// DeletableFinish drops a count that came back to zero.
func (m *countsMerger) DeletableFinish(includesBase bool) ([]byte, bool, io.Closer, error) {
	return m.sum.append(nil), includesBase && m.sum.zero(), nil, nil
}
