package misp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/misp"
)

// parts writes attributes of an object, from pairs of relation and value.
func parts(pairs ...string) string {
	var list []string
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"object_relation":%q,"type":"text","value":%q}`, pairs[i], pairs[i+1]))
	}
	return strings.Join(list, ",")
}

func object(name, attributes string) string {
	return `{"name":"` + name + `","Attribute":[` + attributes + `]}`
}

func TestObjects(t *testing.T) {
	fp, fp1 := strings.Repeat("cd", 32), strings.Repeat("ef", 20)
	const sensor, zone, declared = " [misp sensor of CERT-X]", " [misp zone of CERT-X]", " [misp declared of CERT-X]"
	for _, c := range []struct{ name, in, want string }{
		{
			"domain-ip", object("domain-ip", parts("domain", "evil[.]example", "hostname", "b.example", "ip", "192.0.2.1", "ip", "2001:db8::1", "first-seen", "2026-01-02T00:00:00Z", "last-seen", "2026-02-02T00:00:00Z")),
			strings.ReplaceAll("domain:evil.example resolves ip:192.0.2.1 A D\ndomain:evil.example resolves ip:2001:db8::1 AAAA D\n"+
				"domain:b.example resolves ip:192.0.2.1 A D\ndomain:b.example resolves ip:2001:db8::1 AAAA D", " D", " 2026-01-02T00:00:00Z..2026-02-02T00:00:00Z"+says),
		},
		{
			"domain-ip seen as an object", strings.Replace(object("domain-ip", parts("domain", "evil.example", "ip", "192.0.2.1", "ip", "nonsense")), "{", `{"first_seen":"2026-01-02T00:00:00Z",`, 1),
			"domain:evil.example resolves ip:192.0.2.1 A 2026-01-02T00:00:00Z last-bound" + says + "\n! relation ip: ",
		},
		{
			"passive-dns", object("passive-dns", parts("rrname", "evil.example.", "rrtype", "CNAME", "rdata", "b.example.", "rdata", "c.example", "time_first", "1696798385", "time_last", "2023-10-08T20:53:10Z", "count", "7",
				"bailiwick", "example.", "origin", "https://pdns.example/", "sensor_id", "s1")),
			strings.ReplaceAll("domain:evil.example resolves domain:b.example CNAME T\ndomain:evil.example resolves domain:c.example CNAME T", " T",
				` 2023-10-08T20:53:05Z..2023-10-08T20:53:10Z count=7 in=example origin="https://pdns.example/" [misp/s1 sensor of CERT-X]`),
		},
		{
			"passive-dns with two clocks", object("passive-dns", parts("rrname", "evil.example", "rrtype", "NS", "rdata", "ns.example", "time_first_ms", "1696798385123", "zone_time_first", "1696798000", "zone_time_last", "1696799000")),
			"domain:evil.example ns domain:ns.example NS 2023-10-08T20:53:05Z last-bound" + sensor + "\n" +
				"domain:evil.example ns domain:ns.example NS 2023-10-08T20:46:40Z..2023-10-08T21:03:20Z" + zone,
		},
		{"passive-dns of an unknown type", object("passive-dns", parts("rrname", "evil.example", "rrtype", "NOPE")), "! relation rrtype"},
		{"passive-dns without data", object("passive-dns", parts("rrname", "evil.example", "rrtype", "A")), "! relation rdata is missing"},
		{"passive-dns without a name", object("passive-dns", parts("rrtype", "A", "rdata", "192.0.2.1")), "! relation rrname"},
		{
			"a bad count and one bad of two", object("passive-dns", parts("rrname", "evil.example", "rrtype", "A", "rdata", "x", "rdata", "192.0.2.1", "count", "-1")),
			"domain:evil.example resolves ip:192.0.2.1 A undated" + sensor + "\n! relation count",
		},
		{
			"dns-record", object("dns-record", parts("queried-domain", "evil.example", "a-record", "192.0.2.1", "mx-record", "mx.example", "txt-record", "v=x")),
			"domain:evil.example resolves ip:192.0.2.1 A undated" + says + "\ndomain:evil.example resolves fingerprint:txt:v=x TXT undated" + says + "\n" +
				`domain:evil.example mx domain:mx.example MX undated preference="0"` + says,
		},
		{
			"whois", object("whois", parts("domain", "evil.example", "registrar", "Kiwi Domains", "registrant-email", "x@evil.example", "registrant-name", "Redacted for Privacy", "nameserver", "ns1.example",
				"creation-date", "2026-01-02", "expiration-date", "2027-01-02")),
			strings.ReplaceAll("domain:evil.example registrar registrar:kiwi domains D\ndomain:evil.example registrant email:x@evil.example D\ndomain:evil.example ns domain:ns1.example D",
				" D", " 2026-01-02T00:00:00Z..2027-01-02T00:00:00Z"+declared),
		},
		{
			"x509", object("x509", parts("x509-fingerprint-sha256", fp, "x509-fingerprint-sha1", fp1, "issuer", "/C=DE/O=CA Org/CN=Some CA", "subject", "C=DE, O=Evil Inc, CN=evil.example", "serial-number", "00A1",
				"validity-not-before", "2026-01-01", "validity-not-after", "2026-03-01", "dns_names", "evil.example", "dns_names", "*.evil.example", "ip", "192.0.2.1")),
			strings.ReplaceAll("C alias cert:sha1:"+fp1+" V\nC alias cert:serial:some ca/a1 V\nC issued-by org:ca org V issuer=\"CN=Some CA,O=CA Org,C=DE\"\nC has-fingerprint fingerprint:subject:cn=evil.example,o=evil inc,c=de V\n"+
				"C san domain:evil.example V field=\"san\"\nC san domain:*.evil.example V field=\"san\"\nC san ip:192.0.2.1 V field=\"san\"", " V", " 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z"),
		},
		{
			"x509 in parts", object("x509", parts("x509-fingerprint-sha256", fp, "issuer-common-name", "Some CA", "issuer-organization", "CA Org", "subject-common-name", "evil.example", "validity-not-before", "2026-03-01", "validity-not-after", "2026-01-01")),
			"C issued-by org:ca org undated issuer=\"CN=Some CA,O=CA Org\"\nC san domain:evil.example undated field=\"cn\"",
		},
		{"x509 that names none", object("x509", parts("issuer", "CN=x", "dns_names", "evil.example")), ""},
		{
			"asn", object("asn", parts("asn", "AS64500", "description", "EVIL-NET", "subnet-announced", "192.0.2.0/24", "first-seen", "2026-01-02T00:00:00Z", "last-seen", "2026-01-03T00:00:00Z")),
			strings.ReplaceAll("asn:64500 allocated-to org:evil-net D\nprefix:192.0.2.0/24 announced-by asn:64500 D", " D", " 2026-01-02T00:00:00Z..2026-01-03T00:00:00Z"+says),
		},
		{
			"network-connection", object("network-connection", parts("ip-src", "198.51.100.7", "ip-dst", "192.0.2.1", "hostname-dst", "evil.example", "dst-port", "443", "layer4-protocol", "TCP", "first-packet-seen", "2026-01-02T00:00:00Z")),
			strings.ReplaceAll("ip:198.51.100.7 communicates-with ip:192.0.2.1 D\nip:198.51.100.7 communicates-with domain:evil.example D", " D", ` 2026-01-02T00:00:00Z last-bound port="443" protocol="TCP"`+says),
		},
		{
			"url and file report their parts", object("url", `{"object_relation":"url","type":"url","value":"http://evil.example/x","to_ids":true},{"object_relation":"domain","type":"domain","value":"evil.example","to_ids":true},{"object_relation":"port","type":"port","value":"80"}`),
			reported("url:http://evil.example/x") + "\n" + strings.Replace(reported("domain:evil.example"), " [", ` via="url" [`, 1),
		},
		{
			"a part with a time of its own", object("file", `{"object_relation":"md5","type":"md5","value":"d41d8cd98f00b204e9800998ecf8427e","to_ids":true,"first_seen":"2026-01-02T00:00:00Z"},{"type":"sha1","value":"x","deleted":true},7`),
			"filehash:d41d8cd98f00b204e9800998ecf8427e reported-as label:report:quay 2026-01-02T00:00:00Z last-bound" + says + "\n! member Attribute: want an object, not a number",
		},
		{"a victim is no infrastructure", object("victim", `{"object_relation":"domain","type":"domain","value":"bank.example","to_ids":true}`), ""},
		{"deleted", `{"deleted":true,"name":"domain-ip","Attribute":[` + parts("domain", "evil.example", "ip", "192.0.2.1") + `]}`, ""},
		{"no name", `{"Attribute":[` + parts("domain", "evil.example", "ip", "192.0.2.1") + `]}`, "! member name is missing"},
		{"no parts", `{"name":"domain-ip","Attribute":null}`, ""},
		{"no object", `[]`, "! couldn't read the object"},
	} {
		want := strings.ReplaceAll(c.want, "C ", "cert:sha256:"+fp+" ")
		if strings.HasPrefix(c.name, "x509") && want != "" {
			want = strings.ReplaceAll(want, "\n", declared+"\n") + declared
		}
		compare(t, c.name, event("", c.in, ""), want)
	}
}

// TestObjectMark: what marks a part marks all that the object says.
func TestObjectMark(t *testing.T) {
	in := object("domain-ip", parts("domain", "evil.example")+`,{"object_relation":"ip","type":"ip-dst","value":"192.0.2.1","to_ids":true,"Tag":[{"name":"tlp:red"},{"name":"misp-galaxy:tool=\"Quay\""}]}`)
	compare(t, "a part", event("", in, `{"name":"tlp:green"}`), strings.ReplaceAll("domain:evil.example resolves ip:192.0.2.1 A undated [misp asserted RED of CERT-X]\n"+
		"ip:192.0.2.1 reported-as label:report:quay D\nip:192.0.2.1 reported-as label:malware:quay D", " D", day+" [misp asserted 1d RED of CERT-X]"))
}

// TestMultiplied: an object whose parts multiply is bounded, and says so.
func TestMultiplied(t *testing.T) {
	var pairs []string
	for i := range 1000 {
		pairs = append(pairs, "domain", fmt.Sprintf("d%d.example", i), "ip", fmt.Sprintf("10.0.%d.%d", i>>8, i&255))
	}
	r := importertest.Run(t, misp.Format, []byte(event("", object("domain-ip", parts(pairs...)), "")))
	if len(r.Lines) != misp.MaxRows || r.Partial != 1 || !strings.Contains(r.Reasons[0], "more than 50000 statements come together here") {
		t.Errorf("%d statements, %q", len(r.Lines), r.Reasons)
	}
}
