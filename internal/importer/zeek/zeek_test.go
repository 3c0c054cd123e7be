package zeek_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/zeek"
	"github.com/spoor-cti/spoor/internal/testdata"
)

const dnsHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n" +
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\tqtype\tqtype_name\trcode\trcode_name\tanswers\tTTLs\n"

func dnsLine(query, typ, rcode, answers, ttls string) string {
	return "1700000000.123456\tC1\t10.9.8.7\t51714\t192.0.2.53\t53\t" + query + "\t1\t" + typ + "\t0\t" + rcode + "\t" + answers + "\t" + ttls + "\n"
}

func body(r *importertest.Result) string {
	_, rest, _ := strings.Cut(strings.TrimSpace(r.String()), "\n")
	return rest
}

const at = " 2023-11-14T22:13:20Z count=1"

func TestDNS(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"addresses", dnsLine("WWW.Evil.example", "A", "NOERROR", "192.0.2.1,192.0.2.2", "60.000000,60.000000"),
			"domain:www.evil.example resolves-via ip:192.0.2.1 A" + at + " ttl=60 [zeek sensor]\ndomain:www.evil.example resolves-via ip:192.0.2.2 A" + at + " ttl=60 [zeek sensor]",
		},
		{
			"a chain with signatures", dnsLine("a.example", "AAAA", "NOERROR", "b.example,RRSIG 5 example,2001:db8::1", "5.0,5.0,7.5"),
			"domain:a.example resolves-via domain:b.example CNAME" + at + " ttl=5 [zeek sensor]\ndomain:a.example resolves-via ip:2001:db8::1 AAAA" + at + " ttl=7 [zeek sensor]",
		},
		{
			"name servers", dnsLine("a.example", "NS", "NOERROR", "ns1.b.example,ns2.b.example", "-"),
			"domain:a.example ns domain:ns1.b.example NS" + at + " [zeek sensor]\ndomain:a.example ns domain:ns2.b.example NS" + at + " [zeek sensor]",
		},
		{"pointer", dnsLine("1.2.0.192.in-addr.arpa", "PTR", "NOERROR", "a.example", "-"), "ip:192.0.2.1 ptr domain:a.example PTR" + at + " [zeek sensor]"},
		{"text", dnsLine("a.example", "TXT", "NOERROR", "TXT 5 v=\\x2c\\x5cx TXT 3 abc", "-"), "domain:a.example resolves fingerprint:txt:v=,\\xabc TXT" + at + " [zeek sensor]"},
		{"no such name", dnsLine("gone.example", "A", "NXDOMAIN", "-", "-"), "domain:gone.example not-exist label:tag:nxdomain A" + at + " [zeek sensor]"},
		{"question alone", dnsLine("a.example", "A", "-", "-", "-"), ""},
		{"no question", dnsLine("-", "-", "NOERROR", "192.0.2.1", "-"), ""},
		{
			"unreadable time", strings.Replace(dnsLine("a.example", "A", "NOERROR", "192.0.2.1", "-"), "1700000000.123456", "XXXXXXXXXX.XXXXXX", 1),
			"domain:a.example resolves-via ip:192.0.2.1 A undated count=1 [zeek sensor]\n! 7: column ts: \"XXXXXXXXXX.XXXXXX\" is no time; kept without a time",
		},
		{"a bad name", dnsLine("a..example", "A", "NOERROR", "192.0.2.1", "-"), "! 7: column query: domain \"a..example\": has an empty label or one over 63 octets"},
		{"too few columns", "1\tC1\n", "! 7: the line has 2 columns, the header names 13"},
	} {
		r := importertest.Run(t, zeek.Format, []byte(dnsHeader+c.in+"#close\t2023-11-14\n"))
		if got := body(r); got != c.want || r.Records != 1 {
			t.Errorf("%s: %d records\n got %s\nwant %s", c.name, r.Records, got, c.want)
		}
	}
}

func TestClientsAreBlottedOut(t *testing.T) {
	js := `{"_path":"dns","ts":1.5,"id.orig_h":"10.9.8.7","query":"a..example","qtype_name":"A","answers":["192.0.2.1"]}` + "\n"
	for _, in := range []string{dnsHeader + dnsLine("a..example", "A", "NOERROR", "192.0.2.1", "-"), js} {
		raws, _ := importertest.Raws(t, zeek.Format, in)
		if len(raws) != 1 || strings.Contains(strings.Join(raws, ""), "10.9.8.7") || !strings.Contains(raws[0], "192.0.2.1") {
			t.Errorf("a rejected line keeps the client, or loses more: %q", raws)
		}
	}
}

func TestOtherSeparatorsAndJSON(t *testing.T) {
	want := "domain:a.example resolves-via ip:192.0.2.1 A 1970-01-01T00:00:01Z count=1 ttl=3 [zeek sensor]"
	for name, in := range map[string]string{
		"bars":                       "#separator \\x7c\n#set_separator|;\n#unset_field|~\n#path|dns\n#fields|ts|query|qtype_name|answers|TTLs\n1.5|a.example|A|192.0.2.1|3.0\n",
		"header again in the middle": "#separator \\x09\n#path\tdns\n#fields\tquery\tts\n#separator \\x09\n#path\tdns\n#fields\tanswers\tts\tqtype_name\tquery\tTTLs\n192.0.2.1\t1.5\tA\ta.example\t3.0\n",
		"JSON":                       `{"ts":1.5,"query":"a.example","qtype_name":"A","answers":["192.0.2.1"],"TTLs":[3.0]}`,
		"JSON, ISO time":             `{"_path":"dns","ts":"1970-01-01T00:00:01.5Z","query":"a.example","qtype_name":"A","answers":["192.0.2.1"],"TTLs":[3.0]}`,
		"CRLF":                       "#separator \\x09\r\n#path\tdns\r\n#fields\tts\tquery\tqtype_name\tanswers\tTTLs\r\n1.5\ta.example\tA\t192.0.2.1\t3.0\r\n",
	} {
		r := importertest.Run(t, zeek.Format, []byte(in))
		if got := body(r); got != want {
			t.Errorf("%s:\n got %s (%v)\nwant %s", name, got, r.Err, want)
		}
		if f, err := (importer.Registry{zeek.Format}).Detect(importer.Head{Data: []byte(in)}); err != nil || f != zeek.Format {
			t.Errorf("%s: not recognised", name)
		}
	}
}

func TestOtherLogsAreRefused(t *testing.T) {
	r := importertest.Run(t, zeek.Format, []byte("#separator \\x09\n#path\tconn\n#fields\tts\tuid\n1\t2\n"))
	if !fault.Is(r.Err, fault.Format) {
		t.Errorf("error %v", r.Err)
	}
}

func TestCertificates(t *testing.T) {
	fp := strings.Repeat("ab", 32)
	x509 := "#separator \\x09\n#path\tx509\n#fields\tts\tfingerprint\tcertificate.serial\tcertificate.subject\tcertificate.issuer\tcertificate.not_valid_before\tcertificate.not_valid_after\tsan.dns\tsan.ip\n" +
		"1.0\t" + fp + "\t00A1\tCN=a.example,O=Evil\\, Inc,C=DE\tCN=Some CA,O=CA Org\t1384251451.000000\t1479427199.000000\ta.example,*.b.example\t192.0.2.1\n"
	valid := " 2013-11-12T10:17:31Z..2016-11-17T23:59:59Z"
	want := "cert:sha256:" + fp + " alias cert:serial:some ca/a1" + valid + " [zeek declared]\n" +
		"cert:sha256:" + fp + " issued-by org:ca org" + valid + " issuer=\"CN=Some CA,O=CA Org\" [zeek declared]\n" +
		"cert:sha256:" + fp + " has-fingerprint fingerprint:subject:cn=a.example,o=evil\\, inc,c=de" + valid + " [zeek declared]\n" +
		"cert:sha256:" + fp + " san domain:a.example" + valid + " field=\"san.dns\" [zeek declared]\n" +
		"cert:sha256:" + fp + " san domain:*.b.example" + valid + " field=\"san.dns\" [zeek declared]\n" +
		"cert:sha256:" + fp + " san ip:192.0.2.1" + valid + " field=\"san.ip\" [zeek declared]"
	if got := body(importertest.Run(t, zeek.Format, []byte(x509))); got != want {
		t.Errorf("x509:\n got %s\nwant %s", got, want)
	}
	ssl := "#separator \\x09\n#path\tssl\n#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tserver_name\tcert_chain_fps\tja3s\n" +
		"1.0\t10.0.0.1\t192.0.2.1\t443\tA.example\t" + fp + ",cdcd\tEB1D94DAA7E0344597E756A1FB6E7054\n"
	want = "cert:sha256:" + fp + " served-at ip:192.0.2.1 1970-01-01T00:00:01Z count=1 port=\"443\" [zeek sensor]\n" +
		"ip:192.0.2.1 has-fingerprint fingerprint:ja3s:eb1d94daa7e0344597e756a1fb6e7054 1970-01-01T00:00:01Z count=1 port=\"443\" [zeek sensor]\n" +
		"domain:a.example resolves-via ip:192.0.2.1 1970-01-01T00:00:01Z count=1 via=\"sni\" [zeek sensor]"
	if got := body(importertest.Run(t, zeek.Format, []byte(ssl))); got != want {
		t.Errorf("ssl:\n got %s\nwant %s", got, want)
	}
}

// TestRealLogs reads every log of the shared data. The number of records is that
// of lines without # in front (grep -vc '^#'), and over all dns logs the number of
// addresses is that of the elements of the answers column that parse as one in
// Python's ipaddress.
func TestRealLogs(t *testing.T) {
	addresses := 0
	for _, path := range testdata.Files(t, "pdns/zeek-logs", "*.log") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for line := range strings.Lines(string(raw)) {
			if !strings.HasPrefix(line, "#") {
				want++
			}
		}
		r := importertest.Run(t, zeek.Format, raw)
		name := filepath.Base(path)
		if r.Err != nil || r.Records != want {
			t.Errorf("%s: %d records, want %d, %v", name, r.Records, want, r.Err)
		}
		for _, reason := range r.Reasons {
			if !strings.Contains(reason, "is no time; kept without a time") && !strings.Contains(reason, "without a header") { // three files are excerpts
				t.Errorf("%s: %s", name, reason)
			}
		}
		if strings.HasSuffix(name, "dns.log") {
			for _, l := range r.Lines {
				if strings.Contains(l, " resolves-via ip:") {
					addresses++
				}
			}
		}
	}
	if addresses != realAddresses {
		t.Errorf("%d addresses in all dns logs, want %d", addresses, realAddresses)
	}
}

const realAddresses = 18

func FuzzZeek(f *testing.F) {
	f.Add([]byte(dnsHeader + dnsLine("a.example", "A", "NOERROR", "b.example,192.0.2.1", "1.0,2.0")))
	f.Add([]byte(`{"_path":"x509","ts":1,"fingerprint":"00","certificate.subject":"CN=a\\,b","certificate.serial":"01","certificate.issuer":"O=x"}`))
	f.Add([]byte("#separator \\x7c\n#path|ssl\n#fields|ts|id.resp_h|cert_chain_fps\n1|192.0.2.1|\\x00\n"))
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, zeek.Format, in) })
}

func BenchmarkTSV(b *testing.B) {
	in := []byte(dnsHeader + strings.Repeat(dnsLine("www.evil.example", "A", "NOERROR", "a.b.example,192.0.2.1", "60.000000,60.000000"), 1000))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, zeek.Format, in)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkJSON(b *testing.B) {
	in := []byte(strings.Repeat(`{"ts":1700000000.1,"uid":"C1","id.orig_h":"10.9.8.7","id.resp_h":"192.0.2.53","query":"www.evil.example","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","answers":["a.b.example","192.0.2.1"],"TTLs":[60.0,60.0]}`+"\n", 1000))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, zeek.Format, in)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}
