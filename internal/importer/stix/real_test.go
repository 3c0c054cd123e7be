package stix_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// tally counts what real files give: records, and the distinct pairs that are
// reported, by the kind of the thing and the type of the label.
type tally struct {
	records int
	pairs   map[string]map[string]bool
}

func (y *tally) add(r *importertest.Result) {
	y.records += r.Records
	for _, l := range r.Lines {
		subject, object, ok := strings.Cut(l, " reported-as label:")
		if !ok {
			continue
		}
		object = object[:strings.LastIndex(object, "Z")] // the label, then its time
		object = object[:strings.LastIndexByte(object, ' ')]
		kind, _, _ := strings.Cut(subject, ":")
		typ, _, _ := strings.Cut(object, ":")
		k := kind + " " + typ
		if y.pairs[k] == nil {
			y.pairs[k] = map[string]bool{}
		}
		y.pairs[k][subject+" "+object] = true
	}
}

func (y *tally) String() string {
	out := []string{fmt.Sprintf("records %d", y.records)}
	for _, k := range slices.Sorted(maps.Keys(y.pairs)) {
		out = append(out, fmt.Sprintf("%s %d", k, len(y.pairs[k])))
	}
	return strings.Join(out, ", ")
}

// TestRealFiles compares with counts that another program made of the same files
// (python3 testdata/count.py ../../../../shared/data/FOLDER | paste -sd, | sed 's/,/, /g').
func TestRealFiles(t *testing.T) {
	for folder, want := range map[string]string{
		"campaigns/amnesty":  "records 5099, domain malware 2519, domain tag 2519, filehash malware 4, filehash tag 4, fingerprint malware 4, fingerprint tag 4, ip malware 7, ip tag 7",
		"stix/unit42":        "records 2667, domain campaign 30, domain report 277, domain tag 274, email report 2, email tag 2, filehash campaign 195, filehash report 587, filehash tag 584, ip campaign 17, ip report 99, ip tag 97, label report 16, url campaign 3, url report 431, url tag 431",
		"stix/oasis-doc":     "records 293, cert report 2, cert tag 2, domain actor 3, domain campaign 24, domain malware 26, domain report 29, domain tag 55, filehash malware 3, filehash report 5, filehash tag 4, ip campaign 19, ip malware 32, ip report 18, ip tag 37, label actor 13, label campaign 22, label report 49, prefix malware 4, prefix report 4, prefix tag 4, url malware 1, url report 1, url tag 2",
		"stix/attack-groups": "records 239", // groups and campaigns alone: nothing is reported as them
	} {
		y := &tally{pairs: map[string]map[string]bool{}}
		var reasons []string
		for _, f := range testdata.Files(t, folder, "*") {
			raw := read(t, f)
			if c := stix.Format.Detect(head(f, raw)); c != importer.Certain {
				t.Errorf("%s: detected with %d, want %d", f, c, importer.Certain)
			}
			r := importertest.Run(t, stix.Format, raw)
			if r.Err != nil || r.Incomplete != "" {
				t.Errorf("%s: %v %s", f, r.Err, r.Incomplete)
			}
			for _, reason := range r.Reasons {
				reasons = append(reasons, filepath.Base(f)+":"+reason)
			}
			y.add(r)
		}
		if got := y.String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", folder, got, want)
		}
		wantReasons := map[string][]string{"stix/oasis-doc": {
			"examples__example_json__using-granular-markings.json:18: member pattern: " +
				"email-message:from_ref.value with MATCHES tells of no single value, so nothing is taken from it",
		}}[folder]
		if !slices.Equal(reasons, wantReasons) {
			t.Errorf("%s: reasons %q, want %q", folder, reasons, wantReasons)
		}
	}
}

// TestRealVersions: what MISP exports in both versions reports the same things.
func TestRealVersions(t *testing.T) {
	for _, f := range testdata.Files(t, "misp/misp-stix", "*_stix20.json") {
		reported := func(f string) map[string]bool {
			y := &tally{pairs: map[string]map[string]bool{}}
			y.add(importertest.Run(t, stix.Format, read(t, f)))
			all := map[string]bool{}
			for _, pairs := range y.pairs {
				maps.Copy(all, pairs)
			}
			return all
		}
		v20, v21 := reported(f), reported(strings.Replace(f, "stix20", "stix21", 1))
		if !maps.Equal(v20, v21) || len(v20) == 0 {
			t.Errorf("%s:\n2.0 %v\n2.1 %v", f, slices.Sorted(maps.Keys(v20)), slices.Sorted(maps.Keys(v21)))
		}
	}
}

// TestRealBitByBit: an input that comes octet by octet gives the same.
func TestRealBitByBit(t *testing.T) {
	f := filepath.Join(testdata.Shared(t, "stix/oasis-doc"), "examples__example_json__apt1.json")
	raw := read(t, f)
	r := importertest.RunInput(t, stix.Format, &importer.Input{
		Reader: iotest.OneByteReader(strings.NewReader(string(raw))), Source: "stix", Handling: obs.Handling{TLP: obs.TLPUnset},
	})
	if got, want := r.String(), importertest.Run(t, stix.Format, raw).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostile: no document makes the decoder fall over or lose count, whatever it
// is. What is not even JSON is refused as a whole; everything else goes through.
func TestHostile(t *testing.T) {
	files := 0
	for _, folder := range []string{"json-testsuite", "stix-invalid", "naughty-strings", "rdap-openrdap", "loglist-appmattus", "csv-spectrum"} {
		for _, f := range testdata.Files(t, filepath.Join("hostile", folder), "*.json") {
			files++
			raw := read(t, f)
			check(t, f, raw)
			check(t, f+" in a bundle", []byte(`{"type":"bundle","id":"bundle--1","objects":[`+string(raw)+`,`+sample+`]}`))
			check(t, f+" in a pattern", []byte(fmt.Sprintf(`{"type":"indicator","id":"indicator--1","pattern":%q}`, raw)))
		}
	}
	if files < 212 { // find ../shared/data/hostile -name '*.json' | wc -l
		t.Errorf("read %d files, want 212 or more: did they move?", files)
	}
}

// sample is an object that gives one observation.
const sample = `{"type":"indicator","id":"indicator--0","indicator_types":["benign"],"valid_from":"2024-01-01T00:00:00Z","pattern":"[url:value='http://192.0.2.1/']"}`

// check decodes anything and verifies what must hold of any input.
func check(t *testing.T, name string, raw []byte) *importertest.Result {
	t.Helper()
	r := importertest.Run(t, stix.Format, raw)
	stix.Format.Detect(head(name, raw))
	if r.Rejected+r.Partial != len(r.Reasons) || r.Records < r.Rejected+r.Partial {
		t.Errorf("%s: %d records, %d rejected, %d partial, %d reasons", name, r.Records, r.Rejected, r.Partial, len(r.Reasons))
	}
	for _, reason := range r.Reasons {
		if strings.Contains(reason, " starts at ") || strings.Contains(reason, " leads to ") {
			t.Errorf("%s: a relation between what it can't relate: %s", name, reason)
		}
	}
	if r.Err != nil && r.Records > 0 {
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
