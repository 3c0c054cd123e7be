package index

import (
	"context"
	"encoding/binary"
	"errors"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// View is the index as a reader sees it who has a clearance. What the index says of
// other times and sources than the reader's stays in it: it tells what was ever held.
type View struct {
	x         *Index
	clearance obs.TLP
	whole     bool // the reader sees all times and sources
}

// In returns the index as whoever asks the store in view v should see it.
func (x *Index) In(v store.View) View {
	return View{x, v.Clearance, v.Clock == obs.Clock{} && v.Sources == nil}
}

// Holding returns how many names hold the value.
func (v View) Holding(f feature.Feature, h feature.Hash) (int64, error) {
	return v.x.level(countKey(f, h), v.clearance)
}

// Observed returns for how many names the feature was observed.
func (v View) Observed(f feature.Feature) (int64, error) {
	return v.x.level(totalKey(f), v.clearance)
}

// Names returns how many names there are.
func (v View) Names() (int64, error) { return v.x.Names(v.clearance) }

// Name returns the name with that id.
func (v View) Name(id uint32) (string, error) { return v.x.Name(id) }

// Posted reports whether Holders knows the feature.
func (v View) Posted(f feature.Feature) bool { return Posted(f) }

// Holders calls yield with the names that held the value, in order of their ids,
// until it returns false.
func (v View) Holders(ctx context.Context, f feature.Feature, h feature.Hash, yield func(id uint32) bool) error {
	return v.x.Holders(ctx, f, h, v.clearance, yield)
}

// Shares calls yield with the position of each wanted value that the name held, and
// with how many values of the feature the reader sees of it at least. wanted must be
// sorted by feature, then hash.
func (v View) Shares(id uint32, wanted []feature.Tuple, yield func(i, among int)) error {
	b, closer, err := v.x.db.Get(rowKey(id))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return engineError(err)
	}
	defer closer.Close()
	row := encodedRow(b)
	if len(b)%encodedCounted != 0 {
		return malformed(b)
	}
	var of feature.Feature // the feature whose values are row[:end]
	among, end := 0, 0
	for i, w := range wanted {
		if w.Feature != of {
			row = row.from(end)
			row = row.from(row.find(w.Feature, 0))
			of, end = w.Feature, row.find(w.Feature+1, 0)
			among = v.seen(row, end)
		}
		at := row.find(w.Feature, w.Hash)
		if at < end && row.at(at) == w && v.clearance.Allows(row.tlp(at)) {
			yield(i, among)
		}
	}
	return nil
}

// seen counts the first n entries that the reader sees. Of other times and sources
// than all it can't be said.
func (v View) seen(row encodedRow, n int) int {
	if !v.whole {
		return min(n, 1)
	}
	seen := 0
	for i := range n {
		if v.clearance.Allows(row.tlp(i)) {
			seen++
		}
	}
	return seen
}

// encodedRow is a row as it is stored: entries of encodedCounted octets, sorted.
type encodedRow []byte

func (r encodedRow) from(i int) encodedRow { return r[i*encodedCounted:] }

func (r encodedRow) at(i int) feature.Tuple {
	e := r[i*encodedCounted:]
	return feature.Tuple{Feature: feature.Feature(e[0]), Hash: feature.Hash(binary.BigEndian.Uint64(e[1:]))}
}

func (r encodedRow) tlp(i int) obs.TLP { return obs.TLP(r[i*encodedCounted+encodedCounted-1]) }

// find returns the place of the first entry that is not before the value.
func (r encodedRow) find(f feature.Feature, h feature.Hash) int {
	return sort.Search(len(r)/encodedCounted, func(i int) bool {
		e := r.at(i)
		return e.Feature > f || e.Feature == f && e.Hash >= h
	})
}
