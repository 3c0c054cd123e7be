package pivot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/score"
)

// cut notes what a limit left out, adding up over rounds.
func (r *run) cut(what string, n int, limit string) {
	for i := range r.res.Cuts {
		if c := &r.res.Cuts[i]; c.What == what && c.Limit == limit {
			c.Count = max(c.Count, n)
			return
		}
	}
	r.res.Cuts = append(r.res.Cuts, Cut{what, n, limit})
}

// finish puts the answer together.
func (r *run) finish() {
	for _, s := range r.sorted() {
		r.res.Suspects = append(r.res.Suspects, *s)
	}
	for _, s := range r.res.Suspects {
		maps.Copy(r.taken, s.candidate.taken)
	}
	for k, h := range r.taken {
		n := r.bg.holding(feature.KeyOf(k.f, k.text))
		e, _ := subject(k.f, k.text)
		r.res.Skipped = append(r.res.Skipped, Skipped{
			Entity: e, Feature: k.f, Value: k.text, Class: h.Class, List: h.List, Members: n, Why: h.Class.Says(),
		})
	}
	for k, n := range r.common {
		e, _ := subject(k.f, k.text)
		r.res.Skipped = append(r.res.Skipped, Skipped{
			Entity: e, Feature: k.f, Value: k.text, Members: n,
			Why: fmt.Sprintf("held by more than %d names: it counts as evidence, its holders are not candidates", r.opt.MaxHolders),
		})
	}
	slices.SortFunc(r.res.Skipped, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Value, b.Value))
	})
	r.shared()
}

// shared lists the infrastructure that several members hold, most shared first.
func (r *run) shared() {
	type tally struct {
		h feature.Hash
		n int
	}
	counts := map[key]*tally{}
	add := func(row *feature.Row) {
		for i := range row.Values {
			v := &row.Values[i]
			switch v.Feature {
			case feature.IP, feature.Cert, feature.SPKI, feature.NSSet, feature.Email, feature.Phone, feature.Tracker, feature.Fingerprint, feature.Client:
				k := key{v.Feature, v.Text}
				if counts[k] == nil {
					counts[k] = &tally{h: v.Hash}
				}
				counts[k].n++
			}
		}
	}
	for i := range r.seeds {
		if r.seeds[i].Weight == 1 && r.seeds[i].Row.Unit != "" {
			add(r.seeds[i].Row)
		}
	}
	for i := range r.res.Suspects {
		add(r.res.Suspects[i].candidate.row)
	}
	for k, t := range counts {
		if t.n < 2 {
			continue
		}
		n := r.bg.holding(feature.Key{Feature: k.f, Hash: t.h})
		r.res.Shared = append(r.res.Shared, Shared{k.f, k.text, t.n, n})
	}
	slices.SortFunc(r.res.Shared, func(a, b Shared) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Value, b.Value))
	})
	const most = 12
	r.res.Shared = r.res.Shared[:min(len(r.res.Shared), most)]
}

// Why weighs one entity against another: the ledger that a pivot from a alone
// would give b.
func (e *Engine) Why(ctx context.Context, a, b entity.Entity) (*score.Ledger, error) {
	bg, err := e.mixed()
	if err != nil {
		return nil, err
	}
	m := newMasker(e)
	rows := make([]*feature.Row, 2)
	taken := map[key]noise.Hit{}
	for i, s := range []entity.Entity{a, b} {
		row, err := e.features(ctx, s)
		if err != nil {
			return nil, err
		}
		if row == nil {
			row = &feature.Row{}
		}
		masked, t := m.row(row)
		rows[i] = masked
		maps.Copy(taken, t)
	}
	seed, older := rows[0].Newest(Options{}.withDefaults().MaxValues)
	l := score.NewSet([]score.Seed{{Entity: a, Row: seed, Weight: 1}}, bg, e.Now).Score(rows[1])
	if older > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("of %s only the latest values of each feature were compared, %d older ones were not", a.Key, older))
	}
	for k, h := range taken {
		l.Notes = append(l.Notes, fmt.Sprintf("%s %s does not count: %s (%s)", k.f, k.text, h.Class.Says(), h.List))
	}
	slices.Sort(l.Notes)
	return l, bg.err
}
