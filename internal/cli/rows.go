package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// jsonInterval is an interval in JSON.
type jsonInterval struct {
	First      string  `json:"first,omitempty"`
	Last       string  `json:"last,omitempty"`
	Count      *uint64 `json:"count,omitempty"`
	OpenEnded  bool    `json:"open_ended,omitempty"`
	FirstBound bool    `json:"first_bound,omitempty"`
	LastBound  bool    `json:"last_bound,omitempty"`
}

// jsonRow is one stored row in JSON: a contract with scripts (docs/cli.md).
type jsonRow struct {
	Entity      string            `json:"entity"`
	Relation    string            `json:"relation"`
	Direction   string            `json:"direction"`
	Other       string            `json:"other"`
	RRType      string            `json:"rrtype,omitempty"`
	Intervals   []jsonInterval    `json:"intervals"`
	Count       *uint64           `json:"count,omitempty"`
	Source      string            `json:"source"`
	Sensor      string            `json:"sensor,omitempty"`
	Basis       string            `json:"basis"`
	Granularity string            `json:"granularity,omitempty"`
	TLP         string            `json:"tlp"`
	Licence     string            `json:"licence,omitempty"`
	Recorded    string            `json:"recorded,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

func toJSON(r *store.Row) jsonRow {
	self, dir := r.Subject, "out"
	if !r.Out {
		self, dir = r.Object, "in"
	}
	j := jsonRow{
		Entity: self.String(), Relation: r.Relation.String(), Direction: dir, Other: r.Other().String(),
		RRType: r.RRType.String(), Source: r.Origin.Source, Sensor: r.Origin.Sensor, Basis: r.Origin.Basis.String(),
		TLP: r.Origin.Handling.TLP.String(), Licence: r.Origin.Handling.Licence,
	}
	if r.Origin.Granularity != obs.Second {
		j.Granularity = r.Origin.Granularity.String()
	}
	var recorded obs.Time
	for _, i := range r.Intervals {
		recorded = max(recorded, i.Recorded)
		ji := jsonInterval{
			First: i.First.String(), Last: i.Last.String(), OpenEnded: i.Flags&obs.OpenEnded != 0,
			FirstBound: i.Flags&obs.FirstBound != 0, LastBound: i.Flags&obs.LastBound != 0,
		}
		if i.HasCount {
			ji.Count = &i.Count
		}
		j.Intervals = append(j.Intervals, ji)
	}
	j.Recorded = recorded.String()
	if r.HasCount {
		j.Count = &r.Count
	}
	for _, a := range r.Atoms {
		for _, at := range a.Attributes {
			if j.Attributes == nil {
				j.Attributes = map[string]string{}
			}
			j.Attributes[at.Name] = attribute(at)
		}
	}
	return j
}

// attribute writes a value, or its state in angle brackets.
func attribute(a obs.Attribute) string {
	if a.State == obs.Present {
		return a.Value
	}
	if a.Reason != "" {
		return "<" + a.State.String() + ": " + a.Reason + ">"
	}
	return "<" + a.State.String() + ">"
}

// factTable prepares a table for rows.
func factTable() *table {
	return &table{cols: []column{
		{title: "relation"},
		{title: "other", style: bold, least: 24},
		{title: "type", style: dim},
		{title: "first"},
		{title: "last"},
		{title: "count", right: true},
		{title: "source", style: dim, least: 8},
		{title: "note", style: dim, least: 10},
	}}
}

// addFact adds a row to a fact table, one line for each interval.
func (p *printer) addFact(t *table, r *store.Row) {
	rel := r.Relation.String()
	if !r.Out {
		rel = "← " + rel
	}
	for n, i := range r.Intervals {
		other, typ, source, note := p.named(r.Other()), r.RRType.String(), origin(r.Origin), remarks(r)
		if n > 0 {
			rel, other, typ, source, note = "", "  again", "", "", ""
		}
		count := ""
		if i.HasCount {
			count = grouped(int64(i.Count))
		}
		t.add(rel, other, typ, bound(i.First, i.Flags&obs.FirstBound != 0, "≤"), lastOf(i), count, source, clean(note))
	}
}

// factCSV prepares a table of rows for a spreadsheet: a line for each interval,
// everything in it, so that lines can be sorted.
func factCSV() *table {
	return &table{cols: []column{
		{title: "entity"},
		{title: "relation"},
		{title: "direction"},
		{title: "other"},
		{title: "rrtype"},
		{title: "first"},
		{title: "last"},
		{title: "count"},
		{title: "source"},
		{title: "basis"},
		{title: "tlp"},
		{title: "attributes"},
	}}
}

func (p *printer) addFactCSV(t *table, r *store.Row) {
	j := toJSON(r)
	var attrs []string
	for name, v := range j.Attributes {
		attrs = append(attrs, name+"="+v)
	}
	slices.Sort(attrs)
	self := r.Subject
	if !r.Out {
		self = r.Object
	}
	for _, i := range j.Intervals {
		count := ""
		if i.Count != nil {
			count = strconv.FormatUint(*i.Count, 10)
		}
		t.add(self.Kind.String()+":"+p.name(self), j.Relation, j.Direction, r.Other().Kind.String()+":"+p.name(r.Other()), j.RRType, i.First, i.Last,
			count, clean(j.Source), j.Basis, j.TLP, clean(strings.Join(attrs, "  ")))
	}
}

func bound(t obs.Time, isBound bool, mark string) string {
	if !t.Known() {
		return "undated"
	}
	if isBound {
		return mark + t.Date()
	}
	return t.Date()
}

func lastOf(i obs.Interval) string {
	switch {
	case !i.Dated():
		return ""
	case i.Flags&obs.OpenEnded != 0:
		return i.Last.Date() + " …"
	}
	return bound(i.Last, i.Flags&obs.LastBound != 0, "≥")
}

// origin says who says so, on which ground if it isn't a sensor.
func origin(g *obs.Origin) string {
	s := g.Source
	if g.Sensor != "" {
		s += "/" + g.Sensor
	}
	if g.Basis != obs.Sensor {
		s += " (" + g.Basis.String() + ")"
	}
	return clean(s)
}

// remarks lists a row's attributes and its marking, if it isn't the default.
func remarks(r *store.Row) string {
	var out []string
	if t := r.Origin.Handling.TLP; t != obs.Amber {
		out = append(out, "TLP:"+t.String())
	}
	seen := map[string]bool{}
	for _, a := range r.Atoms {
		for _, at := range a.Attributes {
			s := fmt.Sprintf("%s=%s", at.Name, attribute(at))
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return strings.Join(out, "  ")
}
