// Package storetest is the suite that every store passes, with a naive model as
// the oracle of random histories. Only tests import it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Run runs the suite. open returns a new, empty store each time; the suite
// closes it.
func Run(t *testing.T, open func(testing.TB) store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"a batch is all or nothing and replays", replay},
		{"documents", documents},
		{"feed", feed},
		{"retraction", retraction},
		{"odd names", oddNames},
		{"ranges", ranges},
		{"cursors", cursors},
		{"pages of every size", pages},
		{"rows that must not merge", apart},
		{"counts", counts},
		{"clearance", clearance},
		{"knowledge then and now", knowledge},
		{"attributes and measures", measures},
		{"readers beside writers", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			c.test(t, s)
		})
	}
	t.Run("random histories", func(t *testing.T) { histories(t, open) })
}

// Statement makes an observation of an address record.
func Statement(name, addr string, first, last obs.Time) obs.Observation {
	return obs.Observation{
		Subject: entity.Entity{Kind: entity.Domain, Key: name}, Relation: obs.Resolves, Object: entity.Entity{Kind: entity.IP, Key: addr}, RRType: obs.TypeA,
		First: first, Last: last, Recorded: 1000, Origin: origins[1],
	}
}

func add(t testing.TB, s store.Store, b *store.Batch) store.Receipt {
	t.Helper()
	r, err := s.Append(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func replay(t *testing.T, s store.Store) {
	b := &store.Batch{Ledger: [32]byte{1}, Run: "r", Rows: []obs.Observation{Statement("a.example", "192.0.2.1", 10, 20)}, Puts: []store.Doc{{DocID: store.DocID{Collection: "cursor", ID: "x"}, Data: []byte("1")}}}
	if r := add(t, s, b); r.Replayed || r.Edges != 1 {
		t.Errorf("first: %+v", r)
	}
	b.Puts[0].Data = []byte("2")
	if r := add(t, s, b); !r.Replayed {
		t.Errorf("second: %+v", r)
	}
	if data, err := s.Doc(t.Context(), b.Puts[0].DocID); err != nil || string(data) != "1" {
		t.Errorf("a replayed batch wrote its documents: %q %v", data, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(done, &store.Batch{Rows: b.Rows}); err == nil {
		t.Error("a cancelled append succeeds")
	}
}

func documents(t *testing.T, s store.Store) {
	id := func(c, n string) store.DocID { return store.DocID{Collection: c, ID: n} }
	add(t, s, &store.Batch{Puts: []store.Doc{
		{DocID: id("reject", "run1/1"), Data: []byte("a")},
		{DocID: id("reject", "run1/2"), Data: []byte("b")},
		{DocID: id("reject", "run2/1"), Data: []byte("c")},
		{DocID: id("rejects", "x"), Data: []byte("d")},
	}})
	for _, c := range []struct{ prefix, after, want string }{{"", "", "abc"}, {"run1/", "", "ab"}, {"run1/", "run1/1", "b"}, {"", "run1/2", "c"}, {"run3", "", ""}} {
		var got strings.Builder
		for d, err := range s.Documents(t.Context(), "reject", c.prefix, c.after) {
			if err != nil {
				t.Fatal(err)
			}
			got.Write(d.Data)
		}
		if got.String() != c.want {
			t.Errorf("prefix %q after %q: %q, want %q", c.prefix, c.after, &got, c.want)
		}
	}
	add(t, s, &store.Batch{Drops: []store.DocID{id("reject", "run1/1")}})
	if _, err := s.Doc(t.Context(), id("reject", "run1/1")); !fault.Is(err, fault.NotFound) {
		t.Errorf("dropped: %v", err)
	}
}

func feed(t *testing.T, s store.Store) {
	first := add(t, s, &store.Batch{Rows: []obs.Observation{Statement("a.example", "192.0.2.1", 10, 20), Statement("a.example", "192.0.2.1", 30, 40)}})
	second := add(t, s, &store.Batch{Run: "r", Rows: []obs.Observation{Statement("b.example", "192.0.2.1", 10, 20)}})
	read := func(since uint64) (out []string) {
		last := since
		for c, err := range s.Since(t.Context(), since) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Chunk < last {
				t.Errorf("chunk %d after %d", c.Chunk, last)
			}
			last = c.Chunk
			out = append(out, c.Subject.Key)
		}
		return out
	}
	if got := read(0); !slices.Equal(got, []string{"a.example", "b.example"}) {
		t.Errorf("from the beginning: %v", got)
	}
	if got := read(first.Chunk); !slices.Equal(got, []string{"b.example"}) {
		t.Errorf("after the first: %v", got)
	}
	if _, err := s.Retract(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	if got := read(second.Chunk); !slices.Equal(got, []string{"b.example"}) {
		t.Errorf("a retraction is news: %v", got)
	}
	if h, err := s.Head(t.Context()); err != nil || h.Chunk <= second.Chunk || len(read(h.Chunk)) > 0 {
		t.Errorf("head %+v, %v", h, err)
	}
}

func retraction(t *testing.T, s store.Store) {
	bad := &store.Batch{Ledger: [32]byte{1}, Run: "bad", Rows: []obs.Observation{Statement("a.example", "192.0.2.1", 10, 20), Statement("b.example", "192.0.2.1", 10, 20)}}
	good := &store.Batch{Ledger: [32]byte{2}, Run: "good", Rows: []obs.Observation{Statement("a.example", "192.0.2.1", 15, 30)}}
	add(t, s, bad)
	add(t, s, good)
	n, err := s.Retract(t.Context(), "bad")
	if err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	if n, err := s.Retract(t.Context(), "bad"); err != nil || n != 0 {
		t.Errorf("a second time: %d rows, %v", n, err)
	}
	r := s.In(store.Everything)
	got := rows(t, r, bad.Rows[0].Object, store.Query{})
	if len(got) != 1 || got[0].Intervals[0].First != 15 {
		t.Errorf("left: %+v", got)
	}
	if rec := add(t, s, bad); rec.Replayed {
		t.Error("what was retracted can't be imported again")
	}
	if got := rows(t, r, bad.Rows[0].Object, store.Query{}); len(got) != 2 || got[0].Intervals[0].First != 10 {
		t.Errorf("imported again: %+v", got)
	}
	if _, err := s.Retract(t.Context(), ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("no run: %v", err)
	}
}

// oddNames: what an adversary can put into a name comes back as it went in.
func oddNames(t *testing.T, s store.Store) {
	long := strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 62)+".", 4), ".") + ".b" // 253 octets as text are 255 in a packet
	keys := []string{"evil\\000.example", "\\032x.example", "_dmarc.evil.example", "*.evil.example", "a\\.b.example", long, "xn--80ak6aa92e.example", strings.Repeat("\\255", 63) + ".example", "\\226\\128\\174moc.example"}
	var b store.Batch
	for _, k := range keys {
		o := Statement(k, "192.0.2.1", 10, 20)
		b.Rows = append(b.Rows, o)
		o.Relation, o.RRType = obs.ReportedAs, 0
		o.Object = entity.Entity{Kind: entity.Label, Key: "report:\x00nul\x01 \u202ertl " + k}
		b.Rows = append(b.Rows, o)
	}
	add(t, s, &b)
	r := s.In(store.Everything)
	for i := range b.Rows {
		o := &b.Rows[i]
		got, err := r.Edge(t.Context(), o.Subject, o.Relation, o.Object)
		if err != nil || len(got) != 1 || got[0].Subject != o.Subject || got[0].Object != o.Object {
			t.Errorf("%q: %+v, %v", o.Subject.Key, got, err)
		}
	}
	if got := rows(t, r, b.Rows[0].Object, store.Query{}); len(got) != len(keys) {
		t.Errorf("%d names at the address, want %d", len(got), len(keys))
	}
}

func ranges(t *testing.T, s store.Store) {
	r := s.In(store.Everything)
	for _, rg := range []store.Range{{}, {Zone: "com"}, {Zone: "co.uk"}, {Prefix: netip.MustParsePrefix("10.0.0.0/15")}, {Prefix: netip.MustParsePrefix("2001::/16")}} {
		var got error
		for _, err := range r.Entities(t.Context(), rg, entity.Entity{}) {
			got = err
		}
		if got == nil || rg != (store.Range{}) && !errors.Is(got, store.ErrTooBroad) {
			t.Errorf("%+v: %v", rg, got)
		}
	}
	add(t, s, &store.Batch{Rows: []obs.Observation{
		Statement("evil.example", "192.0.2.0", 1, 2), Statement("w.evil.example", "192.0.2.255", 1, 2), Statement("evil-.example", "192.0.3.0", 1, 2), Statement("evil0.example", "192.0.1.255", 1, 2),
	}})
	for want, rg := range map[string]store.Range{"evil.example w.evil.example": {Zone: "evil.example"}, "192.0.2.0 192.0.2.255": {Prefix: netip.MustParsePrefix("192.0.2.0/24")}} {
		var got []string
		for e, err := range r.Entities(t.Context(), rg, entity.Entity{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Key)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
		n := 0
		for row, err := range store.RowsIn(t.Context(), r, rg, store.Query{}) {
			if err != nil || row.Relation != obs.Resolves {
				t.Fatal(row, err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d rows in %s", n, want)
		}
	}
}

func cursors(t *testing.T, s store.Store) {
	r := s.In(store.Everything)
	for _, c := range []store.Cursor{"!", "bm9uc2Vuc2U"} {
		for _, err := range r.Neighbours(t.Context(), names[0], store.Query{After: c}) {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("cursor %q: %v", c, err)
			}
		}
	}
}

// clearance: a reader must not even be able to count what it may not see.
func clearance(t *testing.T, s store.Store) {
	red := Statement("secret.example", "192.0.2.1", 10, 20)
	red.Origin = origins[2]
	open := Statement("open.example", "192.0.2.1", 10, 20)
	add(t, s, &store.Batch{Rows: []obs.Observation{red, open}})
	for tlp, want := range map[obs.TLP]int{obs.Clear: 0, obs.Green: 0, obs.Amber: 1, obs.AmberStrict: 1, obs.Red: 2} {
		r := s.In(store.View{Clearance: tlp})
		d, err := r.Degree(t.Context(), red.Object, obs.Resolves, store.In, 10)
		if got := rows(t, r, red.Object, store.Query{}); len(got) != want || d.Entities != want || err != nil {
			t.Errorf("%s sees %d rows, degree %+v, want %d", tlp, len(got), d, want)
		}
		edge, err := r.Edge(t.Context(), red.Subject, red.Relation, red.Object)
		if err != nil || len(edge) != max(want-1, 0) {
			t.Errorf("%s sees the edge: %v, %v", tlp, edge, err)
		}
	}
}

// knowledge: a later sighting that bridges two older ones must not change what was
// known before it.
func knowledge(t *testing.T, s store.Store) {
	for i, span := range [][2]obs.Time{{100, 110}, {400, 410}, {200, 320}} {
		o := Statement("a.example", "192.0.2.1", span[0], span[1])
		o.Recorded = obs.Time(1000 * (i + 1))
		add(t, s, &store.Batch{Rows: []obs.Observation{o}})
	}
	for known, want := range map[obs.Time]string{500: "", 1000: "100-110", 2000: "100-110 400-410", 3000: "100-410", 0: "100-410"} {
		var got []string
		for _, row := range rows(t, s.In(store.View{Clearance: obs.Red, Clock: obs.Clock{Known: known}}), addrs[0], store.Query{}) {
			for _, i := range row.Intervals {
				got = append(got, fmt.Sprintf("%d-%d", i.First, i.Last))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("known at %d: %v, want %s", known, got, want)
		}
	}
}

func measures(t *testing.T, s store.Store) {
	o := Statement("www.a.example", "192.0.2.1", 10, 20)
	o.HasCount, o.Count, o.HasTTL, o.TTL, o.Bailiwick, o.Flags = true, 1<<40, true, 300, "a.example", obs.OpenEnded|obs.Untrusted
	o.Attributes = []obs.Attribute{{Name: "port", Value: "443"}, {Name: "registrant", State: obs.Redacted, Reason: "GDPR"}}
	add(t, s, &store.Batch{Rows: []obs.Observation{o}})
	got, err := s.In(store.Everything).Edge(t.Context(), o.Subject, o.Relation, o.Object)
	if err != nil || len(got) != 1 || len(got[0].Atoms) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	a := got[0].Atoms[0]
	if !a.HasCount || a.Count != o.Count || !a.HasTTL || a.TTL != o.TTL || a.Bailiwick != o.Bailiwick || a.Flags != o.Flags || !slices.Equal(a.Attributes, o.Attributes) {
		t.Errorf("got %+v", a)
	}
}

// concurrent: readers see whole batches and never an error while writers append.
func concurrent(t *testing.T, s store.Store) {
	const batches, each = 40, 25
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for w := range 2 {
		writers.Go(func() {
			for i := range batches {
				var b store.Batch
				for j := range each {
					b.Rows = append(b.Rows, Statement(fmt.Sprintf("n%d-%d-%d.example", w, i, j), "192.0.2.1", 10, 20))
				}
				if _, err := s.Append(t.Context(), &b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				n := 0
				for _, err := range s.In(store.Everything).Neighbours(t.Context(), addrs[0], store.Query{}) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
				}
				if n%each != 0 {
					t.Errorf("%d rows: a part of a batch", n)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if n := len(rows(t, s.In(store.Everything), addrs[0], store.Query{})); n != 2*batches*each {
		t.Errorf("%d rows, want %d", n, 2*batches*each)
	}
}
