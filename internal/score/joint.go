package score

import (
	"fmt"
	"math"

	"github.com/spoor-cti/spoor/internal/feature"
)

// jointCap limits what the parts of one bundled product add up to: registrar, name
// server domain, address, TLD and server, which a provider sells together, are
// worth no more than the rarity of their combination, or than the best of them.
func (w *weighing) jointCap() {
	level := w.finestShared()
	if level == 0 {
		return
	}
	total, best, any := w.product()
	if !any || total <= best {
		return
	}
	limit, why, ok := math.Inf(1), "", false
	for _, j := range jointFeatures {
		if j.level != level {
			continue
		}
		bits, holding, shared, observed := w.joint(j.tuple, level)
		if !observed {
			w.note("the joint cap over " + j.says + " could not be applied: a part of it was not observed")
			continue
		}
		if !shared {
			continue
		}
		if l := max(bits, best); l < limit {
			limit, ok = l, true
			why = fmt.Sprintf("together worth at most %.1f bits: %s of %s names have all of %s", l, approx(holding), approx(w.s.bg.Names()), j.says)
		}
	}
	if !ok || total <= limit {
		return
	}
	w.term(Term{Name: "joint", Bits: FromFloat(limit - total), Why: why}, false)
}

// finestShared returns the finest level of address that the candidate shares with
// a seed.
func (w *weighing) finestShared() feature.Feature {
	for _, f := range []feature.Feature{feature.IP, feature.Net, feature.ASN} {
		for _, v := range w.row.Of(f) {
			if w.s.values[f][v.Hash] != nil {
				return f
			}
		}
	}
	return 0
}

// product adds up the terms of the product and returns the greatest of them.
func (w *weighing) product() (total, best float64, any bool) {
	for i, t := range w.terms {
		if !w.prod[i] {
			continue
		}
		bits := t.Bits.Float() - w.extra[i]
		total += bits
		best = max(best, bits)
		any = any || t.Shared > 0
	}
	return total, best, any
}

var jointFeatures = []struct {
	level, tuple feature.Feature
	says         string
}{
	{feature.IP, feature.JointIP, "this registrar, name server domain, address, TLD and server"},
	{feature.IP, feature.JointShortIP, "this registrar, name server domain and address"},
	{feature.Net, feature.JointNet, "this registrar, name server domain, network, TLD and server"},
	{feature.Net, feature.JointShortNet, "this registrar, name server domain and network"},
	{feature.ASN, feature.JointASN, "this registrar, name server domain, AS, TLD and server"},
	{feature.ASN, feature.JointShortASN, "this registrar, name server domain and AS"},
}

// joint returns the bits of the candidate's tuple that most seeds share.
func (w *weighing) joint(tuple, level feature.Feature) (bits, holding float64, shared, observed bool) {
	m := w.s.Weight()
	for _, t := range w.row.Joint(tuple, level) {
		observed = true
		h := w.s.values[tuple][t.Hash]
		if h == nil {
			continue
		}
		c := w.s.count(tuple, t.Hash)
		q := (c.holding + 0.5) / w.s.bg.Names()
		if b := math.Log2((h.weight + q) / (m + 1) / q); !shared || b > bits {
			bits, holding, shared = b, c.holding, true
		}
	}
	return bits, holding, shared, observed
}

func (w *weighing) note(s string) { w.notes = append(w.notes, s) }
