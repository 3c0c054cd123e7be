// Package feature is the vocabulary of what registered names have in common:
// addresses, name servers, contacts, certificates, the shape of the name, each
// value with its time and the rows behind it.
//
// The unit is the registrable name, with everything below it: habits belong to
// whoever registers a name, not to a host. The room is pure values: it knows
// neither where features are read nor how they are counted or scored.
package feature

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"github.com/spoor-cti/spoor/internal/obs"
)

// Feature is a kind of value that a name can have. The numbers are part of the
// stored form of the index: raise index.SchemaVersion when they change.
type Feature uint8

// The features. A name can have several values of most.
const (
	IP          Feature = 1
	Net         Feature = 2 // /24, IPv6 /48
	ASN         Feature = 3
	NSSet       Feature = 4 // the latest set of name servers, sorted, with blanks between
	NSDomain    Feature = 5 // registrable names of the name servers
	MX          Feature = 6 // registrable names of the mail exchangers
	SOA         Feature = 7 // contact in the SOA record
	Cert        Feature = 8
	SPKI        Feature = 9
	Issuer      Feature = 10
	Validity    Feature = 11 // of the latest certificate, in days
	Registrar   Feature = 12
	Org         Feature = 13
	Person      Feature = 14
	Email       Feature = 15
	MailDomain  Feature = 16
	Phone       Feature = 17
	Country     Feature = 18
	TLD         Feature = 19
	Shape       Feature = 20 // letters, digits and hyphens of the label, see shape
	Gram        Feature = 21 // five characters of the label, see grams
	Title       Feature = 22
	Server      Feature = 23
	Redirect    Feature = 24 // registrable name that it redirects to
	Fingerprint Feature = 25 // favicon, jarm, header hashes and others, as "type:value"
	Tracker     Feature = 26
	Label       Feature = 27 // what reports call it
	Client      Feature = 28 // files, apps and malware that talk to it
	TXT         Feature = 29 // text records
	CNAME       Feature = 30 // registrable name that it is an alias of

	// Pairs of a child with its parent, for conditional counts.
	RegistrarOrg      Feature = 40
	RegistrarPerson   Feature = 41
	RegistrarPhone    Feature = 42
	RegistrarCountry  Feature = 43
	RegistrarNSDomain Feature = 44
	NSDomainSOA       Feature = 45
	ASNIssuer         Feature = 46
	ASNServer         Feature = 47
	IssuerValidity    Feature = 48

	// Tuples for the joint cap, by the finest address level that is shared.
	JointIP       Feature = 60 // registrar, NS domain, IP, TLD, server
	JointNet      Feature = 61
	JointASN      Feature = 62
	JointShortIP  Feature = 63 // registrar, NS domain, IP
	JointShortNet Feature = 64
	JointShortASN Feature = 65

	// Created is no value but a moment; it is here so that a term can name it.
	Created Feature = 80
)

var names = map[Feature]string{
	IP: "ip", Net: "net", ASN: "asn", NSSet: "ns-set", NSDomain: "ns-domain", MX: "mx", SOA: "soa-contact",
	Cert: "certificate", SPKI: "key", Issuer: "issuer", Validity: "validity", Registrar: "registrar", Org: "organisation",
	Person: "person", Email: "email", MailDomain: "mail-domain", Phone: "phone", Country: "country", TLD: "tld",
	Shape: "name-shape", Gram: "name-gram", Title: "title", Server: "server", Redirect: "redirect",
	Fingerprint: "fingerprint", Tracker: "tracker", Label: "reported-as", Client: "client", TXT: "txt", CNAME: "cname",
	RegistrarOrg: "registrar+organisation", RegistrarPerson: "registrar+person", RegistrarPhone: "registrar+phone",
	RegistrarCountry: "registrar+country", RegistrarNSDomain: "registrar+ns-domain", NSDomainSOA: "ns-domain+soa-contact",
	ASNIssuer: "asn+issuer", ASNServer: "asn+server", IssuerValidity: "issuer+validity",
	JointIP: "joint-ip", JointNet: "joint-net", JointASN: "joint-asn",
	JointShortIP: "joint-short-ip", JointShortNet: "joint-short-net", JointShortASN: "joint-short-asn",
	Created: "created",
}

// String returns the feature's name, as it stands in a term.
func (f Feature) String() string {
	if s, ok := names[f]; ok {
		return s
	}
	return "unknown"
}

// Pairs lists the child with its parent for each pair feature.
var Pairs = map[Feature]struct{ Parent, Child Feature }{
	RegistrarOrg: {Registrar, Org}, RegistrarPerson: {Registrar, Person}, RegistrarPhone: {Registrar, Phone},
	RegistrarCountry: {Registrar, Country}, RegistrarNSDomain: {Registrar, NSDomain}, NSDomainSOA: {NSDomain, SOA},
	ASNIssuer: {ASN, Issuer}, ASNServer: {ASN, Server}, IssuerValidity: {Issuer, Validity},
}

// Hash identifies a value of a feature in counts and postings. It is the head of
// a SHA-256: an adversary chooses many of these values.
type Hash uint64

// HashOf returns the hash of a value; a pair or tuple has several parts.
func HashOf(f Feature, parts ...string) Hash {
	var buf [192]byte
	b := append(buf[:0], byte(f))
	for _, p := range parts {
		b = append(b, p...)
		b = append(b, 0)
	}
	sum := sha256.Sum256(b)
	return Hash(binary.BigEndian.Uint64(sum[:8]))
}

// Key names a value, pair, tuple or gram of a feature in counts and postings.
type Key struct {
	Feature Feature
	Hash    Hash
}

// KeyOf returns the key of a value; a pair or tuple has several parts.
func KeyOf(f Feature, parts ...string) Key { return Key{f, HashOf(f, parts...)} }

// Compare orders keys by feature, then hash: the order of an indexed row.
func (k Key) Compare(l Key) int {
	if k.Feature != l.Feature {
		return cmp.Compare(k.Feature, l.Feature)
	}
	return cmp.Compare(k.Hash, l.Hash)
}

// Value is one value that a name has.
type Value struct {
	Feature  Feature
	Text     string // canonical; what people see
	Hash     Hash
	Spans    []Span   // when it held, in order; empty: no source gave a time
	Reliable float64  // of the most reliable source that says so, below 1
	Lineages int      // distinct upstream sources that say so
	Among    int      // how many values of the feature the name has, this one included
	Rows     []RowRef // the rows behind it
}

// Certainty is the probability that what the value's sources say is right: of
// independent sources that agree, up to three count.
func (v *Value) Certainty() float64 {
	if v.Lineages > 1 {
		return 1 - math.Pow(1-v.Reliable, float64(min(v.Lineages, 3)))
	}
	return v.Reliable
}

// Strength bounds in quarters of a bit what sharing a value can be worth, by the
// certainty of who says so. Zero means that there is no bound.
type Strength uint8

// Bits returns the bound, +Inf if there is none.
func (s Strength) Bits() float64 {
	if s == 0 {
		return math.Inf(1)
	}
	return float64(s) / 4
}

// weaker returns the weaker of two bounds, the greater one.
func (s Strength) weaker(t Strength) Strength {
	if s == 0 || t == 0 {
		return 0
	}
	return max(s, t)
}

// strength returns the bound of a value. What a report calls a name is weighed by
// other rules.
func (v *Value) strength() Strength {
	q := math.Ceil(4 * math.Log2(1/(1-v.Certainty())))
	if v.Feature == Label || !(q > 0 && q < math.MaxUint8) {
		return 0
	}
	return Strength(q)
}

// Span is a stretch of time, both ends included.
type Span struct{ First, Last obs.Time }

// RowRef points at the row that says so.
type RowRef struct {
	obs.Edge
	RRType obs.RRType
	Source string
	First  obs.Time
	Last   obs.Time
}

// Row is what is known of one unit.
type Row struct {
	Unit       string
	Rows       int      // rows that were read
	Values     []Value  // sorted by feature, then text; pairs and tuples are not among them
	Created    obs.Time // of the registration; zero: unknown
	CreatedRow *RowRef
	Levels     Levels // of the rows that were read; if Cut, there may be others
	Cut        bool   // the name has more rows than were read
}

// Levels is a set of TLP levels, by their rank.
type Levels [obs.TLPLevels]bool

// Add puts a level into the set.
func (l *Levels) Add(t obs.TLP) { l[t.Rank()] = true }

// Of returns the values of one feature.
func (r *Row) Of(f Feature) []Value {
	lo := 0
	for lo < len(r.Values) && r.Values[lo].Feature < f {
		lo++
	}
	hi := lo
	for hi < len(r.Values) && r.Values[hi].Feature == f {
		hi++
	}
	return r.Values[lo:hi]
}

// Newest returns the row with at most n values of each feature, those that were seen
// last, and how many that leaves out. Among still counts them.
func (r *Row) Newest(n int) (row *Row, older int) {
	out := *r
	out.Values = make([]Value, 0, len(r.Values))
	for rest := r.Values; len(rest) > 0; {
		of := (&Row{Values: rest}).Of(rest[0].Feature)
		rest = rest[len(of):]
		if len(of) > n {
			of = slices.Clone(of)
			slices.SortStableFunc(of, func(a, b Value) int { return cmp.Compare(b.last(), a.last()) })
			of = of[:n]
			slices.SortFunc(of, func(a, b Value) int { return cmp.Compare(a.Text, b.Text) })
		}
		out.Values = append(out.Values, of...)
	}
	return &out, len(r.Values) - len(out.Values)
}

// Has reports whether the feature was observed.
func (r *Row) Has(f Feature) bool { return len(r.Of(f)) > 0 }
