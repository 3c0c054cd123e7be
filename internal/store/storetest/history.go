package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// The entities, origins and times of random histories are few, so that rows meet.
var (
	names = []entity.Entity{
		{Kind: entity.Domain, Key: "evil.example"},
		{Kind: entity.Domain, Key: "www.evil.example"},
		{Kind: entity.Domain, Key: "a.b.evil.example"},
		{Kind: entity.Domain, Key: "evil2.example"},
		{Kind: entity.Domain, Key: "other.test"},
	}
	addrs = []entity.Entity{
		{Kind: entity.IP, Key: "192.0.2.1"}, {Kind: entity.IP, Key: "192.0.2.200"}, {Kind: entity.IP, Key: "198.51.100.7"}, {Kind: entity.IP, Key: "2001:db8::1"},
	}
	origins = makeOrigins()
)

func makeOrigins() (out []*obs.Origin) {
	for _, source := range []string{"s1", "s2"} {
		for _, tlp := range []obs.TLP{obs.Clear, obs.Amber, obs.Red} {
			out = append(out, &obs.Origin{Source: source, Basis: obs.Sensor, Gap: 100, Handling: obs.Handling{TLP: tlp}})
		}
	}
	return append(
		out, &obs.Origin{Source: "s3", Basis: obs.Sensor, CountKind: obs.Cumulative, Gap: 50},
		&obs.Origin{Source: "s3", Basis: obs.Listed, Granularity: obs.Day},
	)
}

// observation draws one statement.
func observation(t *rapid.T) obs.Observation {
	o := obs.Observation{
		Subject: rapid.SampledFrom(names).Draw(t, "subject"), Origin: rapid.SampledFrom(origins).Draw(t, "origin"),
		Recorded: obs.Time(rapid.IntRange(1, 8).Draw(t, "recorded") * 1000),
	}
	switch rapid.IntRange(0, 2).Draw(t, "relation") {
	case 0:
		o.Relation, o.Object, o.RRType = obs.Resolves, rapid.SampledFrom(addrs).Draw(t, "address"), obs.TypeA
	case 1:
		o.Relation, o.Object, o.RRType = obs.Resolves, rapid.SampledFrom(names).Draw(t, "target"), obs.TypeCNAME
	default:
		o.Relation, o.Object, o.RRType = obs.NS, rapid.SampledFrom(names).Draw(t, "server"), obs.TypeNS
	}
	if rapid.IntRange(0, 5).Draw(t, "dated") > 0 {
		o.First = obs.Time(rapid.IntRange(1, 900).Draw(t, "first"))
		o.Last = o.First + obs.Time(rapid.IntRange(0, 120).Draw(t, "length"))
	}
	o.Flags = obs.Flags(rapid.SampledFrom([]int{0, 0, 0, int(obs.OpenEnded), int(obs.FirstBound), int(obs.LastBound)}).Draw(t, "flags"))
	if rapid.Bool().Draw(t, "counted") {
		o.HasCount, o.Count = true, uint64(rapid.IntRange(0, 9).Draw(t, "count"))
	}
	return o
}

// view draws a view.
func view(t *rapid.T) store.View {
	v := store.View{Clearance: rapid.SampledFrom([]obs.TLP{obs.Clear, obs.Green, obs.Amber, obs.AmberStrict, obs.Red}).Draw(t, "clearance")}
	if rapid.Bool().Draw(t, "known") {
		v.Known = obs.Time(rapid.IntRange(1, 9).Draw(t, "known at") * 1000)
	}
	if rapid.Bool().Draw(t, "seen") {
		v.Seen = obs.Time(rapid.IntRange(1, 1100).Draw(t, "seen at"))
	}
	if rapid.IntRange(0, 3).Draw(t, "narrow") == 0 {
		v.Sources = []string{rapid.SampledFrom([]string{"s1", "s2", "s3"}).Draw(t, "source")}
	}
	return v
}

// histories runs random histories against the model and compares every answer.
func histories(t *testing.T, open func(testing.TB) store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		s, m := open(t), NewModel()
		defer s.Close()
		ctx := context.Background()
		for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.IntRange(0, 5).Draw(rt, "retract") == 0 {
				run := fmt.Sprintf("run%d", rapid.IntRange(0, 3).Draw(rt, "run"))
				m.Retract(run)
				if _, err := s.Retract(ctx, run); err != nil {
					rt.Fatal(err)
				}
				continue
			}
			b := &store.Batch{Run: fmt.Sprintf("run%d", rapid.IntRange(0, 3).Draw(rt, "run"))}
			for range rapid.IntRange(1, 8).Draw(rt, "rows") {
				b.Rows = append(b.Rows, observation(rt))
			}
			if rapid.Bool().Draw(rt, "in the ledger") {
				b.Ledger[0] = byte(rapid.IntRange(1, 6).Draw(rt, "ledger"))
			}
			before, err := s.Head(ctx)
			if err != nil {
				rt.Fatal(err)
			}
			want := m.Append(b)
			got, err := s.Append(ctx, b)
			if err != nil || got.Replayed != want {
				rt.Fatalf("step %d: replayed %v, want %v, %v", step, got.Replayed, want, err)
			}
			told(rt, s, before, b, want)
		}
		compare(rt, s, m)
	})
}

// told demands that the feed tells of a batch, and of none that was replayed.
func told(rt *rapid.T, s store.Store, before store.Head, b *store.Batch, replayed bool) {
	news := map[obs.Edge]bool{}
	for c, err := range s.Since(context.Background(), before.Chunk) {
		if err != nil || c.Chunk <= before.Chunk {
			rt.Fatalf("after chunk %d the feed tells of %d, %v", before.Chunk, c.Chunk, err)
		}
		news[c.Edge] = true
	}
	head, err := s.Head(context.Background())
	if err != nil || replayed != (head == before) {
		rt.Fatalf("the head moved from %+v to %+v, replayed %v, %v", before, head, replayed, err)
	}
	for i := range b.Rows {
		o := &b.Rows[i]
		if e := (obs.Edge{Subject: o.Subject, Relation: o.Relation, Object: o.Object}); news[e] == replayed {
			rt.Fatalf("the feed tells of %+v: %v, replayed %v", e, news[e], replayed)
		}
	}
}

// compare asks both everything, in random views.
func compare(rt *rapid.T, s store.Store, m *Model) {
	for range 3 {
		v := view(rt)
		r := s.In(v)
		for _, e := range slices.Concat(names, addrs) {
			for _, q := range []store.Query{{}, {Direction: store.Out}, {Direction: store.In, Relations: []obs.Relation{obs.Resolves}}, {Relations: []obs.Relation{obs.NS, obs.MX}}} {
				same(rt, v, e, rows(rt, r, e, q), m.Neighbours(v, e, q))
			}
			paged(rt, r, v, e, m.Neighbours(v, e, store.Query{}))
			degrees(rt, r, v, e, m)
		}
		entities(rt, r, v, m)
		edges(rt, r, v, m)
	}
}

// edges asks for single edges, those that nobody stated included.
func edges(rt *rapid.T, r store.Reader, v store.View, m *Model) {
	for _, subject := range names {
		for _, object := range slices.Concat(names, addrs) {
			for _, rel := range []obs.Relation{obs.Resolves, obs.NS} {
				got, err := r.Edge(context.Background(), subject, rel, object)
				if err != nil {
					rt.Fatal(err)
				}
				for i := range got {
					if len(got[i].Atoms) == 0 {
						rt.Fatalf("%s has no atoms", line(&got[i]))
					}
				}
				same(rt, v, subject, got, m.Edge(v, obs.Edge{Subject: subject, Relation: rel, Object: object}))
			}
		}
	}
}

// rows reads all that Neighbours yields.
func rows(t fataler, r store.Reader, e entity.Entity, q store.Query) (out []store.Row) {
	for row, err := range r.Neighbours(context.Background(), e, q) {
		if err != nil {
			t.Fatalf("neighbours of %s: %v", e, err)
		}
		out = append(out, row)
	}
	return out
}

type fataler interface{ Fatalf(string, ...any) }

// line writes a row in full, for comparison and for people.
func line(r *store.Row) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s %s %s out=%v %+v", r.Subject, r.Relation, r.Object, r.RRType, r.Out, *r.Origin)
	if r.HasCount {
		fmt.Fprintf(&s, " count=%d", r.Count)
	}
	for _, i := range r.Intervals {
		fmt.Fprintf(&s, " [%d..%d %d %v/%d rec %d]", i.First, i.Last, i.Flags, i.HasCount, i.Count, i.Recorded)
	}
	return s.String()
}

func same(t fataler, v store.View, e entity.Entity, got, want []store.Row) {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = line(&got[i])
		}
		if i < len(want) {
			w = line(&want[i])
		}
		if g != w {
			t.Fatalf("%s in %+v, row %d of %d and %d:\n got %s\nwant %s", e, v, i, len(got), len(want), g, w)
		}
	}
}

// paged reads page by page, of a random size, and compares with the whole.
func paged(rt *rapid.T, r store.Reader, v store.View, e entity.Entity, want []store.Row) {
	size := rapid.IntRange(1, 4).Draw(rt, "page")
	var got []store.Row
	q := store.Query{}
	for {
		n := 0
		for row, err := range r.Neighbours(context.Background(), e, q) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, row)
			q.After = store.CursorAfter(&row)
			if n++; n == size {
				break
			}
		}
		if n < size {
			break
		}
	}
	same(rt, v, e, got, want)
}

func degrees(rt *rapid.T, r store.Reader, v store.View, e entity.Entity, m *Model) {
	for _, rel := range []obs.Relation{obs.Resolves, obs.NS} {
		for _, dir := range []store.Direction{store.Out, store.In} {
			want := m.Degree(v, e, rel, dir)
			got, err := r.Degree(context.Background(), e, rel, dir, 1000)
			if err != nil || got != want {
				rt.Fatalf("degree of %s over %s %s in %+v: %+v, want %+v, %v", e, rel, dir, v, got, want, err)
			}
			if want.Entities > 1 {
				got, err := r.Degree(context.Background(), e, rel, dir, want.Entities-1)
				if err != nil || !got.Capped || got.Entities != want.Entities-1 {
					rt.Fatalf("capped degree: %+v, %v", got, err)
				}
			}
		}
	}
}

func entities(rt *rapid.T, r store.Reader, v store.View, m *Model) {
	for _, rg := range []store.Range{
		{Zone: "evil.example"}, {Zone: "b.evil.example"}, {Prefix: netip.MustParsePrefix("192.0.2.0/25")}, {Prefix: netip.MustParsePrefix("2001:db8::/32")},
	} {
		lower, upper, err := rg.Bounds()
		if err != nil {
			rt.Fatal(err)
		}
		var walked []store.Row
		for row, err := range store.RowsIn(context.Background(), r, rg, store.Query{}) {
			if err != nil {
				rt.Fatal(err)
			}
			walked = append(walked, row)
		}
		same(rt, v, entity.Entity{Kind: entity.Unknown, Key: "the range"}, walked, m.RowsIn(v, lower, upper))
		want := m.Entities(v, lower, upper)
		var got []entity.Entity
		for e, err := range r.Entities(context.Background(), rg, entity.Entity{}) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, e)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("entities of %+v in %+v: %v, want %v", rg, v, got, want)
		}
		if len(want) > 1 {
			for e, err := range r.Entities(context.Background(), rg, want[0]) {
				if err != nil || e != want[1] {
					rt.Fatalf("after %s comes %s, want %s, %v", want[0], e, want[1], err)
				}
				break
			}
		}
	}
}
