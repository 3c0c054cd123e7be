package pivot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/background"
	"github.com/spoor-cti/spoor/internal/collect"
	"github.com/spoor-cti/spoor/internal/demo"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/score"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/synth"
)

const day = 86400

// world is a store with its index, as an analyst has it.
type world struct {
	t     testing.TB
	st    *pebblestore.Store
	x     *index.Index
	noise *noise.Pack
	units collect.Units
}

// newWorld makes an empty one, with the lists of the demo's fictitious providers.
func newWorld(t testing.TB) *world {
	t.Helper()
	pack, err := noise.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := pack.Extend(demo.NoiseLists()); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, noise: pack, units: collect.Units{Shared: pack.LetsNames, Version: "test"}}
	if w.st, err = pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.st.Close() })
	if w.x, err = index.Open("index", index.Options{FS: vfs.NewMem(), Units: w.units}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.x.Close() })
	return w
}

// add stores what a source says, learned at a time, and follows with the index.
func (w *world) add(recorded obs.Time, seq iter.Seq[obs.Observation]) {
	w.t.Helper()
	b := store.Batch{Run: "1"}
	for o := range seq {
		o.Recorded = recorded
		o.Normalize()
		if err := o.Validate(synth.Now); err != nil {
			w.t.Fatal(err)
		}
		b.Rows = append(b.Rows, o)
	}
	if _, err := w.st.Append(w.t.Context(), &b); err != nil {
		w.t.Fatal(err)
	}
	if err := w.x.Follow(w.t.Context(), w.st, nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) engine(v store.View) *pivot.Engine {
	w.t.Helper()
	table, err := background.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	return &pivot.Engine{
		Reader: w.st.In(v), Names: w.x.In(v), Units: w.units, Noise: w.noise, Table: table, Now: synth.Now,
	}
}

func entities(t testing.TB, texts ...string) (out []entity.Entity) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(s, ":") {
			s = "domain:" + s
		}
		e, err := entity.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func (w *world) pivot(v store.View, opt pivot.Options, seeds ...string) *pivot.Result {
	w.t.Helper()
	res, err := w.engine(v).Pivot(w.t.Context(), entities(w.t, seeds...), opt)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func suspects(res *pivot.Result) (out []string) {
	for _, s := range res.Suspects {
		out = append(out, s.Entity.Key)
	}
	slices.Sort(out)
	return out
}

// say makes statements of "SUBJECT RELATION OBJECT", seen lately by a sensor.
func say(t testing.TB, tlp obs.TLP, texts ...string) []obs.Observation {
	t.Helper()
	var out []obs.Observation
	for _, text := range texts {
		part := strings.SplitN(text, " ", 3)
		ends := entities(t, part[0], part[2])
		rel, ok := obs.RelationOf(part[1])
		if !ok {
			t.Fatalf("%s is no relation", part[1])
		}
		out = append(out, obs.Observation{
			Subject: ends[0], Relation: rel, Object: ends[1], First: synth.Now - 60*day, Last: synth.Now - day,
			Origin: &obs.Origin{Source: "sensor", Basis: obs.Sensor, Gap: 2 * day, Handling: obs.Handling{TLP: tlp}},
		})
	}
	return out
}

// small is a campaign of names that share address, name servers and mail address.
func small(t testing.TB, tlp obs.TLP, names ...string) (out []obs.Observation) {
	for _, n := range names {
		out = append(out, say(t, tlp, n+" resolves ip:203.0.113.77", n+" ns ns1.quiet-harbour.test", n+" ns ns2.quiet-harbour.test", n+" registrant email:op@quiet-harbour.test")...)
	}
	return out
}

// The demo's case in a smaller population: most of the rest is found, and nothing
// benign.
func TestDemoCase(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, synth.Population(4_000, 5))
	w.add(synth.Now, demo.Case())
	res := w.pivot(store.Everything, pivot.Options{}, demo.Seeds()...)
	found := 0
	for _, s := range suspects(res) {
		if !slices.Contains(demo.Members(), s) {
			t.Errorf("benign %s was taken for a member", s)
		}
		found++
	}
	if rest := len(demo.Members()) - len(demo.Seeds()); found < rest*9/10 {
		t.Errorf("%d of the %d others were found", found, rest)
	}
	w.account(res)
}

// Whoever is not read could not have been a suspect: a pivot finds what one finds
// that reads every holder of a seed's value.
func TestBoundsDropNobody(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, synth.Population(1_500, 7))
	w.add(synth.Now, demo.Case())
	var names []string
	for o := range synth.Population(1_500, 7) {
		if o.Relation == obs.RegistrarOf {
			names = append(names, o.Subject.Key)
		}
	}
	read, exhaustive := 0, 0
	for i := range 12 {
		seeds := []string{demo.Members()[i], names[i*97%len(names)], names[i*41%len(names)]}
		quick := w.pivot(store.Everything, pivot.Options{Hops: 1, MaxCandidates: 1e6}, seeds...)
		all := w.pivot(store.Everything, pivot.Options{Hops: 1, MaxCandidates: 1e6, Threshold: -100_000}, seeds...)
		read += quick.Candidates
		exhaustive += all.Candidates
		var want []string
		for _, s := range all.Suspects {
			if s.Bits >= quick.Threshold {
				want = append(want, fmt.Sprint(s.Entity.Key, s.Bits))
			}
		}
		var got []string
		for _, s := range quick.Suspects {
			got = append(got, fmt.Sprint(s.Entity.Key, s.Bits))
		}
		if !slices.Equal(got, want) {
			t.Errorf("seeds %v: found %v, reading everybody finds %v", seeds, got, want)
		}
	}
	if read*2 > exhaustive { // the bounds are of use
		t.Errorf("%d names were read, all are %d: the bounds spare nothing", read, exhaustive)
	}
}

func short(terms []score.Term) (s string) {
	for _, t := range terms {
		s += fmt.Sprintf(" %s %q %s (%s);", t.Name, t.Value, t.Bits, t.Why)
	}
	return s
}

// account demands of every suspect that its terms add up to its score, and that each
// row behind them is in the store.
func (w *world) account(res *pivot.Result) {
	w.t.Helper()
	for _, s := range res.Suspects {
		w.terms(s.Entity.Key, s.Bits, s.Terms)
		if s.First > s.Last || s.Last > synth.Now {
			w.t.Errorf("%s was seen from %s to %s, but it is %s", s.Entity, s.First, s.Last, synth.Now)
		}
	}
}

func (w *world) terms(name string, bits score.Bits, terms []score.Term) {
	w.t.Helper()
	r := w.st.In(store.Everything)
	var sum score.Bits
	for _, term := range terms {
		sum += term.Bits
		for _, ref := range term.Rows {
			rows, err := r.Edge(w.t.Context(), ref.Subject, ref.Relation, ref.Object)
			if err != nil || !slices.ContainsFunc(rows, func(row store.Row) bool { return row.RRType == ref.RRType && row.Origin.Source == ref.Source }) {
				w.t.Errorf("%s: the row behind %s %s is not in the store: %+v, %v", name, term.Name, term.Value, ref, err)
			}
		}
		switch term.Name { // what comes of the name, or of several terms, has no row
		case "prior", "joint", "name", "tld", "name-shape", "popular":
		default:
			if len(term.Rows) == 0 {
				w.t.Errorf("%s: nothing is behind %s %s", name, term.Name, term.Value)
			}
		}
	}
	if sum != bits {
		w.t.Errorf("%s: the terms add up to %d, the score is %d", name, sum, bits)
	}
}

// A small store must not make everything rare: with two hundred benign names, and any
// three of them as seeds, nobody is suspected.
func TestSmallStoreSuspectsNobody(t *testing.T) {
	for seed := range uint64(3) {
		w := newWorld(t)
		w.add(synth.Now, synth.Population(200, seed+1))
		var names []string
		for o := range synth.Population(200, seed+1) {
			if o.Relation == obs.RegistrarOf {
				names = append(names, o.Subject.Key)
			}
		}
		for i := 0; i+3 <= 60; i += 3 {
			if res := w.pivot(store.Everything, pivot.Options{}, names[i:i+3]...); len(res.Suspects) != 0 {
				s := res.Suspects[0]
				t.Errorf("population %d, seeds %v: %s is suspected with %s: %s", seed+1, names[i:i+3], s.Entity, s.Bits, short(s.Terms))
			}
		}
	}
}

// Victims that share nothing but a service stay apart, and the answer says which
// service was left out, by which list.
func TestWhatASharedServiceJoinsStaysApart(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  func(n string) []string
		class noise.Class
	}{
		{"content network", func(n string) []string {
			return []string{n + " resolves ip:198.18.0.9", n + " ns ns1." + synth.CDN, n + " ns ns2." + synth.CDN, n + " soa-rname email:hostmaster@" + synth.CDN}
		}, noise.CDN},
		{"parking", func(n string) []string {
			return []string{
				n + " resolves ip:198.18.4.1", n + " resolves ip:198.18.4.2", n + " ns ns1." + synth.Parking, n + " ns ns2." + synth.Parking,
				n + " soa-rname email:hostmaster@" + synth.Parking, n + " mx mx." + synth.Parking,
			}
		}, noise.Parking},
		{"shared hosting", func(n string) []string { return []string{n + " resolves ip:198.51.100.10"} }, noise.SharedHosting},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.noise.Extend([]byte("spoor-noise\t1\t2026-10-01\nlist\ttest-hosting\tshared-hosting\tcidr\t1\t1\ta shared host\n198.51.100.0/24\n")); err != nil {
				t.Fatal(err)
			}
			names := []string{"bakery.test", "zookeeper.test", "hardware.test", "vicarage.test", "quilting.test"}
			for _, n := range names {
				w.add(synth.Now, slices.Values(say(t, obs.Clear, c.rows(n)...)))
			}
			for _, seeds := range []int{1, 3} {
				res := w.pivot(store.Everything, pivot.Options{}, names[:seeds]...)
				if len(res.Suspects) != 0 {
					t.Errorf("%d seeds: %v are suspected: %+v", seeds, suspects(res), res.Suspects[0].Terms)
				}
				if !slices.ContainsFunc(res.Skipped, func(s pivot.Skipped) bool {
					return s.Class == c.class && s.List != "" && s.Why != "" && s.Members == int64(len(names))
				}) {
					t.Errorf("%d seeds: what was left out isn't told: %+v", seeds, res.Skipped)
				}
			}
		})
	}
}

// That three seeds are parked at one service is one piece of evidence, of a value
// that a hundredth of all names has: log2((3 + 0.01) / 4 / 0.01) = 6.2 bits at most.
func TestParkingCountsOnceAndLittle(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"bakery.test", "zookeeper.test"} {
		w.add(synth.Now, slices.Values(say(t, obs.Clear, n+" resolves ip:198.18.4.1", n+" resolves ip:198.18.4.2", n+" ns ns1."+synth.Parking)))
	}
	e := entities(t, "bakery.test", "zookeeper.test")
	l, err := w.engine(store.Everything).Why(t.Context(), e[0], e[1])
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, term := range l.Terms {
		if strings.HasPrefix(term.Value, "parking at ") {
			if n++; term.Bits > 6200 {
				t.Errorf("%s is worth %s", term.Value, term.Bits)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d terms for parking: %+v", n, l.Terms)
	}
}

// comparable is what of a result must not depend on what a reader may not see.
func told(res *pivot.Result) string {
	var b strings.Builder
	for _, s := range res.Suspects {
		fmt.Fprintf(&b, "%s %d %d %s %s\n%+v %v\n", s.Entity, s.Bits, s.Hops, s.First, s.Last, s.Terms, s.Notes)
	}
	fmt.Fprintf(&b, "%+v %+v %+v %+v %d %d %d", res.Seeds, res.Skipped, res.Cuts, res.Shared, res.Threshold, res.Candidates, res.Names)
	return b.String()
}

// RED rows, whether of names that nobody else knows or of known ones, change nothing
// of what an AMBER reader is told: no score, no count, no candidate.
func TestRedRowsDoNotShowOrInfluenceBelow(t *testing.T) {
	amber := store.View{Clearance: obs.Amber}
	seeds := []string{"a-harbour.test", "b-harbour.test", "c-harbour.test"}
	build := func(red bool) *world {
		w := newWorld(t)
		w.add(synth.Now, synth.Population(200, 1))
		w.add(synth.Now, slices.Values(small(t, obs.Amber, append(seeds, "d-harbour.test")...)))
		if red {
			w.add(synth.Now, slices.Values(small(t, obs.Red, "secret-harbour.test")))
			w.add(synth.Now, slices.Values(say(t, obs.Red, // and on known names: later sets, other addresses
				"d-harbour.test ns ns9.elsewhere.test", "a-harbour.test registrar registrar:iana:1", "b-harbour.test resolves ip:203.0.113.200", "d-harbour.test resolves ip:203.0.113.200")))
		}
		return w
	}
	with, without := build(true), build(false)
	got, want := with.pivot(amber, pivot.Options{}, seeds...), without.pivot(amber, pivot.Options{}, seeds...)
	if told(got) != told(want) {
		t.Errorf("an AMBER reader is told\n%s\nwithout the RED rows\n%s", told(got), told(want))
	}
	if s := suspects(want); !slices.Equal(s, []string{"d-harbour.test"}) {
		t.Errorf("suspects %v", s)
	}
	if s := suspects(with.pivot(store.Everything, pivot.Options{}, seeds...)); !slices.Contains(s, "secret-harbour.test") {
		t.Errorf("with the clearance %v are suspected", s)
	}
	if res := with.pivot(amber, pivot.Options{}, "secret-harbour.test"); res.Seeds[0].Known || len(res.Suspects) != 0 {
		t.Errorf("a RED seed is known to an AMBER reader: %+v", res.Seeds)
	}
}

// What was learned later, or held at another time, is no part of an earlier view, on
// either clock.
func TestEarlierViews(t *testing.T) {
	seeds := []string{"a-harbour.test", "b-harbour.test", "c-harbour.test"}
	const then = synth.Now - 10*day
	w := newWorld(t)
	w.add(then, slices.Values(small(t, obs.Clear, append(seeds, "d-harbour.test")...)))
	w.add(then, slices.Values(say(t, obs.Clear, "bakery.test resolves ip:192.0.2.250")))
	known := store.View{Clearance: obs.Red, Clock: obs.Clock{Known: then + day}}
	before := w.pivot(known, pivot.Options{}, seeds...)

	later := small(t, obs.Clear, "bakery.test")
	later = append(later, say(t, obs.Clear, "d-harbour.test registrant phone:+4930123456", "a-harbour.test registrant phone:+4930123456")...)
	w.add(synth.Now, slices.Values(later))
	after := w.pivot(known, pivot.Options{}, seeds...)
	if !slices.Equal(suspects(before), suspects(after)) || !slices.Equal(suspects(after), []string{"d-harbour.test"}) {
		t.Errorf("before %v, after %v", suspects(before), suspects(after))
	}
	// counts are those of now, and only they: no value, seed or row has come in
	for i := range before.Suspects {
		for k, x := range before.Suspects[i].Terms {
			y := after.Suspects[i].Terms[k]
			if x.Name != y.Name || x.Value != y.Value || x.Shared != y.Shared || x.Seeds != y.Seeds || !reflect.DeepEqual(x.Rows, y.Rows) {
				t.Errorf("%+v became %+v", x, y)
			}
		}
	}
	if s := suspects(w.pivot(store.Everything, pivot.Options{}, seeds...)); !slices.Equal(s, []string{"bakery.test", "d-harbour.test"}) {
		t.Errorf("today %v are suspected", s)
	}
	// the rows say what held from sixty days ago on; a hundred days ago nothing did
	res := w.pivot(store.View{Clearance: obs.Red, Clock: obs.Clock{Seen: synth.Now - 100*day}}, pivot.Options{}, seeds...)
	if len(res.Suspects) != 0 || res.Seeds[0].Known {
		t.Errorf("a hundred days ago: %+v, %v", res.Seeds, suspects(res))
	}
}

// Each limit that left something out says so, with its number.
func TestLimitsSayWhatTheyLeftOut(t *testing.T) {
	w := newWorld(t)
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("n%02d-harbour.test", i))
	}
	w.add(synth.Now, slices.Values(small(t, obs.Clear, names...)))
	seeds := names[:3]
	if res := w.pivot(store.Everything, pivot.Options{}, seeds...); len(res.Cuts) != 0 || len(res.Suspects) != 27 {
		t.Fatalf("without limits: %+v, %d suspects", res.Cuts, len(res.Suspects))
	}
	for _, c := range []struct {
		opt   pivot.Options
		limit string
	}{
		{pivot.Options{MaxPostings: 10}, "MaxPostings"},
		{pivot.Options{MaxPostings: 40}, "MaxPostings"}, // in the middle of a value's holders
		{pivot.Options{MaxCandidates: 5, Hops: 1}, "MaxCandidates"},
	} {
		res := w.pivot(store.Everything, c.opt, seeds...)
		if len(res.Cuts) == 0 {
			t.Errorf("%+v: nothing is told", c.opt)
		}
		for _, cut := range res.Cuts {
			if cut.Limit != c.limit || cut.Count <= 0 || cut.What == "" {
				t.Errorf("%+v: %+v", c.opt, cut)
			}
		}
		if c.limit == "MaxCandidates" && (res.Candidates != 5 || res.Cuts[0].Count != 22) {
			t.Errorf("%d candidates were read, cuts %+v", res.Candidates, res.Cuts)
		}
	}
	// a limit in the middle of one value's holders is told although no other value follows
	one := newWorld(t)
	var rows []obs.Observation
	for _, n := range names {
		rows = append(rows, say(t, obs.Clear, n+" uses-tracker tracker:UA-77-1")...)
	}
	one.add(synth.Now, slices.Values(rows))
	res := one.pivot(store.Everything, pivot.Options{MaxPostings: 10, Threshold: -20_000}, "tracker:UA-77-1")
	if want := []pivot.Cut{{What: "holders of tracker UA-77-1", Count: 20, Limit: "MaxPostings"}}; !slices.Equal(res.Cuts, want) {
		t.Errorf("%+v, want %+v", res.Cuts, want)
	}
	res = w.pivot(store.Everything, pivot.Options{MaxHolders: 10}, seeds...)
	if !slices.ContainsFunc(res.Skipped, func(s pivot.Skipped) bool {
		return s.Value == "203.0.113.77" && s.Class == noise.None && s.Members == 30 && strings.Contains(s.Why, "more than 10 names")
	}) {
		t.Errorf("too common a value is not told: %+v", res.Skipped)
	}
}

// chain is three groups, each sharing with the next what the others don't have: one
// hop finds the second, two the third.
func TestHops(t *testing.T) {
	w := newWorld(t)
	var rows []obs.Observation
	hops := []string{"akt.test", "bramble-22.example", "c7.invalid", "dromedaries.localhost"}
	link := func(n, value int) {
		name := hops[n]
		rows = append(rows, say(t, obs.Clear,
			fmt.Sprintf("%s resolves ip:203.0.%d.9", name, value), fmt.Sprintf("%s registrant email:op%d@own%d.test", name, value, value),
			fmt.Sprintf("%s uses-tracker tracker:UA-%d-1", name, 100+value), fmt.Sprintf("%s has-fingerprint fingerprint:jarm:%032d", name, value))...)
	}
	for _, l := range [][2]int{{0, 1}, {1, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 3}} {
		link(l[0], l[1])
	}
	w.add(synth.Now, slices.Values(rows))
	for n, want := range map[int][]string{1: hops[1:2], 2: hops[1:3], 3: hops[1:4]} {
		res := w.pivot(store.Everything, pivot.Options{Hops: n}, "akt.test")
		if got := suspects(res); !slices.Equal(got, want) {
			t.Errorf("%d hops: %v, want %v", n, got, want)
		}
		for _, s := range res.Suspects {
			if at := slices.Index(want, s.Entity.Key) + 1; s.Hops != at {
				t.Errorf("%s was found in hop %d, want %d", s.Entity, s.Hops, at)
			}
		}
		w.account(res)
	}
}

// What can't be used says why; the rest is used.
func TestSeeds(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, slices.Values(small(t, obs.Clear, "a-harbour.test", "b-harbour.test")))
	for _, c := range []struct {
		seed, note string
		known      bool
	}{
		{"nobody-knows.test", "nothing is stored about it", false},
		{"ip:203.0.113.5", "documentation by", true}, // of a network that is known
		{"ip:192.0.2.5", "no stored name has it", false},
		{"email:nobody@nowhere.test", "no stored name has it", false},
		{"co.uk", "is a public suffix", false},
		{"ip:198.18.0.9", "cdn by demo-cdn", false},
		{"ip:10.0.0.1", "private", false},
		{"a-harbour.test", "", true},
		{"url:https://www.b-harbour.test/x", "", true},
	} {
		res := w.pivot(store.Everything, pivot.Options{}, c.seed)
		s := res.Seeds[0]
		if s.Known != c.known || !strings.Contains(s.Note, c.note) || c.note == "" && s.Note != "" {
			t.Errorf("%s: %+v, want %q", c.seed, s, c.note)
		}
		if !c.known && len(res.Suspects) != 0 {
			t.Errorf("%s: %v are suspected", c.seed, suspects(res))
		}
	}
	res := w.pivot(store.Everything, pivot.Options{}, "a-harbour.test", "nobody-knows.test")
	if !slices.Equal(suspects(res), []string{"b-harbour.test"}) || !res.FewSeeds || res.Threshold != score.FewSeeds {
		t.Errorf("%+v", res)
	}
}

// One thing said three times is one seed: it must not pass for three that agree.
func TestRepeatedSeedsAreOne(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, slices.Values(small(t, obs.Clear, "a-harbour.test", "b-harbour.test")))
	for _, seeds := range [][]string{
		{"a-harbour.test", "www.a-harbour.test", "url:http://a-harbour.test/"}, {"ip:203.0.113.77", "ip:203.0.113.77", "url:http://203.0.113.77/x"},
	} {
		res, once := w.pivot(store.Everything, pivot.Options{}, seeds...), w.pivot(store.Everything, pivot.Options{}, seeds[0])
		if !res.FewSeeds || !slices.Equal(suspects(res), suspects(once)) || len(res.Seeds) != 3 {
			t.Errorf("%v: %+v", seeds, res.Seeds)
		}
		for i := range res.Suspects {
			if res.Suspects[i].Bits != once.Suspects[i].Bits {
				t.Errorf("%v: %s gets %s, once %s", seeds, res.Suspects[i].Entity, res.Suspects[i].Bits, once.Suspects[i].Bits)
			}
		}
	}
}

func TestOrderOfSeedsDoesNotMatter(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, synth.Population(300, 2))
	w.add(synth.Now, demo.Case())
	seeds := demo.Members()[:4]
	want := w.pivot(store.Everything, pivot.Options{}, seeds...)
	slices.Reverse(seeds)
	got := w.pivot(store.Everything, pivot.Options{}, seeds...)
	got.Seeds, want.Seeds = nil, nil
	if told(got) != told(want) {
		t.Errorf("%s\nin another order\n%s", told(want), told(got))
	}
}

func TestCancelledPivotStops(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, slices.Values(small(t, obs.Clear, "a-harbour.test", "b-harbour.test")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.engine(store.Everything).Pivot(ctx, entities(t, "a-harbour.test"), pivot.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Why gives two names the account that a pivot from the first would give the second.
func TestWhyIsThePivotsAccount(t *testing.T) {
	w := newWorld(t)
	w.add(synth.Now, synth.Population(300, 2))
	w.add(synth.Now, demo.Case())
	seed := demo.Seeds()[0]
	res := w.pivot(store.Everything, pivot.Options{Hops: 1}, seed)
	if len(res.Suspects) == 0 {
		t.Fatal("nothing was found")
	}
	for _, s := range res.Suspects {
		l, err := w.engine(store.Everything).Why(t.Context(), entities(t, seed)[0], s.Entity)
		if err != nil {
			t.Fatal(err)
		}
		if l.Bits != s.Bits || !reflect.DeepEqual(l.Terms, s.Terms) {
			t.Errorf("%s: %s, the pivot says %s", s.Entity, l.Bits, s.Bits)
		}
		w.terms(s.Entity.Key, l.Bits, l.Terms)
	}
	e := entities(t, seed, "nobody-knows.test")
	l, err := w.engine(store.Everything).Why(t.Context(), e[0], e[1])
	if err != nil || l.Bits > 0 {
		t.Errorf("a name that nobody knows: %+v, %v", l, err)
	}
}

// The real part of the demo: three names of a family lead to others of it, and to
// none of the two other families.
func TestRealFamily(t *testing.T) {
	w := newWorld(t)
	var d obs.Decoder
	lines := bytes.Split(bytes.TrimSpace(demo.Stalkerware), []byte("\n"))
	family := map[string]string{}
	w.add(synth.Now, func(yield func(obs.Observation) bool) {
		for _, line := range lines[1:] {
			o, err := d.Decode(line)
			if err != nil {
				t.Fatal(err)
			}
			if o.Relation == obs.ReportedAs && o.Subject.Kind == entity.Domain {
				family[o.Subject.Key] = o.Object.Key
			}
			if !yield(o) {
				return
			}
		}
	})
	res := w.pivot(store.Everything, pivot.Options{}, demo.RealSeeds()...)
	if len(res.Suspects) < 5 {
		t.Errorf("%v were found", suspects(res))
	}
	for _, s := range suspects(res) {
		if f := family[s]; f != "" && f != "malware:thetruthspy" {
			t.Errorf("%s is of %s", s, f)
		}
	}
}

// BenchmarkPivot goes two hops from three seeds in a population of two thousand.
func BenchmarkPivot(b *testing.B) {
	w := newWorld(b)
	w.add(synth.Now, synth.Population(2_000, 5))
	w.add(synth.Now, demo.Case())
	e := w.engine(store.Everything)
	seeds := entities(b, demo.Seeds()...)
	for b.Loop() {
		if _, err := e.Pivot(b.Context(), seeds, pivot.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
