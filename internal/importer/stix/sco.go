package stix

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// sco reads a cyber-observable object. It asserts nothing by standing in the
// input: only what it says of others is stated, and what the user says of all.
func (d *decoder) sco(o *object) error {
	self := ref{keyOf(o.id), observable}
	if err := d.observable(o, self); err != nil {
		return err
	}
	for _, l := range d.in.Labels {
		d.claim(self, claim{statement: &statement{mark: obs.TLPUnset}, label: l, ends: obs.TLPUnset})
	}
	return nil
}

// observable reads what an observable is, and defines it.
func (d *decoder) observable(o *object, self ref) error {
	is := node{role: observable, mark: d.marks.of(o), lineage: d.lineage(o)}
	var err error
	switch o.typ {
	case "domain-name":
		err = d.domain(o, self, &is)
	case "ipv4-addr", "ipv6-addr":
		err = d.address(o, self, &is)
	case "url":
		err = valued(o, &is, web)
	case "email-addr":
		err = valued(o, &is, mailbox)
	case "file":
		err = file(o, &is)
	case "autonomous-system":
		err = d.system(o, &is)
	case "network-traffic":
		err = traffic(o, &is)
	case "x509-certificate":
		err = d.certificate(o, &is)
	}
	if err != nil {
		return err
	}
	d.define(self, is)
	return nil
}

// valued reads an object that is its member value.
func valued(o *object, is *node, read reader) error {
	v, err := o.need("value")
	if err != nil {
		return err
	}
	e, err := read(v)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member value")
	}
	e.Key = strings.Clone(e.Key) // it is remembered, and what stands around it must not be
	is.things = []thing{{Entity: e}}
	return nil
}

func (d *decoder) domain(o *object, self ref, is *node) error {
	if err := valued(o, is, host); err != nil {
		return err
	}
	d.states(o, is, obs.Resolves, self, "resolves_to_refs")
	return nil
}

func (d *decoder) address(o *object, self ref, is *node) error {
	if err := valued(o, is, address); err != nil {
		return err
	}
	d.states(o, is, obs.AnnouncedBy, self, "belongs_to_refs")
	return nil
}

// states adds what an object says of those that a member refers to. It gives no
// time; when it was observed, observed data tells.
func (d *decoder) states(o *object, is *node, relation obs.Relation, self ref, member string) {
	s := &statement{mark: is.mark, lineage: is.lineage}
	for _, to := range o.refs(member) {
		if to.role != observable || !d.remember() {
			continue
		}
		if is.extra == nil {
			is.extra = &extra{}
		}
		is.extra.states = append(is.extra.states, link{s, relation, self, to})
	}
}

// file reads the hashes by which a file is known.
func file(o *object, is *node) error {
	hashes := o.object("hashes")
	if hashes == nil {
		return nil
	}
	for _, algorithm := range slices.Sorted(maps.Keys(hashes.members)) {
		e, ok, err := digest(algorithm, hashes.text(algorithm))
		if err != nil {
			o.note("hashes", fault.Wrap(err, fault.Invalid, "%.20s", algorithm))
		}
		if ok {
			is.things = append(is.things, thing{Entity: e})
		}
	}
	return nil
}

func (d *decoder) system(o *object, is *node) error {
	v, ok := o.members["number"]
	if !ok {
		return fault.New(fault.Invalid, "member number is missing")
	}
	e, err := asn(strings.Trim(string(v.Raw), `"`))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member number")
	}
	is.things = []thing{{Entity: e}}
	if name := o.name(); name != "" {
		if org, err := entity.New(entity.Org, name); err == nil {
			d.pair(&statement{mark: is.mark, lineage: is.lineage}, obs.TLPUnset, obs.AllocatedTo, e, org)
		}
	}
	return nil
}

// traffic reads who talked to whom. The traffic itself is no thing.
func traffic(o *object, is *node) error {
	from, to := o.ref("src_ref"), o.ref("dst_ref")
	if from.role != observable || to.role != observable {
		return nil
	}
	s := &statement{mark: is.mark, lineage: is.lineage, exact: true}
	s.first, s.last = o.time("start"), o.time("end")
	if v, ok := o.members["dst_port"]; ok {
		if port, err := v.Int(); err == nil {
			s.attrs = append(s.attrs, obs.Attribute{Name: "port", Value: strconv.FormatInt(port, 10)})
		} else {
			o.note("dst_port", err)
		}
	}
	if all := o.texts("protocols"); len(all) > 0 {
		s.attrs = append(s.attrs, obs.Attribute{Name: "protocol", Value: importer.Cut(strings.Join(all, " "), 100)})
	}
	is.extra = &extra{states: []link{{s, obs.CommunicatesWith, from, to}}}
	return nil
}
