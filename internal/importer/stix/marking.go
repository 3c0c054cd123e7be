package stix

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// standardMarkings are the marking definitions that need not be in the input:
// TLP 1.0 (STIX 2.1 section 7.2.1.4), TLP 2.0 (OASIS' extension definition), and
// the one by which OpenCTI says AMBER+STRICT.
var standardMarkings = map[string]obs.TLP{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": obs.Clear,
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": obs.Green,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": obs.Amber,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": obs.Red,
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": obs.Clear,
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": obs.Green,
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": obs.Amber,
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": obs.AmberStrict,
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": obs.Red,
	"marking-definition--826578e1-40ad-459f-bc73-ede076f81f37": obs.AmberStrict,
}

// tlpExtension is the extension by which a marking definition says TLP 2.0.
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// markings knows what the marking definitions of one input say.
type markings struct {
	levels map[key]obs.TLP // TLPUnset: it says nothing about TLP
	asked  map[key]bool    // referred to before they were seen
	user   obs.TLP         // what the user said of the whole input
}

func newMarkings(user obs.TLP) *markings {
	m := &markings{levels: map[key]obs.TLP{}, asked: map[key]bool{}, user: user}
	for id, t := range standardMarkings {
		m.levels[keyOf(id)] = t
	}
	return m
}

// define takes in a marking definition. It is an error if objects that came
// before were marked by it and it turns out stricter than they were taken for.
func (m *markings) define(o *object) error {
	k, level := keyOf(o.id), definitionLevel(o)
	if _, standard := standardMarkings[o.id]; standard {
		return nil
	}
	m.levels[k] = level
	if taken := m.taken(); m.asked[k] && level != obs.TLPUnset && level.Rank() > taken.Rank() {
		return fault.New(fault.Invalid, "TLP:%s is defined behind objects that it marks, which were taken as TLP:%s: "+
			"retract this import and repeat it with the input marked TLP:%s as a whole", level, taken, level)
	}
	return nil
}

// definitionLevel finds the TLP level in a marking definition, wherever
// producers put it: the extension, the definition (also as a statement), the name.
func definitionLevel(o *object) obs.TLP {
	found := []string{o.text("name"), o.text("x_opencti_definition")}
	if all := o.object("extensions"); all != nil {
		if ext := all.object(tlpExtension); ext != nil {
			found = append(found, "TLP:"+ext.text("tlp_2_0"))
		}
	}
	if def := o.object("definition"); def != nil {
		for name, v := range def.members {
			s := string(v.Bytes())
			if strings.EqualFold(name, "tlp") && len(s) < 20 {
				s = "TLP:" + s
			}
			found = append(found, s)
		}
	}
	level := obs.TLPUnset
	for _, s := range found {
		level = level.Stricter(parseTLP(s))
	}
	return level
}

// parseTLP reads "TLP:AMBER+STRICT" and its spellings.
func parseTLP(s string) obs.TLP {
	s = strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" :+-_", r) }), ""))
	rest, ok := strings.CutPrefix(s, "tlp")
	if !ok {
		return obs.TLPUnset
	}
	switch strings.TrimPrefix(rest, "tlp") {
	case "white", "clear":
		return obs.Clear
	case "green":
		return obs.Green
	case "amber":
		return obs.Amber
	case "amberstrict":
		return obs.AmberStrict
	case "red":
		return obs.Red
	}
	return obs.TLPUnset
}

// taken is the level for which an unknown marking stands: what the user said, or
// AMBER, as for what nobody marked.
func (m *markings) taken() obs.TLP {
	if m.user == obs.TLPUnset {
		return obs.Amber
	}
	return m.user
}

// of returns the strictest marking of an object. A granular marking holds for the
// object as a whole. A definition that was not yet seen counts as what nobody
// marked: waiting for it could mean to hold the whole input.
func (m *markings) of(o *object) obs.TLP {
	level := obs.TLPUnset
	for _, id := range o.texts("object_marking_refs") {
		level = level.Stricter(m.level(id))
	}
	v := o.members["granular_markings"]
	if v.Kind != jsonl.Array {
		return level
	}
	for g := range v.Elements() {
		in := &object{members: map[string]jsonl.Value{"m": g}}
		if in = in.object("m"); in == nil {
			continue
		}
		if id := in.text("marking_ref"); id != "" { // or it marks a language
			level = level.Stricter(m.level(id))
		}
	}
	return level
}

func (m *markings) level(id string) obs.TLP {
	k := keyOf(id)
	if t, known := m.levels[k]; known {
		return t
	}
	if len(m.asked) < maxRemembered {
		m.asked[k] = true
	}
	return m.taken()
}
