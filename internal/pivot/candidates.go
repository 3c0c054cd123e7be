package pivot

import (
	"cmp"
	"context"
	"slices"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/score"
)

// candidates names whoever could reach the threshold, the most promising first. It
// drops nobody else, unless a limit says so: each step bounds from above what a
// name's values can add, and the next knows more of fewer names.
//
//  1. The holders of the seeds' values are gathered, the most telling values first,
//     until all that is left could not carry a name over the threshold by itself
//     (MaxScore: Turtle and Flood 1995).
//  2. The other values' holders are looked at too, while that is cheap: they add
//     nobody, but tell more of those who are there.
//  3. Of whom this leaves, the index tells all the values that he shares.
func (r *run) candidates(ctx context.Context, set *score.Set) ([]string, error) {
	l, err := r.leads(set)
	if err != nil {
		return nil, err
	}
	found, err := r.gather(ctx, l)
	if err != nil {
		return nil, err
	}
	hopes, err := r.weigh(ctx, set, l, found)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(hopes, func(a, b hope) int { return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.id, b.id)) })
	var names []string
	for i, h := range hopes {
		if len(names) == r.opt.MaxCandidates {
			r.cut("candidates that share less", len(hopes)-i, "MaxCandidates")
			break
		}
		name, err := r.Names.Name(h.id)
		if err != nil {
			return nil, err
		}
		if !r.units[name] { // the seeds share everything with themselves
			names = append(names, name)
		}
	}
	return names, nil
}

// hope is a candidate with the most that it can reach.
type hope struct {
	id   uint32
	bits float64
}

// gathered is who holds what, as far as it was followed.
type gathered struct {
	slot map[uint32]int // of each name in best
	best []groups
	rest groups // what any name may add by values that were not followed
}

func (g *gathered) of(id uint32) *groups {
	i, ok := g.slot[id]
	if !ok {
		i = len(g.best)
		g.slot[id] = i
		g.best = append(g.best, groups{})
	}
	return &g.best[i]
}

// refinePostings is how many holders are read to learn more of candidates: each
// costs about a hundredth of asking for one candidate's values.
const refinePostings = 50_000

// gather reads the holders of the leads.
func (r *run) gather(ctx context.Context, l *leads) (*gathered, error) {
	g := &gathered{slot: map[uint32]int{}, rest: l.start()}
	read := 0
	for i := range l.follow {
		lead := &l.follow[i]
		if l.fixed+g.rest.sum() < r.res.Threshold.Float() {
			return g, r.refine(ctx, l.follow[i:], g)
		}
		if read == r.opt.MaxPostings {
			r.cut("holders of "+lead.Feature.String()+" "+lead.text, int(lead.df), "MaxPostings")
			continue
		}
		left := int(lead.df)
		err := r.Names.Holders(ctx, lead.Key, func(id uint32, most feature.Strength) bool {
			read++
			left--
			g.of(id).raise(lead.group, min(lead.bits, most.Bits()))
			return read < r.opt.MaxPostings
		})
		if err != nil {
			return nil, err
		}
		if left > 0 {
			r.cut("holders of "+lead.Feature.String()+" "+lead.text, left, "MaxPostings")
			continue // whoever was found by another value may hold this one too
		}
		if read < r.opt.MaxPostings {
			g.rest[lead.group] = lead.rest
		}
	}
	return g, nil
}

// refine reads holders of further leads, whose holders are candidates only if they
// hold another value too.
func (r *run) refine(ctx context.Context, rest []lead, g *gathered) error {
	read := 0
	for i := range rest {
		lead := &rest[i]
		if read += int(lead.df); read > refinePostings {
			return nil
		}
		err := r.Names.Holders(ctx, lead.Key, func(id uint32, most feature.Strength) bool {
			if slot, ok := g.slot[id]; ok {
				g.best[slot].raise(lead.group, min(lead.bits, most.Bits()))
			}
			return true
		})
		if err != nil {
			return err
		}
		g.rest[lead.group] = lead.rest
	}
	return nil
}

// weigh asks the index for all that the names share with the seeds.
func (r *run) weigh(ctx context.Context, set *score.Set, l *leads, found *gathered) ([]hope, error) {
	need := r.res.Threshold.Float() - l.fixed
	var ids []uint32
	for id, slot := range found.slot {
		if found.best[slot].over(&found.rest) >= need {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids) // as the index keeps them
	var hopes []hope
	for i, id := range ids {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		best := l.unseen
		err := r.Names.Shares(id, l.keys, func(i, among int, most feature.Strength) {
			v := &l.values[i]
			bits := v.bits
			if among > score.Crowd && v.Feature != feature.Gram {
				bits = max(0, set.MostBits(v.Feature, v.Hash, among))
			}
			best.raise(v.group, min(bits, most.Bits()))
		})
		if err != nil {
			return nil, err
		}
		if bits := best.sum(); bits >= need {
			hopes = append(hopes, hope{id, bits})
		}
	}
	return hopes, nil
}
