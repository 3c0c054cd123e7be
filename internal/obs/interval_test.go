package obs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/obs"
)

const day = 86400

// sensor joins what lies at most two days apart.
var sensor = &obs.Origin{Source: "s", Basis: obs.Sensor, Gap: 2 * day}

// show writes intervals with days as numbers.
func show(all []obs.Interval) string {
	var b strings.Builder
	for i, v := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		if !v.Dated() {
			b.WriteString("undated")
		} else {
			fmt.Fprintf(&b, "%d-%d", v.First/day, v.Last/day)
		}
		if v.HasCount {
			fmt.Fprintf(&b, "x%d", v.Count)
		}
		for _, f := range []struct {
			flag obs.Flags
			name string
		}{{obs.OpenEnded, "open"}, {obs.FirstBound, "<"}, {obs.LastBound, ">"}, {obs.Untrusted, "untrusted"}} {
			if v.Flags&f.flag != 0 {
				b.WriteString("," + f.name)
			}
		}
	}
	return b.String()
}

func atom(first, last, count int, flags obs.Flags, recorded int) obs.Atom {
	return obs.Atom{
		First: obs.Time(first * day), Last: obs.Time(last * day), HasCount: count >= 0, Count: uint64(max(count, 0)), Flags: flags,
		Recorded: obs.Time(recorded * day),
	}
}

func TestFold(t *testing.T) {
	cumulative := &obs.Origin{Source: "s", Basis: obs.Sensor, CountKind: obs.Cumulative, Gap: 2 * day}
	list := &obs.Origin{Source: "s", Basis: obs.Listed}
	daily := &obs.Origin{Source: "s", Basis: obs.Listed, Granularity: obs.Day}
	for _, c := range []struct {
		name   string
		origin *obs.Origin
		atoms  []obs.Atom
		clock  obs.Clock
		want   string
	}{
		{"nothing", sensor, nil, obs.Clock{}, ""},
		{"one", sensor, []obs.Atom{atom(1, 2, 5, 0, 9)}, obs.Clock{}, "1-2x5"},
		{"no count is not none", sensor, []obs.Atom{atom(1, 2, -1, 0, 9), atom(2, 3, 0, 0, 9)}, obs.Clock{}, "1-3x0"},
		{"the gap joins", sensor, []obs.Atom{atom(1, 2, 5, 0, 9), atom(4, 5, 1, 0, 9)}, obs.Clock{}, "1-5x6"},
		{"a longer gap divides", sensor, []obs.Atom{atom(1, 2, 5, 0, 9), atom(5, 5, 1, 0, 9)}, obs.Clock{}, "1-2x5 5-5x1"},
		{"a list has no gap", list, []obs.Atom{atom(1, 1, -1, 0, 9), atom(2, 2, -1, 0, 9)}, obs.Clock{}, "1-1 2-2"},
		{"a day covers its night", daily, []obs.Atom{atom(1, 1, -1, 0, 9), atom(2, 2, -1, 0, 9)}, obs.Clock{}, "1-1 2-2"},
		{"one inside another", sensor, []obs.Atom{atom(1, 9, 5, 0, 9), atom(3, 4, 1, 0, 9)}, obs.Clock{}, "1-9x6"},
		{"a bridge", sensor, []obs.Atom{atom(1, 1, 1, 0, 9), atom(7, 7, 1, 0, 9), atom(3, 5, 1, 0, 9)}, obs.Clock{}, "1-7x3"},
		{"the latest cumulative count", cumulative, []obs.Atom{atom(1, 5, 3, 0, 9), atom(1, 7, 8, 0, 9), atom(1, 6, 4, 0, 9)}, obs.Clock{}, "1-7x8"},
		{"a later one without a count", cumulative, []obs.Atom{atom(1, 5, 3, 0, 9), atom(2, 10, -1, 0, 9), atom(3, 7, 9, 0, 9)}, obs.Clock{}, "1-10x9"},
		{"the count after one without", cumulative, []obs.Atom{atom(1, 9, -1, 0, 9), atom(2, 3, 4, 0, 9), atom(2, 5, 6, 0, 9)}, obs.Clock{}, "1-9x6"},
		{"bounds of the ends", sensor, []obs.Atom{atom(1, 5, -1, obs.FirstBound|obs.LastBound, 9), atom(2, 3, -1, 0, 9)}, obs.Clock{}, "1-5,<,>"},
		{"an exact end", sensor, []obs.Atom{atom(1, 5, -1, obs.FirstBound|obs.LastBound, 9), atom(1, 5, -1, 0, 9)}, obs.Clock{}, "1-5"},
		{"open at the latest end", sensor, []obs.Atom{atom(1, 5, -1, obs.OpenEnded, 9), atom(2, 6, -1, 0, 9)}, obs.Clock{}, "1-6"},
		{"open at an equal end", sensor, []obs.Atom{atom(1, 6, -1, obs.OpenEnded, 9), atom(2, 6, -1, 0, 9)}, obs.Clock{}, "1-6,open"},
		{"trusted once", sensor, []obs.Atom{atom(1, 5, -1, 0, 9), atom(2, 6, -1, obs.Untrusted, 9)}, obs.Clock{}, "1-6"},
		{"trusted later", sensor, []obs.Atom{atom(1, 6, -1, obs.Untrusted, 9), atom(2, 5, -1, 0, 9)}, obs.Clock{}, "1-6"},
		{"never trusted", sensor, []obs.Atom{atom(1, 5, -1, obs.Untrusted, 9), atom(2, 6, -1, obs.Untrusted, 9)}, obs.Clock{}, "1-6,untrusted"},
		{"undated last", sensor, []obs.Atom{atom(0, 0, 2, 0, 9), atom(1, 2, 1, 0, 9), atom(0, 0, 3, 0, 8)}, obs.Clock{}, "1-2x1 undatedx5"},
		{"seen then", sensor, []obs.Atom{atom(1, 2, -1, 0, 9), atom(8, 9, -1, 0, 9), atom(0, 0, -1, 0, 9)}, obs.Clock{Seen: 8 * day}, "8-9"},
		{"seen between", sensor, []obs.Atom{atom(1, 2, -1, 0, 9), atom(8, 9, -1, 0, 9)}, obs.Clock{Seen: 5 * day}, ""},
		{"seen after an open end", sensor, []obs.Atom{atom(1, 2, -1, obs.OpenEnded, 9)}, obs.Clock{Seen: 99 * day}, "1-2,open"},
		{"not yet known", sensor, []obs.Atom{atom(1, 2, 1, 0, 20), atom(0, 0, 1, 0, 20)}, obs.Clock{Known: 19 * day}, ""},
		{"extended later", sensor, []obs.Atom{atom(1, 2, 1, 0, 10), atom(3, 4, 1, 0, 20)}, obs.Clock{Known: 19 * day}, "1-2x1,>"},
		{"another stretch later", sensor, []obs.Atom{atom(1, 2, 1, 0, 10), atom(8, 9, 1, 0, 20)}, obs.Clock{Known: 19 * day}, "1-2x1"},
		{"bridged later", sensor, []obs.Atom{atom(1, 1, 1, 0, 10), atom(7, 7, 1, 0, 10), atom(3, 5, 1, 0, 20)}, obs.Clock{Known: 19 * day}, "1-1x1,> 7-7x1"},
	} {
		if got := show(obs.Fold(c.atoms, c.origin, c.clock)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// anyAtoms draws atoms of a few days, so that they often meet.
func anyAtoms() *rapid.Generator[[]obs.Atom] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) obs.Atom {
		first := rapid.IntRange(-3, 30).Draw(t, "first")
		last := first + rapid.IntRange(0, 6).Draw(t, "length")
		if first <= 0 && last >= 0 { // day zero is no time
			first, last = 0, 0
		}
		return atom(first, last, rapid.IntRange(-1, 4).Draw(t, "count"), obs.Flags(rapid.IntRange(0, 15).Draw(t, "flags")), rapid.IntRange(40, 44).Draw(t, "recorded"))
	}), 0, 8)
}

func anyOrigin() *rapid.Generator[*obs.Origin] {
	return rapid.Custom(func(t *rapid.T) *obs.Origin {
		return &obs.Origin{
			Source: "s", Basis: obs.Sensor, Gap: rapid.SampledFrom([]int64{0, day, 2 * day}).Draw(t, "gap"),
			CountKind: obs.CountKind(rapid.IntRange(0, 1).Draw(t, "kind")), Granularity: obs.Granularity(rapid.IntRange(0, 2).Draw(t, "granularity")),
		}
	})
}

func anyClock() *rapid.Generator[obs.Clock] {
	return rapid.Custom(func(t *rapid.T) obs.Clock {
		return obs.Clock{
			Seen:  rapid.SampledFrom([]obs.Time{0, 0, 5 * day, 12*day + 7}).Draw(t, "seen"),
			Known: rapid.SampledFrom([]obs.Time{0, 0, 39 * day, 41 * day, 43 * day}).Draw(t, "known"),
		}
	})
}

func TestFoldDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		atoms, origin, clock := anyAtoms().Draw(t, "atoms"), anyOrigin().Draw(t, "origin"), anyClock().Draw(t, "clock")
		shuffled := rapid.Permutation(atoms).Draw(t, "shuffled")
		before := fmt.Sprint(shuffled)
		want, got := obs.Fold(atoms, origin, clock), obs.Fold(shuffled, origin, clock)
		if !slices.Equal(got, want) {
			t.Fatalf("%s, in another order %s", show(want), show(got))
		}
		if fmt.Sprint(shuffled) != before {
			t.Fatal("Fold changed its atoms")
		}
		n, known := obs.Total(atoms, origin, clock)
		if m, k := obs.Total(shuffled, origin, clock); n != m || known != k {
			t.Fatalf("total %d %v, in another order %d %v", n, known, m, k)
		}
	})
}

func TestFoldOfIntervalsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		atoms, origin := anyAtoms().Draw(t, "atoms"), anyOrigin().Draw(t, "origin")
		once := obs.Fold(atoms, origin, obs.Clock{})
		again := make([]obs.Atom, 0, len(once))
		for _, i := range once {
			again = append(again, obs.Atom{First: i.First, Last: i.Last, Flags: i.Flags, HasCount: i.HasCount, Count: i.Count, Recorded: i.Recorded})
		}
		if twice := obs.Fold(again, origin, obs.Clock{}); !slices.Equal(twice, once) {
			t.Fatalf("%s becomes %s", show(once), show(twice))
		}
	})
}

func TestFoldOneIsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		atoms, origin, clock := anyAtoms().Draw(t, "atoms"), anyOrigin().Draw(t, "origin"), anyClock().Draw(t, "clock")
		for i := range atoms {
			want := obs.Fold(atoms[i:i+1], origin, clock)
			got, visible := obs.FoldOne(&atoms[i], origin, clock)
			if visible != (len(want) == 1) || visible && got != want[0] {
				t.Fatalf("one: %v %v, fold: %s", got, visible, show(want))
			}
		}
	})
}

// Every dated atom lies in exactly one interval, intervals lie apart by more than
// the gap, and the counts of increments are kept.
func TestFoldLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		atoms, origin := anyAtoms().Draw(t, "atoms"), anyOrigin().Draw(t, "origin")
		got := obs.Fold(atoms, origin, obs.Clock{})
		reach := obs.Time(origin.Gap) + origin.Granularity.Slack()
		var counted uint64
		dated := 0
		for i, v := range got {
			counted += v.Count
			if !v.Dated() {
				continue
			}
			dated++
			if i > 0 && v.First <= got[i-1].Last+reach {
				t.Fatalf("two intervals touch: %s", show(got))
			}
		}
		for _, a := range atoms {
			in := 0
			for _, v := range got {
				if v.Dated() == a.First.Known() && v.First <= a.First && a.Last <= v.Last {
					in++
				}
			}
			if in != 1 {
				t.Fatalf("an atom lies in %d of %s", in, show(got))
			}
		}
		total, known := obs.Total(atoms, origin, obs.Clock{})
		if origin.CountKind == obs.Increment && counted != total {
			t.Fatalf("%s add up to %d, not %d", show(got), counted, total)
		}
		if len(got) == 1 && dated == 1 && (got[0].HasCount != known || got[0].Count != total) {
			t.Fatalf("the only interval %s has another count than all together, %d", show(got), total)
		}
	})
}
