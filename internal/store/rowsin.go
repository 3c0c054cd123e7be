package store

import (
	"context"
	"iter"

	"github.com/spoor-cti/spoor/internal/entity"
)

// RangeReader is what a backend offers that can walk the rows of many entities
// in one scan. RowsIn uses it where it is there.
type RangeReader interface {
	// RowsIn yields the rows in which an entity of the range stands: first those
	// with a subject in it, then those with an object in it, each in order of
	// that entity and then as Neighbours orders them.
	RowsIn(ctx context.Context, rg Range, q Query) iter.Seq2[Row, error]
}

// RowsIn yields the rows in which an entity of the range stands; see
// RangeReader for the order. q.After is ignored.
func RowsIn(ctx context.Context, r Reader, rg Range, q Query) iter.Seq2[Row, error] {
	q.After = ""
	if rr, ok := r.(RangeReader); ok {
		return rr.RowsIn(ctx, rg, q)
	}
	return func(yield func(Row, error) bool) {
		for _, dir := range []Direction{Out, In} {
			if q.Direction != Both && q.Direction != dir {
				continue
			}
			one := q
			one.Direction = dir
			for e, err := range r.Entities(ctx, rg, entity.Entity{}) {
				if err != nil {
					yield(Row{}, err)
					return
				}
				for row, err := range r.Neighbours(ctx, e, one) {
					if !yield(row, err) || err != nil {
						return
					}
				}
			}
		}
	}
}
