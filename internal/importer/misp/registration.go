package misp

import (
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/cert"
)

// registrationParts are the parts of a whois object that a domain relates to, with
// the types as which they are read.
var registrationParts = []struct {
	part string
	typ  string
	rel  obs.Relation
}{
	{"registrar", "whois-registrar", obs.RegistrarOf},
	{"registrant-email", "whois-registrant-email", obs.Registrant},
	{"registrant-phone", "whois-registrant-phone", obs.Registrant},
	{"registrant-name", "whois-registrant-name", obs.Registrant},
	{"registrant-org", "whois-registrant-org", obs.Registrant},
	{"nameserver", "hostname", obs.NS},
}

// whois states who registered a domain, for as long as the registration runs.
func (r *reading) whois(o *object) {
	runs := r.validity(o, "creation-date", "expiration-date")
	for _, domain := range r.things(o, "domain", "domain") {
		if domain.Kind != entity.Domain {
			continue
		}
		v := obs.Observation{Subject: domain, First: runs.first, Last: runs.last}
		for _, f := range registrationParts {
			for _, e := range r.things(o, f.typ, f.part) {
				v.Relation, v.Object = f.rel, e
				if v.Relation.Check(v.Subject.Kind, v.Object.Kind) == nil { // or a name server is given as an address
					r.add(v, originKey{basis: obs.Declared})
				}
			}
		}
	}
}

// validity reads from when to when something is declared to be valid. A span that
// runs backwards says nothing; such certificates exist.
func (r *reading) validity(o *object, from, to string) span {
	s, err := span{r.time(o, from), r.time(o, to)}.checked()
	if err != nil {
		return span{}
	}
	return s
}

// x509 states what a certificate says. The strongest digest names it, the others
// are its aliases.
func (r *reading) x509(o *object) {
	issuer, subject := name(o, "issuer"), name(o, "subject")
	var is []entity.Entity
	for _, scheme := range []string{"sha256", "sha1", "md5"} {
		part := "x509-fingerprint-" + scheme
		is = append(is, r.things(o, part, part)...)
	}
	if e := importer.SerialAlias(issuer.Common(), o.one("serial-number")); !e.IsZero() {
		is = append(is, e)
	}
	if len(is) == 0 {
		return // what is left names no certificate
	}
	valid := r.validity(o, "validity-not-before", "validity-not-after")
	v := obs.Observation{Subject: is[0], First: valid.first, Last: valid.last}
	add := func(rel obs.Relation, e entity.Entity, attrs ...obs.Attribute) {
		v.Relation, v.Object, v.Attributes = rel, e, attrs
		r.add(v, originKey{basis: obs.Declared})
	}
	for _, other := range is[1:] {
		add(obs.Alias, other)
	}
	if e, err := entity.New(entity.Org, issuer.Authority()); err == nil {
		add(obs.IssuedBy, e, obs.Attribute{Name: "issuer", Value: importer.Cut(issuer.String(), 1000)})
	}
	if len(subject) > 1 { // a lone common name says no more than the name does
		if e, err := entity.New(entity.Fingerprint, "subject:"+subject.String()); err == nil {
			add(obs.HasFingerprint, e)
		}
	}
	seen := map[entity.Entity]bool{}
	for _, names := range []struct {
		field string
		all   []entity.Entity
	}{{"san", r.alternatives(o)}, {"cn", common(subject)}} {
		for _, e := range names.all {
			if !seen[e] {
				seen[e] = true
				add(obs.SAN, e, obs.Attribute{Name: "field", Value: names.field})
			}
		}
	}
}

// alternatives are the names for which a certificate is valid.
func (r *reading) alternatives(o *object) (out []entity.Entity) {
	for _, f := range []struct {
		part string
		kind entity.Kind
	}{{"dns_names", entity.Domain}, {"ip", entity.IP}, {"email", entity.Email}, {"uri", entity.URL}} {
		for _, value := range o.all(f.part) {
			e, err := entity.New(f.kind, entity.Refang(value))
			r.fail(fault.Wrap(err, fault.Invalid, "relation %s", f.part))
			if err == nil {
				out = append(out, e)
			}
		}
	}
	return out
}

// common is the host in a common name, if it is one.
func common(subject cert.Name) []entity.Entity {
	cn := subject.Get("CN")
	if e, err := entity.New(entity.IP, cn); err == nil {
		return []entity.Entity{e}
	}
	if e, err := entity.New(entity.Domain, cn); err == nil && cert.IsHost(cn) {
		return []entity.Entity{e}
	}
	return nil
}

// name reads a distinguished name, which stands there as a whole or in parts.
func name(o *object, whose string) cert.Name {
	if whole := o.one(whose); whole != "" {
		return cert.GuessName(whole)
	}
	var n cert.Name
	for _, part := range []struct{ relation, typ string }{
		{"-common-name", "CN"},
		{"-organizational-unit", "OU"},
		{"-organization", "O"},
		{"-locality", "L"},
		{"-state-or-province-name", "ST"},
		{"-country", "C"},
	} {
		if value := o.one(whose + part.relation); value != "" {
			n = append(n, cert.Attribute{Type: part.typ, Value: value})
		}
	}
	return n
}
