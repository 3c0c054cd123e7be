package cof_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/cof"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
)

func TestCOF(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"the draft's sample", `{"count":102,"time_first":1298412391,"rrtype":"AAAA","rrname":"www.example.org","rdata":"2001:db8:1112:1::20","time_last":1302506851}`,
			"domain:www.example.org resolves ip:2001:db8:1112:1::20 AAAA 2011-02-22T22:06:31Z..2011-04-11T07:27:31Z count=102 [pdns sensor]",
		},
		{
			"array, dots, bailiwick", `{"rrname":"WWW.Example.org.","rrtype":"NS","rdata":["ns1.example.net.","ns2.example.net."],"time_first":1,"time_last":2,"bailiwick":"org."}`,
			"domain:www.example.org ns domain:ns1.example.net NS 1970-01-01T00:00:01Z..1970-01-01T00:00:02Z in=org [pdns sensor]\n" +
				"domain:www.example.org ns domain:ns2.example.net NS 1970-01-01T00:00:01Z..1970-01-01T00:00:02Z in=org [pdns sensor]",
		},
		{
			"swapped and quoted", `{"rrtype":"A","rrname":"192.0.2.14","rdata":"circle.example","count":"19","time_first":"1696798385","time_last":"1696798390"}`,
			`domain:circle.example resolves ip:192.0.2.14 A 2023-10-08T20:53:05Z..2023-10-08T20:53:10Z count=19 quirk="swapped" [pdns sensor]`,
		},
		{
			"numeric type", `{"rrname":"a.example","rrtype":65534,"rdata":"\\# 1 00","time_first":10,"time_last":20}`,
			`domain:a.example resolves fingerprint:rdata:\# 1 00 TYPE65534 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]`,
		},
		{
			"type in a number in quotes", `{"rrname":"a.example","rrtype":"1","rdata":"192.0.2.1","time_first":10,"time_last":20}`,
			`domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]`,
		},
		{
			"rrdata and own members", `{"rrname":"a.example","rrtype":"A","rrdata":"192.0.2.1","time_first":10,"time_last":20,"meta":{"x":[1]},"num":null}`,
			`domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]`,
		},
		{
			"milliseconds", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1696798385000,"time_last_ms":1696798390000}`,
			`domain:a.example resolves ip:192.0.2.1 A 2023-10-08T20:53:05Z..2023-10-08T20:53:10Z [pdns sensor]`,
		},
		{
			"RFC 3339 beside nothing", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first_rfc3339":"2023-10-08T20:53:05Z","time_last":"1696798390"}`,
			`domain:a.example resolves ip:192.0.2.1 A 2023-10-08T20:53:05Z..2023-10-08T20:53:10Z [pdns sensor]`,
		},
		{
			"both clocks", `{"rrname":"a.example","rrtype":"NS","rdata":"b.example","time_first":10,"time_last":20,"zone_time_first":30,"zone_time_last":40}`,
			"domain:a.example ns domain:b.example NS 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]\n" +
				"domain:a.example ns domain:b.example NS 1970-01-01T00:00:30Z..1970-01-01T00:00:40Z [pdns zone]",
		},
		{
			"zone clock instead", `{"rrname":"a.example","rrtype":"NS","rdata":"b.example","zone_time_first":30,"zone_time_last":40}`,
			"domain:a.example ns domain:b.example NS 1970-01-01T00:00:30Z..1970-01-01T00:00:40Z [pdns zone]",
		},
		{
			"sensor and origin", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":10,"time_last":20,"sensor_id":"s1","origin":"https://pdns.example/q"}`,
			`domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z origin="https://pdns.example/q" [pdns/s1 sensor]`,
		},
		{
			"one time only", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_last":20}`,
			`domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:20Z first-bound [pdns sensor]`,
		},
		{
			"no time", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":0,"time_last":null}`,
			`domain:a.example resolves ip:192.0.2.1 A undated [pdns sensor]`,
		},
		{
			"a NUL in a name", `{"rrname":"a\u0000b.example","rrtype":"A","rdata":"192.0.2.1","time_first":10,"time_last":20}`,
			`domain:a\000b.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]`,
		},
		{
			"BOM, CRLF, empty lines", "\xef\xbb\xbf" + `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":10,"time_last":20}` + "\r\n\r\n",
			`domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]`,
		},
		{
			"a bad one of two", `{"rrname":"a.example","rrtype":"A","rdata":["192.0.2.1","nonsense"],"time_first":10,"time_last":20}`,
			"domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z [pdns sensor]\n! 1: member rdata: ip \"nonsense\": is not an IP address",
		},
		{
			"backwards", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":30,"time_last":20}`,
			"! 1: first 1970-01-01T00:00:30Z lies after last 1970-01-01T00:00:20Z",
		},
		{
			"negative", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":-30,"time_last":20}`,
			"! 1: member time_first: time -30 is before 1970 or after the year 9999",
		},
		{
			"the year 9999", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":30,"time_last_ms":253402300799000}`,
			"! 1: it claims to have been seen in the future, at 9999-12-31T23:59:59Z",
		},
		{"negative count", `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","count":-1}`, "! 1: member count: -1 is negative"},
		{"missing members", `{"rrname":"a.example","rdata":"192.0.2.1"}`, "! 1: member rrtype is missing"},
		{"wrong kinds", `{"rrname":1,"rrtype":"A","rdata":"192.0.2.1"}`, "! 1: member rrname: want a string, not a number"},
		{"no data", `{"rrname":"a.example","rrtype":"A","rdata":[]}`, "! 1: member rdata is empty"},
		{"no JSON", `rrname a.example`, "! 1: bad JSON at octet 1: want an object"},
		{"cut line", `{"rrname":"a.example","rrty`, "! 1: bad JSON at octet 28: want the end of a string, but the text ends"},
	} {
		r := importertest.Run(t, cof.COF, []byte(c.in))
		if got := body(r); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if r.Records != 1 {
			t.Errorf("%s: %d records, want 1", c.name, r.Records)
		}
	}
}

// body is the result without its first line and without what is nil.
func body(r *importertest.Result) string {
	_, rest, _ := strings.Cut(strings.TrimSpace(r.String()), "\n")
	return rest
}

func TestSAF(t *testing.T) {
	obj := `{"rrname":"a.example.","rrtype":"A","rdata":["192.0.2.1"],"count":3,"time_first":10,"time_last":20}`
	line := "domain:a.example resolves ip:192.0.2.1 A 1970-01-01T00:00:10Z..1970-01-01T00:00:20Z count=3 [dnsdb sensor]"
	for _, c := range []struct{ name, in, want string }{
		{"whole", `{"cond":"begin"}` + "\n" + `{"obj":` + obj + `}` + "\n" + `{"cond":"ongoing","obj":` + obj + `}` + "\n" + `{"cond":"ongoing"}` + "\n" + `{"cond":"succeeded"}`, line + "\n" + line},
		{"empty answer", `{"cond":"begin"}` + "\n" + `{"cond":"succeeded"}`, ""},
		{"cut", `{"cond":"begin"}` + "\n" + `{"obj":` + obj + `}`, line + "\nincomplete: the stream has no end marker: it was cut"},
		{"limited", `{"obj":` + obj + `}` + "\n" + `{"cond":"limited","msg":"Result limit reached"}`, line + "\nincomplete: the server limited the answer: Result limit reached"},
		{"failed", `{"cond":"failed","msg":"backend"}`, "incomplete: the server failed: backend"},
		{"two answers", `{"cond":"begin"}` + "\n" + `{"cond":"limited"}` + "\n" + `{"cond":"begin"}` + "\n" + `{"obj":` + obj + `}` + "\n" + `{"cond":"succeeded"}`, line},
		{"behind the end", `{"cond":"succeeded"}` + "\n" + `{"obj":` + obj + `}`, line + "\nincomplete: something follows the end marker"},
		{"strange", `{"cond":"maybe"}` + "\n" + `{"cond":"ongoing","obj":[1]}` + "\n" + `{"cond":"succeeded"}`, "! 1: cond \"maybe\" is unknown\n! 2: obj is an array"},
	} {
		r := importertest.Run(t, cof.DNSDB, []byte(c.in))
		if got := body(r); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestDetect(t *testing.T) {
	for in, want := range map[string]string{
		`{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}` + "\n":                       "cof",
		"\n \r\n" + `{"rdata":["192.0.2.1"],"rrtype":1,"rrname":"a.example","count":1}` + "\n": "cof",
		`{"cond":"begin"}` + "\n": "dnsdb",
		`{"obj":{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}}` + "\n": "dnsdb",
		`{"rrname":"a.example"}` + "\n":                                          "",
		"a.example\n":                                                            "",
		"":                                                                       "",
	} {
		f, err := importer.Registry{cof.COF, cof.DNSDB}.Detect(importer.Head{Data: []byte(in)})
		got := ""
		if err == nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzCOF(f *testing.F) {
	f.Add([]byte(`{"count":102,"time_first":1298412391,"rrtype":"AAAA","rrname":"www.example.org","rdata":["2001:db8::20","x"],"time_last":1302506851,"bailiwick":"org."}`))
	f.Add([]byte(`{"cond":"begin"}` + "\n" + `{"obj":{"rrname":"192.0.2.1","rrtype":"A","rdata":"b.example"}}` + "\n" + `{"cond":"limited"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, format := range []*importer.Format{cof.COF, cof.DNSDB} {
			if r := importertest.Run(t, format, in); r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	})
}

func BenchmarkCOF(b *testing.B) {
	line := `{"count":102,"time_first":1298412391,"rrtype":"A","rrname":"www.shop-4821.example.org.","rdata":"192.0.2.20","time_last":1302506851,"bailiwick":"example.org."}` + "\n"
	in := []byte(strings.Repeat(line, 1000))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, cof.COF, in)
	}
}
