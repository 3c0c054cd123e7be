package misp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/misp"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// event wraps attributes and objects; the tags stand behind them, as MISP writes.
func event(attributes, objects, tags string) string {
	return `{"Event":{"info":"Quay","date":"2026-05-03","Orgc":{"name":"CERT-X"},"Attribute":[` + attributes + `],"Object":[` + objects + `],"Tag":[` + tags + `]}}`
}

func TestAttributes(t *testing.T) {
	const day = " 2026-05-03T00:00:00Z first-bound last-bound"
	const by = " [misp asserted of CERT-X]"
	q := func(e string) string { return e + " reported-as label:report:quay" + day + by }
	for _, c := range []struct{ name, in, want string }{
		{"domain", `{"type":"domain","value":"Evil.example","to_ids":true}`, q("domain:evil.example")},
		{"defanged", `{"type":"hostname","value":"evil[.]example ","to_ids":"1"}`, q("domain:evil.example")},
		{
			"domain|ip", `{"type":"domain|ip","value":"evil.example|192.0.2.1","to_ids":true}`,
			"domain:evil.example resolves ip:192.0.2.1 A undated" + by + "\n" + q("domain:evil.example") + "\n" + q("ip:192.0.2.1"),
		},
		{"port", `{"type":"ip-dst|port","value":"192.0.2.1|443","to_ids":true}`, q("ip:192.0.2.1")},
		{"prefix", `{"type":"ip-src","value":"192.0.2.0/24","to_ids":true}`, q("prefix:192.0.2.0/24")},
		{"file", `{"type":"filename|md5","value":"a.exe|d41d8cd98f00b204e9800998ecf8427e","to_ids":true}`, q("filehash:d41d8cd98f00b204e9800998ecf8427e")},
		{
			"url and its host", `{"type":"url","value":"hxxp://evil.example/x","to_ids":true}`,
			q("url:http://evil.example/x") + "\ndomain:evil.example reported-as label:report:quay" + day + ` via="url"` + by,
		},
		{"autonomous system", `{"type":"AS","value":"AS64500","to_ids":true}`, q("asn:64500")},
		{"certificate", `{"type":"x509-fingerprint-sha1","value":"` + strings.Repeat("ab", 20) + `","to_ids":true}`, q("cert:sha1:" + strings.Repeat("ab", 20))},
		{"fingerprint", `{"type":"jarm-fingerprint","value":"` + strings.Repeat("ab", 31) + `","to_ids":true}`, q("fingerprint:jarm:" + strings.Repeat("ab", 31))},
		{
			"its own times", `{"type":"domain","value":"evil.example","to_ids":true,"first_seen":"2026-01-02T03:04:05.000000+00:00","last_seen":"2026-01-03T00:00:00+00:00"}`,
			"domain:evil.example reported-as label:report:quay 2026-01-02T03:04:05Z..2026-01-03T00:00:00Z" + by,
		},
		{"an event without marks", `{"type":"domain","value":"evil.example","to_ids":false}`, strings.Replace(q("domain:evil.example"), " [", ` to_ids="false" [`, 1)},
		{"a recipient is no infrastructure", `{"type":"email-dst","value":"victim@bank.example","to_ids":true}`, ""},
		{"deleted", `{"type":"domain","value":"evil.example","to_ids":true,"deleted":true}`, ""},
		{"names nothing", `{"type":"regkey","value":"HKLM\\x","to_ids":true}`, ""},
		{"no domain", `{"type":"domain","value":"a..example","to_ids":true}`, "! type domain"},
		{"half a pair", `{"type":"domain|ip","value":"evil.example","to_ids":true}`, q("domain:evil.example") + "\n! type domain|ip"},
		{"no type", `{"value":"evil.example"}`, "! member type is missing"},
		{"no object", `"x"`, "! couldn't read the attribute"},
	} {
		compare(t, c.name, event(c.in, "", ""), c.want)
	}
}

func compare(t *testing.T, name, in, want string) {
	t.Helper()
	r := importertest.Run(t, misp.Format, []byte(in))
	got := strings.Join(r.Lines, "\n")
	want, reason, bad := strings.Cut("\n"+want, "\n! ")
	want = strings.TrimPrefix(want, "\n")
	if got != want || r.Records != 1 || r.Err != nil || bad != (len(r.Reasons) == 1) || bad && !strings.Contains(r.Reasons[0], reason) {
		t.Errorf("%s: %d records, %v %v\n got %s\nwant %s", name, r.Records, r.Reasons, r.Err, got, want)
	}
}

func TestContextIsNoIndicator(t *testing.T) {
	in := event(`{"type":"domain","value":"bank.example","to_ids":false},{"type":"domain","value":"evil.example","to_ids":true}`, "", "")
	r := importertest.Run(t, misp.Format, []byte(in))
	if len(r.Lines) != 1 || !strings.HasPrefix(r.Lines[0], "domain:evil.example") || r.Records != 2 {
		t.Errorf("got %s", r)
	}
}

func TestTagsBehindAttributes(t *testing.T) {
	one := `{"type":"domain","value":"evil.example","to_ids":true,"Tag":[{"name":"misp-galaxy:malpedia=\"Quay Loader\""},{"name":"tlp:green"}]}`
	tags := `{"name":"tlp:amber+strict"},{"name":"PAP:RED"},{"name":"misp-galaxy:threat-actor=\"APT32\""},{"name":"misp-galaxy:mitre-attack-pattern=\"X - T1000\""},{"name":"osint:x"}`
	r := importertest.Run(t, misp.Format, []byte(event(one, "", tags)))
	var got []string
	for _, l := range r.Lines {
		_, label, _ := strings.Cut(l, "label:")
		got = append(got, label)
	}
	const tail = " 2026-05-03T00:00:00Z first-bound last-bound [misp asserted AMBER+STRICT of CERT-X]"
	want := "report:quay" + tail + "\nactor:apt32" + tail + "\nmalware:quay loader" + tail
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	// What the user says of it stands for the report, and the stricter marking holds.
	label, err := entity.New(entity.Label, "campaign:mine")
	if err != nil {
		t.Fatal(err)
	}
	in := &importer.Input{Reader: strings.NewReader(event(one, "", `{"name":"tlp:white"}`)), Source: "x", Labels: []entity.Entity{label}, Handling: obs.Handling{TLP: obs.Red}}
	r = importertest.RunInput(t, misp.Format, in)
	if len(r.Lines) != 2 || !strings.Contains(r.Lines[0], "campaign:mine") || !strings.Contains(r.Lines[0], " RED ") {
		t.Errorf("got %v", r.Lines)
	}
}

func TestObjects(t *testing.T) {
	at := func(pairs ...string) string {
		var list []string
		for i := 0; i+1 < len(pairs); i += 2 {
			list = append(list, fmt.Sprintf(`{"object_relation":%q,"type":"text","value":%q}`, pairs[i], pairs[i+1]))
		}
		return strings.Join(list, ",")
	}
	object := func(name, attributes string) string {
		return `{"name":"` + name + `","Attribute":[` + attributes + `]}`
	}
	fp := strings.Repeat("cd", 32)
	const by = " of CERT-X]"
	for _, c := range []struct{ name, in, want string }{
		{
			"domain-ip", object("domain-ip", at("domain", "evil.example", "ip", "192.0.2.1", "ip", "2001:db8::1", "first-seen", "2026-01-02T00:00:00Z", "last-seen", "2026-02-02T00:00:00Z")),
			"domain:evil.example resolves ip:192.0.2.1 A 2026-01-02T00:00:00Z..2026-02-02T00:00:00Z [misp asserted" + by + "\n" +
				"domain:evil.example resolves ip:2001:db8::1 AAAA 2026-01-02T00:00:00Z..2026-02-02T00:00:00Z [misp asserted" + by,
		},
		{
			"passive-dns", object("passive-dns", at("rrname", "evil.example.", "rrtype", "CNAME", "rdata", "b.example.", "time_first", "1696798385", "time_last", "1696798390", "count", "7")),
			"domain:evil.example resolves domain:b.example CNAME 2023-10-08T20:53:05Z..2023-10-08T20:53:10Z count=7 [misp sensor" + by,
		},
		{
			"dns-record", object("dns-record", at("queried-domain", "evil.example", "a-record", "192.0.2.1", "mx-record", "mx.example")),
			"domain:evil.example resolves ip:192.0.2.1 A undated [misp asserted" + by + "\n" +
				`domain:evil.example mx domain:mx.example MX undated preference="0" [misp asserted` + by,
		},
		{
			"whois", object("whois", at("domain", "evil.example", "registrar", "Kiwi Domains", "registrant-email", "x@evil.example", "creation-date", "2026-01-02", "expiration-date", "2027-01-02")),
			"domain:evil.example registrar registrar:kiwi domains 2026-01-02T00:00:00Z..2027-01-02T00:00:00Z [misp declared" + by + "\n" +
				"domain:evil.example registrant email:x@evil.example 2026-01-02T00:00:00Z..2027-01-02T00:00:00Z [misp declared" + by,
		},
		{
			"x509", object("x509", at("x509-fingerprint-sha256", fp, "issuer", "/C=DE/O=CA Org/CN=Some CA", "subject", "C=DE, O=Evil Inc, CN=evil.example", "serial-number", "00A1", "validity-not-before", "2026-01-01", "validity-not-after", "2026-03-01")),
			strings.ReplaceAll("C alias cert:serial:some ca/a1 V\nC issued-by org:ca org V\nC has-fingerprint fingerprint:subject:cn=evil.example,o=evil inc,c=de V\nC san domain:evil.example V",
				" V", " 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [misp declared"+by),
		},
		{"a victim is no infrastructure", object("victim", `{"object_relation":"domain","type":"domain","value":"bank.example","to_ids":true}`), ""},
		{"deleted", `{"name":"domain-ip","deleted":true,"Attribute":[` + at("domain", "evil.example", "ip", "192.0.2.1") + `]}`, ""},
		{"bad record", object("passive-dns", at("rrname", "evil.example", "rrtype", "NOPE")), "! relation rrtype"},
	} {
		compare(t, c.name, event("", c.in, ""), strings.ReplaceAll(c.want, "C ", "cert:sha256:"+fp+" "))
	}
}

func TestShapes(t *testing.T) {
	attr := `{"type":"domain","value":"evil.example","to_ids":true}`
	for name, in := range map[string]string{
		"restSearch":              `{"response":[` + event(attr, "", "") + `]}`,
		"byte order mark":         "\xef\xbb\xbf" + event(attr, "", ""),
		"one event a line":        event("", "", "") + "\n" + event(attr, "", "") + "\n",
		"bare event":              `{"info":"Quay","Attribute":[` + attr + `]}`,
		"attributes":              `{"response":{"Attribute":[` + strings.Replace(attr, `{`, `{"category":"Network activity","Event":{"info":"Quay"},`, 1) + `]}}`,
		"members unlike expected": `{"Event":{"info":7,"date":[],"Orgc":null,"Tag":{},"Attribute":[` + strings.Replace(attr, `{`, `{"category":1,"first_seen":{},`, 1) + `]}}`,
	} {
		r := importertest.Run(t, misp.Format, []byte(in))
		if r.Err != nil || len(r.Lines) != 1 || !strings.HasPrefix(r.Lines[0], "domain:evil.example reported-as") {
			t.Errorf("%s: %s", name, r)
		}
		if f, err := (importer.Registry{misp.Format}).Detect(importer.Head{Data: []byte(in)}); err != nil || f != misp.Format {
			t.Errorf("%s: not recognised", name)
		}
	}
	for name, in := range map[string]string{
		"a manifest": `{"0985427f":{"info":"x","Orgc":{"name":"y"},"analysis":"2"}}`,
		"other JSON": `{"a":[1,2]}`, "a string": `"Event"`,
	} {
		if r := importertest.Run(t, misp.Format, []byte(in)); !fault.Is(r.Err, fault.Format) {
			t.Errorf("%s: %v", name, r.Err)
		}
	}
}

// TestCut: whatever the place of the cut, what was whole before it is read, and the
// reader is told.
func TestCut(t *testing.T) {
	whole := event(`{"type":"domain","value":"one.example","to_ids":true},{"type":"domain","value":"two.example","to_ids":true}`, "", "")
	for n := 1; n < len(whole); n++ {
		r := importertest.Run(t, misp.Format, []byte(whole[:n]))
		want := strings.Count(whole[:n], `"to_ids":true}`)
		if r.Err == nil || len(r.Lines) != want {
			t.Fatalf("cut at %d: %d lines, want %d, %v", n, len(r.Lines), want, r.Err)
		}
	}
	r := importertest.Run(t, misp.Format, []byte(strings.Repeat(`{"Event":`, 100)))
	if r.Err == nil {
		t.Error("nested without end")
	}
}

// realCounts are records, rejects and names by folder.
var realCounts = map[string][3]int{"misp/eset": {1990, 0, 577}, "misp/infoblox": {2662, 0, 2583}, "misp/misp-stix": {12, 0, 1}}

// TestRealEvents counts records and names against an independent count in Python:
// the sum of len(Attribute) and len(Object) over all events and answers, and the
// distinct values of attributes of type domain or hostname with to_ids (or of all, in
// an event without any to_ids), stripped,
// in lower case, without those of victims, and of type url without a scheme or path.
func TestRealEvents(t *testing.T) {
	for dir, want := range realCounts {
		var records, rejected int
		domains := map[string]bool{}
		for _, path := range testdata.Files(t, dir, "*.json") {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := importertest.Run(t, misp.Format, raw)
			if fault.Is(r.Err, fault.Format) {
				continue // a manifest, a bundle
			}
			if r.Err != nil {
				t.Errorf("%s: %v", filepath.Base(path), r.Err)
			}
			records += r.Records
			rejected += r.Rejected
			for _, reason := range r.Reasons {
				t.Logf("%s: %s", filepath.Base(path), reason)
			}
			for _, l := range r.Lines {
				if d, ok := strings.CutPrefix(l, "domain:"); ok && strings.Contains(l, " reported-as ") && !strings.Contains(l, "via=") {
					d, _, _ = strings.Cut(d, " ")
					domains[d] = true
				}
			}
		}
		if got := [3]int{records, rejected, len(domains)}; got != want {
			t.Errorf("%s: records, rejected, domains %v, want %v", dir, got, want)
		}
	}
}

func TestHostileJSON(t *testing.T) {
	for _, path := range testdata.Files(t, "hostile/json-testsuite", "*.json") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		importertest.Run(t, misp.Format, raw)
		importertest.Run(t, misp.Format, []byte(event(string(raw), "", "")))
		importertest.Run(t, misp.Format, []byte(event("", `{"name":"x509","Attribute":[{"object_relation":"issuer","value":`+string(raw)+`}]}`, "")))
	}
}

func FuzzMISP(f *testing.F) {
	f.Add([]byte(event(`{"type":"domain|ip","value":"a.example|192.0.2.1","to_ids":true}`, `{"name":"x509","Attribute":[{"object_relation":"issuer","type":"text","value":"CN=x"}]}`, `{"name":"tlp:red"}`)))
	f.Add([]byte(`{"response":{"Attribute":[{"type":"url","value":"hxxp://a.example/","to_ids":1,"Event":{"info":"x"}}]}}`))
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, misp.Format, in) })
}
