package stix_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
	"github.com/spoor-cti/spoor/internal/obs"
)

func TestMarkings(t *testing.T) {
	name := "[domain-name:value='a.example']"
	refs := func(ids ...string) string {
		return `"object_marking_refs":["marking-definition--` + strings.Join(ids, `","marking-definition--`) + `"]`
	}
	const white, green, amber, red, clear2, strict2 = "613f2e26-407d-48c7-9eca-b8e91df99dc9", "34098fce-860f-48ae-8e50-ebd3cc5e41da", "f88d31f6-486f-44da-b317-01333bde0b82",
		"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "94868c89-83c2-464b-929b-a1a8aa3c8487", "939a9414-2ddd-4d32-a0cd-375ea402b003"
	def := func(members string) string { return object("marking-definition own", members) }
	for _, c := range []struct{ name, before, mark, user, want string }{
		{"unmarked", "", "", "", "asserted"},
		{"white", "", refs(white), "", "asserted CLEAR"},
		{"clear of 2.0", "", refs(clear2), "", "asserted CLEAR"},
		{"the strictest", "", refs(green, strict2, amber), "", "asserted AMBER+STRICT"},
		{"granular holds for all", "", refs(green) + `,"granular_markings":[{"lang":"en","selectors":["name"]},{"marking_ref":"marking-definition--` + red + `","selectors":["description"]}]`, "", "asserted RED"},
		{"defined by TLP", def(`"definition_type":"tlp","definition":{"tlp":"green"}`), refs("own"), "", "asserted GREEN"},
		{"by a statement", def(`"definition_type":"statement","definition":{"statement":"TLP:AMBER+STRICT"}`), refs("own"), "", "asserted AMBER+STRICT"},
		{"by the extension", def(`"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"red"}}`), refs("own"), "", "asserted RED"},
		{"by its name", def(`"name":"TLP:CLEAR"`), refs("own"), "", "asserted CLEAR"},
		{"a copyright says nothing", def(`"definition_type":"statement","definition":{"statement":"Copyright 2024"}`), refs("own"), "", "asserted"},
		{"an unknown one is no reason to pass it on", "", refs("unknown", white), "", "asserted"},
		{"an unknown one leaves the user's word", "", refs("unknown"), "CLEAR", "asserted CLEAR"},
		{"the user's word stands", "", refs(green), "RED", "asserted RED"},
		{"unless the object is stricter", "", refs(red), "GREEN", "asserted RED"},
	} {
		in := bundle(strings.TrimPrefix(c.before+","+indicator("1", name, c.mark), ","))
		user := obs.TLPUnset
		if c.user != "" {
			user = map[string]obs.TLP{"CLEAR": obs.Clear, "GREEN": obs.Green, "RED": obs.Red}[c.user]
		}
		r := importertest.RunInput(t, stix.Format, &importer.Input{Reader: strings.NewReader(in), Source: "stix", Handling: obs.Handling{TLP: user}})
		want := "domain:a.example reported-as label:tag:compromised 2024-01-01T00:00:00Z open [stix " + c.want + "]"
		if len(r.Lines) != 1 || r.Lines[0] != want || r.Rejected+r.Partial > 0 {
			t.Errorf("%s:\n got %s\nwant %s", c.name, r, want)
		}
	}
	t.Run("statements are as strict as their ends", func(t *testing.T) {
		for _, c := range []struct{ relation, malware, indicator, want string }{
			{refs(green), "", "", " GREEN"},
			{refs(green), refs(red), "", " RED"},
			{refs(green), "", refs(strict2), " AMBER+STRICT"},
			{"", refs(white), refs(white), ""},
			{"", "", refs(red), " RED"},
			{"", "", "", ""},
		} {
			join := func(a, b string) string { return strings.Trim(a+","+b, ",") }
			r := importertest.Run(t, stix.Format, []byte(bundle(object("malware 1", join(`"name":"M"`, c.malware)), indicator("1", name, c.indicator),
				relation("indicator--1", "indicates", "malware--1", strings.Fields(c.relation)...))))
			if got := r.Lines[len(r.Lines)-1]; !strings.HasSuffix(got, "[stix asserted"+c.want+"]") {
				t.Errorf("%+v: %s", c, got)
			}
		}
	})
	t.Run("defined too late", func(t *testing.T) {
		r := importertest.Run(t, stix.Format, []byte(bundle(indicator("1", name, refs("own")), def(`"definition":{"tlp":"red"}`))))
		want := "! 3: TLP:RED is defined behind objects that it marks, which were taken as TLP:AMBER: " +
			"retract this import and repeat it with the input marked TLP:RED as a whole"
		if got := body(r); !strings.HasSuffix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
