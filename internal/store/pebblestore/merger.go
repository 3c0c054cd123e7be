package pebblestore

import (
	"bytes"
	"io"

	"github.com/cockroachdb/pebble/v2"
)

// mergerName is written into the store; a store opened with another merger is
// refused by Pebble.
const mergerName = "spoor.atoms.v1"

// merger unions the atoms of a row, so that a sighting is added without being
// read first. Union by atom is idempotent, associative and commutative. A
// retraction is an operand that names dead chunks.
var merger = &pebble.Merger{
	Name: mergerName,
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		m := &valueMerger{}
		return m, m.MergeNewer(value)
	},
}

type valueMerger struct{ set }

var _ pebble.DeletableValueMerger = (*valueMerger)(nil)

// MergeNewer takes in an operand; Pebble may reuse value afterwards.
func (m *valueMerger) MergeNewer(value []byte) error { return m.add(bytes.Clone(value)) }

// MergeOlder takes in an operand; for a union the order does not matter.
func (m *valueMerger) MergeOlder(value []byte) error { return m.add(bytes.Clone(value)) }

// Finish returns the union.
func (m *valueMerger) Finish(includesBase bool) ([]byte, io.Closer, error) {
	m.settle()
	return m.append(nil, !includesBase), nil, nil
}

// DeletableFinish drops a row all of whose atoms were retracted.
func (m *valueMerger) DeletableFinish(includesBase bool) ([]byte, bool, io.Closer, error) {
	m.settle()
	if includesBase && len(m.atoms) == 0 {
		return nil, true, nil, nil
	}
	return m.append(nil, !includesBase), false, nil, nil
}
