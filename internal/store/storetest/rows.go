package storetest

import (
	"fmt"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// variants makes statements of one edge that differ in what keeps rows apart.
func variants() (out []obs.Observation) {
	base := obs.Origin{Source: "s", Basis: obs.Sensor, Gap: 100}
	for _, change := range []func(*obs.Observation, *obs.Origin){
		func(*obs.Observation, *obs.Origin) {},
		func(o *obs.Observation, _ *obs.Origin) { o.RRType = obs.TypeCNAME },
		func(_ *obs.Observation, g *obs.Origin) { g.Source = "t" },
		func(_ *obs.Observation, g *obs.Origin) { g.Sensor = "x" },
		func(_ *obs.Observation, g *obs.Origin) { g.Lineage = "x" },
		func(_ *obs.Observation, g *obs.Origin) { g.Basis = obs.Zone },
		func(_ *obs.Observation, g *obs.Origin) { g.Granularity = obs.Day },
		func(_ *obs.Observation, g *obs.Origin) { g.CountKind = obs.Cumulative },
		func(_ *obs.Observation, g *obs.Origin) { g.Gap = 7 },
		func(_ *obs.Observation, g *obs.Origin) { g.Handling.TLP = obs.Green },
		func(_ *obs.Observation, g *obs.Origin) { g.Handling.Licence = "CC0" },
		func(_ *obs.Observation, g *obs.Origin) { g.Handling.Personal = true },
	} {
		o, g := Statement("a.example", "192.0.2.1", 10, 20), base
		o.HasCount, o.Count = true, 1
		change(&o, &g)
		o.Origin = &g
		out = append(out, o)
	}
	return out
}

// apart: what differs in record type, origin or handling stays in rows of its own,
// in one batch and in several.
func apart(t *testing.T, s store.Store) {
	list := variants()
	add(t, s, &store.Batch{Rows: list})
	for i := range list {
		add(t, s, &store.Batch{Rows: list[i : i+1]})
	}
	r := s.In(store.Everything)
	got := rows(t, r, list[0].Object, store.Query{})
	if len(got) != len(list) {
		t.Errorf("%d rows, want %d", len(got), len(list))
	}
	for i := range got {
		want := uint64(2)
		if got[i].Origin.CountKind == obs.Cumulative {
			want = 1
		}
		if got[i].Count != want {
			t.Errorf("%s: want a count of %d", line(&got[i]), want)
		}
	}
	d, err := r.Degree(t.Context(), list[0].Object, obs.Resolves, store.In, 10)
	if err != nil || d.Entities != 1 {
		t.Errorf("degree %+v, %v: one neighbour in many rows is one", d, err)
	}
}

// counts: increments add up, of cumulative statements the latest holds, and a count
// that nobody gave is unknown.
func counts(t *testing.T, s store.Store) {
	increment := &obs.Origin{Source: "i", Basis: obs.Sensor, Gap: 100}
	cumulative := &obs.Origin{Source: "c", Basis: obs.Sensor, Gap: 100, CountKind: obs.Cumulative}
	state := func(g *obs.Origin, last obs.Time, n uint64) {
		o := Statement("a.example", "192.0.2.1", 10, last)
		o.Origin, o.HasCount, o.Count = g, n > 0, n
		add(t, s, &store.Batch{Rows: []obs.Observation{o}})
	}
	state(increment, 30, 5)
	state(increment, 20, 7)
	state(increment, 40, 0)
	state(cumulative, 30, 50)
	state(cumulative, 20, 70) // later to come, older in what it says
	state(&obs.Origin{Source: "n", Basis: obs.Sensor, Gap: 100}, 20, 0)
	want := map[string]string{"i": "true 12", "c": "true 50", "n": "false 0"}
	for _, row := range rows(t, s.In(store.Everything), addrs[0], store.Query{}) {
		got := fmt.Sprint(row.HasCount, " ", row.Count)
		if got != want[row.Origin.Source] {
			t.Errorf("%s: %s, want %s", row.Origin.Source, got, want[row.Origin.Source])
		}
		delete(want, row.Origin.Source)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// pages: whatever the size of a page, in each direction, the pages give the whole,
// also while rows are added behind and before the reader.
func pages(t *testing.T, s store.Store) {
	hub := names[0]
	var b store.Batch
	for i := range 5 {
		for _, o := range variants()[:3] {
			o.Subject, o.Object = hub, addrs[0]
			o.Object.Key = fmt.Sprintf("192.0.2.%d", i)
			b.Rows = append(b.Rows, o)
			o.Subject, o.Object, o.Relation = names[3], hub, obs.NS
			o.Subject.Key = fmt.Sprintf("n%d.example", i)
			b.Rows = append(b.Rows, o)
		}
	}
	add(t, s, &b)
	r := s.In(store.Everything)
	for _, dir := range []store.Direction{store.Both, store.Out, store.In} {
		whole := rows(t, r, hub, store.Query{Direction: dir})
		for size := 1; size <= len(whole)+1; size++ {
			q := store.Query{Direction: dir}
			var got []store.Row
			for more := true; more; {
				n := 0
				for row, err := range r.Neighbours(t.Context(), hub, q) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, row)
					q.After = store.CursorAfter(&row)
					if n++; n == size {
						break
					}
				}
				more = n == size
			}
			same(t, store.Everything, hub, got, whole)
		}
	}
	moved(t, s, hub)
}

// moved: a cursor names a place, not a number of rows.
func moved(t *testing.T, s store.Store, e entity.Entity) {
	r := s.In(store.Everything)
	whole := rows(t, r, e, store.Query{})
	at := store.CursorAfter(&whole[6])
	early := variants()[0]
	early.Subject, early.Object.Key = e, "192.0.1.1"
	add(t, s, &store.Batch{Rows: []obs.Observation{early}})
	rest := rows(t, r, e, store.Query{After: at})
	same(t, store.Everything, e, rest, whole[7:])
	if now := rows(t, r, e, store.Query{}); len(now) != len(whole)+1 {
		t.Errorf("%s has %d rows, want %d", e, len(now), len(whole)+1)
	}
}
