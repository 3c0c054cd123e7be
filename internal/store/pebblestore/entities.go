package pebblestore

import (
	"bytes"
	"context"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/store"
)

// Entities yields the entities in a range; see store.Reader. It merges a walk
// over the subjects with a walk over the objects, and seeks from one entity to
// the next, so that a hub in the range costs one step.
func (r *view) Entities(ctx context.Context, rg store.Range, from entity.Entity) iter.Seq2[entity.Entity, error] {
	return func(yield func(entity.Entity, error) bool) {
		lower, upper, err := rg.Bounds()
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		if !from.IsZero() {
			if at := after(entity.AppendBinary(nil, from)); bytes.Compare(at, lower) > 0 {
				lower = at
			}
		}
		subjects, err := r.walk(ctx, spaceForward, lower, upper)
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		defer subjects.it.Close()
		objects, err := r.walk(ctx, spaceReverse, lower, upper)
		if err != nil {
			yield(entity.Entity{}, err)
			return
		}
		defer objects.it.Close()
		if err := mergeWalks(subjects, objects, yield); err != nil {
			yield(entity.Entity{}, err)
		}
	}
}

// mergeWalks yields what either walk finds, in order, once.
func mergeWalks(a, b *nearWalk, yield func(entity.Entity, error) bool) error {
	if err := a.next(); err != nil {
		return err
	}
	if err := b.next(); err != nil {
		return err
	}
	for a.near != nil || b.near != nil {
		order := bytes.Compare(a.near, b.near)
		if a.near == nil || b.near == nil {
			order = -order // the empty one comes last, not first
		}
		smaller := a
		if order > 0 {
			smaller = b
		}
		e, _, err := entity.DecodeBinary(smaller.near)
		if err != nil {
			return corruptKey(err)
		}
		if !yield(e, nil) {
			return nil
		}
		if order <= 0 {
			if err := a.next(); err != nil {
				return err
			}
		}
		if order >= 0 {
			if err := b.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// nearWalk steps over the entities that stand first in a key space and have a
// row that the view shows.
type nearWalk struct {
	ctx  context.Context
	scan *scan
	it   *pebble.Iterator
	near []byte // binary key of the entity, nil at the end
}

func (r *view) walk(ctx context.Context, space byte, lower, upper []byte) (*nearWalk, error) {
	s := r.newScan(append([]byte{space}, lower...), append([]byte{space}, upper...), &store.Query{}, nil)
	it, err := r.s.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: s.lower, UpperBound: s.upper})
	if err != nil {
		return nil, engineError(err)
	}
	return &nearWalk{ctx: ctx, scan: s, it: it}, nil
}

// next moves to the next entity.
func (w *nearWalk) next() error {
	valid := false
	if w.near == nil {
		valid = w.it.First()
	} else {
		valid = w.it.SeekGE(after(append([]byte{spaceOf(w.scan.out)}, w.near...)))
	}
	for ; valid; valid = w.it.Next() {
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		_, ok, err := w.scan.row(w.it.Key(), w.it)
		if err != nil {
			return err
		}
		if ok {
			w.near = append(w.near[:0], w.scan.nearKey...)
			return nil
		}
	}
	w.near = nil
	return engineError(w.it.Error())
}
