// Package obs is the one kind of record that every source becomes: "source S
// says that SUBJECT relates to OBJECT, and that this was true in this interval",
// with its ground, its count, what may be done with it, and when we learned it.
// Everything else in spoor is a view of these records.
//
// The room is pure: values, their rules and their NDJSON form. It must not know
// of files, stores or clocks; times are handed in.
package obs

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// Flags are what must be said of an observation's interval or record.
type Flags uint8

// The flags. Their values are part of the stored form.
const (
	OpenEnded  Flags = 1 << iota // it still held when it was stated
	FirstBound                   // it may have begun before First (a look-back limit)
	LastBound                    // it may have ended after or before Last: only a bound is known
	Untrusted                    // outside the bailiwick of the server that said so
)

// State tells what is known of an attribute's value. A redacted or failed value
// is a state, never a value: it must not become an entity.
type State uint8

// The states. Their numbers are part of the stored form.
const (
	Present         State = iota
	Absent                // the source says that there is none
	Redacted              // withheld, and the source says so (RFC 9537)
	RedactedByGuess       // looks withheld
	ProxyService          // a privacy or proxy service stands in
	ThinRegistry          // this registry does not hold it
	Unparsed              // there is something that we can't read
)

var stateNames = []string{"present", "absent", "redacted", "redacted-by-guess", "proxy-service", "thin-registry", "unparsed"}

// String returns the state's name.
func (s State) String() string { return nameAt(stateNames, int(s)) }

// ParseState reads a state's name.
func ParseState(s string) (State, error) { return lookup[State](stateNames, s, "attribute state") }

// Attribute is a named property of one observation.
type Attribute struct {
	Name   string
	State  State
	Value  string // only if State is Present
	Reason string // of a state other than Present, as the source words it
}

// Edge names one edge, whatever sources say of it.
type Edge struct {
	Subject  entity.Entity
	Relation Relation
	Object   entity.Entity
}

// Observation is one statement of one source. First and Last are inclusive;
// both unknown means that the source gives no time. The Origin is shared and
// must not be changed once handed on.
type Observation struct {
	Subject  entity.Entity
	Relation Relation
	Object   entity.Entity
	RRType   RRType

	First, Last Time
	Flags       Flags
	HasCount    bool   // a count that nobody gave is unknown, not zero
	Count       uint64 // in the origin's unit
	HasTTL      bool
	TTL         uint32 // seconds
	Bailiwick   string // closest enclosing zone of the answering server, canonical; "" if unknown
	Attributes  []Attribute

	Recorded Time // when we learned it: the second clock
	Origin   *Origin
}

// futureSlack is how far a sensor's clock may run ahead of ours, in seconds.
const futureSlack = 2 * 86400

// Validate refuses what must not be stored, with the reason: a triple that the
// relation does not allow, times that run backwards or lie in the future, a
// missing origin. now is the present, for the future check.
func (o *Observation) Validate(now Time) error {
	if err := o.Origin.Validate(); err != nil {
		return err
	}
	if err := o.Relation.Check(o.Subject.Kind, o.Object.Kind); err != nil {
		return err
	}
	if o.Subject.Key == "" || o.Object.Key == "" {
		return fault.New(fault.Invalid, "subject or object is empty")
	}
	return o.validateTimes(now)
}

func (o *Observation) validateTimes(now Time) error {
	first, last := o.First, o.Last
	switch {
	case first < minTime || last < minTime || first > maxTime || last > maxTime || o.Recorded < minTime:
		return fault.New(fault.Invalid, "a time lies outside the years 1 to 9999")
	case first.Known() && last.Known() && first > last:
		return fault.New(fault.Invalid, "first %s lies after last %s", first, last)
	case o.Recorded > now+futureSlack:
		return fault.New(fault.Invalid, "recorded %s lies in the future", o.Recorded)
	case o.Origin.Basis != Declared && (first > now+futureSlack || last > now+futureSlack):
		return fault.New(fault.Invalid, "it claims to have been seen in the future, at %s", max(first, last))
	}
	return nil
}

// Normalize puts the record into its one form: a single known time stands for
// both, and the other end becomes a bound; attributes are sorted by name; a
// declared end in the year 9999 means open-ended (RFC 5280 section 4.1.2.5). It
// changes the attributes in place.
func (o *Observation) Normalize() {
	switch {
	case o.First.Known() && !o.Last.Known():
		o.Last = o.First
		o.Flags |= LastBound
	case o.Last.Known() && !o.First.Known():
		o.First = o.Last
		o.Flags |= FirstBound
	}
	if o.Origin != nil && o.Origin.Basis == Declared && o.Last > maxTime-366*86400 {
		o.Flags |= OpenEnded
	}
	for i := range o.Attributes {
		a := &o.Attributes[i]
		a.Name, a.Value, a.Reason = text(a.Name), text(a.Value), text(a.Reason)
	}
	if len(o.Attributes) > 1 {
		slices.SortStableFunc(o.Attributes, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	}
}

// text is s as UTF-8, the only text that the NDJSON form can hold.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
