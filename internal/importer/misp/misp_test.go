package misp_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/misp"
	"github.com/spoor-cti/spoor/internal/obs"
)

// event wraps attributes and objects; the tags stand behind them, as MISP writes.
func event(attributes, objects, tags string) string {
	return `{"Event":{"info":"Quay","date":"2026-05-03","Orgc":{"name":"CERT-X"},"Attribute":[` + attributes + `],"Object":[` + objects + `],"Tag":[` + tags + `]}}`
}

// What follows the label of an indicator in such an event.
const (
	day  = " 2026-05-03T00:00:00Z first-bound last-bound"
	by   = " [misp asserted 1d of CERT-X]"
	says = " [misp asserted of CERT-X]" // of what has a time of its own, or none
)

func reported(e string) string { return e + " reported-as label:report:quay" + day + by }

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

func TestAttributes(t *testing.T) {
	sha256, sha1, md5 := strings.Repeat("ab", 32), strings.Repeat("cd", 20), strings.Repeat("ef", 16)
	attribute := func(typ, value string) string {
		return `{"type":"` + typ + `","value":"` + value + `","to_ids":true}`
	}
	for _, c := range []struct{ typ, value, want string }{
		{"domain", "Evil.example", "domain:evil.example"},
		{"hostname", " www[.]evil(dot)example. ", "domain:www.evil.example"},
		{"domain", "192.0.2.1", "ip:192.0.2.1"},
		{"hostname", "hxxp://evil.example/x", "url:http://evil.example/x domain:evil.example"},
		{"ip-src", "192.0.2[.]1", "ip:192.0.2.1"},
		{"ip-dst", "192.0.2.0/24", "prefix:192.0.2.0/24"},
		{"ip-dst", "192.0.2.7/32", "ip:192.0.2.7"},
		{"ip-dst", "192.0.2.7:8080", "ip:192.0.2.7"},
		{"ip-dst", "2001:DB8::1", "ip:2001:db8::1"},
		{"hostname|port", "evil.example|443", "domain:evil.example"},
		{"url", "hxxps[:]//evil[.]example/x", "url:https://evil.example/x domain:evil.example"},
		{"url", "evil.example/gate.php", "url:http://evil.example/gate.php domain:evil.example"},
		{"url", "evil.example", "domain:evil.example"},
		{"url", "http://192.0.2.1/", "url:http://192.0.2.1/ ip:192.0.2.1"},
		{"uri", "http://evil.example/x", "url:http://evil.example/x domain:evil.example"},
		{"uri", "/gate.php", ""},
		{"email", "Boss[at]evil[.]example", "email:boss@evil.example"},
		{"email-src", "x@evil.example", "email:x@evil.example"},
		{"email-dst", "victim@bank.example", ""}, // a recipient is no infrastructure
		{"whois-registrant-email", "x@evil.example", "email:x@evil.example"},
		{"whois-registrant-phone", "+1.5555550100", "phone:+15555550100"},
		{"whois-registrant-name", " John ", "person:john"},
		{"whois-registrant-org", "EVIL", "org:evil"},
		{"whois-registrant-org", "REDACTED FOR PRIVACY", ""},
		{"whois-registrar", "Kiwi", "registrar:kiwi"},
		{"whois-creation-date", "2026-01-01", ""},
		{"x509-fingerprint-sha256", sha256, "cert:sha256:" + sha256},
		{"x509-fingerprint-sha1", strings.ToUpper(sha1), "cert:sha1:" + sha1},
		{"x509-fingerprint-md5", md5, "cert:md5:" + md5},
		{"md5", md5, "filehash:" + md5},
		{"sha1", sha1, "filehash:" + sha1},
		{"sha256", " " + sha256 + " ", "filehash:" + sha256},
		{"filename|sha256", "a|b.exe|" + sha256, "filehash:" + sha256},
		{"malware-sample", "a.exe|" + md5, "filehash:" + md5},
		{"filename", "a.exe", ""},
		{"filename|imphash", "a.exe|" + md5, ""},
		{"AS", "AS64500", "asn:64500"},
		{"ja3-fingerprint-md5", md5, "fingerprint:ja3:" + md5},
		{"jarm-fingerprint", strings.Repeat("a0", 31), "fingerprint:jarm:" + strings.Repeat("a0", 31)},
		{"favicon-mmh3", "-1231872293", "fingerprint:favicon:-1231872293"},
		{"hassh-md5", md5, "fingerprint:hassh:" + md5},
		{"ssh-fingerprint", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sshkey:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
		{"phone-number", "+49 30 1234567", "phone:+49301234567"},
		{"github-username", "evil", ""},
		{"regkey|value", "HKLM\\\\x", ""},
	} {
		var want []string
		for i, e := range strings.Fields(c.want) { // a URL and its host; else one
			line := reported(e)
			switch {
			case i > 0:
				line = strings.Replace(line, " [", ` via="url" [`, 1)
			case c.typ == "hostname|port":
				line = strings.Replace(line, " [", ` port="443" [`, 1)
			}
			want = append(want, line)
		}
		compare(t, c.typ+" "+c.value, event(attribute(c.typ, c.value), "", ""), strings.Join(want, "\n"))
	}
}

func TestBadAttributes(t *testing.T) {
	ok := `{"type":"domain","value":"good.example","to_ids":true}`
	for _, c := range []struct{ in, reason string }{
		{`{"type":"domain","value":"a..example"}`, "type domain: "},
		{`{"type":"domain","value":"not a domain"}`, `type domain: "not a domain" is no domain`},
		{`{"type":"domain","value":"localhost"}`, `type domain: "localhost" is no domain`},
		{`{"type":"domain","value":" "}`, "type domain: the value is missing or empty"},
		{`{"type":"domain"}`, "type domain: the value is missing or empty"},
		{`{"type":"domain","value":["a.example"]}`, "member value: want a string, not an array"},
		{`{"type":"ip-dst","value":"192.0.2.256"}`, "type ip-dst: "},
		{`{"type":"email-src","value":"nobody"}`, "type email-src: "},
		{`{"type":"url","value":"http://"}`, "type url: "},
		{`{"type":"sha256","value":"abc"}`, "type sha256: "},
		{`{"type":"AS","value":"x"}`, "type AS: "},
		{`{"value":"evil.example"}`, "member type is missing"},
		{`{"type":7.5,"value":"evil.example","first_seen":{}}`, "member first_seen: want a string, not an object"},
		{`{"type":"domain","value":"\q.example"}`, "couldn't read the attribute: bad JSON at octet 28: an unknown escape"},
		{"{\"type\":\"domain\",\"value\":\"\xff.example\"}", "a string is not UTF-8"},
		{`"x"`, "couldn't read the attribute: bad JSON at octet 1: want an object"},
		{`7`, "want an object"},
		{`null`, "want an object"},
		{`{"type":"domain","x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "values nest deeper than 200"},
	} {
		r := importertest.Run(t, misp.Format, []byte(event(ok+","+c.in+","+ok, "", "")))
		if r.Records != 3 || r.Rejected != 1 || len(r.Lines) != 2 || r.Err != nil || !strings.Contains(r.Reasons[0], c.reason) {
			t.Errorf("%.80s: want the reason %q and two others read\n%s", c.in, c.reason, r)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"domain|ip", `{"type":"domain|ip","value":"evil.example|192.0.2.1","to_ids":true}`,
			"domain:evil.example resolves ip:192.0.2.1 A undated" + says + "\n" + reported("domain:evil.example") + "\n" + reported("ip:192.0.2.1"),
		},
		{
			"port", `{"type":"ip-dst|port","value":"192.0.2.1:443","to_ids":true}`,
			strings.Replace(reported("ip:192.0.2.1"), " [", ` port="443" [`, 1),
		},
		{"half a pair", `{"type":"domain|ip","value":"evil.example","to_ids":true}`, reported("domain:evil.example") + "\n! type domain|ip"},
		{
			"its own times", `{"type":"domain","value":"evil.example","to_ids":true,"first_seen":"2026-01-02T03:04:05.000000+00:00","last_seen":"2026-01-03T00:00:00+00:00"}`,
			"domain:evil.example reported-as label:report:quay 2026-01-02T03:04:05Z..2026-01-03T00:00:00Z" + says,
		},
		{
			"one of them", `{"type":"domain","value":"evil.example","to_ids":true,"first_seen":"2026-01-02T03:04:05Z","last_seen":null,"timestamp":"1700000000"}`,
			"domain:evil.example reported-as label:report:quay 2026-01-02T03:04:05Z last-bound" + says,
		},
		{
			"backwards", `{"type":"domain","value":"evil.example","to_ids":true,"first_seen":"2026-01-03","last_seen":"2026-01-02"}`,
			reported("domain:evil.example") + "\n! members first_seen and last_seen: first 2026-01-03T00:00:00Z lies after last 2026-01-02T00:00:00Z: neither is taken",
		},
		{"no time", `{"type":"domain","value":"evil.example","to_ids":true,"first_seen":"soon"}`, reported("domain:evil.example") + `! member first_seen: "soon" is no time`},
		{"an event without marks", `{"type":"domain","value":"evil.example","to_ids":false}`, strings.Replace(reported("domain:evil.example"), " [", ` to_ids="false" [`, 1)},
		{"a flag in quotes", `{"type":"domain","value":"evil.example","to_ids":"1"}`, reported("domain:evil.example")},
		{"deleted", `{"type":"domain","value":"evil.example","to_ids":true,"deleted":true}`, ""},
		{"unlike an attribute, but deleted", `{"deleted":"1"}`, ""},
	} {
		compare(t, c.name, event(c.in, "", ""), strings.ReplaceAll(c.want, "]! ", "]\n! "))
	}
	edited := `{"Attribute":[{"type":"domain","value":"evil.example","to_ids":true,"timestamp":"1700000000"}]}`
	compare(t, "the last change", edited, "domain:evil.example reported-as label:report:misp 2023-11-14T22:13:20Z first-bound last-bound [misp asserted]")
	in := &importer.Input{Reader: strings.NewReader(`{"Event":{"info":"Q","Attribute":[{"type":"domain","value":"evil.example","to_ids":true}]}}`), Source: "x", Date: 1700000000}
	if r := importertest.RunInput(t, misp.Format, in); len(r.Lines) != 1 || !strings.Contains(r.Lines[0], "label:report:q 2023-11-14T22:13:20Z first-bound last-bound") {
		t.Errorf("the user's date: %s", r)
	}
}

func TestContextIsNoIndicator(t *testing.T) {
	in := event(`{"type":"domain|ip","value":"bank.example|192.0.2.1","to_ids":false},{"type":"domain","value":"evil.example","to_ids":true}`, "", "")
	r := importertest.Run(t, misp.Format, []byte(in))
	want := "domain:bank.example resolves ip:192.0.2.1 A undated" + says + "\n" + reported("domain:evil.example")
	if got := strings.Join(r.Lines, "\n"); got != want || r.Records != 2 {
		t.Errorf("got %s", r)
	}
}

// labels returns what stands behind "label:" in every line.
func labels(r *importertest.Result) string {
	var out []string
	for _, l := range r.Lines {
		_, label, _ := strings.Cut(l, "label:")
		out = append(out, label)
	}
	return strings.Join(out, "\n")
}

func TestTags(t *testing.T) {
	one := `{"type":"domain","value":"evil.example","to_ids":true,"Tag":[{"name":"misp-galaxy:malpedia=\"Quay Loader\""},{"name":"tlp:green"}],` +
		`"Galaxy":[{"type":"campaign","GalaxyCluster":[{"tag_name":"misp-galaxy:campaign=\"Pier\""}]}]}`
	tags := `{"name":"tlp:amber+strict"},{"name":"PAP:RED"},{"name":"misp-galaxy:threat-actor=\"APT32\""},{"name":"misp-galaxy:mitre-intrusion-set=\"APT32 - G0050\""},` +
		`{"name":"misp-galaxy:mitre-attack-pattern=\"X - T1000\""},{"name":"osint:x"},{"name":7},null,"tlp:white"`
	const tail = day + " [misp asserted 1d AMBER+STRICT of CERT-X]"
	want := "report:quay" + tail + "\nactor:apt32" + tail + "\nmalware:quay loader" + tail + "\ncampaign:pier" + tail
	r := importertest.Run(t, misp.Format, []byte(event(one, "", tags)))
	if got := labels(r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	ahead := strings.Replace(strings.Replace(event(one, "", ""), `,"Tag":[]}}`, "}}", 1), `"info"`, `"Tag":[`+tags+`],"info"`, 1)
	if got := labels(importertest.Run(t, misp.Format, []byte(ahead))); got != want {
		t.Errorf("tags ahead: got\n%s\nwant\n%s", got, want)
	}
	// What the user says of it stands for the report, and the stricter marking holds.
	label, err := entity.New(entity.Label, "campaign:mine")
	if err != nil {
		t.Fatal(err)
	}
	in := &importer.Input{Reader: strings.NewReader(event(one, "", `{"name":"tlp:white"}`)), Source: "x", Labels: []entity.Entity{label}, Handling: obs.Handling{TLP: obs.Red}}
	r = importertest.RunInput(t, misp.Format, in)
	if len(r.Lines) != 3 || !strings.Contains(r.Lines[0], "campaign:mine") || !strings.Contains(r.Lines[0], " RED ") {
		t.Errorf("got %v", r.Lines)
	}
	long := strings.Replace(strings.Replace(event(one, "", ""), "CERT-X", strings.Repeat("é", 200), 1), "Quay", strings.Repeat("q", 2000), 1)
	if r := importertest.Run(t, misp.Format, []byte(long)); len(r.Lines) != 3 || len(r.Reasons) > 0 {
		t.Errorf("long names: %s", r)
	}
}

// TestMarks: each level in every spelling, and what says nothing.
func TestMarks(t *testing.T) {
	for tag, want := range map[string]string{
		"tlp:white": "CLEAR", "tlp:clear": "CLEAR", "TLP:GREEN": "GREEN", "tlp:amber": "", "tlp:amber+strict": "AMBER+STRICT", "tlp: red": "RED",
		"tlp:unclear": "", "tlp:ex:chr": "", "PAP:RED": "", "mark:red": "", "": "",
	} {
		in := event(`{"type":"domain","value":"evil.example","to_ids":true}`, "", `{"name":"`+tag+`"}`)
		want = strings.Replace("[misp asserted 1d "+want+" of", "  of", " of", 1)
		if r := importertest.Run(t, misp.Format, []byte(in)); len(r.Lines) != 1 || !strings.Contains(r.Lines[0], want) {
			t.Errorf("%s: %s, want %s", tag, r, want)
		}
	}
}
