package pebblestore

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// view is a store seen in one view. The origins that it shows are looked up
// once for each question, so that a view lives as long as its holder likes.
type view struct {
	s *Store
	v store.View
}

var _ store.Reader = (*view)(nil)

// In returns a reader that sees the store in the given view.
func (s *Store) In(v store.View) store.Reader { return &view{s, v} }

// checkEvery is after how many rows a scan asks whether it was cancelled.
const checkEvery = 256

// Neighbours yields the rows in which e stands; see store.Reader.
func (r *view) Neighbours(ctx context.Context, e entity.Entity, q store.Query) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		from, err := q.After.Position()
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		near := entity.AppendBinary(nil, e)
		for _, out := range []bool{true, false} {
			if out && q.Direction == store.In || !out && q.Direction == store.Out || from != nil && out && from.In {
				continue
			}
			resume := from
			if from != nil && from.In == out {
				resume = nil
			}
			if !r.scan(ctx, near, out, &q, resume, yield) {
				return
			}
		}
	}
}

// scan yields the rows of one entity in one direction; it returns false when
// the caller wants no more.
func (r *view) scan(ctx context.Context, near []byte, out bool, q *store.Query, resume *store.Position, yield func(store.Row, error) bool) bool {
	prefix := append([]byte{spaceOf(out)}, near...)
	upper := after(prefix)
	if n := len(q.Relations); n > 0 { // from the first wanted relation to the last
		upper = after(append(bytes.Clone(prefix), byte(slices.Max(q.Relations))))
		prefix = append(prefix, byte(slices.Min(q.Relations)))
	}
	return r.newScan(prefix, upper, q, resume).run(ctx, yield)
}

func spaceOf(out bool) byte {
	if out {
		return spaceForward
	}
	return spaceReverse
}

// RowsIn yields the rows in which an entity of the range stands; see
// store.RangeReader.
func (r *view) RowsIn(ctx context.Context, rg store.Range, q store.Query) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		lower, upper, err := rg.Bounds()
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		for _, out := range []bool{true, false} {
			if out && q.Direction == store.In || !out && q.Direction == store.Out {
				continue
			}
			space := []byte{spaceOf(out)}
			if !r.newScan(slices.Concat(space, lower), slices.Concat(space, upper), &q, nil).run(ctx, yield) {
				return
			}
		}
	}
}

// Edge yields every visible row of one edge, with its atoms.
func (r *view) Edge(ctx context.Context, subject entity.Entity, rel obs.Relation, object entity.Entity) ([]store.Row, error) {
	prefix := append([]byte{spaceForward}, entity.AppendBinary(nil, subject)...)
	prefix = entity.AppendBinary(append(prefix, byte(rel)), object)
	var rows []store.Row
	var failed error
	r.newScan(prefix, after(prefix), &store.Query{Atoms: true}, nil).run(ctx, func(row store.Row, err error) bool {
		if failed = err; err == nil {
			rows = append(rows, row)
		}
		return err == nil
	})
	return rows, failed
}

// Degree counts e's neighbours over one relation; see store.Reader.
func (r *view) Degree(ctx context.Context, e entity.Entity, rel obs.Relation, dir store.Direction, most int) (store.Degree, error) {
	var d store.Degree
	var last entity.Entity
	var zone string
	q := store.Query{Direction: dir, Relations: []obs.Relation{rel}}
	for row, err := range r.Neighbours(ctx, e, q) {
		if err != nil {
			return d, err
		}
		other := row.Other()
		if other == last {
			continue
		}
		if d.Entities >= most {
			d.Capped = true
			return d, nil
		}
		last = other
		d.Entities++
		if other.Kind != entity.Domain {
			d.Registrable++
			continue
		}
		if zone != "" && entity.Under(other.Key, zone) {
			continue
		}
		d.Registrable++
		zone = entity.Apex(other.Key)
	}
	return d, nil
}
