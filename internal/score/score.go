package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/spoor-cti/spoor/internal/feature"
)

// Score weighs a candidate against the seeds. The candidate's row must be masked
// like the seeds' rows.
func (s *Set) Score(row *feature.Row) *Ledger {
	w := &weighing{s: s, row: row}
	w.term(Term{Name: "prior", Bits: FromFloat(s.Prior()), Why: fmt.Sprintf("a cluster of about %d among %s names", ExpectedCluster, approx(s.bg.Names()))}, false)
	for _, ladder := range ladders {
		w.ladder(ladder)
	}
	for _, f := range plain {
		w.plain(f)
	}
	w.name()
	w.created()
	w.label()
	w.jointCap()
	return w.ledger()
}

// weighing gathers the terms of one candidate.
type weighing struct {
	s     *Set
	row   *feature.Row
	terms []Term
	prod  []bool    // whether the term belongs to the bundled product
	extra []float64 // of a product term, the part that stays outside the cap, in bits
	notes []string
}

func (w *weighing) term(t Term, product bool) {
	w.terms = append(w.terms, t)
	w.prod = append(w.prod, product)
	w.extra = append(w.extra, 0)
}

// weigh returns the term for one value of the candidate that seeds share.
func (w *weighing) weigh(f feature.Feature, v *feature.Value) Term {
	h := w.s.values[f][v.Hash]
	c := w.s.count(f, v.Hash, v.Text)
	o, days := w.overlap(f, v, h, c)
	r := v.Certainty()
	m := w.s.weight[f]
	factor := o * r * spread(v.Among)
	bits := likelihood(h.mass*factor, m, alpha[f], c.p0())
	bits = w.conditional(f, v, factor, bits)
	bits = min(bits, math.Log2(1/(1-r)))
	t := Term{
		Name: f.String(), Value: v.Text, Bits: FromFloat(bits), Shared: h.weight, Seeds: m, Holding: c.holding, Observed: c.observed, Rows: v.Rows,
	}
	t.Why = fmt.Sprintf("%s of %s seeds, %s of %s names", plainNumber(h.weight), plainNumber(m), approx(c.holding), approx(c.observed))
	if v.Among > Crowd {
		t.Why += fmt.Sprintf(", one of %s that it has", approx(float64(v.Among)))
	}
	if days > 0 {
		t.Why += fmt.Sprintf(", %s apart", daysText(days))
	}
	return t
}

// conditional scores a default value given its parent: what a registrar gives to
// all its customers says nothing once the registrar is shared.
func (w *weighing) conditional(f feature.Feature, v *feature.Value, factor, marginal float64) float64 {
	dep, ok := parents[f]
	if !ok {
		return marginal
	}
	best := marginal
	for _, p := range w.row.Of(dep.parent) {
		ph := w.s.values[dep.parent][p.Hash]
		if ph == nil {
			continue
		}
		pairHash := feature.HashOf(dep.pair, p.Text, v.Text)
		pair := w.s.count(dep.pair, pairHash, p.Text, v.Text)
		parent := w.s.count(dep.parent, p.Hash, p.Text)
		p0 := w.s.count(f, v.Hash, v.Text).p0()
		q0 := (pair.holding + pairPrior*p0) / (parent.holding + pairPrior)
		n := 0.0
		if both := w.s.values[dep.pair][pairHash]; both != nil {
			n = both.mass * factor
		}
		best = min(best, likelihood(n, ph.weight, alpha[f], min(q0, 1)))
	}
	return best
}

// overlap returns by how much the time between the candidate's and the seeds'
// use of a value lessens its weight, and the days between them.
func (w *weighing) overlap(f feature.Feature, v *feature.Value, h *held, c count) (o, days float64) {
	tol, timed := tolerance[f]
	if f == feature.IP {
		tol, timed = sharedDays, true
		if c.holding <= dedicatedNames {
			tol = dedicatedDays
		}
	}
	if !timed || len(v.Spans) == 0 {
		return 1, 0
	}
	gap := math.Inf(1)
	for _, spans := range h.spans {
		if len(spans) == 0 {
			return 1, 0 // a seed without times could have overlapped
		}
		gap = min(gap, distance(v.Spans, spans))
	}
	return math.Exp(-gap / tol), gap
}

// distance is the least number of days between two sorted lists of spans.
func distance(a, b []feature.Span) float64 {
	best := math.Inf(1)
	for i, j := 0, 0; i < len(a) && j < len(b); {
		var gap float64
		switch {
		case a[i].Last < b[j].First:
			gap = float64(b[j].First - a[i].Last)
			i++
		case b[j].Last < a[i].First:
			gap = float64(a[i].First - b[j].Last)
			j++
		default:
			return 0
		}
		best = min(best, gap/86400)
	}
	return best
}

// best returns the strongest term among the candidate's values of a feature that
// seeds share, and whether there is any.
func (w *weighing) best(f feature.Feature) (best Term, shared bool) {
	values := w.row.Of(f)
	for i := range values {
		if w.s.values[f][values[i].Hash] == nil {
			continue
		}
		if t := w.weigh(f, &values[i]); !shared || t.Bits > best.Bits {
			best, shared = t, true
		}
	}
	return best, shared
}

// against returns the term for a feature that was observed on both sides without
// a shared value: bounded, and small where members are unlike each other anyway.
func (w *weighing) against(f feature.Feature) (Term, bool) {
	m := w.s.weight[f]
	values := w.row.Of(f)
	if m == 0 || len(values) == 0 {
		return Term{}, false
	}
	a := alpha[f]
	bits := math.Log2(a / (m + a))
	if dep, ok := parents[f]; ok {
		for _, p := range w.row.Of(dep.parent) {
			if h := w.s.values[dep.parent][p.Hash]; h != nil {
				bits = max(bits, math.Log2(a/(h.weight+a)))
			}
		}
	}
	bits *= w.s.agreement(f)
	if FromFloat(bits) == 0 {
		return Term{}, false
	}
	v := w.row.Latest(f)
	return Term{
		Name: f.String(), Value: v.Text, Bits: FromFloat(bits), Seeds: m, Rows: v.Rows,
		Why: fmt.Sprintf("none of %s seeds has it", plainNumber(m)),
	}, true
}

// agreement says to what part the seeds agree in a feature, from 0 (each has a value
// of its own) to 1. To differ from seeds that differ from each other is no sign of
// not belonging with them. Of a single seed nothing is known of this: 1.
func (s *Set) agreement(f feature.Feature) float64 {
	m := s.weight[f]
	if m <= 1 {
		return 1
	}
	most := 0.0
	for _, h := range s.values[f] {
		most = max(most, h.weight)
	}
	return min(max((most-1)/(m-1), 0), 1)
}

// noWorse raises a term for a shared value to what sharing nothing would give: a
// value that was left long ago says little, but never less than another value.
func (w *weighing) noWorse(t Term, levels []feature.Feature) Term {
	if t.Bits < 0 {
		other, _, _ := w.differs(levels)
		t.Bits = max(t.Bits, other.Bits)
	}
	return t
}

// differs returns the negative of the coarsest level that was observed on both
// sides, as if none were shared.
func (w *weighing) differs(levels []feature.Feature) (t Term, at feature.Feature, ok bool) {
	for _, f := range levels {
		if t, ok = w.against(f); ok {
			return t, f, true
		}
	}
	return Term{}, 0, false
}

// ladder adds one term for nested values: of the levels that are shared the
// strongest; if none is, the negative of the coarsest that was observed.
func (w *weighing) ladder(levels []feature.Feature) {
	var found Term
	var at feature.Feature
	shared := false
	for _, f := range levels {
		if t, ok := w.best(f); ok && (!shared || t.Bits >= found.Bits) {
			found, at, shared = t, f, true
		}
	}
	if shared {
		found = w.noWorse(found, levels)
		w.term(found, capped[at] || at == feature.NSSet)
		if at == feature.NSSet { // the pair of hosts stays outside the cap, their domain doesn't
			domain, _ := w.best(feature.NSDomain)
			w.extra[len(w.extra)-1] = max(0, (found.Bits - max(domain.Bits, 0)).Float())
		}
		return
	}
	if t, f, ok := w.differs(levels); ok {
		w.term(t, capped[f])
	}
}

func (w *weighing) plain(f feature.Feature) {
	t, ok := w.best(f)
	if ok {
		t = w.noWorse(t, []feature.Feature{f})
	} else {
		t, ok = w.against(f)
	}
	if ok {
		w.term(t, capped[f])
	}
}

// ledger sorts the terms and adds them up.
func (w *weighing) ledger() *Ledger {
	l := &Ledger{Terms: w.terms, Notes: w.notes}
	slices.SortStableFunc(l.Terms[1:], func(a, b Term) int { return cmp.Compare(b.Bits, a.Bits) })
	for _, t := range l.Terms {
		l.Bits += t.Bits
	}
	return l
}
