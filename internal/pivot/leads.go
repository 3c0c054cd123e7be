package pivot

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/score"
)

// groups holds bits by group of features: of each group the best value counts.
type groups [score.Groups]float64

func (g *groups) raise(group int, bits float64) { g[group] = max(g[group], bits) }

func (g *groups) sum() (bits float64) {
	for _, b := range g {
		bits += b
	}
	return bits
}

// over is the sum of the greater of both in each group.
func (g *groups) over(h *groups) (bits float64) {
	for i, b := range g {
		bits += max(b, h[i])
	}
	return bits
}

// lead is a value of the seeds.
type lead struct {
	feature.Key
	text  string
	group int
	df    int64   // names that hold it
	bits  float64 // the most that sharing it can add
	rest  float64 // the most that the group can add without it and all leads before it
}

// leads is what the seeds have, as bounds of what others can share.
type leads struct {
	fixed  float64       // the prior, and what the index doesn't tell of anybody
	unseen groups        // of values that the index doesn't know under their name
	values []lead        // all others, by feature and hash
	keys   []feature.Key // of values
	follow []lead        // whose holders are read, most bits first
	common groups        // of values whose holders are not read
}

// start bounds what any name can add before a lead is followed.
func (l *leads) start() groups {
	g := l.common
	for i := range l.values {
		g.raise(l.values[i].group, l.values[i].bits)
	}
	return g
}

// leads lists the seeds' values.
func (r *run) leads(set *score.Set) (*leads, error) {
	l := &leads{fixed: set.Prior() + set.MostCreatedBits()}
	add := func(k feature.Key, text string, bits float64) {
		if bits > 0 {
			l.values = append(l.values, lead{Key: k, text: text, group: score.Group(k.Feature), df: r.bg.holding(k), bits: bits})
		}
	}
	set.Held(func(f feature.Feature, h feature.Hash, text string) {
		bits := set.MostBits(f, h, 1)
		if strings.HasPrefix(text, coarsePrefix) {
			l.unseen.raise(score.Group(f), bits)
			return
		}
		add(feature.Key{Feature: f, Hash: h}, text, bits)
	})
	set.SharedGrams(func(g string) {
		add(feature.KeyOf(feature.Gram, g), g, set.MostGramBits(g))
	})
	slices.SortFunc(l.values, func(a, b lead) int { return a.Compare(b.Key) })
	l.common = l.unseen
	for _, v := range l.values {
		l.keys = append(l.keys, v.Key)
		switch {
		case !r.Names.Posted(v.Feature):
			l.common.raise(v.group, v.bits)
		case v.df > int64(r.opt.MaxHolders):
			l.common.raise(v.group, v.bits)
			if v.Feature != feature.Gram {
				r.common[key{v.Feature, v.text}] = v.df
			}
		default:
			l.follow = append(l.follow, v)
		}
	}
	l.order()
	return l, r.bg.err
}

// order sorts what is followed and notes what each group still holds after it.
func (l *leads) order() {
	slices.SortFunc(l.follow, func(a, b lead) int {
		return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.df, b.df), a.Compare(b.Key))
	})
	rest := l.common
	for i := len(l.follow) - 1; i >= 0; i-- {
		v := &l.follow[i]
		v.rest = rest[v.group]
		rest.raise(v.group, v.bits)
	}
}
