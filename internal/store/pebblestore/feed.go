package pebblestore

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Since yields what was stored after the given chunk; see store.Feed.
func (s *Store) Since(ctx context.Context, chunk uint64) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		it, err := s.db.NewIterWithContext(ctx, &pebble.IterOptions{
			LowerBound: numberKey(spaceTouched, chunk+1), UpperBound: []byte{spaceTouched + 1},
		})
		if err != nil {
			yield(store.Change{}, engineError(err))
			return
		}
		defer it.Close()
		for valid := it.First(); valid; valid = it.Next() {
			number := binary.BigEndian.Uint64(it.Key()[1:])
			value, err := it.ValueAndErr()
			if err != nil {
				yield(store.Change{}, engineError(err))
				return
			}
			if !changes(ctx, number, value, yield) {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(store.Change{}, engineError(err))
		}
	}
}

// changes yields the edges of one chunk, each once though several origins touch it.
func changes(ctx context.Context, number uint64, coded []byte, yield func(store.Change, error) bool) bool {
	var last obs.Edge
	n := 0
	for key, err := range touched(coded) {
		if n++; err == nil && n%checkEvery == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return yield(store.Change{}, err)
		}
		k, err := decodeRowKey(key)
		if err != nil {
			return yield(store.Change{}, corruptKey(err))
		}
		e := obs.Edge{Subject: k.near, Relation: k.rel, Object: k.far}
		if e == last {
			continue
		}
		last = e
		if !yield(store.Change{Edge: e, Chunk: number}, nil) {
			return false
		}
	}
	return true
}

// touched yields the forward keys that frontCode wrote. A key is only valid
// until the next one.
func touched(coded []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r := reader{b: coded}
		var key []byte
		for len(r.b) > 0 {
			n := r.uvarint()
			rest := r.text()
			if r.err != nil || n > uint64(len(key)) {
				yield(nil, fault.New(fault.Corrupt, "couldn't read the list of a chunk's edges"))
				return
			}
			key = append(key[:n], rest...)
			if !yield(key, nil) {
				return
			}
		}
	}
}
