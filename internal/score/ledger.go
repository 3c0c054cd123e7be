// Package score weighs evidence: how much more likely a name's features are if it
// belongs with the seeds than if it is any name. Every piece of evidence is a
// term in bits, and the terms add up to the score, exactly.
//
// The method is Bayesian sets (Ghahramani and Heller 2005) over features of
// registered names, with the corrections that make the number honest: one term for
// nested values (ladders), conditional terms for default values (parents), time,
// the reliability of sources, and a cap on what one bundled product can be worth
// (joint cap). Formulas and constants: docs/scoring.md.
//
// The room is pure: the same seeds, candidate and background give the same ledger.
// It must not know of stores or of what is asked next.
package score

import (
	"math"
	"strconv"

	"github.com/spoor-cti/spoor/internal/feature"
)

// Bits is an amount of evidence in thousandths of a bit: whole numbers, so that
// the terms that people see add up to the score that they see.
type Bits int64

// FromFloat rounds to thousandths; what is not finite becomes zero.
func FromFloat(f float64) Bits {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return Bits(math.Round(f * 1000))
}

// Float returns the amount in bits.
func (b Bits) Float() float64 { return float64(b) / 1000 }

// String writes the amount with one decimal and its sign.
func (b Bits) String() string {
	s := strconv.FormatFloat(b.Float(), 'f', 1, 64)
	if b >= 0 {
		return "+" + s
	}
	return s
}

// MarshalJSON writes the amount as a number with three decimals.
func (b Bits) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, b.Float(), 'f', 3, 64), nil
}

// Probability returns 1/(1+2^-b), the probability that a score means.
func (b Bits) Probability() float64 { return 1 / (1 + math.Exp2(-b.Float())) }

// Term is one piece of evidence.
type Term struct {
	Name  string // the feature, or "prior", "name", "created", "joint"
	Value string // the value that is shared, or the candidate's own where none is
	Bits  Bits
	Why   string // in words, with the numbers behind it
	Class string // class of the value, if a list gives one

	Shared   float64 // seeds (by weight) that have the value
	Seeds    float64 // seeds for which the feature was observed
	Holding  float64 // names that hold the value, of Observed
	Observed float64
	Rows     []feature.RowRef // what says so of the candidate
}

// Ledger is the account of one candidate.
type Ledger struct {
	Bits  Bits
	Terms []Term // the prior first, then by size
	Notes []string
}

// Probability returns the score as a probability.
func (l *Ledger) Probability() float64 { return l.Bits.Probability() }

// Shares reports whether any term says that the candidate shares something with
// the seeds.
func (l *Ledger) Shares() bool {
	for _, t := range l.Terms {
		if t.Shared > 0 {
			return true
		}
	}
	return false
}
