package pebblestore

import (
	"bytes"
	"context"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/store"
)

// Doc returns a document's content; see store.Docs.
func (s *Store) Doc(_ context.Context, id store.DocID) ([]byte, error) {
	v, err := s.get(docKey(id))
	if err == nil && v == nil {
		return nil, fault.New(fault.NotFound, "there is no %s %s", id.Collection, id.ID)
	}
	return v, err
}

// Documents yields the documents of a collection; see store.Docs.
func (s *Store) Documents(ctx context.Context, collection, prefix, from string) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		base := docKey(store.DocID{Collection: collection})
		lower := append(bytes.Clone(base), prefix...)
		upper := after(lower)
		if from != "" {
			if at := append(append(bytes.Clone(base), from...), 0); bytes.Compare(at, lower) > 0 {
				lower = at
			}
		}
		it, err := s.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			yield(store.Doc{}, engineError(err))
			return
		}
		defer it.Close()
		for valid := it.First(); valid; valid = it.Next() {
			value, err := it.ValueAndErr()
			if err != nil {
				yield(store.Doc{}, engineError(err))
				return
			}
			id := store.DocID{Collection: collection, ID: string(it.Key()[len(base):])}
			if !yield(store.Doc{DocID: id, Data: bytes.Clone(value)}, nil) {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(store.Doc{}, engineError(err))
		}
	}
}
