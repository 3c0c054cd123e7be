package score

import (
	"fmt"
	"math"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

// name adds the best gram of the name that at least two seeds share. Its absence
// tells only if most seeds have one.
func (w *weighing) name() {
	if w.row.Unit == "" {
		return
	}
	a, m := alpha[feature.Gram], w.s.named
	var found Term
	shared := false
	for _, g := range feature.Grams(w.row.Unit) {
		n := w.s.grams[g]
		if n < 2 {
			continue
		}
		c := w.s.count(feature.Gram, feature.HashOf(feature.Gram, g), g)
		t := Term{
			Name: "name", Value: g, Bits: FromFloat(likelihood(n, m, a, c.p0())), Shared: n, Seeds: m, Holding: c.holding, Observed: c.observed,
			Why: fmt.Sprintf("%s of %s seeds, %s of %s names", plainNumber(n), plainNumber(m), approx(c.holding), approx(c.observed)),
		}
		if !shared || t.Bits > found.Bits {
			found, shared = t, true
		}
	}
	if shared {
		w.term(found, false)
		return
	}
	if g, n := w.s.commonest(); n > m/2 && m >= 2 {
		w.term(Term{
			Name: "name", Bits: FromFloat(math.Log2(a / (n + a))), Seeds: m,
			Why: fmt.Sprintf("more than half of the seeds' names share characters such as %q, this one none", g),
		}, false)
	}
}

// commonest returns the gram that most seeds have, the first in order among equals.
func (s *Set) commonest() (gram string, n float64) {
	for g, w := range s.grams {
		if w > n || w == n && g < gram {
			gram, n = g, w
		}
	}
	return gram, n
}

// Kernel of registration times: members of one cluster are registered within a
// day, a week or six weeks of each other.
var kernel = []struct{ weight, days float64 }{{0.4, 1}, {0.35, 7}, {0.25, 45}}

// createdBits is the most that registration at one moment can add.
const createdBits = 10

// The pseudo-names' ages halve their number every so many days.
const ageHalfLife = 3 * 365

// created weighs the moment of the registration against those of the seeds.
func (w *weighing) created() {
	m := w.s.weight[feature.Created]
	t := w.row.Created
	if m == 0 || !t.Known() {
		return
	}
	k, nearest := 0.0, math.Inf(1)
	for _, seed := range w.s.seeds {
		if !seed.Row.Created.Known() {
			continue
		}
		d := math.Abs(float64(t-seed.Row.Created)) / 86400
		nearest = min(nearest, d)
		for _, c := range kernel {
			k += seed.Weight * c.weight * math.Exp(-d/c.days) / (2 * c.days)
		}
	}
	b := w.s.registrationRate(t)
	a := alpha[feature.Created]
	bits := math.Log2((k + a*b) / (m + a) / b) // k is the sum over seeds already
	term := Term{
		Name: "created", Value: t.Date(), Bits: FromFloat(min(bits, createdBits)), Seeds: m,
		Why: "registered " + apart(nearest),
	}
	if bits > 0 {
		term.Shared = m
	}
	if w.row.CreatedRow != nil {
		term.Rows = []feature.RowRef{*w.row.CreatedRow}
	}
	w.term(term, false)
}

func apart(days float64) string {
	if days < 1 {
		return "on the same day as a seed"
	}
	return daysText(days) + " from the nearest seed"
}

// registrationRate is the share of all names that were registered on a day like t:
// the store's own count over fifteen days, and the ages of the pseudo-names.
func (s *Set) registrationRate(t obs.Time) float64 {
	const pseudo = 1e6
	c := s.count(feature.Created, feature.HashOf(feature.Created, feature.Bin(t)), feature.Bin(t))
	age := max(0, float64(s.now-t)/86400)
	own := max(0, c.observed-pseudo)
	prior := math.Ln2 / ageHalfLife * math.Exp2(-age/ageHalfLife)
	return (c.holding/15 + pseudo*prior) / (own + pseudo)
}

// label weighs that a report gives the candidate a seed's name. A report states
// membership itself: rarity has nothing to add, so the probability is that of the
// report being right, times the share of seeds that it names too.
func (w *weighing) label() {
	m := w.s.weight[feature.Label]
	if m == 0 {
		return
	}
	var found Term
	shared := false
	for _, v := range w.row.Of(feature.Label) {
		h := w.s.values[feature.Label][v.Hash]
		if h == nil {
			continue
		}
		c := w.s.count(feature.Label, v.Hash, v.Text)
		t := Term{
			Name: feature.Label.String(), Value: v.Text, Shared: h.weight, Seeds: m, Holding: c.holding, Observed: c.observed, Rows: v.Rows,
			Why: fmt.Sprintf("the same source names %s of %s seeds so", plainNumber(h.weight), plainNumber(m)),
		}
		if !specific(v.Text) {
			t.Bits = FromFloat(min(likelihood(h.weight, m, 2, c.p0()), 3.3))
		} else {
			q := v.Reliable * h.weight / (m + alpha[feature.Label])
			t.Bits = FromFloat(-w.s.Prior() + math.Log2(q/(1-q)))
		}
		if !shared || t.Bits > found.Bits {
			found, shared = t, true
		}
	}
	if shared {
		w.term(found, false)
	}
}

// specific reports whether a label names one actor, campaign or family. A tag or
// a mere mention in the same report says less.
func specific(label string) bool {
	for _, p := range []string{"actor:", "campaign:", "malware:"} {
		if len(label) > len(p) && label[:len(p)] == p {
			return true
		}
	}
	return false
}
