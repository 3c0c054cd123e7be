package misp

import (
	"strings"
	"unicode/utf8"

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
		h.info = strings.TrimSpace(text(v))
	case "date":
		h.day = text(v)
		h.date, _ = obs.ParseTime(h.day)
	case "Orgc":
		h.org = cut(strings.TrimSpace(text(member(v, "name"))), maxLineage)
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
		if name := strings.TrimSpace(text(t)); name != "" {
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
			if name := text(member(c, "tag_name")); name != "" {
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

// text reads a string, or a number as it stands; anything else is "".
func text(v jsonl.Value) string {
	switch v.Kind {
	case jsonl.String:
		return string(v.Bytes())
	case jsonl.Number:
		return string(v.Raw)
	default:
		return ""
	}
}

// flag reads true, 1, "1" and their opposites: exporters write all of them.
func flag(v jsonl.Value) bool {
	s := strings.Trim(string(v.Raw), `"`)
	return s == "true" || s == "1"
}

// maxLineage is how long a lineage may be (obs.Origin).
const maxLineage = 200

// cut shortens text to n octets, at the border of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
