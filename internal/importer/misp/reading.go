package misp

import (
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// span is when something was seen; either end may be unknown.
type span struct{ first, last obs.Time }

func (s span) known() bool { return s.first.Known() || s.last.Known() }

// or fills the ends that s lacks.
func (s span) or(t span) span {
	if !s.known() {
		return t
	}
	return s
}

// checked drops a span that runs backwards.
func (s span) checked() (span, error) {
	if s.first.Known() && s.last.Known() && s.first > s.last {
		return span{}, fault.New(fault.Invalid, "first %s lies after last %s: neither is taken", s.first, s.last)
	}
	return s, nil
}

// reading is one attribute or object on its way to observations.
type reading struct {
	e      *event
	head   *head // of the event, or of the attribute's own
	tags   []string
	own    span     // when it was seen
	edited obs.Time // when it was last changed
	rows   []obs.Observation
	labels []entity.Entity
	mark   *mark                  // of all the tags, once it was asked for
	told   map[entity.Entity]bool // what is reported already
	failed error                  // the first reason why a part could not be read
	more   bool                   // rows is full
}

// element reads an element. The error, if there are also observations, says which
// part of it was not read.
func (r *reading) element(e *event, el *element) ([]obs.Observation, error) {
	clear(r.told)
	*r = reading{e: e, head: &e.head, tags: append(r.tags[:0], e.tags...), rows: r.rows[:0], labels: r.labels[:0], told: r.told}
	read := r.attribute
	if el.member == inObject {
		read = r.object
	}
	if err := read(el.Raw); err != nil {
		return nil, err
	}
	if r.more {
		r.fail(fault.New(fault.Invalid, "more than %d statements come together here; the rest is left out", maxRows))
	}
	return r.rows, r.failed
}

// begin settles when what the element says held.
func (r *reading) begin(own span, edited obs.Time) {
	var err error
	r.own, err = own.checked()
	r.fail(fault.Wrap(err, fault.Invalid, "members first_seen and last_seen"))
	r.edited = edited
}

// fail keeps the first reason why a part could not be read.
func (r *reading) fail(err error) {
	if err != nil && r.failed == nil {
		r.failed = err
	}
}

// maxRows is how many statements one element may make: an object with a thousand
// names and a thousand addresses would state a million.
const maxRows = 50_000

// add makes a statement on a basis.
func (r *reading) add(o obs.Observation, k originKey) {
	if len(r.rows) >= maxRows {
		r.more = true
		return
	}
	o.Origin = r.origin(k)
	r.rows = append(r.rows, o)
}

// report says that an entity is reported, when it was seen, or else on the date of
// the event or of the last change, which bounds nothing.
func (r *reading) report(e entity.Entity, attrs []obs.Attribute) {
	if r.told[e] {
		return
	}
	if r.told == nil {
		r.told = map[entity.Entity]bool{}
	}
	r.told[e] = true
	o := obs.Observation{Subject: e, Relation: obs.ReportedAs, First: r.own.first, Last: r.own.last, Attributes: attrs}
	k := originKey{basis: obs.Asserted}
	if !r.own.known() {
		o.First, k.granularity = r.reported()
		if o.Last = o.First; o.First.Known() {
			o.Flags = obs.FirstBound | obs.LastBound
		}
	}
	for _, l := range r.under() {
		o.Object = l
		r.add(o, k)
	}
}

// reported is when something was reported that doesn't say when it was seen.
func (r *reading) reported() (obs.Time, obs.Granularity) {
	switch {
	case r.head.date.Known() && len(r.head.day) <= len("2006-01-02"):
		return r.head.date, obs.Day
	case r.head.date.Known():
		return r.head.date, obs.Second
	case r.edited.Known():
		return r.edited, obs.Second
	}
	return r.e.d.in.Date, obs.Second
}

// under returns the labels under which an indicator is reported: the user's, and if
// there are none the event; and the galaxies of its tags.
func (r *reading) under() []entity.Entity {
	if len(r.labels) > 0 {
		return r.labels
	}
	usual := r.head == &r.e.head && len(r.tags) == len(r.e.tags) // nothing but what the event says
	if usual && len(r.e.labels) > 0 {
		return r.e.labels
	}
	in := r.e.d.in
	r.labels = append(r.labels, in.Labels...)
	if len(r.labels) == 0 && r.head.info != "" {
		e, err := entity.New(entity.Label, "report:"+r.head.info)
		if err != nil { // too long
			e, err = entity.New(entity.Label, "report:"+importer.Cut(r.head.info, 300))
		}
		if err == nil {
			r.labels = append(r.labels, e)
		}
	}
	if len(r.labels) == 0 {
		r.labels = append(r.labels, in.Report()...)
	}
	for _, t := range r.tags {
		if e, ok := cluster(t); ok && !slices.Contains(r.labels, e) {
			r.labels = append(r.labels, e)
		}
	}
	if usual {
		r.e.labels = slices.Clone(r.labels)
	}
	return r.labels
}

// resolve states that a name had an address.
func (r *reading) resolve(name, addr entity.Entity) {
	if name.Kind != entity.Domain || addr.Kind != entity.IP {
		return
	}
	o := obs.Observation{Subject: name, Relation: obs.Resolves, Object: addr, RRType: obs.TypeA, First: r.own.first, Last: r.own.last}
	if strings.Contains(addr.Key, ":") {
		o.RRType = obs.TypeAAAA
	}
	r.add(o, originKey{basis: obs.Asserted})
}

// originKey is what origins differ in here.
type originKey struct {
	basis       obs.Basis
	granularity obs.Granularity
	cumulative  bool
	sensor      string
	lineage     string
	mark        mark
}

// maxOrigins is how many origins are remembered; an input with more marks and
// creators than that is no usual one.
const maxOrigins = 4096

// origin returns the shared origin of the reading's statements, made once.
func (r *reading) origin(k originKey) *obs.Origin {
	d := r.e.d
	if r.mark == nil { // nobody asks before all tags are there
		m := markOf(r.tags)
		r.mark = &m
	}
	k.lineage, k.mark = r.head.org, *r.mark
	if r.e.guarded && d.in.Handling.TLP == obs.TLPUnset {
		k.mark.tlp = obs.Red
	}
	if d.in.Sensor != "" {
		k.sensor = d.in.Sensor
	}
	if g := d.origins[k]; g != nil {
		return g
	}
	g := d.in.Origin(k.basis, k.apply)
	if len(d.origins) >= maxOrigins {
		clear(d.origins)
	}
	d.origins[k] = g
	return g
}

func (k *originKey) apply(g *obs.Origin) {
	g.Granularity, g.Sensor, g.Lineage = k.granularity, k.sensor, k.lineage
	if k.cumulative {
		g.CountKind = obs.Cumulative
	}
	if k.mark.tlp != obs.TLPUnset {
		importer.Mark(k.mark.tlp)(g)
	}
	g.Handling.PAP = max(g.Handling.PAP, k.mark.pap)
}
