package pivot

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/spoor-cti/spoor/internal/collect"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/score"
)

// Self-training (docs/scoring.md): accepted names become seeds of half weight, at
// most so many in a round, and all of them together at most three times what the
// analyst's seeds weigh.
const (
	machineWeight = 0.5
	machineMost   = 3
	perRound      = 40
)

// run is one pivot under way.
type run struct {
	*Engine
	opt    Options
	bg     *mixed
	mask   *masker
	res    Result
	seeds  []score.Seed
	units  map[string]bool // of the analyst's seeds
	rows   map[string]*candidate
	found  map[string]*Suspect
	taken  map[key]noise.Hit // masked values of the seeds
	common map[key]int64     // values too common to follow, by members
}

// candidate is a name that was read: its features that count, and those that
// were masked.
type candidate struct {
	row   *feature.Row
	taken map[key]noise.Hit
}

// Pivot finds what belongs with the seeds. A seed that says nothing (unknown, a
// content network, a private address) is left out with a note; if no seed says
// anything, the Result is empty, which is no error.
func (e *Engine) Pivot(ctx context.Context, seeds []entity.Entity, opt Options) (*Result, error) {
	bg, err := e.mixed()
	if err != nil {
		return nil, err
	}
	r := &run{
		Engine: e, opt: opt.withDefaults(), bg: bg, mask: newMasker(e), units: map[string]bool{},
		rows: map[string]*candidate{}, found: map[string]*Suspect{}, taken: map[key]noise.Hit{}, common: map[key]int64{},
	}
	if r.res.Names, err = e.Names.Names(); err != nil {
		return nil, err
	}
	if err := r.readSeeds(ctx, seeds); err != nil {
		return nil, err
	}
	if len(r.seeds) > 0 {
		if err := r.rounds(ctx); err != nil {
			return nil, err
		}
	}
	r.finish()
	if bg.err != nil {
		return nil, bg.err
	}
	return &r.res, nil
}

// readSeeds reads the seeds' features. Several hosts of one registered name are
// one seed.
func (r *run) readSeeds(ctx context.Context, seeds []entity.Entity) error {
	others := map[entity.Entity]bool{} // seeds that are no names
	for _, s := range seeds {
		asked := s
		if s.Kind == entity.URL {
			if host, ok := entity.HostOf(s.Key); ok {
				asked = host
			}
		}
		row, note, err := r.seedRow(ctx, asked)
		if err != nil {
			return err
		}
		r.res.Seeds = append(r.res.Seeds, SeedNote{s, row != nil && known(row), note})
		if row == nil {
			continue
		}
		if r.units[row.Unit] || others[asked] {
			continue
		}
		if row.Unit != "" {
			r.units[row.Unit] = true
		} else {
			others[asked] = true
		}
		r.seeds = append(r.seeds, score.Seed{Entity: s, Row: r.lend(s, row), Weight: 1})
	}
	r.res.FewSeeds = len(r.seeds) < 3
	r.res.Threshold = r.opt.Threshold
	if r.res.Threshold == 0 {
		r.res.Threshold = score.Show
		if r.res.FewSeeds {
			r.res.Threshold = score.FewSeeds
		}
	}
	return nil
}

// lend returns what of a seed's row is followed: of each feature the latest values.
func (r *run) lend(seed entity.Entity, row *feature.Row) *feature.Row {
	row, older := row.Newest(r.opt.MaxValues)
	if older > 0 {
		r.cut("older values of the seed "+seed.Key, older, "MaxValues")
	}
	return row
}

func known(row *feature.Row) bool { return row.Rows > 0 || row.Unit == "" && len(row.Values) > 0 }

// seedRow reads one seed; no row means that it can't be used.
func (r *run) seedRow(ctx context.Context, s entity.Entity) (*feature.Row, string, error) {
	if s.Kind == entity.URL {
		return nil, "has no host; not used", nil
	}
	note := ""
	if r.Noise != nil {
		if h, _ := r.Noise.Verdict(s, noise.Itself); h.Class != noise.None {
			note = string(h.Class) + " by " + h.List + ": " + h.Class.Says()
			if h.Class.Effect() == noise.Mask || h.Class == noise.Popular {
				return nil, note + "; not used", nil
			}
		}
	}
	row, err := r.features(ctx, s)
	switch {
	case err != nil:
		return nil, "", err
	case row == nil:
		return nil, "is a public suffix, not a name; not used", nil
	}
	masked, taken := r.mask.row(row)
	maps.Copy(r.taken, taken)
	if row.Unit != "" && row.Rows == 0 {
		return nil, "nothing is stored about it; not used", nil
	}
	if len(masked.Values) == 0 {
		return nil, "says nothing that could be followed; not used", nil
	}
	if row.Unit == "" {
		if !r.held(masked) {
			return nil, "no stored name has it or anything of it; not used", r.bg.err
		}
	}
	return masked, note, nil
}

// held reports whether any name holds a value of the row.
func (r *run) held(row *feature.Row) bool {
	return slices.ContainsFunc(row.Values, func(v feature.Value) bool {
		return r.bg.holding(feature.Key{Feature: v.Feature, Hash: v.Hash}) > 0
	})
}

// features reads the features of an entity: of a domain those of its unit.
func (e *Engine) features(ctx context.Context, s entity.Entity) (*feature.Row, error) {
	if s.Kind != entity.Domain {
		return collect.Other(ctx, e.Reader, s)
	}
	unit, ok := e.Units.Of(s.Key)
	if !ok {
		return nil, nil
	}
	return e.Units.Collect(ctx, e.Reader, unit)
}

// rounds scores, accepts, and scores again from scratch with more seeds.
func (r *run) rounds(ctx context.Context) error {
	confirmed := slices.Clone(r.seeds)
	for hop := 1; hop <= r.opt.Hops; hop++ {
		r.res.Rounds = hop
		before := len(r.seeds)
		if err := r.round(ctx, hop); err != nil {
			return err
		}
		if hop == r.opt.Hops {
			break
		}
		r.seeds = append(slices.Clone(confirmed), r.accepted(len(confirmed), hop)...)
		if len(r.seeds) == before {
			break
		}
	}
	return nil
}

// accepted returns the best suspects as machine seeds.
func (r *run) accepted(confirmed, hop int) []score.Seed {
	list := r.sorted()
	most := min(int(machineMost*float64(confirmed)/machineWeight), perRound*hop)
	var out []score.Seed
	for _, s := range list {
		if s.Bits < score.Accept || len(out) == most {
			break
		}
		out = append(out, score.Seed{Entity: s.Entity, Row: r.lend(s.Entity, s.candidate.row), Weight: machineWeight})
	}
	return out
}

// round scores all candidates of the present seeds.
func (r *run) round(ctx context.Context, hop int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set := score.NewSet(r.seeds, r.bg, r.Now)
	names, err := r.candidates(ctx, set)
	if err != nil {
		return err
	}
	for name := range r.found { // found before: scored again from scratch
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i, name := range names {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if r.units[name] {
			continue
		}
		if err := r.judge(ctx, set, name, hop); err != nil {
			return err
		}
	}
	return nil
}

// judge scores one candidate and keeps it if it reaches the threshold.
func (r *run) judge(ctx context.Context, set *score.Set, name string, hop int) error {
	c := r.rows[name]
	if c == nil {
		full, err := r.Units.Collect(ctx, r.Reader, name)
		if err != nil {
			return fault.Wrap(err, fault.CodeOf(err), "couldn't read %s", name)
		}
		r.res.Candidates++
		c = &candidate{}
		c.row, c.taken = r.mask.row(full)
		r.rows[name] = c
	}
	row := c.row
	if row.Rows == 0 {
		return nil // nothing of it is visible in this view
	}
	s := &Suspect{Entity: entity.Entity{Kind: entity.Domain, Key: name}, Hops: hop, candidate: c}
	set = r.without(set, s.Entity)
	l := set.Score(row)
	s.Bits, s.Terms, s.Notes = l.Bits, l.Terms, l.Notes
	r.counterEvidence(s)
	if row.Cut {
		s.Notes = append(s.Notes, "it has more rows than were read")
	}
	if old := r.found[name]; old != nil {
		s.Hops = old.Hops
	}
	if s.Bits < r.res.Threshold || !l.Shares() {
		delete(r.found, name)
		return nil
	}
	s.First, s.Last = span(row, r.Now)
	r.found[name] = s
	return nil
}

// without returns a set of seeds that lacks e: a name that a machine accepted must
// not vouch for itself.
func (r *run) without(set *score.Set, e entity.Entity) *score.Set {
	i := slices.IndexFunc(r.seeds, func(s score.Seed) bool { return s.Entity == e && s.Weight < 1 })
	if i < 0 {
		return set
	}
	return score.NewSet(slices.Delete(slices.Clone(r.seeds), i, i+1), r.bg, r.Now)
}

// popularBits speaks against a name that half the world visits.
const popularBits score.Bits = -5000

func (r *run) counterEvidence(s *Suspect) {
	if r.Noise == nil {
		return
	}
	best, all := r.Noise.Verdict(s.Entity, noise.Itself)
	s.Listed = all
	if best.Class == noise.Popular {
		s.Terms = append(s.Terms, score.Term{
			Name: "popular", Value: best.Entry, Bits: popularBits, Class: string(best.Class), Why: "stands on " + best.List + ": " + best.Title,
		})
		s.Bits += popularBits
	}
}

// span returns when anything of a name was seen. What is declared reaches into the
// future: of a certificate its beginning counts, of a registration nothing.
func span(row *feature.Row, now obs.Time) (first, last obs.Time) {
	for i := range row.Values {
		v := &row.Values[i]
		if v.Feature == feature.Registrar || v.Feature == feature.Issuer || v.Feature == feature.Validity {
			continue
		}
		for _, sp := range v.Spans {
			if first == 0 || sp.First < first {
				first = sp.First
			}
			if v.Feature == feature.Cert || v.Feature == feature.SPKI {
				sp.Last = sp.First
			}
			last = max(last, min(sp.Last, now))
		}
	}
	return first, max(first, last)
}

func (r *run) sorted() []*Suspect {
	out := make([]*Suspect, 0, len(r.found))
	for _, s := range r.found {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Suspect) int {
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Entity.Key, b.Entity.Key))
	})
	return out
}
