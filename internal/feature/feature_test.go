package feature_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

func TestShape(t *testing.T) {
	for unit, want := range map[string]string{
		"verify-4821.example": "l2-d4", // six letters are two thirds, four figures are four
		"a.example":           "l1",    // 1 to 3 letters
		"abc.example":         "l1",
		"abcd.example":        "l2",
		"1234.example":        "d4",
		"a1b2.example":        "l1d1l1d1",
		"a--b.example":        "l1-l1", // hyphens are not counted
		"-.example":           "-",
		"host.let.example":    "l2", // of a host in a shared zone: its own label
		"example":             "l3",
		"":                    "",
	} {
		if got := feature.ShapeOf(unit); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
}

func TestGrams(t *testing.T) {
	for unit, want := range map[string][]string{
		"parcel.example":           {"^parc", "parce", "arcel"},
		"abcd.example":             {"^abcd"}, // the mark makes five of four
		"abc.example":              nil,
		"aaaaaaa.example":          {"^aaaa", "aaaaa"}, // each once
		"xn--bcher-kva.example":    {"^büch", "büche", "ücher"},
		"secure-parcel.de.example": {"^secu", "secur", "ecure", "cure-", "ure-p", "re-pa", "e-par", "-parc", "parce", "arcel"},
	} {
		if got := feature.Grams(unit); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", unit, got, want)
		}
	}
}

func TestTLD(t *testing.T) {
	for unit, want := range map[string]string{"a.co.uk": "uk", "a.example": "example", "example": "example"} {
		if got := feature.TLDOf(unit); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
}

func TestBinsAreFifteenDaysWide(t *testing.T) {
	const day = 86400
	for at, want := range map[obs.Time]string{1: "0", 15*day - 1: "0", 15 * day: "1", 30*day - 1: "1", 30 * day: "2"} {
		if got := feature.Bin(at); got != want {
			t.Errorf("%d: bin %s, want %s", at, got, want)
		}
	}
}

// Hashes stand in the index: a change of one is a change of the schema.
func TestHashIsStable(t *testing.T) {
	// printf '\001192.0.2.1\0' | sha256sum | cut -c1-16
	if got, want := fmt.Sprintf("%016x", uint64(feature.HashOf(feature.IP, "192.0.2.1"))), "602ab47d938e71a4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if feature.HashOf(feature.RegistrarOrg, "ab", "c") == feature.HashOf(feature.RegistrarOrg, "a", "bc") {
		t.Error("the parts of a pair run into each other")
	}
	if feature.HashOf(feature.IP, "x") == feature.HashOf(feature.Net, "x") {
		t.Error("equal texts of two features have one hash")
	}
}

// row makes a row of "feature=text" values, in order.
func row(unit string, values ...feature.Value) *feature.Row {
	r := &feature.Row{Unit: unit, Rows: 1}
	for _, v := range values {
		v.Hash = feature.HashOf(v.Feature, v.Text)
		r.Values = append(r.Values, v)
	}
	return r
}

func value(f feature.Feature, text string, last obs.Time) feature.Value {
	v := feature.Value{Feature: f, Text: text}
	if last != 0 {
		v.Spans = []feature.Span{{First: 1, Last: last}}
	}
	return v
}

func TestLatest(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []feature.Value
		want   string
	}{
		{"seen last", []feature.Value{value(feature.NSDomain, "a.test", 10), value(feature.NSDomain, "b.test", 20)}, "b.test"},
		{"among equals the first in order", []feature.Value{value(feature.NSDomain, "a.test", 20), value(feature.NSDomain, "b.test", 20)}, "a.test"},
		{"no time is long ago", []feature.Value{value(feature.NSDomain, "a.test", 0), value(feature.NSDomain, "b.test", 20)}, "b.test"},
		{"none with a time", []feature.Value{value(feature.NSDomain, "a.test", 0), value(feature.NSDomain, "b.test", 0)}, "a.test"},
	} {
		if got := row("x.test", c.values...).Latest(feature.NSDomain); got == nil || got.Text != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
	if got := row("x.test").Latest(feature.NSDomain); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

// product is a name with everything that a tuple is made of.
func product(addresses int) *feature.Row {
	var vs []feature.Value
	for i := range addresses {
		vs = append(vs, value(feature.IP, fmt.Sprintf("192.0.2.%02d", i), 9))
	}
	vs = append(vs, value(feature.Net, "192.0.2.0/24", 9), value(feature.NSDomain, "dns.test", 9), value(feature.NSDomain, "old-dns.test", 3),
		value(feature.Registrar, "iana:1", 9), value(feature.TLD, "test", 0), value(feature.Server, "nginx", 9))
	return row("x.test", vs...)
}

func TestTuples(t *testing.T) {
	long := func(f feature.Feature, x string) feature.Key {
		return feature.Key{Feature: f, Hash: feature.HashOf(f, "iana:1", "dns.test", "test", "nginx", x)}
	}
	short := func(f feature.Feature, x string) feature.Key {
		return feature.Key{Feature: f, Hash: feature.HashOf(f, "iana:1", "dns.test", x)}
	}
	want := []feature.Key{
		long(feature.JointIP, "192.0.2.00"), long(feature.JointIP, "192.0.2.01"),
		short(feature.JointShortIP, "192.0.2.00"), short(feature.JointShortIP, "192.0.2.01"),
		long(feature.JointNet, "192.0.2.0/24"), short(feature.JointShortNet, "192.0.2.0/24"),
	}
	if got := product(2).Tuples(); !slices.Equal(got, want) { // the older name servers are in none
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTuplesOfManyAddressesAreBounded(t *testing.T) {
	if got := len(product(20).Joint(feature.JointIP, feature.IP)); got != 8 {
		t.Errorf("%d tuples, want 8", got)
	}
}

// A tuple with a hole would be shared by everybody of whom we know little.
func TestUnobservedGivesNoTuple(t *testing.T) {
	for _, c := range []struct {
		missing     feature.Feature
		long, short int
	}{
		{0, 1, 1},
		{feature.Registrar, 0, 0},
		{feature.NSDomain, 0, 0},
		{feature.IP, 0, 0},
		{feature.Server, 0, 1}, // not a part of the short one
		{feature.TLD, 0, 1},
	} {
		r := product(1)
		r.Values = slices.DeleteFunc(r.Values, func(v feature.Value) bool { return v.Feature == c.missing })
		if long, short := len(r.Joint(feature.JointIP, feature.IP)), len(r.Joint(feature.JointShortIP, feature.IP)); long != c.long || short != c.short {
			t.Errorf("without %s: %d long and %d short, want %d and %d", c.missing, long, short, c.long, c.short)
		}
	}
}

// Counted holds each value, pair, gram, bin and tuple once, sorted.
func TestCounted(t *testing.T) {
	r := product(2)
	r.Created = 40 * 86400
	got := map[feature.Feature]int{}
	list := r.Counted(obs.Green)
	for i, c := range list {
		got[c.Feature]++
		if c.TLP != obs.Green {
			t.Errorf("%s at %s", c.Feature, c.TLP)
		}
		if i > 0 && (list[i-1].Feature > c.Feature || list[i-1].Feature == c.Feature && list[i-1].Hash >= c.Hash) {
			t.Errorf("out of order at %d", i)
		}
	}
	want := map[feature.Feature]int{
		feature.IP: 2, feature.Net: 1, feature.NSDomain: 2, feature.Registrar: 1, feature.TLD: 1, feature.Server: 1,
		feature.RegistrarNSDomain: 2, feature.Created: 1, // x has no gram: it is too short
		feature.JointIP: 2, feature.JointShortIP: 2, feature.JointNet: 1, feature.JointShortNet: 1,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPairsAreBounded(t *testing.T) {
	var vs []feature.Value
	for i := range 30 {
		vs = append(vs, value(feature.NSDomain, fmt.Sprintf("dns%02d.test", i), 9))
	}
	vs = append(vs, value(feature.Registrar, "iana:1", 9))
	n := 0
	for _, c := range row("x.test", vs...).Counted(obs.Clear) {
		if c.Feature == feature.RegistrarNSDomain {
			n++
		}
	}
	if n != 8 {
		t.Errorf("%d pairs, want 8", n)
	}
}

// Of several levels each entry stands once, from the lowest level on.
func TestUnionKeepsTheLowestLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entry := rapid.Custom(func(t *rapid.T) feature.Counted {
			return feature.Counted{
				Key: feature.Key{Feature: feature.Feature(rapid.IntRange(1, 3).Draw(t, "feature")), Hash: feature.Hash(rapid.IntRange(1, 3).Draw(t, "hash"))},
				TLP: rapid.SampledFrom([]obs.TLP{obs.Amber, obs.Clear, obs.Green, obs.AmberStrict, obs.Red}).Draw(t, "level"),
			}
		})
		a, b := rapid.SliceOf(entry).Draw(t, "a"), rapid.SliceOf(entry).Draw(t, "b")
		got := feature.Union(a, b)
		if !slices.Equal(got, feature.Union(b, a)) {
			t.Fatalf("%v in another order %v", got, feature.Union(b, a))
		}
		lowest := map[[2]uint64]obs.TLP{}
		for _, c := range slices.Concat(a, b) {
			k := [2]uint64{uint64(c.Feature), uint64(c.Hash)}
			if had, ok := lowest[k]; !ok || c.TLP.Rank() < had.Rank() {
				lowest[k] = c.TLP
			}
		}
		if len(got) != len(lowest) {
			t.Fatalf("%d entries of %d", len(got), len(lowest))
		}
		for _, c := range got {
			if c.TLP != lowest[[2]uint64{uint64(c.Feature), uint64(c.Hash)}] {
				t.Fatalf("%v is not at the lowest level", c)
			}
		}
	})
}

// A feature without a name would be a term that nobody understands.
func TestEveryFeatureHasAName(t *testing.T) {
	seen := map[string]bool{}
	for f := feature.IP; f <= feature.Created; f++ {
		name := f.String()
		if name == "unknown" {
			continue
		}
		if seen[name] || strings.ToLower(name) != name {
			t.Errorf("%d is called %q, like another or in capitals", f, name)
		}
		seen[name] = true
	}
	if len(seen) != 30+len(feature.Pairs)+6+1 {
		t.Errorf("%d names", len(seen))
	}
}

func BenchmarkCounted(b *testing.B) {
	r := product(2)
	r.Unit, r.Created = "secure-parcel-4821.test", 40*86400
	for b.Loop() {
		r.Counted(obs.Clear)
	}
}

func TestNewestKeepsWhatWasSeenLast(t *testing.T) {
	var row feature.Row
	for i := range 5 {
		row.Values = append(row.Values, feature.Value{Feature: feature.IP, Text: fmt.Sprint(i), Among: 5, Spans: []feature.Span{{Last: obs.Time(10 - i)}}})
	}
	row.Values = append(row.Values, feature.Value{Feature: feature.MX, Text: "m", Among: 1})
	some, older := row.Newest(2)
	var got []string
	for _, v := range some.Values {
		got = append(got, v.Text)
	}
	if want := []string{"0", "1", "m"}; older != 3 || !slices.Equal(got, want) || some.Values[0].Among != 5 {
		t.Errorf("%v and %d older, want %v and 3", got, older, want)
	}
	if all, older := row.Newest(5); older != 0 || len(all.Values) != 6 {
		t.Errorf("%d values and %d older, want all", len(all.Values), older)
	}
}
