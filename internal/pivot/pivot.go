// Package pivot goes from a few known-bad indicators to the names that belong with
// them: it gathers candidates that share values with the seeds, reads their
// features from the store, scores each with reasons, and says what it did not
// follow and why.
//
// Noise acts first: a value of a content network, a parking service or a privacy
// contact is masked before anything is counted. The room decides and explains; it
// asks only small readers that it is handed, and must not know of engines or of
// how answers are shown.
package pivot

import (
	"context"
	"strings"

	"github.com/spoor-cti/spoor/internal/collect"

	"github.com/spoor-cti/spoor/internal/background"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/score"
	"github.com/spoor-cti/spoor/internal/store"
)

// Names is what the engine asks of an index of registered names. Counts and
// holders say what was ever held, at the clearance of whoever asks.
type Names interface {
	// Holding returns how many names hold the value, Observed for how many the
	// feature was observed.
	Holding(k feature.Key) (int64, error)
	Observed(f feature.Feature) (int64, error)
	// Names returns how many names there are.
	Names() (int64, error)
	// Holders yields the numbers of names that hold the value, and a bound of what
	// sharing it with them is worth, until yield returns false; Name returns the name
	// of a number.
	Holders(ctx context.Context, k feature.Key, yield func(id uint32, most feature.Strength) bool) error
	Name(id uint32) (string, error)
	// Posted reports whether Holders knows the feature.
	Posted(f feature.Feature) bool
	// Shares yields the position of each wanted value (sorted by feature, then hash)
	// that the name held, how many values of that feature it has at least, and the
	// bound.
	Shares(id uint32, wanted []feature.Key, yield func(i, among int, most feature.Strength)) error
}

// Engine answers pivots over one store in one view. Noise and Table may be nil: then
// no value is masked, and only the store's own counts are the background.
type Engine struct {
	Reader store.Reader
	Names  Names
	Units  collect.Units
	Noise  *noise.Pack
	Table  *background.Table
	Now    obs.Time
}

// Options bound a pivot. The zero value of each means its default.
type Options struct {
	Hops          int        // rounds: 1 scores what shares a value with the seeds; default 2
	Threshold     score.Bits // default score.Show, with fewer than three seeds score.FewSeeds
	MaxHolders    int        // a value that more names hold is not followed; default 10,000
	MaxPostings   int        // holders read in one round; default 300,000
	MaxCandidates int        // names read and scored in one round; default 3,000
	MaxValues     int        // values of one feature that a seed lends, the latest; default 64
}

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Hops, 2)
	def(&o.MaxHolders, 10_000)
	def(&o.MaxPostings, 300_000)
	def(&o.MaxCandidates, 3_000)
	def(&o.MaxValues, 64)
	return o
}

// Suspect is a name that belongs with the seeds, with its reasons.
type Suspect struct {
	Entity      entity.Entity
	Bits        score.Bits
	Hops        int // in which round it was found
	Terms       []score.Term
	Notes       []string
	First, Last obs.Time // of everything seen of it
	Listed      []noise.Hit
	candidate   *candidate
}

// Skipped is a value that was not followed.
type Skipped struct {
	Entity  entity.Entity // zero if the value names no entity
	Feature feature.Feature
	Value   string
	Class   noise.Class // None: too common
	List    string      // which list says so
	Members int64       // names that hold it
	Why     string
}

// Cut counts what a limit left out.
type Cut struct {
	What  string
	Count int
	Limit string // the option that set it
}

// SeedNote says what became of a seed.
type SeedNote struct {
	Entity entity.Entity
	Known  bool   // the store has features of it
	Note   string // empty if there is nothing to say
}

// Shared is a piece of infrastructure that several members hold.
type Shared struct {
	Feature feature.Feature
	Value   string
	Members int
	Names   int64 // in the whole store
}

// Result is the answer to a pivot.
type Result struct {
	Seeds      []SeedNote
	Suspects   []Suspect // best first
	Skipped    []Skipped // by members, most first
	Cuts       []Cut
	Shared     []Shared
	Threshold  score.Bits
	Candidates int // names that were read and scored
	Rounds     int
	Names      int64 // in the store
	FewSeeds   bool
}

// background mixes the store's counts with the table of pseudo-names.
type mixed struct {
	names    Names
	table    *background.Table
	total    float64
	counts   map[feature.Key]int64 // that were asked for
	observed map[feature.Feature]int64
	err      error // the first failure; counting goes on with zero
}

func (e *Engine) mixed() (*mixed, error) {
	n, err := e.Names.Names()
	if err != nil {
		return nil, err
	}
	return &mixed{
		names: e.Names, table: e.Table, total: max(float64(n), background.Names),
		counts: map[feature.Key]int64{}, observed: map[feature.Feature]int64{},
	}, nil
}

// holding returns how many names of the store hold a value.
func (m *mixed) holding(k feature.Key) int64 {
	return recall(m, m.counts, k, m.names.Holding)
}

// seen returns for how many names of the store the feature was observed.
func (m *mixed) seen(f feature.Feature) int64 {
	return recall(m, m.observed, f, m.names.Observed)
}

// recall asks for a number once.
func recall[K comparable](m *mixed, known map[K]int64, k K, ask func(K) (int64, error)) int64 {
	n, ok := known[k]
	if !ok {
		var err error
		if n, err = ask(k); err != nil && m.err == nil {
			m.err = err
		}
		known[k] = n
	}
	return n
}

// Count adds the pseudo-names to the store's: they were observed in every feature.
func (m *mixed) Count(f feature.Feature, h feature.Hash, parts ...string) (holding, observed float64) {
	hold, seen := m.holding(feature.Key{Feature: f, Hash: h}), m.seen(f)
	holding, observed = float64(hold), float64(seen)
	if len(parts) == 1 && strings.HasPrefix(parts[0], coarsePrefix) {
		return m.coarse(f, strings.TrimPrefix(parts[0], coarsePrefix), holding, observed)
	}
	if m.table != nil {
		if len(parts) > 0 && f != feature.Created {
			holding += m.table.Count(f.String(), parts...)
		}
		observed += background.Names
	}
	if own := float64(seen) + unseen; provided(f) && float64(hold)*observed > holding*own {
		return float64(hold), own
	}
	return holding, observed
}

// unseen is how many names without the value stand beside the store's own when its
// share is taken from them alone: of three names nothing follows.
const unseen = 100

// provided reports whether a feature's values come from providers with many
// customers. What is common in the store is then common, though the table doesn't
// know it: a store of two hundred names of one country would else find its
// registrar rare. What an actor has for himself (address, key, mail address) stays
// rare however much of him a store holds.
func provided(f feature.Feature) bool {
	switch f {
	case feature.Registrar, feature.Org, feature.Country, feature.TLD, feature.Shape, feature.Issuer, feature.Validity, feature.Server,
		feature.NSDomain, feature.SOA, feature.MX, feature.MailDomain, feature.ASN, feature.Net:
		return true
	}
	return f >= feature.RegistrarOrg && f <= feature.IssuerValidity
}

// parkedShare is the part of all names that one large parking service holds: what
// the store has seen of it is never more rare than that.
const parkedShare = 0.01

// coarse counts the names behind a class' value: those that the store knows under
// the service's name or network, and the service's share of all others.
func (m *mixed) coarse(f feature.Feature, service string, holding, observed float64) (float64, float64) {
	under := f
	if f == feature.IP {
		under = feature.Net
	}
	return holding + float64(m.holding(feature.KeyOf(under, service))) + parkedShare*background.Names, observed + background.Names
}

// Names returns how many names there are, at least a million.
func (m *mixed) Names() float64 { return m.total }
