package misp

import (
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// attribute is one attribute, of an event or of an object.
type attribute struct {
	typ      string
	relation string // its part in an object
	value    string
	toIDs    bool
	deleted  bool
	own      span     // when it was seen
	edited   obs.Time // when it was last changed
	tags     []string
	event    *head // of an attribute in a list
	bad      error // the first member that can't be read, where the rest stands
}

// read takes in the members of an attribute.
func (a *attribute) read(raw []byte) error {
	var w jsonl.Walker
	w.Reset(raw)
	for w.Next() {
		a.member(string(w.Key()), w.Value())
	}
	return fault.Wrap(w.Err(), fault.Invalid, "couldn't read the attribute")
}

func (a *attribute) member(name string, v jsonl.Value) {
	switch name {
	case "type":
		a.typ = a.text(name, v)
	case "object_relation":
		a.relation = a.text(name, v)
	case "value":
		a.value = a.text(name, v)
	case "to_ids":
		a.toIDs = flag(v)
	case "deleted":
		a.deleted = flag(v)
	case "first_seen":
		a.own.first = a.time(name, v)
	case "last_seen":
		a.own.last = a.time(name, v)
	case "timestamp":
		a.edited = a.time(name, v)
	case "Tag":
		a.tags = append(a.tags, tagNames(v)...)
	case "Galaxy":
		a.tags = append(a.tags, galaxyTags(v)...)
	case "Event":
		if v.Kind == jsonl.Object {
			a.event = readHead(v)
		}
	}
}

// note keeps the first reason why a member can't be read.
func (a *attribute) note(name string, err error) {
	if err != nil && a.bad == nil {
		a.bad = fault.Wrap(err, fault.Invalid, "member %s", name)
	}
}

// text reads a member that is text, perhaps written as a number.
func (a *attribute) text(name string, v jsonl.Value) string {
	switch v.Kind {
	case jsonl.Null, jsonl.String, jsonl.Number:
		return v.Scalar()
	default:
		a.note(name, need(v, "a string"))
		return ""
	}
}

func (a *attribute) time(name string, v jsonl.Value) obs.Time {
	t, err := moment(a.text(name, v))
	a.note(name, err)
	return t
}

// moment reads a time as MISP writes it: RFC 3339, a date, or seconds since 1970.
func moment(s string) (obs.Time, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, nil
	}
	if t, err := obs.ParseEpoch(s); err == nil && len(s) > len("2006") {
		return t, nil
	}
	return obs.ParseTime(s)
}

// attribute reads an attribute that stands in no object.
func (r *reading) attribute(raw []byte) error {
	a := attribute{}
	if err := a.read(raw); err != nil {
		return err
	}
	if a.deleted {
		return nil
	}
	if a.typ == "" {
		return fault.New(fault.Invalid, "member type is missing")
	}
	r.fail(a.bad)
	if a.event != nil { // a list of attributes, each with its event
		r.head = a.event
		r.tags = append(r.tags, a.event.tags...)
	}
	r.tags = append(r.tags, a.tags...)
	r.begin(a.own, a.edited)
	r.value(&a)
	return nil
}

// value reports what an attribute names, if it is meant for detection: the rest is
// context, such as a lure's honest domain, and no indicator. Where no attribute of
// the event is marked, all of them are taken, and say so.
func (r *reading) value(a *attribute) {
	found, port, err := values(a.typ, a.value)
	r.fail(fault.Wrap(err, fault.Invalid, "type %s", importer.Cut(a.typ, 60)))
	if a.typ == "domain|ip" && len(found) == 2 {
		r.resolve(found[0], found[1])
	}
	if r.e.flagged && !a.toIDs {
		return
	}
	var attrs []obs.Attribute
	if port != "" {
		attrs = append(attrs, obs.Attribute{Name: "port", Value: port})
	}
	if !a.toIDs {
		attrs = append(attrs, obs.Attribute{Name: "to_ids", Value: "false"})
	}
	for _, e := range found {
		r.report(e, attrs)
		if e.Kind != entity.URL {
			continue
		}
		if host, ok := entity.HostOf(e.Key); ok && (host.Kind == entity.IP || strings.Contains(host.Key, ".")) {
			r.report(host, append(slices.Clip(attrs), obs.Attribute{Name: "via", Value: "url"}))
		}
	}
}
