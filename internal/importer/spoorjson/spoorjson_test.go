package spoorjson_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/spoorjson"
	"github.com/spoor-cti/spoor/internal/obs"
)

const (
	header = `{"type":"spoor-observations","version":1}` + "\n"
	good   = `{"subject":"domain:a.example","relation":"resolves","object":"ip:192.0.2.1","rrtype":"A","first":"2024-01-02T03:04:05Z","last":"2024-01-03T00:00:00Z","basis":"sensor","count":2,"source":"s"}` + "\n"
	shown  = "domain:a.example resolves ip:192.0.2.1 A 2024-01-02T03:04:05Z..2024-01-03T00:00:00Z count=2 [s sensor]\n"
)

func TestObservations(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "records 0, rejected 0, partial 0\n"},
		{"header alone", header, "records 0, rejected 0, partial 0\n"},
		{"with header", header + good, "records 1, rejected 0, partial 0\n" + shown},
		{"without", good, "records 1, rejected 0, partial 0\n" + shown},
		{"BOM, CRLF, empty lines", "\xef\xbb\xbf" + strings.ReplaceAll(header+"\n \n"+good, "\n", "\r\n"), "records 1, rejected 0, partial 0\n" + shown},
		{"two files one behind the other", header + good + header + strings.TrimSpace(good), "records 2, rejected 0, partial 0\n" + shown + shown},
		{
			"its own handling, clocks and states",
			`{"subject":"domain:a.example","relation":"registrant","object":"org:x","basis":"declared","source":"w","sensor":"1","lineage":"u","tlp":"RED","recorded":"2025-01-01T00:00:00Z","granularity":"1d","attributes":{"email":{"state":"redacted","reason":"GDPR"}}}`,
			"records 1, rejected 0, partial 0\n" + `domain:a.example registrant org:x undated email="<redacted GDPR>" [w/1 declared 1d RED of u]` + "\n",
		},
		{
			"the good rest of a bad file",
			"{\n" + good + `{"subject":"domain:a.example","relation":"ns","object":"ip:192.0.2.1","basis":"sensor","source":"s"}` + "\nnull\n[1]\n\x00\n" + good,
			"records 7, rejected 5, partial 0\n" + shown + shown +
				"! 1: unexpected EOF\n! 3: ns leads to a domain, not to a ip\n! 4: member subject is missing\n! 5: it is no object but array\n! 6: invalid character '\\x00' looking for beginning of value\n",
		},
		{"basis missing", `{"subject":"domain:a","relation":"ns","object":"domain:b","source":"s"}`, "records 1, rejected 1, partial 0\n! 1: basis is missing or unknown\n"},
		{"the header's name as a value", `{"subject":"domain:a","relation":"ns","object":"domain:b","basis":"zone","source":"spoor-observations"}`, "records 1, rejected 0, partial 0\ndomain:a ns domain:b undated [spoor-observations zone]\n"},
	} {
		if got := importertest.Run(t, spoorjson.Format, []byte(c.in)).String(); got != c.want {
			t.Errorf("%s:\n%swant:\n%s", c.name, got, c.want)
		}
	}
}

func TestOtherVersionsAreRefused(t *testing.T) {
	for _, head := range []string{`{"type":"spoor-observations","version":2}`, `{"type":"spoor-observations","version":0}`, `{"type":"spoor-observations"}`} {
		r := importertest.Run(t, spoorjson.Format, []byte(head+"\n"+good))
		if !fault.Is(r.Err, fault.Format) || r.Records != 0 || fault.HintOf(r.Err) == "" {
			t.Errorf("%s: %s", head, r)
		}
	}
	// What stood before a part of another version is kept.
	r := importertest.Run(t, spoorjson.Format, []byte(header+good+`{"type":"spoor-observations","version":2}`+"\n"+good))
	if !fault.Is(r.Err, fault.Format) || r.Records != 1 {
		t.Errorf("a second part: %s", r)
	}
	// An input that will be refused isn't read to its end.
	in := &endless{text: `{"type":"spoor-observations","version":2}` + "\n" + good}
	r = importertest.RunInput(t, spoorjson.Format, &importer.Input{Reader: in})
	if !fault.Is(r.Err, fault.Format) || in.read > 16<<20 {
		t.Errorf("%d octets read: %s", in.read, r)
	}
}

// endless is text again and again, up to 64 MB.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 64<<20 {
		return 0, io.EOF
	}
	n := copy(p, e.text)
	e.read += n
	return n, nil
}

func TestTheStricterMarkingHolds(t *testing.T) {
	for _, c := range []struct {
		user, record, want obs.TLP
	}{
		{obs.TLPUnset, obs.Green, obs.Green},
		{obs.Red, obs.Green, obs.Red},
		{obs.Green, obs.Red, obs.Red},
		{obs.Clear, obs.Amber, obs.Amber},
		{obs.AmberStrict, obs.Amber, obs.AmberStrict},
	} {
		line := strings.Replace(good, `"source"`, `"tlp":"`+c.record.String()+`","source"`, 1)
		var got []obs.TLP
		in := &importer.Input{Reader: strings.NewReader(line + line), Handling: obs.Handling{TLP: c.user}}
		if err := spoorjson.Format.Decode(context.Background(), in, levels{&got}); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0] != c.want || got[1] != c.want {
			t.Errorf("user %s, record %s: %v", c.user, c.record, got)
		}
	}
}

// levels gathers the markings of what it is handed.
type levels struct{ to *[]obs.TLP }

func (levels) Context([]byte)    {}
func (levels) Incomplete(string) {}
func (l levels) Record(r importer.Record) error {
	for _, o := range r.Observations {
		*l.to = append(*l.to, o.Origin.Handling.TLP)
	}
	return r.Err
}

func TestDetect(t *testing.T) {
	for in, want := range map[string]importer.Confidence{
		header: importer.Certain, good: importer.Certain, "\xef\xbb\xbf\r\n" + header: importer.Certain, strings.TrimSpace(good): importer.Certain,
		"": importer.No, "{}": importer.No, "[]": importer.No, "null": importer.No, `{"type":"bundle"}`: importer.No, `{"subject":"x"}`: importer.No, "a,b\n": importer.No,
		`{"subject":7,"relation":"x","object":"y","source":"z"}`: importer.No, strings.Repeat("x", importer.HeadSize): importer.No,
	} {
		if got := spoorjson.Format.Detect(importer.Head{Data: []byte(in)}); got != want {
			t.Errorf("%.60q: %d", in, got)
		}
	}
}

func FuzzObservations(f *testing.F) {
	f.Add([]byte(header + good))
	f.Add([]byte("\xef\xbb\xbf" + good + "{\n" + `{"type":"spoor-observations","version":2}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		spoorjson.Format.Detect(importer.Head{Data: in})
		r := importertest.Run(t, spoorjson.Format, in)
		if r.Records != len(r.Lines)+r.Rejected || len(r.Reasons) != r.Rejected {
			t.Errorf("the books are wrong: %s", r)
		}
		if r.Err != nil && !fault.Is(r.Err, fault.Format) {
			t.Errorf("%v", r.Err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(header + strings.Repeat(good, 1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, spoorjson.Format, text)
	}
}
