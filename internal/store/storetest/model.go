package storetest

import (
	"bytes"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Model is a store so simple that it can be seen to be right: every statement
// that was appended, in a list, and each answer computed from all of it. It is the
// oracle of random histories.
type Model struct {
	chunks []chunk
	ledger map[[32]byte]bool
}

type chunk struct {
	run    string
	ledger [32]byte
	rows   []obs.Observation
	dead   bool
}

// NewModel returns an empty model.
func NewModel() *Model { return &Model{ledger: map[[32]byte]bool{}} }

// Append takes a batch in and reports whether the ledger knew it.
func (m *Model) Append(b *store.Batch) (replayed bool) {
	if b.Ledger != ([32]byte{}) {
		if m.ledger[b.Ledger] {
			return true
		}
		m.ledger[b.Ledger] = true
	}
	m.chunks = append(m.chunks, chunk{b.Run, b.Ledger, slices.Clone(b.Rows), false})
	return false
}

// Retract withdraws a run.
func (m *Model) Retract(run string) {
	for i := range m.chunks {
		if c := &m.chunks[i]; c.run == run && !c.dead { // the ledger may hold the same input again, by another run
			c.dead = true
			delete(m.ledger, c.ledger)
		}
	}
}

// Neighbours returns the rows in which e stands, as a reader in view v must
// yield them.
func (m *Model) Neighbours(v store.View, e entity.Entity, q store.Query) (out []store.Row) {
	for _, dir := range []bool{true, false} {
		if dir && q.Direction == store.In || !dir && q.Direction == store.Out {
			continue
		}
		for _, r := range m.rows(v) {
			side := r.Object
			if dir {
				side = r.Subject
			}
			if side != e || q.Relations != nil && !slices.Contains(q.Relations, r.Relation) {
				continue
			}
			r.Out = dir
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b store.Row) int {
		p, q := store.PositionOf(&a), store.PositionOf(&b)
		return p.Compare(&q)
	})
	return out
}

// rows folds everything that the view shows into rows, in no order.
func (m *Model) rows(v store.View) []store.Row {
	type key struct {
		edge   obs.Edge
		rrtype obs.RRType
		origin obs.Origin
	}
	atoms := map[key][]obs.Atom{}
	for n, c := range m.chunks {
		if c.dead {
			continue
		}
		for _, o := range c.rows {
			k := key{obs.Edge{Subject: o.Subject, Relation: o.Relation, Object: o.Object}, o.RRType, *o.Origin}
			atoms[k] = append(atoms[k], obs.Atom{
				Chunk: uint64(n + 1), First: o.First, Last: o.Last, Recorded: o.Recorded, Flags: o.Flags, HasCount: o.HasCount, Count: o.Count,
			})
		}
	}
	var out []store.Row
	for k, list := range atoms {
		if !v.Shows(&k.origin) {
			continue
		}
		origin := k.origin
		r := store.Row{Subject: k.edge.Subject, Relation: k.edge.Relation, Object: k.edge.Object, RRType: k.rrtype, Origin: &origin}
		if r.Intervals = obs.Fold(list, &origin, v.Clock); len(r.Intervals) == 0 {
			continue
		}
		r.Count, r.HasCount = obs.Total(list, &origin, v.Clock)
		out = append(out, r)
	}
	return out
}

// Entities returns the entities in a range that a view shows, in order.
func (m *Model) Entities(v store.View, lower, upper []byte) (out []entity.Entity) {
	seen := map[entity.Entity]bool{}
	for _, r := range m.rows(v) {
		for _, e := range []entity.Entity{r.Subject, r.Object} {
			key := entity.AppendBinary(nil, e)
			if !seen[e] && bytes.Compare(key, lower) >= 0 && bytes.Compare(key, upper) < 0 {
				seen[e] = true
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b entity.Entity) int {
		return bytes.Compare(entity.AppendBinary(nil, a), entity.AppendBinary(nil, b))
	})
	return out
}

// Degree counts e's neighbours, without a bound.
func (m *Model) Degree(v store.View, e entity.Entity, rel obs.Relation, dir store.Direction) (d store.Degree) {
	others, units := map[entity.Entity]bool{}, map[entity.Entity]bool{}
	for _, r := range m.Neighbours(v, e, store.Query{Direction: dir, Relations: []obs.Relation{rel}}) {
		o := r.Other()
		others[o] = true
		if o.Kind == entity.Domain {
			o.Key = entity.Apex(o.Key)
		}
		units[o] = true
	}
	return store.Degree{Entities: len(others), Registrable: len(units)}
}

// RowsIn returns the rows in which an entity of a range stands, in order.
func (m *Model) RowsIn(v store.View, lower, upper []byte) (out []store.Row) {
	for _, dir := range []store.Direction{store.Out, store.In} {
		for _, e := range m.Entities(v, lower, upper) {
			out = append(out, m.Neighbours(v, e, store.Query{Direction: dir})...)
		}
	}
	return out
}

// Edge returns the rows of one edge.
func (m *Model) Edge(v store.View, e obs.Edge) []store.Row {
	return slices.DeleteFunc(m.Neighbours(v, e.Subject, store.Query{Direction: store.Out}), func(r store.Row) bool {
		return r.Relation != e.Relation || r.Object != e.Object
	})
}
