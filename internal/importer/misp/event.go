package misp

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// event is an event while it is read, or whatever stands around a list of
// attributes.
type event struct {
	d          *decoder
	info       string
	org        string
	date       obs.Time
	tags       []tag
	attributes []element
	objects    []element
	flagged    bool // some attribute is marked for detection
}

type tag struct {
	Name string `json:"name"`
}

// header takes in a member that says something of the event as a whole. A member
// of an unexpected shape is as if it were absent.
func (e *event) header(key json.Token, raw json.RawMessage) {
	switch key {
	case "info":
		e.info = text(raw)
	case "date":
		e.date, _ = obs.ParseTime(text(raw))
	case "Tag":
		_ = json.Unmarshal(raw, &e.tags)
	case "Orgc":
		var org struct {
			Name string `json:"name"`
		}
		_ = json.Unmarshal(raw, &org)
		e.org = org.Name
	}
}

// text reads a string, or a number as it stands.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && (raw[0] >= '0' && raw[0] <= '9' || raw[0] == '-') {
		return string(raw)
	}
	return ""
}

// flush hands over what the event holds, when its tags are known.
func (e *event) flush() error {
	e.flagged = marked(e.attributes) || marked(e.objects)
	for _, list := range []struct {
		member   string
		elements []element
		read     func(*reading, json.RawMessage) error
	}{{"Attribute", e.attributes, (*reading).attribute}, {"Object", e.objects, (*reading).object}} {
		if len(list.elements) > 0 {
			e.d.out.Context(e.context(list.member))
		}
		for i := range list.elements {
			el := &list.elements[i]
			rec := importer.Record{Offset: el.offset, Raw: el.raw}
			if len(el.raw) > most {
				rec.Raw = el.raw[:importer.KeptHead]
				rec.Err = fault.New(fault.Invalid, "%d octets are longer than %d", len(el.raw), most)
			} else {
				r := &reading{e: e}
				rec.Err = list.read(r, el.raw)
				rec.Observations = r.rows
			}
			if err := e.d.out.Record(rec); err != nil {
				return err
			}
			el.raw = nil
		}
	}
	return nil
}

// marked reports whether an attribute is marked for detection. Publishers that
// leave the mark off everywhere exist; then it says nothing.
func marked(elements []element) bool {
	for _, el := range elements {
		var a struct {
			ToIDs     flag `json:"to_ids"`
			Attribute []struct {
				ToIDs flag `json:"to_ids"`
			} `json:"Attribute"`
		}
		if len(el.raw) > most || json.Unmarshal(el.raw, &a) != nil {
			continue
		}
		if a.ToIDs {
			return true
		}
		for _, part := range a.Attribute {
			if part.ToIDs {
				return true
			}
		}
	}
	return false
}

// context is the event up to its elements: what an element needs to be read alone.
// An event that was tagged anew says other things with the same elements.
func (e *event) context(member string) []byte {
	head, err := json.Marshal(struct {
		Info string            `json:"info"`
		Date string            `json:"date"`
		Orgc map[string]string `json:"Orgc"`
		Tag  []tag             `json:"Tag"`
	}{e.info, e.date.String(), map[string]string{"name": e.org}, e.tags})
	if err != nil { // no member can fail to marshal
		return nil
	}
	return append(head[:len(head)-1], `,"`+member+`":[`...)
}

// attribute is one attribute, of an event or of an object.
type attribute struct {
	Type     string          `json:"type"`
	Relation string          `json:"object_relation"`
	Value    json.RawMessage `json:"value"`
	ToIDs    flag            `json:"to_ids"`
	Deleted  flag            `json:"deleted"`
	First    json.RawMessage `json:"first_seen"`
	Last     json.RawMessage `json:"last_seen"`
	Tag      []tag           `json:"Tag"`
	Event    *struct {
		Info string          `json:"info"`
		Date json.RawMessage `json:"date"`
		Tag  []tag           `json:"Tag"`
	} `json:"Event"`
}

// flag reads true, 1, "1" and their opposites: exporters write all of them.
type flag bool

// UnmarshalJSON never fails: what is no flag is not set.
func (f *flag) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	*f = s == "true" || s == "1"
	return nil
}

// seen reads when the attribute was seen, zero if it doesn't say.
func seen(first, last json.RawMessage) (from, to obs.Time) {
	return moment(text(first)), moment(text(last))
}

func moment(s string) obs.Time {
	if s == "" {
		return 0
	}
	if t, err := obs.ParseTime(s); err == nil {
		return t
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if t, err := obs.CheckEpoch(n); err == nil {
			return t
		}
	}
	return 0
}

// reading is one attribute or object on its way to observations.
type reading struct {
	e      *event
	tags   [][]tag
	first  obs.Time
	last   obs.Time
	rows   []obs.Observation
	labels []entity.Entity
	failed error
}

// begin settles what is said of all of the reading's observations.
func (r *reading) begin(first, last json.RawMessage, tags ...[]tag) {
	r.tags = append([][]tag{r.e.tags}, tags...)
	r.first, r.last = seen(first, last)
	if r.first.Known() && r.last.Known() && r.first > r.last {
		r.first, r.last = 0, 0
	}
}

// origin makes the origin of statements on a basis.
func (r *reading) origin(basis obs.Basis) *obs.Origin {
	changes := []func(*obs.Origin){func(g *obs.Origin) { g.Lineage = r.e.org }}
	for _, list := range r.tags {
		for _, t := range list {
			if c := marking(t.Name); c != nil {
				changes = append(changes, c)
			}
		}
	}
	return r.e.d.in.Origin(basis, changes...)
}

// marking reads a tag of the taxonomies TLP and PAP.
func marking(name string) func(*obs.Origin) {
	scheme, level, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), ":")
	if level == "white" { // TLP 1.0
		level = "clear"
	}
	switch scheme {
	case "tlp":
		if level == "ex:chr" || level == "unclear" {
			return nil
		}
		if t, err := obs.ParseTLP(level); err == nil {
			return importer.Mark(t)
		}
	case "pap":
		if p, err := obs.ParsePAP(level); err == nil {
			return func(g *obs.Origin) { g.Handling.PAP = max(g.Handling.PAP, p) }
		}
	}
	return nil
}

// fail keeps the first reason why a part could not be read.
func (r *reading) fail(err error, member string) {
	if err != nil && r.failed == nil {
		r.failed = fault.Wrap(err, fault.Invalid, "%s", member)
	}
}
