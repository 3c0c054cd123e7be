package stix

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// relationships are the types that become observations. What they say depends on
// what stands at their ends.
var relationships = map[string]func(d *decoder, s *statement, from, to ref){
	"indicates":         (*decoder).attribute,
	"attributed-to":     (*decoder).attribute,
	"related-to":        (*decoder).associate,
	"uses":              (*decoder).use,
	"consists-of":       (*decoder).use,
	"based-on":          func(d *decoder, _ *statement, from, to ref) { d.gather(from, to) },
	"communicates-with": (*decoder).communicate,
	"beacons-to":        (*decoder).communicate,
	"exfiltrates-to":    (*decoder).communicate,
	"resolves-to":       relate(obs.Resolves),
	"belongs-to":        relate(obs.AnnouncedBy),
}

// relationship reads a relationship object.
func (d *decoder) relationship(o *object) error {
	typ, err := o.need("relationship_type")
	if err != nil {
		return err
	}
	for _, name := range []string{"source_ref", "target_ref"} {
		if _, err := o.need(name); err != nil {
			return err
		}
	}
	say := relationships[typ]
	from, to := o.ref("source_ref"), o.ref("target_ref")
	if say == nil || from.role == none || to.role == none {
		return nil
	}
	s := &statement{mark: d.marks.of(o), lineage: d.lineage(o), attrs: []obs.Attribute{{Name: "relationship", Value: typ}}}
	s.first, s.last = o.time("start_time"), o.time("stop_time")
	if s.exact = s.known(); !s.exact {
		s.span = bound(o.time("created"))
	}
	say(d, s, from, to)
	return nil
}

// attribute reports the source under the label of the target.
func (d *decoder) attribute(s *statement, from, to ref) {
	if to.role == named {
		d.settle(link{s, obs.ReportedAs, from, to})
	}
}

// use reports the target under the label of the source: the malware that an actor
// uses, the address of which an infrastructure consists.
func (d *decoder) use(s *statement, from, to ref) {
	if from.role != named {
		from, to = to, from // an indicator "uses" malware
	}
	if from.role == named {
		d.settle(link{s, obs.ReportedAs, to, from})
	}
}

// associate reports a thing under the label at the other end. Two labels that are
// merely related are no more than that.
func (d *decoder) associate(s *statement, from, to ref) {
	if (from.role == named) != (to.role == named) {
		d.use(s, from, to)
	}
}

// communicate says that something talks to a host; an infrastructure has no host
// of its own, and is reported under what talks to it.
func (d *decoder) communicate(s *statement, from, to ref) {
	if to.role == named {
		d.use(s, from, to)
		return
	}
	d.settle(link{s, obs.CommunicatesWith, from, to})
}

func relate(relation obs.Relation) func(*decoder, *statement, ref, ref) {
	return func(d *decoder, s *statement, from, to ref) { d.settle(link{s, relation, from, to}) }
}

// pair makes the observation that two things are related, if they are of kinds
// for which the relation makes sense.
func (d *decoder) pair(s *statement, ends obs.TLP, relation obs.Relation, from, to entity.Entity) {
	o := obs.Observation{Subject: from, Relation: relation, Object: to, Attributes: s.attrs}
	switch {
	case relation == obs.Resolves:
		o.RRType = recordType(to)
	case relation == obs.AnnouncedBy && from.Kind == entity.IP:
		whole, err := hostPrefix(from)
		if err != nil || to.Kind != entity.ASN {
			return
		}
		d.emit(obs.Observation{Subject: from, Relation: obs.InPrefix, Object: whole, Attributes: s.attrs}, s, ends, s.lineage)
		o.Subject = whole
	}
	if relation.Check(o.Subject.Kind, o.Object.Kind) == nil && o.Subject != o.Object {
		d.emit(o, s, ends, s.lineage)
	}
}

// recordType is the type of the record by which a domain resolves to something.
func recordType(to entity.Entity) obs.RRType {
	switch {
	case to.Kind != entity.IP:
		return obs.TypeCNAME
	case strings.Contains(to.Key, ":"):
		return obs.TypeAAAA
	}
	return obs.TypeA
}

// hostPrefix is the prefix of a single address: STIX tells to which AS an address
// belongs, but not by which prefix.
func hostPrefix(addr entity.Entity) (entity.Entity, error) {
	bits := "/32"
	if strings.Contains(addr.Key, ":") {
		bits = "/128"
	}
	return entity.New(entity.Prefix, addr.Key+bits)
}
