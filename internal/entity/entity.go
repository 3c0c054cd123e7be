// Package entity names the things that spoor relates: domains, addresses,
// certificates, registrants and so on. An Entity is a kind and a canonical key,
// and two spellings of one thing always give one key, from every input route.
//
// The room is pure: no clock, no disk, no network. It must not know of
// observations, sources or stores; it may use the IDNA tables and the Public
// Suffix List.
package entity

import (
	"strings"
	"unicode"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Kind is the type of an entity. The numbers are part of the stored form: they
// are never reused or reordered.
type Kind uint8

// The kinds, with the canonical form of their keys.
const (
	Unknown     Kind = 0
	Domain      Kind = 1  // any DNS name: A-labels, lower case, no trailing dot (RFC 5890, RFC 1035 5.1 escapes)
	IP          Kind = 2  // netip text form: IPv4-mapped IPv6 unmapped, zone removed
	Prefix      Kind = 3  // netip.Prefix, masked
	ASN         Kind = 4  // decimal number
	Cert        Kind = 5  // SHA-256 of the TBSCertificate without poison and SCT list; or an alias (see CertAlias)
	SPKI        Kind = 6  // SHA-256 of the SubjectPublicKeyInfo
	Email       Kind = 7  // local@domain, folded
	Phone       Kind = 8  // E.164 where it can be told, else digits
	Person      Kind = 9  // folded name
	Org         Kind = 10 // folded name
	Registrar   Kind = 11 // "iana:ID" or folded name
	URL         Kind = 12 // scheme and host canonical, default port removed
	Fingerprint Kind = 13 // "type:value", for example "jarm:…", "title:…"
	Tracker     Kind = 14 // analytics identifier, upper case
	SSHKey      Kind = 15 // "SHA256:base64" or "md5:hex"
	FileHash    Kind = 16 // lower hex
	Label       Kind = 17 // "type:folded name": actor, campaign, malware, report, tag
	List        Kind = 18 // folded name of a list
)

var kindNames = [...]string{
	Unknown: "unknown", Domain: "domain", IP: "ip", Prefix: "prefix", ASN: "asn",
	Cert: "cert", SPKI: "spki", Email: "email", Phone: "phone", Person: "person",
	Org: "org", Registrar: "registrar", URL: "url", Fingerprint: "fingerprint",
	Tracker: "tracker", SSHKey: "sshkey", FileHash: "filehash", Label: "label", List: "list",
}

// Kinds lists every kind in the order of their numbers.
func Kinds() []Kind {
	out := make([]Kind, 0, len(kindNames)-1)
	for k := Domain; int(k) < len(kindNames); k++ {
		out = append(out, k)
	}
	return out
}

// String returns the kind's name as it stands before the colon in "domain:a.example".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// KindOf returns the kind with that name, and whether there is one.
func KindOf(name string) (Kind, bool) {
	for k := Domain; int(k) < len(kindNames); k++ {
		if kindNames[k] == name {
			return k, true
		}
	}
	return Unknown, false
}

// Entity is the typed, canonical name of one thing. The zero Entity names nothing.
// Make one with New, Parse or a decoder; a literal must already hold a canonical key.
type Entity struct {
	Kind Kind
	Key  string
}

// IsZero reports whether e names nothing.
func (e Entity) IsZero() bool { return e.Kind == Unknown }

// String returns "kind:key", the machine form, which Parse reads back.
func (e Entity) String() string { return e.Kind.String() + ":" + e.Key }

// New canonicalises raw as a thing of the given kind. The error (code Invalid)
// says what is wrong with raw.
func New(kind Kind, raw string) (Entity, error) {
	canon, ok := canonicals[kind]
	if !ok {
		return Entity{}, fault.New(fault.Invalid, "kind %d is unknown", kind)
	}
	key, err := canon(raw)
	if err != nil {
		return Entity{}, fault.Wrap(err, fault.Invalid, "%s %s", kind, quote(raw))
	}
	return Entity{kind, key}, nil
}

// canonicals maps each kind to the function that makes its canonical key.
var canonicals = map[Kind]func(string) (string, error){
	Domain: canonDomain, IP: canonIP, Prefix: canonPrefix, ASN: canonASN,
	Cert: canonCert, SPKI: canonSPKI, Email: canonEmail, Phone: canonPhone,
	Person: canonName, Org: canonName, Registrar: canonRegistrar, URL: canonURL,
	Fingerprint: canonFingerprint, Tracker: canonTracker, SSHKey: canonSSHKey,
	FileHash: canonFileHash, Label: canonLabel, List: canonName,
}

// Parse reads "kind:value" in any pasted form, or guesses the kind of a bare
// value (see Guess) and takes the likeliest reading.
func Parse(s string) (Entity, error) {
	s = strings.TrimSpace(s)
	if name, value, ok := strings.Cut(s, ":"); ok {
		if kind, ok := KindOf(strings.ToLower(name)); ok {
			e, err := New(kind, value)
			if kind.isText() || err == nil && e.Key == value {
				return e, err // a text, or a key as String writes it: nothing to refang
			}
			return New(kind, Refang(value))
		}
	}
	if all := Guess(s); len(all) > 0 {
		return all[0], nil
	}
	return Entity{}, fault.New(fault.Invalid, "%s is not an indicator we know", quote(s)).
		Hinted("say its kind, for example domain:%s, or see `spoor help entities`", shorten(s, 40))
}

// isText reports whether values of the kind are words of people, in which
// brackets and quotation marks mean themselves.
func (k Kind) isText() bool {
	switch k {
	case Person, Org, Registrar, Fingerprint, Label, List:
		return true
	}
	return false
}

// quote shows untrusted text in an error: short, and without control characters.
func quote(s string) string {
	const most = 80
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		if i > most {
			b.WriteString("…")
			break
		}
		if unicode.IsControl(r) || isBidi(r) {
			b.WriteRune('\uFFFD')
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

func shorten(s string, most int) string {
	r := []rune(s)
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// isBidi reports whether r steers the direction of text, which could make a
// name look like another one on a terminal.
func isBidi(r rune) bool {
	return r == 0x061c || r == 0x200e || r == 0x200f || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
}
