// Package stix reads STIX 2.1 and 2.0: bundles, TAXII envelopes, bare arrays, and
// objects that follow one another, one a line or not. Every object is a record.
//
// The room turns what a bundle claims into observations: which names, addresses,
// certificates and files are reported as which malware, actor, campaign or
// report, and how they relate. It must not know what is done with them, and it
// judges nothing: an indicator of type "benign" is reported as that.
//
// Objects refer to one another in any order, and a bundle may be larger than
// memory. So the input is read once, one object is held at a time, and of each
// only what others may say of it is remembered: its things, its time, its
// marking. A statement is made with the record of the object that completes it.
//
// BUG(stix): a revocation, or a stricter version of an object, does not withdraw
// what an earlier version in the same input said. References to objects that
// are not in the input lead nowhere, without a word.
package stix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "stix", Version: 1, About: "STIX 2.1 and 2.0: bundles, TAXII envelopes, objects one a line", Source: "stix",
	Named: true, Chained: true, Detect: detect, Decode: decode,
}

// detect looks at the first object and at what stands before it.
func detect(h importer.Head) importer.Confidence {
	s := newSplitter(bytes.NewReader(h.Data))
	p, err := s.next()
	header := peek(append(bytes.Clone(s.header), '}'))
	if len(s.header) == 0 && err == nil && p.outer {
		header = peek(p.Raw) // a bundle without objects, or one object
	}
	if strings.HasPrefix(header.id, "bundle--") && (header.typ == "bundle" || header.typ == "") {
		return importer.Certain
	}
	if header.typ == "bundle" {
		return importer.Likely
	}
	if err != nil {
		return importer.No
	}
	first := peek(p.Raw)
	if knownTypes[first.typ] && strings.HasPrefix(first.id, first.typ+"--") {
		return importer.Likely
	}
	return importer.No
}

// knownTypes are the types by which an input is recognised that begins with an
// object: those that we read, and the usual ones that we don't.
var knownTypes = func() map[string]bool {
	m := map[string]bool{
		"attack-pattern": true, "course-of-action": true, "vulnerability": true, "location": true, "note": true, "opinion": true,
		"malware-analysis": true, "incident": true, "language-content": true, "extension-definition": true, "artifact": true,
		"directory": true, "email-message": true, "mac-addr": true, "mutex": true, "process": true, "software": true,
		"user-account": true, "windows-registry-key": true,
	}
	for typ := range handlers {
		m[typ] = true
	}
	return m
}()

// peek reads type and id of an object that may be cut.
func peek(raw []byte) *object {
	o, _ := readMembers(raw)
	if o.members["type"].Raw != nil {
		o.typ = o.text("type")
	}
	o.id = o.text("id")
	return o
}

// decoder holds what the objects of one input share.
type decoder struct {
	graph
	in      *importer.Input
	split   *splitter
	marks   *markings
	names   map[key]string // of identities
	origins map[originKey]*obs.Origin
	rows    []obs.Observation
	more    bool // rows is full
}

// originKey is what origins differ in here.
type originKey struct {
	basis   obs.Basis
	mark    obs.TLP
	lineage string
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	d := &decoder{
		in: in, split: newSplitter(in), marks: newMarkings(in.Handling.TLP),
		names: map[key]string{}, origins: map[originKey]*obs.Origin{},
	}
	d.graph = graph{out: d, nodes: map[key]*node{}}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p, err := d.split.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return importer.ReadError(err, fmt.Sprintf("octet %d", d.split.Offset()+1))
		}
		rec := importer.Record{Offset: p.Offset, Line: p.Line, Raw: p.Raw, Err: p.err()}
		if rec.Err == nil {
			bundle := false
			if bundle, rec.Err = d.read(p); bundle {
				continue // one without objects
			}
			rec.Observations = d.rows
		}
		if err := out.Record(rec); err != nil {
			return err
		}
	}
	switch {
	case d.split.open:
		out.Incomplete("the input ends before the bundle does: it was cut")
	case d.full != "":
		out.Incomplete(d.full)
	}
	return nil
}

// maxRows is how many statements one object may complete.
const maxRows = 50_000

// read turns a piece into d.rows. The error, if there are also rows, says which
// part of the object was not read.
func (d *decoder) read(p *piece) (bundle bool, err error) {
	d.rows, d.more = d.rows[:0], false
	o, err := readObject(p.Raw)
	if err != nil {
		return false, err
	}
	if o.typ == "bundle" {
		if p.outer {
			return true, nil
		}
		return false, fault.New(fault.Invalid, "a bundle stands inside an array: hand in the bundles one after the other")
	}
	if o.id, err = o.need("id"); err != nil {
		return false, err
	}
	handle := handlers[o.typ]
	if handle == nil {
		return false, nil // the vocabulary is open: what we don't know says nothing to us
	}
	if o.flag("revoked") { // withdrawn by who said so: nothing is stated, whatever refers to it
		d.define(refOf(o.id), node{role: refOf(o.id).role, mark: obs.TLPUnset})
		return false, nil
	}
	if err := handle(d, o); err != nil {
		return false, err
	}
	if d.more {
		o.note("id", fault.New(fault.Invalid, "more than %d statements come together here; the rest is left out", maxRows))
	}
	return false, o.bad
}

// handlers read the types of objects that say something to us.
var handlers = map[string]func(*decoder, *object) error{
	"marking-definition": func(d *decoder, o *object) error { return d.marks.define(o) },
	"identity":           (*decoder).identity,
	"indicator":          (*decoder).indicator,
	"observed-data":      (*decoder).observedData,
	"sighting":           (*decoder).sighting,
	"relationship":       (*decoder).relationship,

	"malware": (*decoder).label, "tool": (*decoder).label, "threat-actor": (*decoder).label, "intrusion-set": (*decoder).label,
	"campaign": (*decoder).label, "infrastructure": (*decoder).label, "report": (*decoder).label, "grouping": (*decoder).label,

	"domain-name": (*decoder).sco, "ipv4-addr": (*decoder).sco, "ipv6-addr": (*decoder).sco, "url": (*decoder).sco,
	"email-addr": (*decoder).sco, "file": (*decoder).sco, "x509-certificate": (*decoder).sco,
	"autonomous-system": (*decoder).sco, "network-traffic": (*decoder).sco,
}

// octets is how much was read, for the graph.
func (d *decoder) octets() int64 { return d.split.Offset() }

// lineage returns the name of who created an object, if the input told it before.
func (d *decoder) lineage(o *object) string {
	if id := o.text("created_by_ref"); id != "" {
		return d.names[keyOf(id)]
	}
	return ""
}

func (d *decoder) identity(o *object) error {
	if name := importer.Cut(strings.ToValidUTF8(o.name(), "\uFFFD"), obs.MaxOriginText); name != "" && d.remember() {
		d.names[keyOf(o.id)] = name
	}
	return nil
}

// report makes the observation that a thing, and the host of a URL, is reported
// under a label.
func (d *decoder) report(c *claim, about *node, t thing) {
	if t.Entity == c.label {
		return
	}
	s := c.statement
	if about.when != nil && about.when.known() && !c.exact {
		at := *c.statement
		at.span = *about.when
		s = &at
	}
	attrs := s.attrs
	if t.part {
		attrs = append(slices.Clip(attrs), obs.Attribute{Name: "pattern", Value: "AND"})
	}
	o := obs.Observation{Subject: t.Entity, Relation: obs.ReportedAs, Object: c.label, Attributes: attrs}
	lineage := s.lineage
	if lineage == "" {
		lineage = about.lineage
	}
	ends := c.ends.Stricter(about.mark)
	d.emit(o, s, ends, lineage)
	if t.Kind != entity.URL {
		return
	}
	if host, ok := entity.HostOf(t.Key); ok && (host.Kind != entity.Domain || strings.Contains(host.Key, ".")) {
		o.Subject = host
		o.Attributes = append(slices.Clip(attrs), obs.Attribute{Name: "via", Value: "url"})
		d.emit(o, s, ends, lineage)
	}
}

// emit adds an observation with the time and the origin of a statement.
func (d *decoder) emit(o obs.Observation, s *statement, ends obs.TLP, lineage string) {
	if len(d.rows) >= maxRows {
		d.more = true
		return
	}
	o.First, o.Last, o.Flags, o.HasCount, o.Count = s.first, s.last, s.flags, s.counted, s.count
	if !s.known() && !s.declared && d.in.Date.Known() {
		o.First, o.Last, o.Flags = d.in.Date, d.in.Date, obs.FirstBound|obs.LastBound
	}
	basis := obs.Asserted
	switch {
	case s.declared:
		basis = obs.Declared
	case s.seen && o.Relation != obs.ReportedAs:
		basis = obs.Sensor
	}
	o.Origin = d.origin(originKey{basis, d.level(s.mark, ends), lineage})
	d.rows = append(d.rows, o)
}

// level is the marking of a statement: the strictest of its own and those of the
// objects that it speaks of. If it has none itself, theirs can only make it
// stricter than the default.
func (d *decoder) level(own, ends obs.TLP) obs.TLP {
	if own == obs.TLPUnset && ends != obs.TLPUnset && d.in.Handling.TLP == obs.TLPUnset {
		own = obs.Amber
	}
	return own.Stricter(ends)
}

// origin returns the shared origin, made once.
func (d *decoder) origin(k originKey) *obs.Origin {
	if g := d.origins[k]; g != nil {
		return g
	}
	change := []func(*obs.Origin){func(g *obs.Origin) { g.Lineage = k.lineage }}
	if k.mark != obs.TLPUnset {
		change = append(change, importer.Mark(k.mark))
	}
	g := d.in.Origin(k.basis, change...)
	d.origins[k] = g
	return g
}
