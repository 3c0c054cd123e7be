package stix

import (
	"maps"
	"slices"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// sighting reads a sighting: of an indicator, that its things were seen; of
// malware or an actor, that the observed data belongs to it.
func (d *decoder) sighting(o *object) error {
	if _, err := o.need("sighting_of_ref"); err != nil {
		return err
	}
	s := &statement{mark: d.marks.of(o), lineage: d.lineage(o)}
	s.attrs = []obs.Attribute{{Name: "relationship", Value: "sighting"}}
	s.first, s.last = o.time("first_seen"), o.time("last_seen")
	s.count, s.counted = o.count("count")
	if s.exact = s.known(); !s.exact {
		s.flags, s.first = obs.FirstBound|obs.LastBound, o.time("created")
		s.last = s.first
	}
	of := o.ref("sighting_of_ref")
	switch of.role {
	case none:
	case named:
		for _, r := range o.refs("observed_data_refs") {
			d.settle(link{s, obs.ReportedAs, r, of})
		}
	default:
		for _, l := range d.in.Report() {
			d.claim(of, claim{statement: s, label: l, ends: obs.TLPUnset})
		}
	}
	return nil
}

// observedData reads observed data: when, and how often, its objects were seen.
func (d *decoder) observedData(o *object) error {
	when := span{first: o.time("first_observed"), last: o.time("last_observed"), seen: true}
	when.count, when.counted = o.count("number_observed")
	if !when.known() {
		when.first, when.last, when.flags = o.time("created"), o.time("created"), obs.FirstBound|obs.LastBound
	}
	is := node{role: observed, mark: d.marks.of(o), lineage: d.lineage(o), when: &when, extra: &extra{members: []ref{}}}
	for _, r := range o.refs("object_refs") {
		if r.role == observable {
			is.extra.members = append(is.extra.members, r)
		}
	}
	self := ref{keyOf(o.id), observed}
	is.extra.members = append(is.extra.members, d.embedded(o)...)
	d.define(self, is)
	own := &statement{span: when, exact: true, mark: is.mark, lineage: is.lineage}
	d.claim(self, claim{statement: own, ends: obs.TLPUnset})
	for _, l := range d.in.Report() {
		d.claim(self, claim{statement: own, label: l, ends: obs.TLPUnset})
	}
	return nil
}

// embedded reads the objects inside of observed data (STIX 2.0), by their names.
func (d *decoder) embedded(o *object) (members []ref) {
	all := o.object("objects")
	if all == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(all.members)) {
		in := all.object(name)
		if in == nil {
			continue
		}
		in.scope = o.id
		in.typ = in.text("type")
		if roles[in.typ] != observable {
			continue
		}
		self := in.resolve(name)
		if err := d.observable(in, self); err != nil {
			o.note("objects", fault.Wrap(err, fault.Invalid, "%q", importer.Cut(name, 40)))
		}
		members = append(members, self)
	}
	return members
}
