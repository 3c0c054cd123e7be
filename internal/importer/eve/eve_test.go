package eve_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer/eve"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
)

const (
	stamp = `"timestamp":"2026-06-08T10:00:00.123456+0200","flow_id":7,"src_ip":"192.0.2.53","src_port":53,"dest_ip":"10.9.8.7","dest_port":4096`
	at    = "2026-06-08T08:00:00Z"
	fp    = "5d:3d:3a:ed:1f:b1:68:dc:f0:33:4c:79:d6:1d:7a:3f:8f:81:0d:2b"
)

func TestDNS(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"version 2, detailed", `{` + stamp + `,"event_type":"dns","dns":{"version":2,"type":"answer","rrname":"a.example","rrtype":"A","rcode":"NOERROR",` +
				`"answers":[{"rrname":"a.example","rrtype":"CNAME","ttl":60,"rdata":"b.example"},{"rrname":"b.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}],"grouped":{"A":["192.0.2.1"]}}}`,
			"domain:a.example resolves domain:b.example CNAME " + at + " count=1 ttl=60 [suricata sensor]\n" +
				"domain:b.example resolves ip:192.0.2.1 A " + at + " count=1 ttl=5 [suricata sensor]",
		},
		{
			"version 2, grouped: the owners are lost", `{` + stamp + `,"event_type":"dns","dns":{"version":2,"type":"answer","rrname":"a.example","rrtype":"A","rcode":"NOERROR","grouped":{"A":["192.0.2.1"]}}}`,
			"domain:a.example resolves-via ip:192.0.2.1 A " + at + " count=1 [suricata sensor]",
		},
		{
			"version 1: one answer an event", `{` + stamp + `,"event_type":"dns","dns":{"type":"answer","rcode":"NOERROR","rrname":"a.example","rrtype":"MX","ttl":300,"rdata":"10 mx.example"}}`,
			"domain:a.example mx domain:mx.example MX " + at + ` count=1 ttl=300 preference="10" [suricata sensor]`,
		},
		{
			"version 3: queries, additionals out of bailiwick", `{` + stamp + `,"event_type":"dns","dns":{"version":3,"type":"response","queries":[{"rrname":"a.example","rrtype":"NS"}],"rcode":"NOERROR",` +
				`"answers":[{"rrname":"a.example","rrtype":"NS","ttl":9,"rdata":"ns.b.example"}],"additionals":[{"rrname":"ns.b.example","rrtype":"A","ttl":9,"rdata":"192.0.2.1"}]}}`,
			"domain:a.example ns domain:ns.b.example NS " + at + " count=1 ttl=9 [suricata sensor]\n" +
				"domain:ns.b.example resolves ip:192.0.2.1 A " + at + " untrusted count=1 ttl=9 [suricata sensor]",
		},
		{
			"NXDOMAIN", `{` + stamp + `,"event_type":"dns","dns":{"type":"answer","rcode":"NXDOMAIN","rrname":"a.example","rrtype":"A"}}`,
			"domain:a.example not-exist label:tag:nxdomain A " + at + " count=1 [suricata sensor]",
		},
		{
			"SOA in words", `{` + stamp + `,"event_type":"dns","dns":{"type":"answer","rcode":"NOERROR","rrname":"a.example","rrtype":"SOA","answers":[{"rrname":"a.example","rrtype":"SOA","ttl":1,"soa":{"mname":"ns.example","rname":"admin.a.example","serial":5}}]}}`,
			"domain:a.example soa-rname email:admin@a.example SOA " + at + ` count=1 ttl=1 mname="ns.example" serial="5" [suricata sensor]`,
		},
		{"a question", `{` + stamp + `,"event_type":"dns","dns":{"type":"query","rrname":"a.example","rrtype":"A"}}`, ""},
		{"another event", `{` + stamp + `,"event_type":"flow","flow":{"pkts_toserver":1}}`, ""},
		{
			"one bad record of two", `{` + stamp + `,"event_type":"dns","dns":{"type":"answer","rrname":"a.example","rcode":"NOERROR","answers":[{"rrname":"a.example","rrtype":"A","rdata":"300.0.2.1"},{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}]}}`,
			"domain:a.example resolves ip:192.0.2.1 A " + at + " count=1 [suricata sensor]\n! 1: member rdata",
		},
		{"no event", `{` + stamp + `}`, "! 1: member event_type is missing"},
		{"cut line", `{` + stamp + `,"event_type":"dn`, "! 1: "},
		{
			"unreadable time", strings.Replace(`{`+stamp+`,"event_type":"dns","dns":{"type":"answer","rcode":"NXDOMAIN","rrname":"a.example"}}`, "2026-06", "soon", 1),
			"domain:a.example not-exist label:tag:nxdomain undated count=1 [suricata sensor]\n! 1: member timestamp",
		},
	} {
		compare(t, c.name, c.in, c.want)
	}
}

// compare decodes one line; a reason may go on after what is wanted of it.
func compare(t *testing.T, name, in, want string) {
	t.Helper()
	r := importertest.Run(t, eve.Format, []byte(in+"\n"))
	got := strings.Join(append(r.Lines, prefixed(r.Reasons)...), "\n")
	ok := got == want
	if strings.Contains(want, "! ") {
		ok = strings.HasPrefix(got, want)
	}
	if !ok || r.Records != 1 || r.Err != nil {
		t.Errorf("%s: %d records, %v\n got %s\nwant %s", name, r.Records, r.Err, got, want)
	}
}

func prefixed(reasons []string) (out []string) {
	for _, r := range reasons {
		out = append(out, "! "+r)
	}
	return out
}

func TestTLS(t *testing.T) {
	flow := strings.NewReplacer("192.0.2.53", "10.9.8.7", "10.9.8.7", "192.0.2.1", "4096", "443").Replace(stamp)
	valid := " 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z"
	cert := "cert:sha1:" + strings.ReplaceAll(fp, ":", "")
	compare(
		t, "certificate",
		`{`+flow+`,"event_type":"tls","tls":{"subject":"C=US, O=Evil Inc, CN=a.example","issuerdn":"C=US, O=CA Org, CN=Some CA","serial":"00:A1","fingerprint":"`+fp+`","sni":"A.example","version":"TLS 1.2",`+
			`"notbefore":"2026-01-01T00:00:00","notafter":"2026-03-01T00:00:00","subjectaltname":["a.example","b.example"],"ja3s":{"hash":"eb1d94daa7e0344597e756a1fb6e7054"}}}`,
		cert+" served-at ip:192.0.2.1 "+at+` count=1 port="443" [suricata sensor]`+"\n"+
			cert+" alias cert:serial:some ca/a1"+valid+" [suricata declared]\n"+
			cert+" issued-by org:ca org"+valid+` issuer="CN=Some CA,O=CA Org,C=US" [suricata declared]`+"\n"+
			cert+" has-fingerprint fingerprint:subject:cn=a.example,o=evil inc,c=us"+valid+" [suricata declared]\n"+
			cert+" san domain:a.example"+valid+` field="san" [suricata declared]`+"\n"+
			cert+" san domain:b.example"+valid+` field="san" [suricata declared]`+"\n"+
			"ip:192.0.2.1 has-fingerprint fingerprint:ja3s:eb1d94daa7e0344597e756a1fb6e7054 "+at+` count=1 port="443" [suricata sensor]`+"\n"+
			"domain:a.example resolves-via ip:192.0.2.1 "+at+` count=1 via="sni" [suricata sensor]`,
	)
	compare(
		t, "validity without an end",
		`{`+flow+`,"event_type":"tls","tls":{"issuerdn":"CN=Some CA","serial":"01","notbefore":"2026-01-01T00:00:00"}}`,
		"cert:serial:some ca/1 served-at ip:192.0.2.1 "+at+` count=1 port="443" [suricata sensor]`+"\n"+
			`cert:serial:some ca/1 issued-by org:some ca 2026-01-01T00:00:00Z last-bound issuer="CN=Some CA" [suricata declared]`,
	)
	compare(
		t, "resumed session: only a name", `{`+flow+`,"event_type":"tls","tls":{"sni":"a.example","session_resumed":true}}`,
		"domain:a.example resolves-via ip:192.0.2.1 "+at+` count=1 via="sni" [suricata sensor]`,
	)
}

// TestClientsAreBlottedOut looks at what the ledger would keep of a rejected line.
func TestClientsAreBlottedOut(t *testing.T) {
	flow := strings.NewReplacer("192.0.2.53", "10.9.8.7", "10.9.8.7", "192.0.2.1").Replace(stamp)
	for _, in := range []string{
		`{` + stamp + `,"event_type":"dns","dns":{"type":"answer","rrname":"a..example"}}`,
		`{` + flow + `,"event_type":"tls","tls":{"sni":"a..example"}}`,
		`{` + flow + `,"event_type":"dns","dns":{"type":"query","rrname":"a.example"}}`,
		`{` + stamp + `,"event_type":"flow"}`,
		`{` + flow + `,"event_type":"tls"}`,
		`{` + stamp + `}`,
		`{` + stamp + `,"event_type":"dns","dns":{"type":"answ`,
	} {
		if raws, _ := importertest.Raws(t, eve.Format, in); len(raws) != 1 || strings.Contains(raws[0], "10.9.8.7") {
			t.Errorf("the client is kept: %q", raws)
		}
	}
}

func FuzzEVE(f *testing.F) {
	f.Add([]byte(`{` + stamp + `,"event_type":"dns","dns":{"version":3,"type":"response","queries":[{"rrname":"a.example","rrtype":"NS"}],"answers":[{"rrname":"a","rrtype":"A","ttl":9,"rdata":"192.0.2.1"}],"grouped":{"A":["192.0.2.1"]}}}`))
	f.Add([]byte(`{` + stamp + `,"event_type":"tls","tls":{"subject":"C=US, CN=a.example","issuerdn":"CN=x","serial":"00","sni":"a.example","subjectaltname":["a"],"notbefore":"2026-01-01T00:00:00"}}`))
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, eve.Format, in) })
}

func BenchmarkDNS(b *testing.B) {
	in := []byte(strings.Repeat(`{`+stamp+`,"event_type":"dns","dns":{"version":2,"type":"answer","rrname":"a.example","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"a.example","rrtype":"CNAME","ttl":60,"rdata":"b.example"},{"rrname":"b.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}]}}`+"\n", 1000))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, eve.Format, in)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "events/s")
}
