package obs

import (
	"cmp"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Basis says on which ground a statement rests.
type Basis uint8

// The bases. Their numbers are part of the stored form.
const (
	Sensor   Basis = 1 // seen by a passive sensor
	Zone     Basis = 2 // in a zone file
	Probe    Basis = 3 // asked actively
	Declared Basis = 4 // validity of a certificate, dates of a registration
	Listed   Basis = 5 // on a list when it was fetched
	Logged   Basis = 6 // in a certificate transparency log
	Asserted Basis = 7 // a report says so
)

var basisNames = []string{"", "sensor", "zone", "probe", "declared", "listed", "logged", "asserted"}

// String returns the basis' name.
func (b Basis) String() string { return nameAt(basisNames, int(b)) }

// TLP is the Traffic Light Protocol 2.0 level of a statement, in rising order,
// so that clearance is a comparison. The zero value is Amber: what nobody marked
// stays inside the organisation.
type TLP uint8

// The levels.
const (
	Amber TLP = iota // the default
	Clear
	Green
	AmberStrict
	Red
	// TLPUnset is for importers: nobody said anything yet. It must be settled
	// before a statement is stored (importer.Input.Origin makes it Amber).
	TLPUnset
)

var (
	tlpNames = []string{Amber: "AMBER", Clear: "CLEAR", Green: "GREEN", AmberStrict: "AMBER+STRICT", Red: "RED", TLPUnset: ""}
	tlpRank  = []int{Amber: 2, Clear: 0, Green: 1, AmberStrict: 3, Red: 4, TLPUnset: 2}
)

// TLPLevels is the number of levels.
const TLPLevels = 5

// String returns the level's name, without "TLP:".
func (t TLP) String() string { return nameAt(tlpNames, int(t)) }

// Rank returns 0 for Clear to 4 for Red.
func (t TLP) Rank() int { return tlpRank[min(int(t), len(tlpRank)-1)] }

// Allows reports whether a reader with clearance t may see something marked m.
func (t TLP) Allows(m TLP) bool { return m.Rank() <= t.Rank() }

// Stricter returns the stricter of two levels; TLPUnset says nothing.
func (t TLP) Stricter(u TLP) TLP {
	if t == TLPUnset || u != TLPUnset && u.Rank() > t.Rank() {
		return u
	}
	return t
}

// PAP is the Permissible Actions Protocol level: what may be done with it.
type PAP uint8

// The levels; unset means that nobody said.
const (
	PAPUnset PAP = iota
	PAPClear
	PAPGreen
	PAPAmber
	PAPRed
)

var papNames = []string{"", "CLEAR", "GREEN", "AMBER", "RED"}

// String returns the level's name, without "PAP:", or "".
func (p PAP) String() string { return nameAt(papNames, int(p)) }

// Redistribution says to whom a source lets us pass its statements.
type Redistribution uint8

// The kinds of redistribution.
const (
	RedistributeUnset Redistribution = iota
	RedistributeNone
	RedistributeInternal
	RedistributeAttribution
	RedistributeFree
)

var redistributionNames = []string{"", "none", "internal", "attribution", "free"}

// String returns the name, or "" if unset.
func (r Redistribution) String() string { return nameAt(redistributionNames, int(r)) }

// Handling says what may be done with a statement. It is part of the identity
// of a stored row: a GREEN and an AMBER sighting of one thing never merge.
type Handling struct {
	TLP            TLP
	PAP            PAP
	Licence        string
	Redistribution Redistribution
	NonCommercial  bool // commercial use is not allowed
	Personal       bool // holds personal data
	RetainUntil    Time // zero: no limit
}

// CountKind says how the counts of one origin combine.
type CountKind uint8

// The kinds of counts.
const (
	Increment  CountKind = iota // sightings since the last statement: they add up
	Cumulative                  // sightings ever: the latest statement holds
)

var countKindNames = []string{"increment", "cumulative"}

// String returns the name.
func (c CountKind) String() string { return nameAt(countKindNames, int(c)) }

// Quality says how far a count can be trusted.
type Quality uint8

// The qualities. Numbers are part of the stored form.
const (
	Exact Quality = iota
	LowerBound
	Sampled
)

var qualityNames = []string{"exact", "lower-bound", "sampled"}

// String returns the name.
func (q Quality) String() string { return nameAt(qualityNames, int(q)) }

// Origin is what many observations of one source share: who says so, on which
// ground, in which measure, and under which terms. It is comparable; stores
// intern it, and every stored row belongs to exactly one.
type Origin struct {
	Source      string // stable id, such as "dnsdb" or "zeek"
	Sensor      string // which of the source's sensors; may be empty
	Lineage     string // upstream source, so that two resellers don't count twice
	Basis       Basis
	Granularity Granularity
	CountKind   CountKind
	Quality     Quality
	CountUnit   string // "" means sightings
	Gap         int64  // seconds between sightings that still belong together; see DefaultGap
	Handling    Handling
}

// DefaultGap returns the gap rule of a basis in seconds: two sightings of a
// passive sensor belong together when at most two days lie between them. Lists,
// zones, declarations and assertions have no gap rule.
func DefaultGap(b Basis) int64 {
	if b == Sensor || b == Probe {
		return 2 * 86400
	}
	return 0
}

// MaxOriginText is how long source, sensor, lineage and licence may be, in octets.
const MaxOriginText = 200

// Validate refuses an origin that names no source or no basis.
func (o *Origin) Validate() error {
	switch {
	case o == nil || o.Source == "":
		return fault.New(fault.Invalid, "source is missing")
	case max(len(o.Source), len(o.Sensor), len(o.Lineage), len(o.Handling.Licence)) > MaxOriginText:
		return fault.New(fault.Invalid, "source, sensor, lineage or licence is longer than %d octets", MaxOriginText)
	case !utf8.ValidString(o.Source) || !utf8.ValidString(o.Sensor) || !utf8.ValidString(o.Lineage) || !utf8.ValidString(o.Handling.Licence) || !utf8.ValidString(o.CountUnit):
		return fault.New(fault.Invalid, "source, sensor, lineage, licence or unit of counts is no UTF-8")
	case o.Basis == 0 || int(o.Basis) >= len(basisNames):
		return fault.New(fault.Invalid, "basis is missing or unknown")
	case int(o.Granularity) >= len(granularityNames) || int(o.CountKind) >= len(countKindNames) || int(o.Quality) >= len(qualityNames):
		return fault.New(fault.Invalid, "granularity, kind or quality of counts is unknown")
	case int(o.Handling.PAP) >= len(papNames) || int(o.Handling.Redistribution) >= len(redistributionNames):
		return fault.New(fault.Invalid, "PAP level or kind of redistribution is unknown")
	case o.Handling.RetainUntil < minTime || o.Handling.RetainUntil > maxTime:
		return fault.New(fault.Invalid, "it must be kept until a time outside the years 1 to 9999")
	case o.Handling.TLP >= TLPUnset:
		return fault.New(fault.Invalid, "TLP level is not settled")
	case o.Gap < 0:
		return fault.New(fault.Invalid, "gap rule is negative")
	}
	return nil
}

func nameAt(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

// lookup returns the index of name among names; kind is what the error calls it.
func lookup[T ~uint8](names []string, name, kind string) (T, error) {
	for i, n := range names {
		if n == name && n != "" {
			return T(i), nil
		}
	}
	return 0, fault.New(fault.Invalid, "%.40q is no %s", name, kind).Hinted("known: %s", list(names))
}

func list(names []string) (s string) {
	for _, n := range names {
		if n == "" {
			continue
		}
		if s != "" {
			s += ", "
		}
		s += n
	}
	return s
}

// Compare orders origins by all their fields, so that answers come in the same
// order from every store.
func (o *Origin) Compare(p *Origin) int {
	return cmp.Or(
		cmp.Compare(o.Source, p.Source), cmp.Compare(o.Sensor, p.Sensor), cmp.Compare(o.Basis, p.Basis),
		cmp.Compare(o.Lineage, p.Lineage), cmp.Compare(o.Granularity, p.Granularity),
		cmp.Compare(o.CountKind, p.CountKind), cmp.Compare(o.Quality, p.Quality), cmp.Compare(o.CountUnit, p.CountUnit),
		cmp.Compare(o.Gap, p.Gap), o.Handling.compare(&p.Handling))
}

func (h *Handling) compare(k *Handling) int {
	return cmp.Or(
		cmp.Compare(h.TLP.Rank(), k.TLP.Rank()), cmp.Compare(h.PAP, k.PAP), cmp.Compare(h.Licence, k.Licence),
		cmp.Compare(h.Redistribution, k.Redistribution), compareBool(h.NonCommercial, k.NonCommercial),
		compareBool(h.Personal, k.Personal), cmp.Compare(h.RetainUntil, k.RetainUntil))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
