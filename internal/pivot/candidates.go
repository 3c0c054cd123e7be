package pivot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/score"
)

// lead is a value of the seeds whose holders are candidates.
type lead struct {
	f    feature.Feature
	h    feature.Hash
	text string
	df   int64
	bits float64 // the most that sharing it can add
}

// candidates names what shares values with the seeds, the most promising first:
// the rarest values are followed first, until the bounds are reached. A name that
// could not reach the threshold even if it shared everything else is dropped.
func (r *run) candidates(ctx context.Context, set *score.Set) ([]string, error) {
	leads, rest, err := r.leads(set)
	if err != nil {
		return nil, err
	}
	hopes := map[uint32]float64{}
	read := 0
	for _, l := range leads {
		left := int(l.df)
		if read < r.opt.MaxPostings {
			err := r.Names.Holders(ctx, l.f, l.h, func(id uint32) bool {
				read++
				left--
				hopes[id] += l.bits
				return read < r.opt.MaxPostings
			})
			if err != nil {
				return nil, err
			}
		}
		if left > 0 {
			r.cut("holders of "+l.f.String()+" "+l.text, left, "MaxPostings")
			rest += l.bits // who was found by another value may hold this one too
		}
	}
	threshold := r.res.Threshold.Float() - rest
	ids := make([]uint32, 0, len(hopes))
	for id, bits := range hopes {
		if bits >= threshold {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uint32) int { return cmp.Or(cmp.Compare(hopes[b], hopes[a]), cmp.Compare(a, b)) })
	var names []string
	for i, id := range ids {
		if len(names) == r.opt.MaxCandidates {
			r.cut("candidates that share less", len(ids)-i, "MaxCandidates")
			break
		}
		name, err := r.Names.Name(id)
		if err != nil {
			return nil, err
		}
		if !r.units[name] { // the seeds share everything with themselves
			names = append(names, name)
		}
	}
	return names, nil
}

// leads lists the values to follow, rarest first, and what everything else that
// the seeds have could add at most, with the prior.
func (r *run) leads(set *score.Set) (leads []lead, rest float64, err error) {
	most := map[feature.Feature]float64{} // of features that can't be followed
	set.Held(func(f feature.Feature, h feature.Hash, text string) {
		bits := max(0, set.MostBits(f, h))
		if f == feature.TLD || f == feature.Shape || !r.Names.Posted(f) || strings.HasPrefix(text, coarsePrefix) {
			most[f] = max(most[f], bits)
			return
		}
		df, _, e := r.Names.Count(f, h)
		if e != nil && err == nil {
			err = e
		}
		if df > int64(r.opt.MaxHolders) {
			most[f] = max(most[f], bits)
			r.common[key{f, text}] = df
			return
		}
		leads = append(leads, lead{f, h, text, df, bits})
	})
	set.SharedGrams(func(g string) {
		h := feature.HashOf(feature.Gram, g)
		df, _, e := r.Names.Count(feature.Gram, h)
		if e != nil && err == nil {
			err = e
		}
		if df <= int64(r.opt.MaxHolders) {
			leads = append(leads, lead{feature.Gram, h, g, df, 0})
		}
	})
	for _, f := range slices.Sorted(maps.Keys(most)) {
		rest += most[f]
	}
	rest += createdBits + gramBits + set.Prior()
	slices.SortFunc(leads, func(a, b lead) int {
		return cmp.Or(cmp.Compare(a.df, b.df), cmp.Compare(a.f, b.f), cmp.Compare(a.h, b.h))
	})
	return leads, rest, err
}

// What the moment of registration and the name can add at most to a candidate.
const (
	createdBits = 10
	gramBits    = 12
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
		n, _, err := r.Names.Count(k.f, feature.HashOf(k.f, k.text))
		if err != nil {
			r.bg.err = err
		}
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
		n, _, err := r.Names.Count(k.f, t.h)
		if err != nil {
			r.bg.err = err
		}
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
	l := score.NewSet([]score.Seed{{Entity: a, Row: rows[0], Weight: 1}}, bg, e.Now).Score(rows[1])
	for k, h := range taken {
		l.Notes = append(l.Notes, fmt.Sprintf("%s %s does not count: %s (%s)", k.f, k.text, h.Class.Says(), h.List))
	}
	slices.Sort(l.Notes)
	return l, bg.err
}
