package score_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/score"
)

const (
	day = 86400
	now = obs.Time(20_000 * day)
)

// background is a million names, and how many hold a value: "feature=text", of a
// pair "feature=parent|child", of a tuple the feature alone. Every feature was
// observed of 999,999 names, so that a share is (holding + 0.5) / 1,000,000.
type background map[string]float64

func (b background) Names() float64 { return 1e6 }

func (b background) Count(f feature.Feature, _ feature.Hash, parts ...string) (holding, observed float64) {
	k := f.String()
	if len(parts) > 0 {
		k += "=" + strings.Join(parts, "|")
	}
	return b[k], 999_999
}

// name makes the row of a name from "feature=text" values; a text may end in
// "@FIRST-LAST" in days. Every source is nearly always right, so that no term is
// bounded by it.
func name(unit string, values ...string) *feature.Row {
	r := &feature.Row{Unit: unit, Rows: 1}
	for _, s := range values {
		f, text, _ := strings.Cut(s, "=")
		v := feature.Value{Feature: named(f), Reliable: 1 - 1e-9, Lineages: 1}
		var span string
		if v.Text, span, _ = strings.Cut(text, "@"); span != "" {
			first, last, _ := strings.Cut(span, "-")
			v.Spans = []feature.Span{{First: days(first), Last: days(last)}}
		}
		v.Hash = feature.HashOf(v.Feature, v.Text)
		r.Values = append(r.Values, v)
	}
	slices.SortFunc(r.Values, func(a, b feature.Value) int {
		if a.Feature != b.Feature {
			return int(a.Feature) - int(b.Feature)
		}
		return strings.Compare(a.Text, b.Text)
	})
	return r
}

func days(s string) (t obs.Time) {
	for _, c := range s {
		t = t*10 + obs.Time(c-'0')
	}
	return t * day
}

func named(s string) feature.Feature {
	for f := feature.IP; f <= feature.Created; f++ {
		if f.String() == s {
			return f
		}
	}
	panic("no feature " + s)
}

// created sets the moment of a name's registration, in days before the present.
func created(r *feature.Row, ago int) *feature.Row {
	r.Created = now - obs.Time(ago*day)
	return r
}

func seeds(rows ...*feature.Row) (out []score.Seed) {
	for i, r := range rows {
		out = append(out, score.Seed{Entity: entity.Entity{Kind: entity.Domain, Key: string(rune('a'+i)) + ".test"}, Row: r, Weight: 1})
	}
	return out
}

// times repeats a row.
func times(n int, r *feature.Row) []*feature.Row { return slices.Repeat([]*feature.Row{r}, n) }

func weigh(b background, of []*feature.Row, candidate *feature.Row) *score.Ledger {
	return score.NewSet(seeds(of...), b, now).Score(candidate)
}

// term finds a term by its name; none is a term of no bits.
func term(l *score.Ledger, name string) (score.Term, bool) {
	for _, t := range l.Terms {
		if t.Name == name {
			return t, true
		}
	}
	return score.Term{}, false
}

// The terms of docs/scoring.md and of its decision record, section 1, worked out by
// hand. With p0 the value's share, n of m seeds having it and a the feature's constant,
// a shared value is worth log2((n + a p0) / (m + a) / p0), another one log2(a / (m + a)).
func TestTerms(t *testing.T) {
	bg := background{
		"ip=192.0.2.1": 9, "ip=192.0.2.2": 1, "ip=192.0.2.60": 60, "net=192.0.2.0/24": 40, "net=198.51.100.0/24": 4, "registrar=big": 300_000, "registrar=r": 100_000,
		"ns-domain=default": 90_000, "registrar+ns-domain=r|default": 90_000, "ns-domain=rare": 20, "registrar+ns-domain=r|rare": 2, "ns-set=x y": 9, "name-gram=parce": 50,
	}
	for _, c := range []struct {
		name      string
		seeds     []*feature.Row
		candidate *feature.Row
		term      string
		want      float64
		none      bool
	}{
		// p0 = 9.5e-6: log2((5 + 5 p0) / 10 / p0) = log2(52,632)
		{"a rare address of all five seeds", times(5, name("", "ip=192.0.2.1")), name("x.test", "ip=192.0.2.1"), "ip", 15.684, false},
		// log2((1 + 5 p0) / 10 / p0) = log2(10,527)
		{"of one of five", append(times(4, name("", "ip=203.0.113.9")), name("", "ip=192.0.2.1")), name("x.test", "ip=192.0.2.1"), "ip", 13.362, false},
		// p0 = 0.3: log2(5.3 / 6 / 0.3) = log2(2.944)
		{"a registrar of everybody", times(5, name("", "registrar=big")), name("x.test", "registrar=big"), "registrar", 1.558, false},
		// five seeds that agree: a = 1 gives log2(1/6), a = 5 log2(5/10), a = 15 log2(15/20)
		{"another registrar", times(5, name("", "registrar=big")), name("x.test", "registrar=other"), "registrar", -2.585, false},
		{"another title", times(5, name("", "title=hello")), name("x.test", "title=other"), "title", -1, false},
		{"another key", times(5, name("", "key=k")), name("x.test", "key=other"), "key", -0.415, false},
		// to differ from seeds that all differ from each other says nothing
		{"another title where no two agree", []*feature.Row{name("", "title=a"), name("", "title=b"), name("", "title=c")}, name("x.test", "title=d"), "title", 0, true},
		// three of five agree: half of log2(5/10), since (3 - 1) / (5 - 1) is a half
		{
			"another title where three of five agree",
			append(times(3, name("", "title=a")), name("", "title=b"), name("", "title=c")), name("x.test", "title=d"), "title", -0.5, false,
		},
		{"not observed of the candidate", times(5, name("", "title=hello")), name("x.test"), "title", 0, true},
		{"not observed of the seeds", times(5, name("")), name("x.test", "title=hello"), "title", 0, true},

		// the ladder: the address, p0 = 1.5e-6, log2((1 + 5 p0) / 8 / p0), and not the /24 too
		{
			"an address stands for its network",
			[]*feature.Row{name("", "ip=192.0.2.2", "net=192.0.2.0/24"), name("", "ip=203.0.113.1", "net=203.0.113.0/24"), name("", "ip=203.0.114.1", "net=203.0.114.0/24")},
			name("x.test", "ip=192.0.2.2", "net=192.0.2.0/24"), "ip", 16.347, false,
		},
		{
			"its network is no second term",
			[]*feature.Row{name("", "ip=192.0.2.2", "net=192.0.2.0/24")},
			name("x.test", "ip=192.0.2.2", "net=192.0.2.0/24"), "net", 0, true,
		},
		// p0 = 4.5e-6, log2((3 + 5 p0) / 8 / p0)
		{
			"only the network",
			[]*feature.Row{name("", "ip=198.51.100.1", "net=198.51.100.0/24"), name("", "ip=198.51.100.2", "net=198.51.100.0/24"), name("", "ip=198.51.100.3", "net=198.51.100.0/24")},
			name("x.test", "ip=198.51.100.4", "net=198.51.100.0/24"), "net", 16.347, false,
		},
		// neither: the negative of the coarsest level, a = 5: log2(5/8), once
		{
			"neither network nor address",
			times(3, name("", "ip=198.51.100.1", "net=198.51.100.0/24")), name("x.test", "ip=192.0.2.1", "net=192.0.2.0/24"), "net", -0.678, false,
		},
		{
			"and not once more for the address",
			times(3, name("", "ip=198.51.100.1", "net=198.51.100.0/24")), name("x.test", "ip=192.0.2.1", "net=192.0.2.0/24"), "ip", 0, true,
		},

		// the parent: by itself the name servers are worth 3.1 bits; nine of ten customers of the
		// registrar have them: q0 = (90,000 + 4 × 0.09) / 100,004 = 0.89997, log2((3 + q0) / 4 / q0)
		{
			"a registrar's own name servers",
			times(3, name("", "registrar=r", "ns-domain=default")), name("x.test", "registrar=r", "ns-domain=default"), "ns-domain", 0.116, false,
		},
		{"the same without the registrar", times(3, name("", "ns-domain=default")), name("x.test", "ns-domain=default"), "ns-domain", 3.102, false},
		// q0 = (2 + 4 × 20.5e-6) / 100,004 would give 15.195, more than the marginal log2((3 + p0) / 4 / p0)
		{
			"a condition adds nothing",
			times(3, name("", "registrar=r", "ns-domain=rare")), name("x.test", "registrar=r", "ns-domain=rare"), "ns-domain", 15.159, false,
		},

		// time between: n becomes n exp(-gap / tolerance); of a dedicated address two days
		{"left two days before", times(3, name("", "ip=192.0.2.1@10-20")), name("x.test", "ip=192.0.2.1@22-30"), "ip", 13.826, false},
		{"left a week before, of a shared address", times(3, name("", "ip=192.0.2.60@10-20")), name("x.test", "ip=192.0.2.60@27-30"), "ip", 11.155, false},
		{"name servers left thirty days before", times(3, name("", "ns-set=x y@10-20")), name("x.test", "ns-set=x y@50-60"), "ns-set", 13.826, false},
		{"at the same time", times(5, name("", "ip=192.0.2.1@10-20")), name("x.test", "ip=192.0.2.1@20-30"), "ip", 15.684, false},
		{"at no known time", times(5, name("", "ip=192.0.2.1@10-20")), name("x.test", "ip=192.0.2.1"), "ip", 15.684, false},
		// left years ago: no evidence left, and where the seeds disagree anyway nothing against it
		{
			"left years before",
			[]*feature.Row{name("", "ip=192.0.2.1@10-20"), name("", "ip=192.0.2.3@10-20"), name("", "ip=192.0.2.4@10-20")},
			name("x.test", "ip=192.0.2.1@4000-4001"), "ip", 0, false,
		},

		// p0 = 50.5e-6, a = 10: log2((3 + 10 p0) / 13 / p0)
		{"characters that three names share", []*feature.Row{name("parce1.test"), name("parce2.test"), name("parce3.test")}, name("zparce9.test"), "name", 12.158, false},
		// log2(10 / 13)
		{"a name without them", []*feature.Row{name("parce1.test"), name("parce2.test"), name("parce3.test")}, name("other.test"), "name", -0.379, false},
		{"characters of one seed only", []*feature.Row{name("parce1.test"), name("other.test")}, name("parce9.test"), "name", 0, true},

		// k = .4/2 + .35/14 + .25/90 = 0.22778 a day; b = ln 2 / 1,095 = 0.000633 a day:
		// log2((k + 1.5 b) / 2.5 / b)
		{"registered in the same second as the only seed", []*feature.Row{created(name(""), 0)}, created(name("x.test"), 0), "created", 7.175, false},
		// k is nearly nothing, and log2(1.5 / 2.5) = -0.737
		{"four hundred days apart", []*feature.Row{created(name(""), 0)}, created(name("x.test"), 400), "created", -0.736, false},
		{"registered nobody knows when", []*feature.Row{created(name(""), 0)}, name("x.test"), "created", 0, true},

		// a report is right in 98 of 100 (here always) and names all seeds so: q = 3 / 3.05,
		// and the prior is taken back: 13.288 + log2(q / (1 - q)) = 13.288 + log2(60)
		{"what a report calls all seeds", times(3, name("", "reported-as=malware:evil")), name("x.test", "reported-as=malware:evil"), "reported-as", 19.195, false},
		{"another name of another report", times(3, name("", "reported-as=malware:evil")), name("x.test", "reported-as=malware:mild"), "reported-as", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := term(weigh(bg, c.seeds, c.candidate), c.term)
			if ok == c.none {
				t.Fatalf("there is a term: %v, %+v", ok, got)
			}
			if math.Abs(got.Bits.Float()-c.want) > 0.0011 {
				t.Errorf("%.3f bits, want %.3f (%s)", got.Bits.Float(), c.want, got.Why)
			}
		})
	}
}

// A statement is worth no more than its source is right: log2(1 / (1 - r)); sources
// that do not copy each other err together more rarely.
func TestReliabilityBoundsATerm(t *testing.T) {
	for _, c := range []struct {
		reliable float64
		lineages int
		want     float64
	}{
		{0.9, 1, 3.322}, // log2(10)
		{0.99, 1, 6.644},
		{0.9, 2, 6.644}, // both wrong: 1 in 100
		{0.9, 3, 9.966},
		{0.9, 9, 9.966}, // no more than three count
	} {
		x := name("x.test", "ip=192.0.2.1")
		x.Values[0].Reliable, x.Values[0].Lineages = c.reliable, c.lineages
		got, _ := term(weigh(background{}, times(3, name("", "ip=192.0.2.1")), x), "ip")
		if math.Abs(got.Bits.Float()-c.want) > 0.0011 {
			t.Errorf("%d sources of %v: %.3f bits, want %.3f", c.lineages, c.reliable, got.Bits.Float(), c.want)
		}
	}
}

func TestConstants(t *testing.T) {
	for got, want := range map[score.Bits]score.Bits{score.Show: 3170, score.FewSeeds: 6600, score.Accept: 8000} {
		if got != want {
			t.Errorf("threshold %d, want %d thousandths", got, want)
		}
	}
	// 3.17 bits are odds of nine to one
	if p := score.Show.Probability(); math.Abs(p-0.9) > 0.0005 {
		t.Errorf("what is shown has a probability of %.4f, want .9", p)
	}
	// log2(100 / 1,000,000)
	if l := weigh(background{}, times(3, name("")), name("x.test")); l.Terms[0].Name != "prior" || l.Terms[0].Bits != -13288 {
		t.Errorf("%+v, want a prior of -13.288 bits", l.Terms[0])
	}
}

// bundle is a name with a provider's product: registrar, name servers, address, TLD
// and server.
func bundle(unit string) *feature.Row {
	return name(unit, "registrar=r", "ns-domain=n", "ip=192.0.2.1", "net=192.0.2.0/24", "tld=test", "server=s")
}

// Five terms of one product are together worth no more than the rarity of the
// combination, or the best of them.
func TestJointCap(t *testing.T) {
	for _, c := range []struct {
		name        string
		long, short float64 // names that have the long tuple, the short one
		want        float64
	}{
		// q = 9.5e-6, n = m = 3: log2((3 + q) / 4 / q) = 16.269, for both tuples
		{"ten names have it all", 9, 9, 16.269},
		// q = 99.5e-6: 12.880; the smaller of both holds, but the best term is 13.826 and stays
		{"a hundred have the short one", 9, 99, 13.826},
		{"everybody has", 500_000, 500_000, 13.826},
	} {
		bg := background{ // the best term is the address: p0 = 25.836e-6, log2((3 + 5 p0) / 8 / p0) = 13.826
			"registrar=r": 100_000, "ns-domain=n": 80_000, "ip=192.0.2.1": 25.336, "net=192.0.2.0/24": 900, "tld=test": 440_000, "server=s": 100_000,
			"joint-ip": c.long, "joint-short-ip": c.short,
		}
		l := weigh(bg, times(3, bundle("")), bundle("x.test"))
		sum := 0.0
		for _, t := range l.Terms {
			if t.Name != "prior" {
				sum += t.Bits.Float()
			}
		}
		if math.Abs(sum-c.want) > 0.005 {
			t.Errorf("%s: together %.3f bits, want %.3f: %+v", c.name, sum, c.want, l.Terms)
		}
		if j, ok := term(l, "joint"); !ok || j.Bits >= 0 || !strings.Contains(j.Why, "together worth at most") {
			t.Errorf("%s: %+v", c.name, j)
		}
	}
}

// Names, times and certificates are no part of the product.
func TestJointCapSparesWhatIsNotInTheProduct(t *testing.T) {
	bg := background{"registrar=r": 100_000, "ns-domain=n": 80_000, "ip=192.0.2.1": 25, "tld=test": 440_000, "server=s": 100_000, "joint-ip": 500_000, "joint-short-ip": 500_000}
	with := func(unit string) *feature.Row {
		r := bundle(unit)
		r.Values = append(r.Values, name("", "title=hello", "certificate=c").Values...)
		slices.SortStableFunc(r.Values, func(a, b feature.Value) int { return int(a.Feature) - int(b.Feature) })
		return created(r, 10)
	}
	plain, more := weigh(bg, times(3, bundle("")), bundle("x.test")), weigh(bg, times(3, with("")), with("x.test"))
	extra := score.Bits(0)
	for _, n := range []string{"title", "certificate", "created"} {
		x, ok := term(more, n)
		if !ok || x.Bits <= 0 {
			t.Errorf("%s: %+v", n, x)
		}
		extra += x.Bits
	}
	if more.Bits != plain.Bits+extra {
		t.Errorf("%s with, %s without, %s apart", more.Bits, plain.Bits, extra)
	}
}

// Where a part of the tuple is unknown the cap can't be applied, and the answer says so.
func TestJointCapThatCannotBeAppliedIsTold(t *testing.T) {
	lacks := func(unit string) *feature.Row {
		return name(unit, "ip=192.0.2.1", "net=192.0.2.0/24", "registrar=r", "issuer=i")
	}
	l := weigh(background{}, times(3, lacks("")), lacks("x.test"))
	if _, ok := term(l, "joint"); ok || len(l.Notes) != 2 || !strings.Contains(l.Notes[0], "not observed") {
		t.Errorf("%+v", l.Notes)
	}
}

// anyRow draws a name with few possible values, so that names share some.
func anyRow(unit string) *rapid.Generator[*feature.Row] {
	return rapid.Custom(func(t *rapid.T) *feature.Row {
		var values []string
		for _, f := range []string{
			"ip", "net", "asn", "ns-set", "ns-domain", "mx", "soa-contact", "certificate", "key", "issuer", "validity", "registrar", "organisation", "person",
			"email", "mail-domain", "phone", "country", "tld", "name-shape", "title", "server", "redirect", "fingerprint", "tracker", "reported-as", "client", "txt", "cname",
		} {
			for _, text := range []string{"a", "b", "malware:c"} {
				switch rapid.IntRange(0, 4).Draw(t, f+text) {
				case 0:
					values = append(values, f+"="+text)
				case 1:
					values = append(values, f+"="+text+rapid.SampledFrom([]string{"@10-20", "@15-30", "@40-41", "@900-901"}).Draw(t, "when"))
				}
			}
		}
		r := name(unit, values...)
		for i := range r.Values {
			r.Values[i].Reliable = rapid.SampledFrom([]float64{0.9, 0.98, 0.999}).Draw(t, "reliable")
			r.Values[i].Lineages = rapid.IntRange(0, 4).Draw(t, "lineages")
		}
		if rapid.Bool().Draw(t, "registered") {
			r.Created = now - obs.Time(rapid.IntRange(0, 900).Draw(t, "age")*day)
		}
		return r
	})
}

func anySeeds() *rapid.Generator[[]score.Seed] {
	return rapid.Custom(func(t *rapid.T) (out []score.Seed) {
		for i := range rapid.IntRange(1, 5).Draw(t, "seeds") {
			unit := rapid.SampledFrom([]string{"parcel-1.test", "parcel-2.test", "customs-parcel.test", "customs-9.test"}).Draw(t, "name")
			out = append(out, score.Seed{
				Entity: entity.Entity{Kind: entity.Domain, Key: string(rune('a'+i)) + unit}, Row: anyRow(unit).Draw(t, "seed"),
				Weight: rapid.SampledFrom([]float64{1, 1, 0.5, 0.3}).Draw(t, "weight"),
			})
		}
		return out
	})
}

var anyBackground = background{
	"ip=a": 3, "net=a": 500, "registrar=a": 200_000, "ns-domain=a": 150_000, "ns-domain=b": 7, "issuer=a": 400_000, "tld=a": 300_000, "title=a": 12,
	"registrar+ns-domain=a|a": 140_000, "ns-domain+soa-contact=a|a": 100_000, "joint-ip": 30, "joint-net": 300, "joint-short-ip": 20, "joint-short-net": 5,
}

// What people see adds up, to the thousandth, also as they see it in JSON.
func TestTermsAddUpToTheScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := score.NewSet(anySeeds().Draw(t, "set"), anyBackground, now).Score(anyRow("customs-parcel-7.test").Draw(t, "candidate"))
		var sum score.Bits
		thousandths := 0
		for i, term := range l.Terms {
			sum += term.Bits
			b, err := json.Marshal(term.Bits)
			if err != nil {
				t.Fatal(err)
			}
			var f float64
			if err := json.Unmarshal(b, &f); err != nil {
				t.Fatal(err)
			}
			thousandths += int(math.Round(f * 1000))
			if i > 1 && l.Terms[i-1].Bits < term.Bits {
				t.Fatalf("term %d is out of order", i)
			}
			if math.IsNaN(term.Holding) || term.Why == "" {
				t.Fatalf("%+v", term)
			}
		}
		if sum != l.Bits || thousandths != int(l.Bits) {
			t.Fatalf("the terms add up to %d, in JSON to %d, the score is %d", sum, thousandths, l.Bits)
		}
	})
}

// The same evidence gives the same account, in whatever order the seeds come and
// however often it is asked.
func TestOrderOfSeedsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, x := anySeeds().Draw(t, "set"), anyRow("customs-parcel-7.test").Draw(t, "candidate")
		want := score.NewSet(list, anyBackground, now).Score(x)
		got := score.NewSet(rapid.Permutation(list).Draw(t, "in another order"), anyBackground, now).Score(x)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\nin another order %+v", want, got)
		}
	})
}

// Of several grams that most seeds have, the one that is named, and weighed, is
// always the same.
func TestTheNegativeOfNamesIsAlwaysTheSame(t *testing.T) {
	of := []*feature.Row{name("parcelservice.test"), name("parcelservices.test"), name("parcelser.test")}
	want, _ := term(weigh(background{}, of, name("other.test")), "name")
	for range 50 {
		if got, _ := term(weigh(background{}, of, name("other.test")), "name"); got.Why != want.Why || got.Bits != want.Bits {
			t.Fatalf("%s %s, then %s %s", want.Bits, want.Why, got.Bits, got.Why)
		}
	}
}

// What was never observed neither helps nor hurts: taking a whole feature that is
// neither parent nor part of the product from the candidate takes away its term and
// nothing else.
func TestUnknownIsUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := score.NewSet(anySeeds().Draw(t, "set"), anyBackground, now)
		full := anyRow("customs-parcel-7.test").Draw(t, "candidate")
		f := rapid.SampledFrom([]feature.Feature{feature.Title, feature.Redirect, feature.Fingerprint, feature.Tracker, feature.Client, feature.TXT, feature.Label, feature.Shape}).Draw(t, "feature")
		less := *full
		less.Values = slices.DeleteFunc(slices.Clone(full.Values), func(v feature.Value) bool { return v.Feature == f })
		a, b := set.Score(full), set.Score(&less)
		lost, _ := term(a, f.String())
		if _, ok := term(b, f.String()); ok || a.Bits-lost.Bits != b.Bits {
			t.Fatalf("%s with %s, %s without; the term was %s", a.Bits, f, b.Bits, lost.Bits)
		}
	})
}

// A value that was left long ago is worth little, but never less than having
// another one: sharing must not count against a name.
func TestSharingIsNeverWorseThanDiffering(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := score.NewSet(anySeeds().Draw(t, "set"), anyBackground, now)
		f := rapid.SampledFrom([]string{"ip", "title", "tracker", "email", "mx", "person"}).Draw(t, "feature")
		held := f + "=" + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "value") + rapid.SampledFrom([]string{"", "@900-901", "@9000-9001"}).Draw(t, "when")
		shared, other := set.Score(name("x.test", held)), set.Score(name("x.test", f+"=nobody"))
		if shared.Bits < other.Bits {
			t.Fatalf("%s is worth %s, another value %s", held, shared.Bits, other.Bits)
		}
	})
}

// MostBits bounds what a value adds, so that whoever goes by it drops nobody.
func TestMostBitsIsABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := score.NewSet(anySeeds().Draw(t, "set"), anyBackground, now)
		for _, x := range set.Score(anyRow("customs-parcel-7.test").Draw(t, "candidate")).Terms {
			if x.Shared == 0 || x.Name == "name" || x.Name == "created" {
				continue
			}
			f := named(x.Name)
			if most := set.MostBits(f, feature.HashOf(f, x.Value), 1); x.Bits.Float() > max(0, most)+0.001 {
				t.Fatalf("%s %s is worth %s, at most %.3f", x.Name, x.Value, x.Bits, most)
			}
		}
	})
}

func TestBitsForPeople(t *testing.T) {
	for bits, want := range map[score.Bits]string{0: "+0.0", 3170: "+3.2", -13288: "-13.3", 49: "+0.0"} {
		if got := bits.String(); got != want {
			t.Errorf("%d: %s, want %s", bits, got, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := score.FromFloat(f); got != 0 {
			t.Errorf("%v became %d", f, got)
		}
	}
}

// BenchmarkScore weighs one candidate with the features of an ordinary name.
func BenchmarkScore(b *testing.B) {
	row := func(unit string) *feature.Row {
		return created(name(unit, "ip=192.0.2.1@10-20", "net=192.0.2.0/24@10-20", "ns-set=x y", "ns-domain=n", "soa-contact=o", "certificate="+unit, "key="+unit, "issuer=i", "validity=90",
			"registrar=r", "organisation=o", "country=de", "tld=test", "name-shape=l2", "title=t", "server=s"), 10)
	}
	set := score.NewSet(seeds(row("parcel-1.test"), row("parcel-2.test"), row("parcel-3.test"), row("parcel-4.test"), row("parcel-5.test")), anyBackground, now)
	x := row("parcel-9.test")
	for b.Loop() {
		set.Score(x)
	}
}
