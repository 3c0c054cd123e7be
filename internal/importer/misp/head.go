package misp

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// head is what an event says of itself.
type head struct {
	info   string
	org    string // who created it
	day    string // its date, as it stands there
	date   obs.Time
	tags   []string
	tagged bool // the list of tags was read
	known  map[string]bool
}

// headMembers are the members that make a head.
var headMembers = map[string]bool{"info": true, "date": true, "Orgc": true, "Tag": true, "Galaxy": true}

// whole reports whether nothing more can come that is said of the elements.
func (h *head) whole() bool {
	return h.tagged && h.known["info"] && h.known["date"] && h.known["Orgc"]
}

func (h *head) read(name string, v jsonl.Value) {
	switch name {
	case "info":
		h.info = strings.TrimSpace(v.Scalar())
	case "date":
		h.day = v.Scalar()
		h.date, _ = obs.ParseTime(h.day)
	case "Orgc":
		h.org = importer.Cut(strings.TrimSpace(member(v, "name").Scalar()), obs.MaxOriginText)
	case "Tag":
		h.tagged = true
		h.tags = append(h.tags, tagNames(v)...)
	case "Galaxy":
		h.tags = append(h.tags, galaxyTags(v)...)
	default:
		return
	}
	if h.known == nil {
		h.known = map[string]bool{}
	}
	h.known[name] = true
}

// readHead reads the event that an attribute of a list carries.
func readHead(v jsonl.Value) *head {
	h := &head{}
	var w jsonl.Walker
	w.Reset(v.Raw)
	for w.Next() {
		h.read(string(w.Key()), w.Value())
	}
	return h
}

// tagNames returns the names in a list of tags.
func tagNames(v jsonl.Value) (out []string) {
	if v.Kind != jsonl.Array && v.Kind != jsonl.Object {
		return nil
	}
	for t := range v.Elements() {
		if t.Kind == jsonl.Object {
			t = member(t, "name")
		}
		if name := strings.TrimSpace(t.Scalar()); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// galaxyTags returns the tags for which the clusters in a list of galaxies stand.
// Usually they are among the tags too.
func galaxyTags(v jsonl.Value) (out []string) {
	if v.Kind != jsonl.Array {
		return nil
	}
	for galaxy := range v.Elements() {
		clusters := member(galaxy, "GalaxyCluster")
		if clusters.Kind != jsonl.Array {
			continue
		}
		for c := range clusters.Elements() {
			if name := member(c, "tag_name").Scalar(); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// member returns a member of an object, or null.
func member(v jsonl.Value, name string) (found jsonl.Value) {
	if v.Kind != jsonl.Object {
		return found
	}
	var w jsonl.Walker
	w.Reset(v.Raw)
	for w.Next() {
		if string(w.Key()) == name {
			found = w.Value()
		}
	}
	return found
}

// flag reads true, 1, "1" and their opposites: exporters write all of them.
func flag(v jsonl.Value) bool {
	s := strings.Trim(string(v.Raw), `"`)
	return s == "true" || s == "1"
}
