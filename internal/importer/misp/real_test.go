package misp_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/misp"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// tally counts what real files give: records, the distinct things that are
// reported, by kind, without the hosts of URLs, distinct resolutions and labels.
type tally struct {
	records int
	things  map[string]map[string]bool
	labels  map[string]bool
}

func (y *tally) add(r *importertest.Result) {
	y.records += r.Records
	put := func(k, thing string) {
		if y.things[k] == nil {
			y.things[k] = map[string]bool{}
		}
		y.things[k][thing] = true
	}
	for _, l := range r.Lines {
		f := strings.Fields(l)
		switch kind, _, _ := strings.Cut(l, ":"); {
		case f[1] == "resolves":
			put("resolves", f[0]+" "+f[2])
		case f[1] == "reported-as":
			if !strings.Contains(l, ` via="url"`) {
				put(kind, f[0])
			}
			_, label, _ := strings.Cut(l, " label:")
			label = label[:strings.LastIndex(label, "Z")] // the label, then its time
			y.labels[label[:strings.LastIndexByte(label, ' ')]] = true
		}
	}
}

func (y *tally) String() string {
	out := fmt.Sprintf("records %d, ", y.records)
	for _, k := range slices.Sorted(maps.Keys(y.things)) {
		if k != "resolves" {
			out += fmt.Sprintf("%s %d, ", k, len(y.things[k]))
		}
	}
	return out + fmt.Sprintf("resolves %d, labels %d", len(y.things["resolves"]), len(y.labels))
}

// TestRealFiles compares with counts that another program made of the same files
// (python3 testdata/count.py ../../../../shared/data/misp/FOLDER).
func TestRealFiles(t *testing.T) {
	for folder, want := range map[string]string{
		"eset":      "records 1990, domain 577, filehash 884, ip 127, url 59, resolves 56, labels 25",
		"infoblox":  "records 2662, domain 2583, ip 43, url 31, resolves 0, labels 12",
		"misp-stix": "records 12, asn 1, domain 1, email 1, filehash 3, ip 1, resolves 1, labels 4",
	} {
		y := &tally{things: map[string]map[string]bool{}, labels: map[string]bool{}}
		for _, f := range testdata.Files(t, "misp/"+folder, "*.json") {
			raw := read(t, f)
			r := importertest.Run(t, misp.Format, raw)
			if other := strings.Contains(f, "manifest") || strings.Contains(f, "_stix2"); other != fault.Is(r.Err, fault.Format) || r.Incomplete != "" || len(r.Reasons) > 0 {
				t.Errorf("%s: %v %s %q", f, r.Err, r.Incomplete, r.Reasons)
			}
			if strings.Contains(f, "_stix2") {
				continue
			}
			if c := misp.Format.Detect(head(f, raw)); c != importer.Certain {
				t.Errorf("%s: detected with %d, want %d", f, c, importer.Certain)
			}
			y.add(r)
		}
		if got := y.String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", folder, got, want)
		}
	}
}

// TestRealBitByBit: an input that comes octet by octet gives the same.
func TestRealBitByBit(t *testing.T) {
	f := filepath.Join(testdata.Shared(t, "misp/eset"), "moustachedbouncer__misp-moustachedbouncer.event.json")
	raw := read(t, f)
	r := importertest.RunInput(t, misp.Format, &importer.Input{
		Reader: iotest.OneByteReader(strings.NewReader(string(raw))), Source: "misp", Handling: obs.Handling{TLP: obs.TLPUnset},
	})
	if got, want := r.String(), importertest.Run(t, misp.Format, raw).String(); got != want || len(r.Lines) == 0 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostile: no document makes the decoder fall over or lose count, and none
// hides the attribute behind it, but for those that end inside of something.
func TestHostile(t *testing.T) {
	files := 0
	for _, folder := range []string{"json-testsuite", "stix-invalid", "naughty-strings", "rdap-openrdap", "loglist-appmattus", "csv-spectrum"} {
		for _, f := range testdata.Files(t, "hostile/"+folder, "*.json") {
			files++
			raw := string(read(t, f))
			check(t, f, raw)
			check(t, f+" as an attribute", event(raw+","+attr, raw, raw))
			check(t, f+" as an object", event("", object("x509", `{"object_relation":"issuer","type":"text","value":`+raw+`}`), ""))
			check(t, f+" as a value", event(fmt.Sprintf(`{"type":"domain","value":%q},{"type":"url","value":%q},{"type":"domain|ip","value":%q}`, raw, raw, raw), "", ""))
		}
	}
	if files < 212 { // find ../shared/data/hostile -name '*.json' | wc -l
		t.Errorf("read %d files, want 212 or more: did they move?", files)
	}
}

// check decodes anything and verifies what must hold of any input.
func check(t *testing.T, name, in string) *importertest.Result {
	t.Helper()
	r := importertest.Run(t, misp.Format, []byte(in))
	misp.Format.Detect(head(name, []byte(in)))
	if r.Rejected+r.Partial != len(r.Reasons) || r.Records < r.Rejected+r.Partial {
		t.Errorf("%s: %d records, %d rejected, %d partial, %d reasons", name, r.Records, r.Rejected, r.Partial, len(r.Reasons))
	}
	for _, reason := range r.Reasons {
		if strings.Contains(reason, " starts at ") || strings.Contains(reason, " leads to ") {
			t.Errorf("%s: a relation between what it can't relate: %s", name, reason)
		}
	}
	if r.Err != nil && fault.CodeOf(r.Err) != fault.Invalid && fault.CodeOf(r.Err) != fault.Format {
		t.Errorf("%s: %v", name, r.Err)
	}
	if fault.Is(r.Err, fault.Format) && r.Records > 0 {
		t.Errorf("%s: %d records beside the error %v", name, r.Records, r.Err)
	}
	return r
}

func head(name string, raw []byte) importer.Head {
	n := min(len(raw), importer.HeadSize)
	return importer.Head{Name: filepath.Base(name), Data: raw[:n], Whole: n == len(raw)}
}

func read(t testing.TB, f string) []byte {
	t.Helper()
	raw, err := os.ReadFile(f)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// FuzzMISP reads anything as an input, as an element and as a value.
func FuzzMISP(f *testing.F) {
	f.Add([]byte(event(`{"type":"domain|ip","value":"a.example|192.0.2.1","to_ids":true}`, object("x509", parts("x509-fingerprint-md5", "00", "issuer", "CN=x")), `{"name":"tlp:red"}`)))
	f.Add([]byte(`{"response":{"Attribute":[{"type":"url","value":"hxxp://a.example/","to_ids":1,"Event":{"info":"x"}}]}}`))
	f.Add([]byte("[{\"type\":\"AS\",\"value\":1,\"category\":\"x\"}\n{\"Event\":{\"Tag\":[\"tlp:"))
	f.Add([]byte(object("passive-dns", parts("rrname", "a.example", "rrtype", "MX", "rdata", "1 b.example", "time_first_ms", "1696798385000"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		check(t, "input", string(in))
		check(t, "elements", event(string(in), string(in), string(in)))
		for _, typ := range []string{"domain", "url", "ip-dst|port", "filename|md5"} {
			check(t, typ, event(fmt.Sprintf(`{"type":%q,"value":%q,"to_ids":true}`, typ, in), "", ""))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var list []string
	for i := range 5000 {
		list = append(list, fmt.Sprintf(`{"type":"domain","category":"Network activity","to_ids":true,"uuid":"5f1b1f1e-1111-4111-8111-%012d","timestamp":"1600000000","comment":"","deleted":false,"value":"d%d.example"}`, i, i))
	}
	in := []byte(event(strings.Join(list, ","), "", `{"name":"tlp:green"}`))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, misp.Format, in)
	}
}
