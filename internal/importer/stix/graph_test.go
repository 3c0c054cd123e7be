package stix_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
)

func TestRelationships(t *testing.T) {
	objects := []string{
		object("malware M", `"name":"Evil  RAT"`), object("threat-actor A", `"name":"Actor"`), object("intrusion-set S", `"name":"Set"`),
		object("campaign C", `"name":"Camp"`), object("tool T", `"name":"Tool"`), object("infrastructure I", `"name":"Infra"`),
		object("domain-name D", `"value":"a.example"`), object("ipv4-addr P", `"value":"192.0.2.1"`), object("ipv6-addr Q", `"value":"2001:db8::1"`),
		object("url U", `"value":"http://b.example/"`), object("autonomous-system N", `"number":64496`), object("file F", `"hashes":{"MD5":"`+strings.Repeat("cd", 16)+`"}`),
		object("attack-pattern X", `"name":"T1000"`),
	}
	hash := "filehash:" + strings.Repeat("cd", 16)
	when := " 2024-01-02" + moot
	rel := func(typ string) string { return fmt.Sprintf("%s relationship=%q\n", when, typ) }
	for _, c := range []story{
		{"resolves-to", relation("domain-name--D", "resolves-to", "ipv6-addr--Q"), "domain:a.example resolves ip:2001:db8::1 AAAA" + rel("resolves-to")},
		{"resolves-to wrongly", relation("ipv4-addr--P", "resolves-to", "ipv6-addr--Q"), ""},
		{"belongs-to", relation("ipv4-addr--P", "belongs-to", "autonomous-system--N"), "ip:192.0.2.1 in-prefix prefix:192.0.2.1/32" + rel("belongs-to") + "prefix:192.0.2.1/32 announced-by asn:64496" + rel("belongs-to")},
		{"malware talks to", relation("malware--M", "communicates-with", "url--U"), "label:malware:evil rat communicates-with url:http://b.example/" + rel("communicates-with")},
		{"a file talks to", relation("file--F", "communicates-with", "domain-name--D"), hash + " communicates-with domain:a.example" + rel("communicates-with")},
		{"beacons-to", relation("malware--M", "beacons-to", "infrastructure--I"), "label:tag:infra reported-as label:malware:evil rat" + rel("beacons-to")},
		{"consists-of", relation("infrastructure--I", "consists-of", "url--U"), "url:http://b.example/ reported-as label:tag:infra" + rel("consists-of") +
			"domain:b.example reported-as label:tag:infra" + when + ` relationship="consists-of" via="url"`},
		{"campaign attributed-to", relation("campaign--C", "attributed-to", "intrusion-set--S"), "label:campaign:camp reported-as label:actor:set" + rel("attributed-to")},
		{"actor uses", relation("threat-actor--A", "uses", "malware--M"), "label:malware:evil rat reported-as label:actor:actor" + rel("uses")},
		{"actor uses a tool", relation("threat-actor--A", "uses", "tool--T"), "label:tool:tool reported-as label:actor:actor" + rel("uses")},
		{"actor uses a technique", relation("threat-actor--A", "uses", "attack-pattern--X"), ""},
		{"related", relation("malware--M", "related-to", "file--F"), hash + " reported-as label:malware:evil rat" + rel("related-to")},
		{"two labels related", relation("malware--M", "related-to", "tool--T"), ""},
		{"of another type", relation("malware--M", "targets", "domain-name--D"), ""},
		{"to what isn't there", relation("domain-name--D", "resolves-to", "ipv4-addr--missing"), ""},
		{"incomplete", object("relationship R", `"relationship_type":"uses","source_ref":"malware--M"`), "! 15: member target_ref is missing"},
	} {
		r := importertest.Run(t, stix.Format, []byte(bundle(append(slices.Clone(objects), c.in)...)))
		if got := body(r); got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, strings.TrimSpace(c.want))
		}
	}
}

func TestReportsAndObservations(t *testing.T) {
	seen := `"first_observed":"2024-02-01T00:00:00Z","last_observed":"2024-02-03T00:00:00Z","number_observed":7`
	run(t, []story{
		{
			"a report before what it refers to", bundle(
				object("report 1", `"name":"R","published":"2024-05-01T00:00:00Z","object_refs":["indicator--1","malware--1","domain-name--1","report--1","relationship--1","attack-pattern--1"]`),
				indicator("1", "[ipv4-addr:value='192.0.2.1']", ""), object("malware 1", `"name":"M"`), object("domain-name 1", `"value":"a.example"`)),
			"ip:192.0.2.1 reported-as label:report:r 2024-01-01 open\nip:192.0.2.1" + own +
				"label:malware:m reported-as label:report:r 2024-05-01" + moot + "\ndomain:a.example reported-as label:report:r 2024-05-01" + moot,
		},
		{"a grouping without a name, malware without one", bundle(object("grouping 1", `"object_refs":["domain-name--1"]`), object("malware 1", `"is_family":false`), object("domain-name 1", `"value":"a.example"`)), ""},
		{
			"samples", bundle(object("malware 1", `"name":"M","sample_refs":["file--1"]`), object("file 1", `"hashes":{"md5":"`+strings.Repeat("cd", 16)+`"}`)),
			"filehash:" + strings.Repeat("cd", 16) + " reported-as label:malware:m 2024-01-02" + moot,
		},
		{
			"observed data", bundle(object("observed-data 1", seen+`,"object_refs":["domain-name--1","ipv4-addr--1"]`),
				`{"type":"ipv4-addr","id":"ipv4-addr--1","value":"192.0.2.1"}`, `{"type":"domain-name","id":"domain-name--1","value":"a.example","resolves_to_refs":["ipv4-addr--1"]}`),
			"ip:192.0.2.1 reported-as label:report:stix 2024-02-01..2024-02-03 count=7\ndomain:a.example resolves ip:192.0.2.1 A undated\n" +
				"domain:a.example resolves ip:192.0.2.1 A 2024-02-01..2024-02-03 count=7 [stix sensor]\ndomain:a.example reported-as label:report:stix 2024-02-01..2024-02-03 count=7",
		},
		{
			"observed data of 2.0", bundle(object("observed-data 1", seen+`,"objects":{"1":{"type":"ipv4-addr","value":"192.0.2.1"},"0":{"type":"network-traffic","src_ref":"1","dst_ref":"2","dst_port":443},"2":{"type":"domain-name","value":"a.example"},"3":{"type":"url","value":"?"}}`)),
			`ip:192.0.2.1 communicates-with domain:a.example undated port="443"` + "\n" +
				`ip:192.0.2.1 communicates-with domain:a.example 2024-02-01..2024-02-03 count=7 port="443" [stix sensor]` + "\n" +
				"ip:192.0.2.1 reported-as label:report:stix 2024-02-01..2024-02-03 count=7\ndomain:a.example reported-as label:report:stix 2024-02-01..2024-02-03 count=7\n" +
				`! 2: member objects: "3": member value: url "?": has no scheme or host`,
		},
		{
			"a rule based on observed data", bundle(indicator("1", "rule x {}", `"pattern_type":"yara"`), object("malware 1", `"name":"M"`), relation("indicator--1", "indicates", "malware--1"),
				relation("indicator--1", "based-on", "domain-name--1"), object("domain-name 1", `"value":"a.example"`)),
			`domain:a.example reported-as label:malware:m 2024-01-01 open relationship="indicates"`,
		},
		{
			"a pattern means what it names, not what it is based on", bundle(indicator("1", "[ipv4-addr:value='192.0.2.1']", ""),
				relation("indicator--1", "based-on", "domain-name--1"), object("domain-name 1", `"value":"victim.example"`)),
			"ip:192.0.2.1" + own,
		},
		{
			"sightings", bundle(indicator("1", "[ipv4-addr:value='192.0.2.1']", ""), object("malware 1", `"name":"M"`), object("observed-data 1", seen+`,"object_refs":["domain-name--1"]`),
				object("sighting 1", `"sighting_of_ref":"indicator--1","first_seen":"2024-03-01T00:00:00Z","last_seen":"2024-03-02T00:00:00Z","count":3`),
				object("sighting 2", `"sighting_of_ref":"malware--1","observed_data_refs":["observed-data--1"]`), object("domain-name 1", `"value":"a.example"`)),
			"ip:192.0.2.1" + own + `ip:192.0.2.1 reported-as label:report:stix 2024-03-01..2024-03-02 count=3 relationship="sighting"` + "\n" +
				"domain:a.example reported-as label:report:stix 2024-02-01..2024-02-03 count=7\n" +
				`domain:a.example reported-as label:malware:m 2024-02-01..2024-02-03 count=7 relationship="sighting"`,
		},
	})
}

func TestObservables(t *testing.T) {
	dn := `"issuer":"C=ZA, O=Thawte, CN=Thawte CA/emailAddress=a@b.example","subject":"O=Me, CN=www.a.example","serial_number":"0a:0b","validity_not_before":"2024-01-01T00:00:00Z","validity_not_after":"2024-06-01T00:00:00Z"`
	about := " 2024-01-01..2024-06-01"
	run(t, []story{
		{"names and addresses alone say nothing", bundle(object("domain-name 1", `"value":"a.example"`), object("ipv4-addr 1", `"value":"192.0.2.1"`), object("file 1", `"name":"x"`), object("email-addr 1", `"value":"a@a.example"`)), ""},
		{
			"resolves and belongs", bundle(object("domain-name 1", `"value":"a.example","resolves_to_refs":["domain-name--2","ipv6-addr--1"]`), object("domain-name 2", `"value":"b.example"`),
				object("ipv6-addr 1", `"value":"2001:db8::/32","belongs_to_refs":["autonomous-system--1"]`), object("autonomous-system 1", `"number":64496,"name":"Net One"`)),
			"domain:a.example resolves domain:b.example CNAME undated\nasn:64496 allocated-to org:net one undated\nprefix:2001:db8::/32 announced-by asn:64496 undated",
		},
		{
			"a certificate", bundle(object("x509-certificate 1", `"hashes":{"SHA-1":"`+strings.Repeat("ef", 20)+`","SHA-256":"`+strings.Repeat("ab", 32)+`"},"x509_v3_extensions":{"subject_alternative_name":"DNS:a.example, IP Address:192.0.2.1"},`+dn)),
			strings.ReplaceAll(strings.Join([]string{
				"C alias cert:sha1:" + strings.Repeat("ef", 20) + about, "C alias cert:serial:thawte ca/a0b" + about,
				"C issued-by org:thawte" + about + ` issuer="C=ZA, O=Thawte, CN=Thawte CA/emailAddress=a@b.example"`,
				"C has-fingerprint fingerprint:subject:cn=www.a.example,o=me" + about, "C san domain:a.example" + about + ` field="san"`,
				"C san ip:192.0.2.1" + about + ` field="san"`, "C san domain:www.a.example" + about + ` field="cn"`, "",
			}, " [stix declared]\n"), "C ", "cert:sha256:"+strings.Repeat("ab", 32)+" "),
		},
		{"a certificate without a name", bundle(object("x509-certificate 1", `"subject":"CN=a.example"`)), ""},
		{
			"traffic", bundle(object("ipv4-addr 1", `"value":"192.0.2.1"`), object("ipv4-addr 2", `"value":"192.0.2.2"`), object("network-traffic 1", `"src_ref":"ipv4-addr--1","dst_ref":"ipv4-addr--2","protocols":["ipv4","tcp"],"start":"2024-01-01T00:00:00Z","end":"2024-01-03T00:00:00Z"`)),
			`ip:192.0.2.1 communicates-with ip:192.0.2.2 2024-01-01..2024-01-03 protocol="ipv4 tcp"`,
		},
		{
			"bad ones", bundle(object("domain-name 1", `"value":7`), object("ipv4-addr 1", `"value":"x"`), object("autonomous-system 1", `"number":-1`), object("url 1", ``), object("file 1", `"hashes":{"MD5":"zz"}`)),
			"! 2: member value: want a string, not a number\n! 3: member value: \"x\" is neither an address nor a prefix\n! 4: member number: asn \"-1\": is not an AS number between 0 and 4294967295\n" +
				"! 5: member value is missing\n! 6: member hashes: MD5: filehash \"zz\": has the wrong length for a digest",
		},
	})
}

// TestOrder: the order of the objects changes nothing but the lineage, which
// needs the identity first.
func TestOrder(t *testing.T) {
	objects := []string{
		object("report 1", `"name":"R","object_refs":["indicator--1","indicator--2","observed-data--1","malware--1","file--1"]`),
		indicator("1", "[ipv4-addr:value='192.0.2.9' OR url:value='http://x.example/']", ""), indicator("2", "rule", `"pattern_type":"yara"`),
		object("malware 1", `"name":"M","sample_refs":["file--1"]`), object("file 1", `"hashes":{"MD5":"`+strings.Repeat("cd", 16)+`"}`),
		object("observed-data 1", `"first_observed":"2024-02-01T00:00:00Z","last_observed":"2024-02-03T00:00:00Z","number_observed":7,"object_refs":["domain-name--1","ipv4-addr--1","network-traffic--1"]`),
		object("domain-name 1", `"value":"a.example","resolves_to_refs":["ipv4-addr--1"]`), object("ipv4-addr 1", `"value":"192.0.2.1","belongs_to_refs":["autonomous-system--1"]`),
		object("autonomous-system 1", `"number":64496`), object("network-traffic 1", `"src_ref":"ipv4-addr--1","dst_ref":"domain-name--1"`),
		relation("indicator--1", "indicates", "malware--1"), relation("indicator--2", "indicates", "malware--1"), relation("indicator--2", "based-on", "observed-data--1"),
		relation("malware--1", "communicates-with", "domain-name--1"), object("sighting 1", `"sighting_of_ref":"malware--1","observed_data_refs":["observed-data--1"]`),
		object("threat-actor 1", `"name":"A"`), relation("threat-actor--1", "uses", "malware--1"), relation("domain-name--1", "resolves-to", "ipv4-addr--1"),
	}
	gather := func() []string {
		r := importertest.Run(t, stix.Format, []byte(bundle(objects...)))
		slices.Sort(r.Lines)
		return r.Lines
	}
	want := gather()
	if len(want) < 25 {
		t.Fatalf("only %d statements: %q", len(want), want)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		rnd.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		if got := gather(); !slices.Equal(got, want) {
			t.Fatalf("in the order\n%s\n got %q\nwant %q", strings.Join(objects, "\n"), got, want)
		}
	}
}
