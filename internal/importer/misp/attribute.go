package misp

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

// kinds says what the value of an attribute type names. A type that is not here
// names nothing that spoor relates (a registry key, a comment), or somebody who
// was attacked (email-dst, target-machine).
var kinds = map[string]entity.Kind{
	"domain": entity.Domain, "hostname": entity.Domain, "ip-src": entity.IP, "ip-dst": entity.IP, "ip": entity.IP, "url": entity.URL, "uri": entity.URL,
	"email": entity.Email, "email-src": entity.Email, "email-reply-to": entity.Email, "whois-registrant-email": entity.Email, "dns-soa-email": entity.Email,
	"whois-registrant-phone": entity.Phone, "phone-number": entity.Phone, "whois-registrant-name": entity.Person, "whois-registrant-org": entity.Org,
	"whois-registrar": entity.Registrar, "AS": entity.ASN,
	"md5": entity.FileHash, "sha1": entity.FileHash, "sha224": entity.FileHash, "sha256": entity.FileHash, "sha384": entity.FileHash, "sha512": entity.FileHash,
	"x509-fingerprint-sha256": entity.Cert, "x509-fingerprint-sha1": entity.Cert, "x509-fingerprint-md5": entity.Cert,
	"ja3-fingerprint-md5": entity.Fingerprint, "jarm-fingerprint": entity.Fingerprint, "favicon-mmh3": entity.Fingerprint, "ssh-fingerprint": entity.SSHKey,
}

// prefixes are what stands before the value in an entity's key.
var prefixes = map[string]string{
	"x509-fingerprint-sha256": "sha256:", "x509-fingerprint-sha1": "sha1:", "x509-fingerprint-md5": "md5:",
	"ja3-fingerprint-md5": "ja3:", "jarm-fingerprint": "jarm:", "favicon-mmh3": "favicon:",
}

// named reads a value of a type. ok is false for a type that names nothing.
func named(typ, value string) (e entity.Entity, ok bool, err error) {
	kind, ok := kinds[typ]
	if !ok {
		return e, false, nil
	}
	value = strings.TrimSpace(value)
	switch kind { // the others are written as they are
	case entity.Domain, entity.IP, entity.URL, entity.Email:
		value = entity.Refang(value)
	}
	if typ == "uri" && !strings.Contains(value, "://") {
		return e, false, nil // a path alone
	}
	e, err = entity.New(kind, prefixes[typ]+value)
	if err == nil {
		return e, true, nil
	}
	if kind == entity.IP {
		if p, perr := entity.New(entity.Prefix, value); perr == nil {
			return p, true, nil
		}
	}
	allowed := []entity.Kind{kind}
	if kind == entity.URL || kind == entity.Domain {
		allowed = []entity.Kind{entity.URL, entity.Domain, entity.IP} // people put one for the other
	}
	if len(value) < 8<<10 { // defanged, or with something around it
		if hits := extract.All([]byte(value)); len(hits) == 1 && slices.Contains(allowed, hits[0].Entity.Kind) {
			return hits[0].Entity, true, nil
		}
	}
	return e, false, err
}

// attribute reads an attribute of the event itself.
func (r *reading) attribute(raw json.RawMessage) error {
	var a attribute
	if err := json.Unmarshal(raw, &a); err != nil {
		return fault.Wrap(err, fault.Invalid, "couldn't read the attribute")
	}
	if a.Deleted {
		return nil
	}
	if a.Type == "" {
		return fault.New(fault.Invalid, "member type is missing")
	}
	r.begin(a.First, a.Last, a.Tag)
	if a.Event != nil { // a list of attributes, each with its event
		own := *r.e
		own.tags = append(slices.Clone(own.tags), a.Event.Tag...)
		if own.info = a.Event.Info; !own.date.Known() {
			own.date = moment(text(a.Event.Date))
		}
		r.e = &own
		r.begin(a.First, a.Last, a.Tag)
	}
	r.value(&a)
	return r.failed
}

// value reports what an attribute names, if it is meant for detection: the rest is
// context, such as a lure's honest domain, and no indicator. Where no attribute of
// the event is marked, all of them are taken, and say so. Composite types, as in
// "domain|ip", name more than one thing.
func (r *reading) value(a *attribute) {
	value := text(a.Value)
	types, values := strings.Split(a.Type, "|"), []string{value}
	if len(types) > 1 {
		values = strings.SplitN(value, "|", len(types))
	}
	var found []entity.Entity
	for i, typ := range types {
		if i >= len(values) {
			r.fail(fault.New(fault.Invalid, "%.60q has %d parts, want %d", value, len(values), len(types)), "type "+a.Type)
			break
		}
		e, ok, err := named(typ, values[i])
		r.fail(err, "type "+a.Type)
		if ok {
			found = append(found, e)
		}
	}
	if a.Type == "domain|ip" && len(found) == 2 {
		r.resolve(found[0], found[1])
	}
	if r.e.flagged && !bool(a.ToIDs) {
		return
	}
	var attrs []obs.Attribute
	if !a.ToIDs {
		attrs = []obs.Attribute{{Name: "to_ids", Value: "false"}}
	}
	for _, e := range found {
		r.report(e, attrs...)
		if e.Kind == entity.URL {
			r.hostOf(e)
		}
	}
}

// hostOf reports the host of a URL as well.
func (r *reading) hostOf(u entity.Entity) {
	for _, h := range extract.All([]byte(u.Key)) {
		if h.Entity.Kind == entity.URL && !h.Host.IsZero() {
			r.report(h.Host, obs.Attribute{Name: "via", Value: "url"})
		}
	}
}

// resolve states that a name had an address.
func (r *reading) resolve(name, addr entity.Entity) {
	if name.Kind != entity.Domain || addr.Kind != entity.IP {
		return
	}
	o := obs.Observation{Subject: name, Relation: obs.Resolves, Object: addr, RRType: obs.TypeA, First: r.first, Last: r.last}
	if strings.Contains(addr.Key, ":") {
		o.RRType = obs.TypeAAAA
	}
	r.state(obs.Asserted, o)
}
