package index_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/collect"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
)

const day = 86400

// units let the names below let.example to others, as a dynamic DNS provider does.
var units = collect.Units{Shared: func(r string) bool { return r == "let.example" }, Version: "test"}

func openStore(t fataler) *pebblestore.Store {
	st, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), CacheSize: 1 << 20})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return st
}

func openIndex(t fataler, fs vfs.FS) *index.Index {
	x, err := index.Open("index", index.Options{FS: fs, Units: units})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return x
}

type fataler interface{ Fatalf(string, ...any) }

func follow(t fataler, x *index.Index, st index.Source) {
	if err := x.Follow(context.Background(), st, nil); err != nil {
		t.Fatalf("follow: %v", err)
	}
}

// dump lists what the index holds.
func dump(t fataler, x *index.Index) (out []string) {
	if err := x.Dump(context.Background(), func(s string) { out = append(out, s) }); err != nil {
		t.Fatalf("dump: %v", err)
	}
	return out
}

// same compares two dumps and shows the first difference.
func same(t fataler, what string, got, want []string) {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("%s: line %d of %d and %d: %s, want %s", what, i, len(got), len(want), g, w)
		}
	}
}

// The world of the histories: few names and values, so that they meet, and a
// certificate under three of its names.
var (
	hosts = []string{"a.example", "www.a.example", "b.example", "c.test", "x.let.example", "y.let.example", "let.example"}

	cert    = entity.Entity{Kind: entity.Cert, Key: strings.Repeat("a1", 32)}
	sha1    = entity.Entity{Kind: entity.Cert, Key: "sha1:" + strings.Repeat("b2", 20)}
	md5     = entity.Entity{Kind: entity.Cert, Key: "md5:" + strings.Repeat("c3", 16)}
	certs   = []entity.Entity{cert, sha1, md5}
	levels  = []obs.TLP{obs.Clear, obs.Green, obs.Amber, obs.AmberStrict, obs.Red}
	sources = []string{"s1", "s2"}
)

func domain(name string) entity.Entity { return entity.Entity{Kind: entity.Domain, Key: name} }

func pickHost(t *rapid.T) entity.Entity { return domain(rapid.SampledFrom(hosts).Draw(t, "host")) }

// statement draws one observation.
func statement(t *rapid.T) obs.Observation {
	o := obs.Observation{Subject: pickHost(t), Recorded: 1000 * day, Origin: &obs.Origin{
		Source: rapid.SampledFrom(sources).Draw(t, "source"), Basis: obs.Sensor, Gap: 2 * day,
		Handling: obs.Handling{TLP: rapid.SampledFrom(levels).Draw(t, "level")},
	}}
	some := func(kind entity.Kind, keys ...string) entity.Entity {
		return entity.Entity{Kind: kind, Key: rapid.SampledFrom(keys).Draw(t, "object")}
	}
	switch rapid.IntRange(0, 10).Draw(t, "what") {
	case 0, 1:
		o.Relation, o.RRType, o.Object = obs.Resolves, obs.TypeA, some(entity.IP, "192.0.2.1", "192.0.2.2", "198.51.100.1")
	case 2, 3:
		o.Relation, o.RRType, o.Object = obs.NS, obs.TypeNS, some(entity.Domain, "ns1.dns.test", "ns2.dns.test", "ns.b.example")
	case 4:
		o.Relation, o.Object, o.Origin.Basis = obs.RegistrarOf, some(entity.Registrar, "iana:1", "iana:2"), obs.Declared
	case 5:
		o.Relation, o.Object = obs.HasFingerprint, some(entity.Fingerprint, "server:nginx", "title:hello", "jarm:27d")
	case 6:
		o.Relation, o.Object = obs.Registrant, some(entity.Org, "acme", "veil")
		o.Attributes = []obs.Attribute{{Name: "country", Value: rapid.SampledFrom([]string{"DE", "FR"}).Draw(t, "country")}}
	case 7:
		o.Relation, o.Subject, o.Object = obs.SAN, rapid.SampledFrom(certs).Draw(t, "certificate"), pickHost(t)
	case 8:
		o.Relation, o.Subject, o.Object = obs.Alias, cert, rapid.SampledFrom(certs[1:]).Draw(t, "alias")
	case 9:
		o.Relation, o.Subject, o.Object = obs.Key, rapid.SampledFrom(certs).Draw(t, "certificate"), some(entity.SPKI, strings.Repeat("d4", 32), strings.Repeat("e5", 32))
	default:
		o.Relation, o.Subject, o.Object = obs.IssuedBy, rapid.SampledFrom(certs).Draw(t, "certificate"), some(entity.Org, "open ca", "other ca")
	}
	if rapid.IntRange(0, 5).Draw(t, "dated") > 0 {
		o.First = obs.Time(rapid.IntRange(1, 90).Draw(t, "first") * day)
		o.Last = o.First + obs.Time(rapid.IntRange(0, 60).Draw(t, "length")*day)
	}
	return o
}

// step appends or retracts.
func step(t *rapid.T, st store.Store) {
	ctx := context.Background()
	run := fmt.Sprintf("run%d", rapid.IntRange(0, 3).Draw(t, "run"))
	if rapid.IntRange(0, 4).Draw(t, "retract") == 0 {
		if _, err := st.Retract(ctx, run); err != nil {
			t.Fatalf("retract: %v", err)
		}
		return
	}
	b := &store.Batch{Run: run}
	for range rapid.IntRange(1, 8).Draw(t, "rows") {
		b.Rows = append(b.Rows, statement(t))
	}
	if _, err := st.Append(ctx, b); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// naive counts by reading every name anew at each level, without an index.
type naive struct {
	rows  map[string]map[feature.Key]obs.TLP // by unit: the lowest level at which it has that
	names [obs.TLPLevels]int64
}

func count(t fataler, st *pebblestore.Store) *naive {
	n := &naive{rows: map[string]map[feature.Key]obs.TLP{}}
	for rank, level := range levels {
		r := st.In(store.View{Clearance: level})
		for _, unit := range []string{"a.example", "b.example", "c.test", "x.let.example", "y.let.example", "let.example", "dns.test"} {
			row, err := units.Collect(context.Background(), r, unit)
			if err != nil {
				t.Fatalf("collect: %v", err)
			}
			if row.Rows == 0 {
				continue
			}
			if n.rows[unit] == nil {
				n.rows[unit] = map[feature.Key]obs.TLP{}
			}
			n.names[rank]++
			for _, c := range row.Counted(level) {
				k := c.Key
				if _, lower := n.rows[unit][k]; !lower {
					n.rows[unit][k] = level
				}
			}
		}
	}
	return n
}

// holders lists the units that hold a value at a level, and how many have the
// feature at all.
func (n *naive) holders(k feature.Key, level obs.TLP) (who []string, observed int64) {
	for unit, has := range n.rows {
		asked := false
		for e, from := range has {
			asked = asked || e.Feature == k.Feature && level.Allows(from)
		}
		if asked {
			observed++
		}
		if from, ok := has[k]; ok && level.Allows(from) {
			who = append(who, unit)
		}
	}
	slices.Sort(who)
	return who, observed
}

// agree compares every count, and every list of holders, with the naive ones.
func (n *naive) agree(t fataler, x *index.Index) {
	all := map[feature.Key]bool{}
	for _, has := range n.rows {
		for k := range has {
			all[k] = true
		}
	}
	for rank, level := range levels {
		if got, err := at(x, level).Names(); err != nil || got != n.names[rank] {
			t.Fatalf("%d names at %s, want %d, %v", got, level, n.names[rank], err)
		}
		n.shares(t, x, level)
		for k := range all {
			who, observed := n.holders(k, level)
			c, err := counts(x, k, level)
			if err != nil || c.Holding != int64(len(who)) || c.Observed != observed {
				t.Fatalf("%s %x at %s: %+v, want %d of %d, %v", k.Feature, uint64(k.Hash), level, c, len(who), observed, err)
			}
			if index.Posted(k.Feature) {
				if got := holders(t, x, k, level); !slices.Equal(got, who) {
					t.Fatalf("%s %x at %s: held by %v, want %v", k.Feature, uint64(k.Hash), level, got, who)
				}
			}
		}
	}
}

// shares compares what the index says of each name's own values, at a level, with
// the naive rows: in a view of everything, and in one of a single source, of which it
// can't count the values.
func (n *naive) shares(t fataler, x *index.Index, level obs.TLP) {
	wanted := []feature.Key{{Feature: feature.IP, Hash: 1}, {Feature: feature.CNAME, Hash: 1 << 63}} // nobody's
	for _, has := range n.rows {
		for k := range has {
			wanted = append(wanted, k)
		}
	}
	slices.SortFunc(wanted, feature.Key.Compare)
	wanted = slices.Compact(wanted)
	ids := map[string]uint32{}
	for i := range uint32(64) {
		name, err := x.Name(i)
		if err != nil {
			t.Fatalf("name %d: %v", i, err)
		}
		if name != "" {
			ids[name] = i
		}
	}
	for unit, has := range n.rows {
		seen := map[feature.Feature]int{}
		for k, from := range has {
			if level.Allows(from) {
				seen[k.Feature]++
			}
		}
		for _, v := range []store.View{{Clearance: level}, {Clearance: level, Sources: []string{"s"}}} {
			left := maps.Clone(has)
			err := x.In(v).Shares(ids[unit], wanted, func(i, among int, _ feature.Strength) {
				k := wanted[i]
				from, ok := left[k]
				delete(left, k)
				want := seen[k.Feature]
				if v.Sources != nil {
					want = 1
				}
				if !ok || !level.Allows(from) || among != want {
					t.Fatalf("%s at %s shares %s among %d: %v from %s, among %d", unit, level, k.Feature, among, ok, from, want)
				}
			})
			if err != nil {
				t.Fatalf("shares: %v", err)
			}
			for k, from := range left {
				if level.Allows(from) {
					t.Fatalf("%s at %s doesn't tell that it has a %s", unit, level, k.Feature)
				}
			}
		}
	}
}

// at is the index as a reader of a level sees it.
func at(x *index.Index, level obs.TLP) index.View { return x.In(store.View{Clearance: level}) }

// counted is in how many names a value occurs, against for how many its feature was
// observed.
type counted struct{ Holding, Observed int64 }

func counts(x *index.Index, k feature.Key, level obs.TLP) (c counted, err error) {
	v := at(x, level)
	if c.Holding, err = v.Holding(k); err == nil {
		c.Observed, err = v.Observed(k.Feature)
	}
	return c, err
}

func holders(t fataler, x *index.Index, k feature.Key, level obs.TLP) (out []string) {
	err := at(x, level).Holders(context.Background(), k, func(id uint32, _ feature.Strength) bool {
		name, err := x.Name(id)
		if err != nil {
			t.Fatalf("name %d: %v", id, err)
		}
		out = append(out, name)
		return true
	})
	if err != nil {
		t.Fatalf("holders: %v", err)
	}
	slices.Sort(out)
	return out
}

// After any history, followed at any points, the index says what one reading of the
// store says, at every level, and what a rebuilt index says.
func TestCountsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		st := openStore(rt)
		defer st.Close()
		x := openIndex(rt, vfs.NewMem())
		defer x.Close()
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			step(rt, st)
			if rapid.Bool().Draw(rt, "follow") {
				follow(rt, x, st)
			}
		}
		follow(rt, x, st)
		count(rt, st).agree(rt, x)
		followed := dump(rt, x)
		if err := x.Rebuild(); err != nil {
			rt.Fatalf("rebuild: %v", err)
		}
		follow(rt, x, st)
		same(rt, "rebuilt", dump(rt, x), followed)
		follow(rt, x, st)
		same(rt, "followed again", dump(rt, x), followed)
	})
}

// What a reader counts is what he would count if all that he may not see had never
// been stored.
func TestStricterRowsDoNotChangeWhatOthersCount(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		whole, part := openStore(rt), openStore(rt)
		defer whole.Close()
		defer part.Close()
		clearance := rapid.SampledFrom(levels).Draw(rt, "clearance")
		for i := range rapid.IntRange(1, 4).Draw(rt, "batches") {
			all, seen := &store.Batch{Run: fmt.Sprint(i)}, &store.Batch{Run: fmt.Sprint(i)}
			for range rapid.IntRange(1, 8).Draw(rt, "rows") {
				o := statement(rt)
				all.Rows = append(all.Rows, o)
				if clearance.Allows(o.Origin.Handling.TLP) {
					seen.Rows = append(seen.Rows, o)
				}
			}
			for st, b := range map[*pebblestore.Store]*store.Batch{whole: all, part: seen} {
				if _, err := st.Append(context.Background(), b); err != nil {
					rt.Fatalf("append: %v", err)
				}
			}
		}
		x, y := openIndex(rt, vfs.NewMem()), openIndex(rt, vfs.NewMem())
		defer x.Close()
		defer y.Close()
		follow(rt, x, whole)
		follow(rt, y, part)
		same(rt, "what "+clearance.String()+" counts", told(rt, x, whole, clearance), told(rt, y, whole, clearance))
	})
}

// told lists what an index says at a level of everything that the store has.
func told(t fataler, x *index.Index, st *pebblestore.Store, level obs.TLP) (out []string) {
	names, err := at(x, level).Names()
	if err != nil {
		t.Fatalf("names: %v", err)
	}
	out = append(out, fmt.Sprint(names, " names"))
	for _, has := range count(t, st).rows {
		for k := range has {
			c, err := counts(x, k, level)
			if err != nil {
				t.Fatalf("count: %v", err)
			}
			out = append(out, fmt.Sprint(k, c, holders(t, x, k, level)))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// indexed makes an empty store with its index.
func indexed(t testing.TB) (*pebblestore.Store, *index.Index) {
	t.Helper()
	st := openStore(t)
	t.Cleanup(func() { _ = st.Close() })
	x := openIndex(t, vfs.NewMem())
	t.Cleanup(func() { _ = x.Close() })
	return st, x
}

// statementOf makes a statement for the tests below.
func statementOf(subject entity.Entity, rel obs.Relation, object entity.Entity, tlp obs.TLP) obs.Observation {
	return obs.Observation{
		Subject: subject, Relation: rel, Object: object, First: 10 * day, Last: 20 * day, Recorded: 100 * day,
		Origin: &obs.Origin{Source: "s", Basis: obs.Sensor, Handling: obs.Handling{TLP: tlp}},
	}
}

func appendRows(t testing.TB, st store.Store, run string, rows ...obs.Observation) {
	t.Helper()
	if _, err := st.Append(t.Context(), &store.Batch{Run: run, Rows: rows}); err != nil {
		t.Fatal(err)
	}
}

var ip1 = entity.Entity{Kind: entity.IP, Key: "192.0.2.1"}

func TestRetractionTakesNamesOutAgain(t *testing.T) {
	st, x := indexed(t)
	appendRows(t, st, "right", statementOf(domain("a.example"), obs.Resolves, ip1, obs.Clear))
	follow(t, x, st)
	before := dump(t, x)
	appendRows(t, st, "wrong", statementOf(domain("b.example"), obs.Resolves, ip1, obs.Clear), statementOf(domain("www.a.example"), obs.NS, domain("ns.b.example"), obs.Clear))
	follow(t, x, st)
	if _, err := st.Retract(t.Context(), "wrong"); err != nil {
		t.Fatal(err)
	}
	follow(t, x, st)
	same(t, "after the retraction", dump(t, x), before)
	if n, err := at(x, obs.Red).Names(); err != nil || n != 1 {
		t.Errorf("%d names, want 1, %v", n, err)
	}
}

// A key that is learned for a certificate reaches the names that another of its
// fingerprints names.
func TestKeyOfACertificateReachesNamesUnderItsAlias(t *testing.T) {
	st, x := indexed(t)
	key := entity.Entity{Kind: entity.SPKI, Key: strings.Repeat("d4", 32)}
	appendRows(t, st, "1", statementOf(sha1, obs.SAN, domain("a.example"), obs.Clear), statementOf(cert, obs.Alias, sha1, obs.Clear))
	follow(t, x, st)
	appendRows(t, st, "2", statementOf(cert, obs.Key, key, obs.Clear))
	follow(t, x, st)
	if got := holders(t, x, feature.KeyOf(feature.SPKI, key.Key), obs.Clear); !slices.Equal(got, []string{"a.example"}) {
		t.Errorf("the key is held by %v", got)
	}
}

// A name that only RED rows know, with a certificate whose key everybody knows, is
// in no count below RED, neither by a value nor by the name's own letters.
func TestRedNameIsInNoCountBelow(t *testing.T) {
	st, x := indexed(t)
	key := entity.Entity{Kind: entity.SPKI, Key: strings.Repeat("d4", 32)}
	appendRows(t, st, "1", statementOf(cert, obs.SAN, domain("secret.example"), obs.Red), statementOf(cert, obs.Key, key, obs.Clear))
	follow(t, x, st)
	for _, k := range []feature.Key{
		feature.KeyOf(feature.SPKI, key.Key),
		feature.KeyOf(feature.Cert, cert.Key),
		feature.KeyOf(feature.TLD, "example"),
		feature.KeyOf(feature.Shape, feature.ShapeOf("secret.example")),
		feature.KeyOf(feature.Gram, "^secr"),
	} {
		for level, want := range map[obs.TLP]int64{obs.AmberStrict: 0, obs.Red: 1} {
			if c, err := counts(x, k, level); err != nil || c != (counted{Holding: want, Observed: want}) {
				t.Errorf("%s at %s: %+v, want %d, %v", k.Feature, level, c, want, err)
			}
		}
	}
}

func TestLagIsTheDistanceToTheEndOfTheFeed(t *testing.T) {
	st, x := indexed(t)
	lag := func() uint64 {
		t.Helper()
		l, err := x.Lag(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		return l.Edges
	}
	if got := lag(); got != 0 {
		t.Errorf("an empty store: lag %d", got)
	}
	appendRows(t, st, "1", statementOf(domain("a.example"), obs.Resolves, ip1, obs.Clear), statementOf(domain("b.example"), obs.Resolves, ip1, obs.Clear))
	if got := lag(); got != 2 {
		t.Errorf("two edges wait: lag %d", got)
	}
	follow(t, x, st)
	if got := lag(); got != 0 {
		t.Errorf("after following: lag %d", got)
	}
	appendRows(t, st, "2", statementOf(domain("a.example"), obs.NS, domain("ns.b.example"), obs.Clear))
	if got := lag(); got != 1 {
		t.Errorf("one more: lag %d", got)
	}
}

func TestFollowTellsHowFarItIs(t *testing.T) {
	st, x := indexed(t)
	appendRows(t, st, "1", statementOf(domain("a.example"), obs.Resolves, ip1, obs.Clear))
	var told []index.Progress
	if err := x.Follow(t.Context(), st, func(p index.Progress) { told = append(told, p) }); err != nil {
		t.Fatal(err)
	}
	if want := []index.Progress{{Edges: 1, Total: 1}}; !slices.Equal(told, want) {
		t.Errorf("%+v, want %+v", told, want)
	}
}

func TestFollowStopsWhenItIsTold(t *testing.T) {
	st, x := indexed(t)
	for i := range 400 {
		appendRows(t, st, "1", statementOf(domain(fmt.Sprintf("n%d.example", i)), obs.Resolves, ip1, obs.Clear))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Follow(ctx, st, nil); err == nil {
		t.Error("a cancelled Follow went through")
	}
	follow(t, x, st)
	if n, err := at(x, obs.Red).Names(); err != nil || n != 400 {
		t.Errorf("%d names, want 400, %v", n, err)
	}
}

// An index that was closed goes on where it was; one of another version of the
// lists that it depends on starts from the beginning; a reader says that it can't
// use it.
func TestReopen(t *testing.T) {
	st := openStore(t)
	defer st.Close()
	fs := vfs.NewMem()
	if _, err := index.Open("index", index.Options{FS: fs, ReadOnly: true}); !fault.Is(err, fault.NotFound) {
		t.Errorf("reading what isn't there: %v", err)
	}
	x := openIndex(t, fs)
	appendRows(t, st, "1", statementOf(domain("a.example"), obs.Resolves, ip1, obs.Clear))
	follow(t, x, st)
	want := dump(t, x)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	ro, err := index.Open("index", index.Options{FS: fs, ReadOnly: true, Units: units})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "opened to read", dump(t, ro), want)
	if err := ro.Follow(t.Context(), st, nil); err == nil {
		t.Error("an index that was opened to read followed")
	}
	if err := ro.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Open("index", index.Options{FS: fs, ReadOnly: true, Units: collect.Units{Version: "newer lists"}}); !fault.Is(err, fault.NotFound) {
		t.Errorf("reading one of other lists: %v", err)
	}
	y, err := index.Open("index", index.Options{FS: fs, Units: collect.Units{Version: "newer lists"}})
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	if lag, err := y.Lag(t.Context(), st); err != nil || lag.Edges != 1 {
		t.Errorf("an index of other lists has a lag of %+v, want everything, %v", lag, err)
	}
}
