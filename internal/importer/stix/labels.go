package stix

import (
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// labelTypes are the objects that give a label, with the type of it. What we
// have no type for becomes a tag.
var labelTypes = map[string]string{
	"malware": "malware:", "tool": "tool:", "threat-actor": "actor:", "intrusion-set": "actor:", "campaign": "campaign:",
	"report": "report:", "grouping": "report:", "infrastructure": "tag:",
}

// label reads an object that gives a label. One without a name gives none, such
// as a single sample of malware.
func (d *decoder) label(o *object) error {
	is := node{role: named, mark: d.marks.of(o), lineage: d.lineage(o)}
	if name := o.name(); name != "" {
		e, err := entity.New(entity.Label, labelTypes[o.typ]+name)
		o.note("name", err)
		if err == nil {
			is.things = []thing{{Entity: e}}
		}
	}
	self := refOf(o.id)
	d.define(self, is)
	about := o.refs("object_refs") // of a report or a grouping
	about = append(about, o.refs("sample_refs")...)
	if len(is.things) == 0 || len(about) == 0 {
		return nil
	}
	s := &statement{span: bound(d.written(o)), mark: is.mark, lineage: is.lineage}
	for _, r := range about {
		d.claim(r, claim{statement: s, label: is.things[0].Entity, ends: obs.TLPUnset})
	}
	return nil
}

// written is when an object was written or published.
func (d *decoder) written(o *object) obs.Time {
	if t := o.time("published"); t.Known() {
		return t
	}
	return o.time("created")
}

// bound is the span of a statement of which only is known when it was made.
func bound(t obs.Time) span {
	s := span{first: t, last: t}
	if t.Known() {
		s.flags = obs.FirstBound | obs.LastBound
	}
	return s
}
