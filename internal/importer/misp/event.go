package misp

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// event is an event while it is read, or whatever stands around a list.
type event struct {
	d *decoder
	head
	listing bool  // a list, of which nothing is said as a whole
	bare    bool  // it may still be a lone attribute or object
	signs   signs // by which it is known as that
	flagged bool  // some attribute is marked for detection
	live    bool  // elements are no longer held
	guarded bool  // the tags were not reached or can't be read
	cut     bool
	held    hold
	labels  []entity.Entity // of the elements that have no tags of their own
}

// signs are members that events lack and attributes or objects have.
type signs uint8

const (
	hasType signs = 1 << iota
	hasValue
	hasAttribute // a member of attributes alone
	hasObject    // a member of objects alone
)

var signOf = map[string]signs{
	"type": hasType, "value": hasValue, "category": hasAttribute, "to_ids": hasAttribute, "object_relation": hasAttribute,
	"meta-category": hasObject, "template_uuid": hasObject,
}

// lone says whether the members so far are those of an attribute or an object.
func (e *event) lone() place {
	switch {
	case e.signs&hasObject != 0:
		return inObject
	case e.signs&hasType != 0 && e.signs&(hasValue|hasAttribute) != 0:
		return inAttribute
	}
	return none
}

// member reads one member of an object that stands around elements.
func (d *decoder) member(e *event, depth int) error {
	s := d.scan
	if e.bare = e.bare && len(s.Taken()) < importer.MaxPiece; !e.bare {
		s.Begin()
	}
	from := len(s.Taken())
	s.Text()
	name := string(bytes.Trim(s.Taken()[from:], `"`))
	if c, ok := s.Blank(); !ok || c != ':' {
		return nil
	}
	s.Take()
	c, ok := s.Blank()
	nested := ok && (c == '{' || c == '[')
	e.signs |= signOf[name]
	switch {
	case e.bare && e.lone() != none: // what is in it belongs to it
	case nested && (name == "response" || name == "Event"):
		d.found, e.bare = true, false
		return d.value(depth+1, name == "response")
	case nested && name == inAttribute.String():
		return d.elements(e, inAttribute, c)
	case nested && name == inObject.String():
		return d.elements(e, inObject, c)
	}
	s.Value()
	if headMembers[name] {
		e.header(name, s.Taken()[from:], !s.Long())
	}
	return nil
}

// elements reads a list of attributes or objects, or a single one that stands
// where the list should.
func (d *decoder) elements(e *event, member place, c byte) error {
	d.found, e.bare = true, false
	if c == '{' {
		return d.element(e, member)
	}
	d.scan.Take()
	for {
		if err := d.tick(); err != nil {
			return err
		}
		c, ok := d.scan.Blank()
		switch {
		case !ok:
			return nil
		case c == ']':
			d.scan.Take()
			return nil
		case c == ',':
			d.scan.Take()
		default:
			if err := d.element(e, member); err != nil {
				return err
			}
		}
	}
}

func (d *decoder) element(e *event, member place) error {
	el := &element{d.scan.Begin(), member}
	d.scan.Skip()
	d.scan.Finish(&el.Piece)
	return e.add(el)
}

// header takes in a member that says something of the event as a whole. One of
// an unexpected shape is as if it were absent, but for the tags: they may mark it.
func (e *event) header(name string, raw []byte, all bool) {
	var w jsonl.Walker
	if all {
		w.Reset(append(append([]byte{'{'}, raw...), '}'))
	}
	before := markOf(e.tags)
	read := w.Next()
	if read {
		e.head.read(name, w.Value())
		e.labels = nil
	}
	switch {
	case !read && name == "Tag" && !e.listing:
		e.guarded = true
		e.d.out.Incomplete(fmt.Sprintf("the tags of event %.80q can't be read: it is marked TLP:RED unless you said how to mark it", e.info))
	case e.live && !e.guarded && markOf(e.tags) != before:
		e.d.out.Incomplete(fmt.Sprintf("event %.80q is marked behind its elements, which were taken without that: "+
			"retract this import and repeat it with the input marked as a whole", e.info))
	}
}

// add takes in an element: it is read at once if all is known that is said of it.
func (e *event) add(el *element) error {
	e.flagged = e.flagged || el.err() == nil && marked(el)
	if e.live {
		return e.send(el)
	}
	if err := e.held.add(el); err != nil {
		return err
	}
	full := e.held.size >= e.d.maxHeld
	if !full && (!e.flagged || !e.listing && !e.whole()) {
		return nil
	}
	if !e.listing && !e.tagged {
		e.guarded = true
		e.d.out.Incomplete(fmt.Sprintf("the tags of event %.80q stand behind more elements than can be held: it is marked TLP:RED "+
			"unless you said how to mark it, and lacks the labels; to read it whole, put Tag before Attribute", e.info))
	}
	return e.release()
}

// finish reads what is held, when nothing more is said of it.
func (e *event) finish() error {
	if e.cut && !e.listing && !e.tagged {
		e.guarded = true
	}
	err := e.release()
	if e == e.d.loose { // the next one that is loose begins anew
		*e = event{d: e.d, listing: true}
	}
	return err
}

func (e *event) release() error {
	e.live = true
	return e.held.release(e.send)
}

// send reads an element and hands it on.
func (e *event) send(el *element) error {
	d := e.d
	if err := d.tick(); err != nil {
		return err
	}
	if e != d.loose && d.loose.held.count > 0 { // what came first goes first
		if err := d.loose.finish(); err != nil {
			return err
		}
	}
	if d.told.event != e || d.told.member != el.member {
		d.told.event, d.told.member = e, el.member
		d.out.Context(e.context(el.member))
	}
	rec := importer.Record{Offset: el.Offset, Line: el.Line, Raw: el.Raw, Err: el.err()}
	if rec.Err == nil {
		rec.Observations, rec.Err = d.read.element(e, el)
	}
	return d.out.Record(rec)
}

// marked reports whether an element holds an attribute that is marked for
// detection. Publishers that leave the mark off everywhere exist; then it says
// nothing.
func marked(el *element) bool {
	if !bytes.Contains(el.Raw, []byte(`"to_ids"`)) {
		return false
	}
	var w jsonl.Walker
	w.Reset(el.Raw)
	found := false
	for w.Next() {
		switch v := w.Value(); string(w.Key()) {
		case "to_ids":
			found = found || flag(v)
		case "Attribute":
			for part := range v.Elements() {
				found = found || el.member == inObject && marked(&element{Piece: importer.Piece{Raw: part.Raw}})
			}
		}
	}
	return found
}

// context is the event up to its elements: what an element needs to be read alone.
// An event that was tagged anew says other things with the same elements.
func (e *event) context(member place) []byte {
	type named struct {
		Name string `json:"name"`
	}
	tags := make([]named, 0, len(e.tags))
	for _, t := range e.tags {
		tags = append(tags, named{t})
	}
	out, err := json.Marshal(struct {
		Info string  `json:"info"`
		Date string  `json:"date"`
		Orgc named   `json:"Orgc"`
		Tag  []named `json:"Tag"`
	}{e.info, e.day, named{e.org}, tags})
	if err != nil { // no member can fail to marshal
		return nil
	}
	return fmt.Appendf(out[:len(out)-1], `,%q:[`, member.String())
}

// need returns the reason why a member is not what it should be.
func need(v jsonl.Value, want string) error {
	return fault.New(fault.Invalid, "want %s, not %s", want, v.Kind)
}
