package misp

import (
	"encoding/json"
	"strconv"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/cert"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// object is a MISP object: attributes that belong together, by a template.
type object struct {
	Name      string          `json:"name"`
	Deleted   flag            `json:"deleted"`
	First     json.RawMessage `json:"first_seen"`
	Last      json.RawMessage `json:"last_seen"`
	Attribute []attribute     `json:"Attribute"`
}

// victims are templates that describe who was attacked.
var victims = map[string]bool{"victim": true, "corporate-asset": true, "person": true, "employee": true, "organization": true, "legal-entity": true}

// all returns the values of an object relation.
func (o *object) all(relations ...string) (out []string) {
	for _, rel := range relations {
		for i := range o.Attribute {
			if a := &o.Attribute[i]; a.Relation == rel && !bool(a.Deleted) {
				out = append(out, text(a.Value))
			}
		}
	}
	return out
}

func (o *object) one(relations ...string) string {
	if all := o.all(relations...); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (o *object) time(relations ...string) obs.Time { return moment(o.one(relations...)) }

// object reads an object: how its parts relate, and which of them are indicators.
func (r *reading) object(raw json.RawMessage) error {
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return fault.Wrap(err, fault.Invalid, "couldn't read the object")
	}
	if bool(o.Deleted) || victims[o.Name] {
		return nil
	}
	if o.Name == "" {
		return fault.New(fault.Invalid, "member name is missing")
	}
	tags := make([][]tag, 0, len(o.Attribute))
	for i := range o.Attribute {
		tags = append(tags, o.Attribute[i].Tag)
	}
	r.begin(o.First, o.Last, tags...)
	if t := o.time("first-seen", "first_seen"); t.Known() {
		r.first = t
	}
	if t := o.time("last-seen", "last_seen"); t.Known() {
		r.last = t
	}
	if read := objects[o.Name]; read != nil {
		read(r, &o)
	}
	for i := range o.Attribute {
		if a := &o.Attribute[i]; !bool(a.Deleted) {
			r.value(a)
		}
	}
	return r.failed
}

// objects are the templates whose parts relate in a way that spoor knows.
var objects = map[string]func(*reading, *object){
	"domain-ip": (*reading).domainIP, "passive-dns": (*reading).passiveDNS, "dns-record": (*reading).dnsRecord,
	"whois": (*reading).whois, "x509": (*reading).x509,
}

func (r *reading) domainIP(o *object) {
	for _, name := range o.all("domain", "hostname") {
		n, ok, err := named("domain", name)
		r.fail(err, "relation domain")
		for _, addr := range o.all("ip") {
			ip, isAddr, err := named("ip-dst", addr)
			r.fail(err, "relation ip")
			if ok && isAddr {
				r.resolve(n, ip)
			}
		}
	}
}

// passiveDNS reads a record in the members of the Common Output Format.
func (r *reading) passiveDNS(o *object) {
	typ, err := obs.ParseRRType(o.one("rrtype"))
	r.fail(err, "relation rrtype")
	if err != nil {
		return
	}
	v := obs.Observation{First: o.time("time_first"), Last: o.time("time_last")}
	if n, err := strconv.ParseUint(o.one("count"), 10, 64); err == nil {
		v.HasCount, v.Count = true, n
	}
	for _, data := range o.all("rdata") {
		r.answer(v, o.one("rrname"), typ, data, obs.Sensor)
	}
}

// answer states one resource record.
func (r *reading) answer(v obs.Observation, rrname string, typ obs.RRType, data string, basis obs.Basis) {
	owner, err := importer.Entity(entity.Domain, "name", rrname)
	if err != nil {
		r.fail(err, "object")
		return
	}
	s, ok, err := rdata.Map(owner, typ, data)
	r.fail(err, "record data")
	if err != nil || !ok {
		return
	}
	v.Subject, v.Relation, v.Object, v.Attributes, v.RRType = s.Subject, s.Relation, s.Object, s.Attributes, typ
	r.state(basis, v)
}

func (r *reading) dnsRecord(o *object) {
	v := obs.Observation{First: r.first, Last: r.last}
	for _, rr := range []struct {
		relation string
		typ      obs.RRType
	}{
		{"a-record", obs.TypeA},
		{"aaaa-record", obs.TypeAAAA},
		{"cname-record", obs.TypeCNAME},
		{"ns-record", obs.TypeNS},
		{"txt-record", obs.TypeTXT},
		{"mx-record", obs.TypeMX},
	} {
		for _, data := range o.all(rr.relation) {
			if rr.typ == obs.TypeMX {
				data = "0 " + data // the template has no preference
			}
			r.answer(v, o.one("queried-domain"), rr.typ, data, obs.Asserted)
		}
	}
}

// whois states who registered a domain, for as long as the registration runs.
func (r *reading) whois(o *object) {
	domain, ok, err := named("domain", o.one("domain"))
	r.fail(err, "relation domain")
	if !ok {
		return
	}
	v := obs.Observation{Subject: domain, First: o.time("creation-date"), Last: o.time("expiration-date")}
	if v.First.Known() && v.Last.Known() && v.First > v.Last {
		v.First, v.Last = 0, 0
	}
	for _, f := range []struct {
		relation string
		rel      obs.Relation
		kind     entity.Kind
	}{
		{"registrar", obs.RegistrarOf, entity.Registrar},
		{"registrant-email", obs.Registrant, entity.Email},
		{"registrant-phone", obs.Registrant, entity.Phone},
		{"registrant-name", obs.Registrant, entity.Person},
		{"registrant-org", obs.Registrant, entity.Org},
		{"nameserver", obs.NS, entity.Domain},
	} {
		for _, value := range o.all(f.relation) {
			e, err := entity.New(f.kind, value)
			r.fail(err, "relation "+f.relation)
			if err == nil {
				v.Relation, v.Object = f.rel, e
				r.state(obs.Declared, v)
			}
		}
	}
}

// x509 states what a certificate says. The strongest digest names it.
func (r *reading) x509(o *object) {
	issuer, subject := cert.GuessName(o.one("issuer")), cert.GuessName(o.one("subject"))
	var is []entity.Entity
	for _, scheme := range []string{"sha256", "sha1", "md5"} {
		if fp := o.one("x509-fingerprint-" + scheme); fp != "" {
			e, err := entity.CertAlias(scheme, fp)
			r.fail(err, "relation x509-fingerprint-"+scheme)
			if err == nil {
				is = append(is, e)
			}
		}
	}
	if e := importer.SerialAlias(issuer.Common(), o.one("serial-number")); !e.IsZero() {
		is = append(is, e)
	}
	if len(is) == 0 {
		return
	}
	v := obs.Observation{Subject: is[0], First: o.time("validity-not-before"), Last: o.time("validity-not-after")}
	if v.First.Known() && v.Last.Known() && v.First > v.Last {
		v.First, v.Last = 0, 0
	}
	add := func(rel obs.Relation, kind entity.Kind, value string) {
		if e, err := entity.New(kind, value); err == nil {
			v.Relation, v.Object = rel, e
			r.state(obs.Declared, v)
		}
	}
	for _, other := range is[1:] {
		add(obs.Alias, entity.Cert, other.Key)
	}
	add(obs.IssuedBy, entity.Org, issuer.Authority())
	if len(subject) > 1 {
		add(obs.HasFingerprint, entity.Fingerprint, "subject:"+subject.String())
	}
	names := o.all("dns_names")
	if cn := subject.Get("CN"); cert.IsHost(cn) {
		names = append(names, cn)
	}
	for i, n := range names {
		if i == 0 || n != names[i-1] {
			add(obs.SAN, entity.Domain, n)
		}
	}
}
