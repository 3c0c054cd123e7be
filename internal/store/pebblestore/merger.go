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

// valueMerger gathers operands. Most rows have one: it is passed on as it is.
type valueMerger struct {
	only []byte // the first operand, until there is a second
	more bool
	set
}

var _ pebble.DeletableValueMerger = (*valueMerger)(nil)

// MergeNewer takes in an operand, which Pebble may use again afterwards.
func (m *valueMerger) MergeNewer(value []byte) error {
	if m.only == nil {
		m.only = append(make([]byte, 0, len(value)), value...)
		return nil
	}
	if !m.more {
		m.more = true
		if err := m.add(m.only); err != nil {
			return err
		}
	}
	return m.add(bytes.Clone(value))
}

// MergeOlder takes in an operand; for a union the order does not matter.
func (m *valueMerger) MergeOlder(value []byte) error { return m.MergeNewer(value) }

// Finish returns the union.
func (m *valueMerger) Finish(includesBase bool) ([]byte, io.Closer, error) {
	v, _, err := m.finish(includesBase)
	return v, nil, err
}

// DeletableFinish drops a row all of whose atoms were retracted.
func (m *valueMerger) DeletableFinish(includesBase bool) ([]byte, bool, io.Closer, error) {
	v, empty, err := m.finish(includesBase)
	return v, empty && includesBase, nil, err
}

// finish returns the union and whether nothing is left in it.
func (m *valueMerger) finish(includesBase bool) (value []byte, empty bool, err error) {
	if !m.more {
		if len(m.only) > 1 && m.only[0] == 0 { // no dead chunks in front: already settled
			return m.only, false, nil
		}
		if err := m.add(m.only); err != nil {
			return nil, false, err
		}
	}
	m.settle()
	return m.append(nil, !includesBase), len(m.atoms) == 0, nil
}
