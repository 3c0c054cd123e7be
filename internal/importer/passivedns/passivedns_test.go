package passivedns_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/passivedns"
)

func TestPassiveDNS(t *testing.T) {
	const at = "2012-06-30T20:12:06Z"
	for _, c := range []struct{ name, in, want string }{
		{
			"address", "1341087126.346912||10.9.8.7||192.0.2.53||IN||Upload.example.||A||192.0.2.1||46587||5",
			"domain:upload.example resolves ip:192.0.2.1 A " + at + " count=5 ttl=46587 [passivedns sensor]",
		},
		{
			"no count", "1341087126.346912||10.9.8.7||192.0.2.53||IN||upload.example.||CNAME||b.example.||60",
			"domain:upload.example resolves domain:b.example CNAME " + at + " count=1 ttl=60 [passivedns sensor]",
		},
		{
			"reverse", "1341087126||10.9.8.7||192.0.2.53||IN||1.2.0.192.in-addr.arpa.||PTR||a.example.||60||1",
			"ip:192.0.2.1 ptr domain:a.example PTR " + at + " count=1 ttl=60 [passivedns sensor]",
		},
		{
			"text with bars", "1341087126||10.9.8.7||192.0.2.53||IN||a.example.||A||192.0.2.1||60||1||more",
			"domain:a.example resolves ip:192.0.2.1 A " + at + " count=1 ttl=60 [passivedns sensor]",
		},
		{
			"NXDOMAIN", "1341087126||10.9.8.7||192.0.2.53||IN||gone.example.||A||NXDOMAIN||0||2",
			"domain:gone.example not-exist label:tag:nxdomain " + at + " count=2 ttl=0 [passivedns sensor]",
		},
		{
			"JSON", `{"query":"a.example","answer":"192.0.2.1","qtype":"A","atype":"A","ttl":300,"tstamp":"2012-06-30 20:12:06.346912 +0000 UTC","client":"10.9.8.7"}`,
			"domain:a.example resolves ip:192.0.2.1 A " + at + " count=1 ttl=300 [passivedns sensor]",
		},
		{"comment and nothing", "# log\n\n", ""},
		{"too short", "1341087126||10.9.8.7||a", "! 1: the line has 3 fields, want at least 8"},
		{"bad address", "1341087126||10.9.8.7||192.0.2.53||IN||a.example.||A||192.0.2.256||1||1", "! 1: field answer"},
		{"bad name", "1341087126||10.9.8.7||192.0.2.53||IN||a..example.||A||192.0.2.6||1||1", "! 1: field query"},
		{"bad time", "yesterday||10.9.8.7||192.0.2.53||IN||a.example.||A||192.0.2.6||1||1", "! 1: field time"},
	} {
		r := importertest.Run(t, passivedns.Format, []byte(c.in+"\n"))
		got := strings.Join(r.Lines, "\n")
		if len(r.Reasons) > 0 {
			got += "! " + strings.Join(r.Reasons, "")
		}
		if got != c.want && (!strings.Contains(c.want, "!") || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestDetectAndBlot(t *testing.T) {
	for _, in := range []string{
		"# comment\n1341087126.3||10.9.8.7||192.0.2.53||IN||a..example.||A||192.0.2.6||1||1\n",
		`{"query":"a..example","answer":"192.0.2.1","qtype":"A","atype":"A","ttl":300,"tstamp":"1341087126","client":"10.9.8.7"}`,
	} {
		if f, err := (importer.Registry{passivedns.Format}).Detect(importer.Head{Data: []byte(in)}); err != nil || f == nil {
			t.Errorf("not recognised: %s", in)
		}
		raws, refused := importertest.Raws(t, passivedns.Format, in)
		if len(raws) != 1 || strings.Contains(raws[0], "10.9.8.7") || refused != 1 {
			t.Errorf("the client is kept, or nothing was refused: %q", raws)
		}
	}
}

func FuzzPassiveDNS(f *testing.F) {
	f.Add([]byte("1341087126.346912||10.9.8.7||192.0.2.53||IN||Upload.example.||A||192.0.2.1||46587||5\n"))
	f.Add([]byte(`{"query":"a.example","answer":"192.0.2.1","qtype":"A","atype":"A","ttl":300,"tstamp":"2012-06-30 20:12:06 +0000 UTC","client":"10.9.8.7"}`))
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, passivedns.Format, in) })
}
