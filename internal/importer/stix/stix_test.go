package stix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
	"github.com/spoor-cti/spoor/internal/obs"
)

// bundle makes a bundle of objects, one a line, beginning with the second.
func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--0","objects":[` + "\n" + strings.Join(objects, ",\n") + "\n]}"
}

// object makes an object: "type ID" and members without braces.
func object(head, members string) string {
	typ, id, _ := strings.Cut(head, " ")
	s := fmt.Sprintf(`{"type":%q,"id":"%s--%s","created":"2024-01-02T00:00:00Z"`, typ, typ, id)
	if members != "" {
		s += "," + members
	}
	return s + "}"
}

func indicator(id, pattern, members string) string {
	if members != "" {
		members = "," + members
	}
	return object("indicator "+id, fmt.Sprintf(`"indicator_types":["compromised"],"valid_from":"2024-01-01T00:00:00Z","pattern":%q%s`, pattern, members))
}

func relation(from, typ, to string, members ...string) string {
	m := append([]string{fmt.Sprintf(`"relationship_type":%q,"source_ref":%q,"target_ref":%q`, typ, from, to)}, members...)
	return object("relationship "+typ, strings.Join(m, ","))
}

// body is the result without its first line and without what is the same in all
// these tests.
func body(r *importertest.Result) string {
	_, rest, _ := strings.Cut(strings.TrimSpace(r.String()), "\n")
	return strings.NewReplacer(" [stix asserted]", "", "T00:00:00Z", "").Replace(rest)
}

const (
	own  = " reported-as label:tag:compromised 2024-01-01 open\n" // what an indicator says by itself
	moot = " first-bound last-bound"
)

type story struct{ name, in, want string }

func run(t *testing.T, stories []story) {
	t.Helper()
	for _, c := range stories {
		if got := body(importertest.Run(t, stix.Format, []byte(c.in))); got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, strings.TrimSpace(c.want))
		}
	}
}

func TestIndicators(t *testing.T) {
	sha256 := strings.Repeat("ab", 32)
	run(t, []story{
		{"a name", bundle(indicator("1", "[domain-name:value = 'A.example']", "")), "domain:a.example" + own},
		{"an address as a name", bundle(indicator("1", "[domain-name:value = '192.0.2.1']", "")), "ip:192.0.2.1" + own},
		{"a defanged name", bundle(indicator("1", "[domain-name:value = 'a[.]example.com']", "")), "domain:a.example.com" + own},
		{
			"alternatives", bundle(indicator("1", "[domain-name:value IN ('a.example','b.example') OR ipv4-addr:value = '198.51.100.0/24'] OR [ipv6-addr:value='2001:db8::1/128']", "")),
			"domain:a.example" + own + "domain:b.example" + own + "prefix:198.51.100.0/24" + own + "ip:2001:db8::1" + own,
		},
		{
			"a URL and its host", bundle(indicator("1", "[url:value = 'hxxp://a.example/x']", "")),
			"url:http://a.example/x" + own + `domain:a.example reported-as label:tag:compromised 2024-01-01 open via="url"`,
		},
		{
			"other things", bundle(indicator("1", "[email-addr:value='A@a.example' OR autonomous-system:number=64496 OR network-traffic:dst_ref.value='192.0.2.1' OR app:id='com.example']", "")),
			"email:a@a.example" + own + "asn:64496" + own + "ip:192.0.2.1" + own + "fingerprint:package:com.example" + own,
		},
		{
			"hashes of one file are each enough", bundle(indicator("1", "[file:hashes.'SHA-256'='"+sha256+"' AND file:hashes.md5='"+sha256[:32]+"' AND file:hashes.SSDEEP='3:a:b' AND file:name='x']", "")),
			"filehash:" + sha256 + own + "filehash:" + sha256[:32] + own,
		},
		{
			"certificates", bundle(indicator("1", "[x509-certificate:hashes.'SHA-1'='"+sha256[:40]+"' OR (x509-certificate:issuer='CN=x/y, O=z' AND x509-certificate:serial_number='0a:bc')]", "")),
			"cert:sha1:" + sha256[:40] + own + "cert:serial:x y/abc" + own,
		},
		{
			"what holds only together", bundle(indicator("1", "[domain-name:value='a.example' AND domain-name:resolves_to_refs[*].value='192.0.2.1']", "")),
			`domain:a.example reported-as label:tag:compromised 2024-01-01 open pattern="AND"` + "\n" +
				`ip:192.0.2.1 reported-as label:tag:compromised 2024-01-01 open pattern="AND"` + "\n" +
				"domain:a.example resolves ip:192.0.2.1 A 2024-01-01" + moot,
		},
		{
			"the kind of an address is no condition", bundle(indicator("1", "[network-traffic:dst_ref.type='ipv4-addr' AND network-traffic:dst_ref.value='192.0.2.1']", "")),
			"ip:192.0.2.1" + own,
		},
		{"what is no infrastructure", bundle(indicator("1", "[file:name = 'x' OR process:command_line MATCHES 'y']", "")), ""},
		{
			"a part is refused", bundle(indicator("1", "[domain-name:value='a.example' OR domain-name:value LIKE '%.example']", "")),
			"domain:a.example" + own + "! 2: member pattern: domain-name:value with LIKE tells of no single value, so nothing is taken from it",
		},
		{
			"negation", bundle(indicator("1", "[domain-name:value='a.example' AND NOT ipv4-addr:value='192.0.2.1']", ""), indicator("2", "[url:value != 'http://a.example/']", "")),
			`domain:a.example reported-as label:tag:compromised 2024-01-01 open pattern="AND"` + "\n" +
				"! 2: member pattern: ipv4-addr:value with NOT tells of no single value, so nothing is taken from it\n" +
				"! 3: member pattern: url:value with != tells of no single value, so nothing is taken from it",
		},
		{"a bad value", bundle(indicator("1", "[ipv4-addr:value='300.1.1.1']", "")), `! 2: member pattern: ipv4-addr:value: "300.1.1.1" is neither an address nor a prefix`},
		{"a bad pattern", bundle(indicator("1", "domain", "")), `! 2: member pattern: at character 1: want [ or (, not "domain"`},
		{"a lonely serial number", bundle(indicator("1", "[x509-certificate:serial_number='0a']", "")), "! 2: member pattern: x509-certificate:serial_number names no certificate without = and the issuer beside it"},
		{"another language", bundle(indicator("1", "rule x {}", `"pattern_type":"yara"`), indicator("2", "alert tcp", `"pattern_type":"snort"`)), ""},
		{"revoked", bundle(indicator("1", "[domain-name:value='a.example']", `"revoked":true`), relation("indicator--1", "indicates", "malware--1"), object("malware 1", `"name":"M"`)), ""},
		{
			"types of 2.0 among labels", bundle(object("indicator 1", `"labels":["anomalous-activity","misp:x=\"y\""],"valid_from":"2024-01-01T00:00:00Z","pattern":"[domain-name:value='a.example']"`)),
			"domain:a.example reported-as label:tag:anomalous-activity 2024-01-01 open",
		},
		{
			"of no type: the report that the input is", bundle(object("indicator 1", `"indicator_types":["unknown"],"pattern":"[domain-name:value='a.example']"`)),
			"domain:a.example reported-as label:report:stix 2024-01-02 open",
		},
	})
}

func TestTimes(t *testing.T) {
	name := "[domain-name:value='a.example']"
	malware := object("malware 1", `"name":"M"`)
	about := "domain:a.example reported-as label:malware:m "
	run(t, []story{
		{"validity that ended", bundle(indicator("1", name, `"valid_until":"2024-03-01T00:00:00Z"`)), "domain:a.example reported-as label:tag:compromised 2024-01-01..2024-03-01 [stix declared]"},
		{"validity that lies ahead", bundle(indicator("1", name, `"valid_until":"2090-03-01T00:00:00Z"`)), "domain:a.example reported-as label:tag:compromised 2024-01-01..2090-03-01 [stix declared]"},
		{"validity for ever", bundle(indicator("1", name, `"valid_until":"9999-12-31T23:59:59Z"`)), "domain:a.example reported-as label:tag:compromised 2024-01-01..9999-12-31T23:59:59Z open [stix declared]"},
		{"a bad time", bundle(indicator("1", name, `"valid_until":"soon"`)), "domain:a.example" + own + `! 2: member valid_until: "soon" is no time`},
		{"backwards", bundle(indicator("1", name, `"valid_until":"2023-01-01T00:00:00Z"`)), "! 2: first 2024-01-01 lies after last 2023-01-01"},
		{
			"a relationship without times takes the indicator's", bundle(malware, indicator("1", name, ""), relation("indicator--1", "indicates", "malware--1")),
			"domain:a.example" + own + about + `2024-01-01 open relationship="indicates"`,
		},
		{
			"a relationship's own times", bundle(malware, indicator("1", name, ""), relation("indicator--1", "indicates", "malware--1", `"start_time":"2024-01-05T00:00:00Z","stop_time":"2024-01-06T00:00:00Z"`)),
			"domain:a.example" + own + about + `2024-01-05..2024-01-06 relationship="indicates"`,
		},
		{
			"between things: when it was written", bundle(malware, object("domain-name 1", `"value":"a.example"`), relation("domain-name--1", "related-to", "malware--1")),
			about + "2024-01-02" + moot + ` relationship="related-to"`,
		},
		{"none at all", bundle(`{"type":"domain-name","id":"domain-name--1","value":"a.example","resolves_to_refs":["ipv4-addr--1"]}`, `{"type":"ipv4-addr","id":"ipv4-addr--1","value":"192.0.2.1"}`), "domain:a.example resolves ip:192.0.2.1 A undated"},
	})
}

func TestLineageAndLabels(t *testing.T) {
	by := `"created_by_ref":"identity--1"`
	in := bundle(object("identity 1", `"name":"ACME  CERT"`), indicator("1", "[domain-name:value='a.example']", by), object("domain-name 1", `"value":"b.example"`))
	want := "domain:a.example reported-as label:actor:x 2024-01-01T00:00:00Z open [stix asserted of ACME CERT]\n" +
		"domain:a.example reported-as label:tag:compromised 2024-01-01T00:00:00Z open [stix asserted of ACME CERT]\n" +
		"domain:b.example reported-as label:actor:x 2023-01-01T00:00:00Z first-bound last-bound [stix asserted]"
	label, _ := entity.New(entity.Label, "actor:X")
	date, _ := obs.ParseTime("2023-01-01")
	r := importertest.RunInput(t, stix.Format, &importer.Input{
		Reader: strings.NewReader(in), Source: "stix", Handling: obs.Handling{TLP: obs.TLPUnset}, Labels: []entity.Entity{label}, Date: date,
	})
	if got := strings.Join(r.Lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
