package eve

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// dns reads a dns event. Version 1 logs one answer an event; version 2 and 3 have
// a list of answers with their owners, or, grouped by type, without.
func (d *decoder) dns(e *event) error {
	m := members(e.body)
	if m == nil {
		return fault.New(fault.Invalid, "member dns is missing")
	}
	if typ := m["type"].Scalar(); typ != "answer" && typ != "response" {
		return nil // a question states nothing
	}
	name, typ, err := question(m)
	if err != nil {
		return err
	}
	if strings.EqualFold(m["rcode"].Scalar(), "NXDOMAIN") {
		if !name.IsZero() {
			d.emit(obs.Observation{Subject: name, Relation: obs.NotExist, Object: importer.NXDomain, RRType: typ})
		}
		return nil
	}
	return d.sections(m, name)
}

// question reads what was asked: of version 3 the first of the queries.
func question(m map[string]jsonl.Value) (name entity.Entity, typ obs.RRType, err error) {
	if q, ok := m["queries"]; ok {
		for v := range q.Elements() {
			m = members(v)
			break
		}
	}
	rrname := m["rrname"].Scalar()
	if rrname == "" {
		return name, 0, nil
	}
	if name, err = importer.Entity(entity.Domain, "member rrname", rrname); err != nil {
		return name, 0, err
	}
	if t, terr := obs.ParseRRType(m["rrtype"].Scalar()); terr == nil {
		typ = t
	}
	return name, typ, nil
}

func (d *decoder) sections(m map[string]jsonl.Value, name entity.Entity) error {
	var failed error
	keep := func(err error) {
		if err != nil && failed == nil {
			failed = err
		}
	}
	exact := false
	for _, s := range []struct {
		member    string
		untrusted bool
	}{{"answers", false}, {"authorities", false}, {"additionals", true}} {
		v, ok := m[s.member]
		if !ok {
			continue
		}
		exact = exact || s.member == "answers"
		for rr := range v.Elements() {
			keep(d.record(members(rr), s.untrusted))
		}
	}
	if exact {
		return failed
	}
	if g, ok := m["grouped"]; ok && !name.IsZero() {
		keep(d.grouped(name, g))
	} else if _, ok := m["rdata"]; ok {
		keep(d.record(m, false)) // version 1
	}
	return failed
}

// record reads one resource record with its owner.
func (d *decoder) record(m map[string]jsonl.Value, untrusted bool) error {
	if m == nil {
		return fault.New(fault.Invalid, "a record is no object")
	}
	owner, err := importer.Entity(entity.Domain, "member rrname", m["rrname"].Scalar())
	if err != nil {
		return err
	}
	typ, err := obs.ParseRRType(m["rrtype"].Scalar())
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member rrtype")
	}
	data := m["rdata"].Scalar()
	if soa := members(m["soa"]); soa != nil {
		data = soa["mname"].Scalar() + " " + soa["rname"].Scalar() + " " + soa["serial"].Scalar()
	}
	if srv := members(m["srv"]); srv != nil {
		data = srv["priority"].Scalar() + " " + srv["weight"].Scalar() + " " + srv["port"].Scalar() + " " + srv["name"].Scalar()
	}
	if data == "" {
		return nil // a type that Suricata doesn't print
	}
	s, ok, err := rdata.Map(owner, typ, data)
	if err != nil || !ok {
		return fault.Wrap(err, fault.Invalid, "member rdata")
	}
	o := obs.Observation{Subject: s.Subject, Relation: s.Relation, Object: s.Object, RRType: typ, Attributes: s.Attributes}
	if ttl, err := m["ttl"].Int(); err == nil && ttl >= 0 && ttl <= 1<<31 {
		o.HasTTL, o.TTL = true, uint32(ttl)
	}
	if untrusted {
		o.Flags |= obs.Untrusted
	}
	d.emit(o)
	return nil
}

// grouped reads answers that lost their owners: what came through a chain of
// aliases belongs to the asked name only by way of it.
func (d *decoder) grouped(name entity.Entity, g jsonl.Value) error {
	var failed error
	for typeName, list := range members(g) {
		typ, err := obs.ParseRRType(typeName)
		if err != nil {
			continue
		}
		for v := range list.Elements() {
			s, ok, err := rdata.Map(name, typ, v.Scalar())
			if err != nil {
				failed = fault.Wrap(err, fault.Invalid, "member grouped")
				continue
			}
			if !ok || s.Object.Kind == entity.Email {
				continue
			}
			if s.Relation == obs.Resolves && s.Object.Kind != entity.Fingerprint {
				s.Relation = obs.ResolvesVia
			}
			d.emit(obs.Observation{Subject: s.Subject, Relation: s.Relation, Object: s.Object, RRType: typ, Attributes: s.Attributes})
		}
	}
	return failed
}
