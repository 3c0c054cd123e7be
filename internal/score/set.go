package score

import (
	"cmp"
	"math"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Background tells how common a value is among all names.
type Background interface {
	// Count returns how many names hold the value, of how many for which the
	// feature was observed. parts are the value's texts: of a pair two.
	Count(f feature.Feature, h feature.Hash, parts ...string) (holding, observed float64)
	// Names returns how many names there are, at least a million.
	Names() float64
}

// Seed is a known member, with the features that count (noise already masked).
type Seed struct {
	Entity entity.Entity
	Row    *feature.Row
	Weight float64 // 1 for what an analyst confirmed, less for what a machine accepted
}

// Set is what the seeds have in common. It does not change once made, but it
// caches background counts: one goroutine at a time.
type Set struct {
	seeds  []Seed
	bg     Background
	now    obs.Time
	weight map[feature.Feature]float64                // m: seeds for which a feature was observed
	values map[feature.Feature]map[feature.Hash]*held // n: seeds that have a value
	grams  map[string]float64                         // name grams by weight of seeds
	named  float64                                    // seeds that have a name
	cache  map[feature.Key]count
}

// held is a value that seeds have.
type held struct {
	weight float64 // of the seeds that have it
	mass   float64 // the same, less what it loses among many values of a seed
	text   string
	spans  [][]feature.Span // of each seed that has it
	by     []int            // those seeds
}

type count struct{ holding, observed float64 }

// p0 is the background's probability of the value.
func (c count) p0() float64 { return (c.holding + 0.5) / (c.observed + 1) }

// NewSet takes seeds in, whatever their order. now is the present, for the ages of
// registrations.
func NewSet(seeds []Seed, bg Background, now obs.Time) *Set {
	seeds = slices.Clone(seeds)
	slices.SortStableFunc(seeds, func(a, b Seed) int { // sums of weights must not depend on it
		return cmp.Or(cmp.Compare(a.Entity.Kind, b.Entity.Kind), cmp.Compare(a.Entity.Key, b.Entity.Key))
	})
	s := &Set{
		seeds: seeds, bg: bg, now: now, weight: map[feature.Feature]float64{},
		values: map[feature.Feature]map[feature.Hash]*held{}, grams: map[string]float64{}, cache: map[feature.Key]count{},
	}
	for i := range seeds {
		s.add(i)
	}
	return s
}

func (s *Set) add(i int) {
	seed := &s.seeds[i]
	seen := map[feature.Feature]bool{}
	for k := range seed.Row.Values {
		v := &seed.Row.Values[k]
		if !seen[v.Feature] {
			seen[v.Feature] = true
			s.weight[v.Feature] += seed.Weight
		}
		s.hold(v.Feature, v.Hash, v.Text, v.Spans, i, spread(v.Among))
	}
	for pair, of := range feature.Pairs {
		for _, p := range seed.Row.Of(of.Parent) {
			for _, c := range seed.Row.Of(of.Child) {
				s.hold(pair, feature.HashOf(pair, p.Text, c.Text), c.Text, nil, i, min(spread(p.Among), spread(c.Among)))
			}
		}
	}
	for _, t := range seed.Row.Tuples() {
		s.hold(t.Feature, t.Hash, "", nil, i, 1)
	}
	if seed.Row.Unit != "" {
		s.named += seed.Weight
		for _, g := range feature.Grams(seed.Row.Unit) {
			s.grams[g] += seed.Weight
		}
	}
	if seed.Row.Created.Known() {
		s.weight[feature.Created] += seed.Weight
	}
}

func (s *Set) hold(f feature.Feature, h feature.Hash, text string, spans []feature.Span, seed int, keeps float64) {
	m := s.values[f]
	if m == nil {
		m = map[feature.Hash]*held{}
		s.values[f] = m
	}
	v := m[h]
	if v == nil {
		v = &held{text: text}
		m[h] = v
	}
	v.weight += s.seeds[seed].Weight
	v.mass += s.seeds[seed].Weight * keeps
	v.spans = append(v.spans, spans)
	v.by = append(v.by, seed)
}

// Held calls f for every value that a seed has, pairs and tuples apart: where
// candidates come from.
func (s *Set) Held(f func(f feature.Feature, h feature.Hash, text string)) {
	for feat, values := range s.values {
		if feat >= feature.RegistrarOrg {
			continue
		}
		for h, v := range values {
			f(feat, h, v.text)
		}
	}
}

// SharedGrams calls f for every name gram that at least two seeds have.
func (s *Set) SharedGrams(f func(gram string)) {
	for g, w := range s.grams {
		if w >= 2 {
			f(g)
		}
	}
}

// Weight is the weight of all seeds together.
func (s *Set) Weight() (w float64) {
	for _, seed := range s.seeds {
		w += seed.Weight
	}
	return w
}

// count asks the background once for each value.
func (s *Set) count(f feature.Feature, h feature.Hash, parts ...string) count {
	k := feature.Key{Feature: f, Hash: h}
	c, ok := s.cache[k]
	if !ok {
		c.holding, c.observed = s.bg.Count(f, h, parts...)
		s.cache[k] = c
	}
	return c
}

// MostBits bounds what sharing a value can add to the score of any candidate that
// has at least so many values of the feature.
func (s *Set) MostBits(f feature.Feature, h feature.Hash, among int) float64 {
	v := s.values[f][h]
	if v == nil {
		return 0
	}
	if f == feature.Label {
		return -s.Prior() + 10
	}
	return likelihood(v.mass*spread(among), s.weight[f], alpha[f], s.count(f, h, v.text).p0())
}

// MostGramBits bounds what a gram of the name can add.
func (s *Set) MostGramBits(g string) float64 {
	return likelihood(s.grams[g], s.named, alpha[feature.Gram], s.count(feature.Gram, feature.HashOf(feature.Gram, g), g).p0())
}

// MostCreatedBits bounds what the moment of registration can add.
func (s *Set) MostCreatedBits() float64 {
	if s.weight[feature.Created] == 0 {
		return 0
	}
	return createdBits
}

// Prior is log2 of the share of all names that a cluster is expected to have.
func (s *Set) Prior() float64 { return math.Log2(ExpectedCluster / s.bg.Names()) }

// likelihood is log2 of P(value | member) / P(value), with the seeds' distribution
// smoothed toward the background by weight a (Dirichlet).
func likelihood(n, m, a, p0 float64) float64 { return math.Log2((n + a*p0) / (m + a) / p0) }
