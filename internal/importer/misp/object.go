package misp

import (
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// object is a MISP object: attributes that belong together, by a template.
type object struct {
	name    string
	deleted bool
	attribute
	parts []attribute // without those that are deleted
}

// templates are the objects whose parts relate in a way that spoor knows.
var templates = map[string]func(*reading, *object){
	"domain-ip": (*reading).domainIP, "passive-dns": (*reading).passiveDNS, "dns-record": (*reading).dnsRecord,
	"whois": (*reading).whois, "x509": (*reading).x509, "asn": (*reading).system, "network-connection": (*reading).connection,
}

// victims are templates that describe who was attacked.
var victims = map[string]bool{"victim": true, "corporate-asset": true, "person": true, "employee": true, "organization": true, "legal-entity": true}

// object reads an object: how its parts relate, and which of them are indicators.
// The tags of a part hold for all of it: the parts are one thing.
func (r *reading) object(raw []byte) error {
	o := object{}
	if err := o.read(raw); err != nil {
		return err
	}
	if o.deleted || victims[o.name] {
		return nil
	}
	if o.name == "" {
		return fault.New(fault.Invalid, "member name is missing")
	}
	r.fail(o.bad)
	r.tags = append(r.tags, o.tags...)
	for i := range o.parts {
		r.tags = append(r.tags, o.parts[i].tags...)
	}
	seen := span{r.time(&o, "first-seen", "first_seen"), r.time(&o, "last-seen", "last_seen")}
	r.begin(seen.or(o.own), o.edited)
	if relate := templates[o.name]; relate != nil {
		relate(r, &o)
	}
	whole := r.own
	for i := range o.parts {
		a := &o.parts[i]
		r.begin(a.own.or(whole), a.edited)
		r.value(a)
	}
	return nil
}

// read takes in the members of an object.
func (o *object) read(raw []byte) error {
	var w jsonl.Walker
	w.Reset(raw)
	for w.Next() {
		switch name, v := string(w.Key()), w.Value(); name {
		case "name":
			o.name = o.text(name, v)
		case "deleted":
			o.deleted = flag(v)
		case "first_seen", "last_seen", "timestamp", "Tag":
			o.member(name, v)
		case "Attribute":
			o.readParts(v)
		}
	}
	return fault.Wrap(w.Err(), fault.Invalid, "couldn't read the object")
}

func (o *object) readParts(v jsonl.Value) {
	if v.Kind == jsonl.Null {
		return
	}
	for e := range v.Elements() {
		if e.Kind != jsonl.Object {
			o.note("Attribute", need(e, "an object"))
			continue
		}
		var a attribute
		if err := a.read(e.Raw); err != nil || a.deleted {
			o.note("Attribute", err)
			continue
		}
		o.note("Attribute", a.bad)
		o.parts = append(o.parts, a)
	}
}

// all returns the values of the parts with one of the relations.
func (o *object) all(relations ...string) (out []string) {
	for _, relation := range relations {
		for i := range o.parts {
			if a := &o.parts[i]; a.relation == relation && a.value != "" {
				out = append(out, a.value)
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

// time returns the time in a part of an object, or zero.
func (r *reading) time(o *object, relations ...string) obs.Time {
	t, err := moment(o.one(relations...))
	r.fail(fault.Wrap(err, fault.Invalid, "relation %s", relations[0]))
	return t
}

// things returns what the parts with one of the relations name, read as values of
// a type.
func (r *reading) things(o *object, typ string, relations ...string) (out []entity.Entity) {
	for _, relation := range relations {
		for _, value := range o.all(relation) {
			e, ok, err := named(typ, value)
			r.fail(fault.Wrap(err, fault.Invalid, "relation %s", relation))
			if ok && !slices.Contains(out[max(0, len(out)-100):], e) { // repeated parts stand together
				out = append(out, e)
			}
		}
	}
	return out
}

// domainIP states that every name of the object had every address of it.
func (r *reading) domainIP(o *object) {
	addrs := r.things(o, "ip-dst", "ip")
	for _, name := range r.things(o, "hostname", "domain", "hostname") {
		for _, addr := range addrs {
			if r.more {
				return
			}
			r.resolve(name, addr)
		}
	}
}
