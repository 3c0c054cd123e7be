package stix_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
)

func TestShapes(t *testing.T) {
	one, two := indicator("1", "[domain-name:value='a.example']", ""), indicator("2", "[domain-name:value='b.example']", "")
	want := strings.TrimSpace("domain:a.example" + own + "domain:b.example" + own)
	for name, in := range map[string]string{
		"bundle":              bundle(one, two),
		"one line":            strings.ReplaceAll(bundle(one, two), "\n", ""),
		"objects first":       `{"objects":[` + one + "," + two + `],"type":"bundle","id":"bundle--1"}`,
		"members around":      `{"x":{"objects":[1]},"y":"objects","objects":[` + one + "," + two + `],"z":[{"a":"]}"}]}` + "\n",
		"objects twice":       `{"type":"bundle","objects":[` + one + `],"objects":[` + two + `]}`,
		"an envelope":         `{"more":false,"objects":[` + one + "," + two + `]}`,
		"an array":            "[" + one + "," + two + "]",
		"lines":               one + "\n" + two + "\n",
		"lines of Windows":    "\xef\xbb\xbf" + one + "\r\n\r\n" + two + "\r\n",
		"one after another":   one + two,
		"a bundle a line":     strings.ReplaceAll(bundle(one), "\n", "") + "\n" + strings.ReplaceAll(bundle(two), "\n", ""),
		"an empty bundle":     `{"type":"bundle","id":"bundle--1"}` + one + `{"type":"bundle","objects":[]}` + two,
		"missing commas":      `[` + one + " " + two + `]`,
		"unusual types":       bundle(`{"type":"x-own","id":"x-own--1","objects":{"a":1}}`, one, object("note 1", ""), two),
		"escapes in brackets": bundle(object("note 1", `"x":"\\\"]}\\"`), one, two),
	} {
		r := importertest.Run(t, stix.Format, []byte(in))
		if got := body(r); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestDamage(t *testing.T) {
	one, two := indicator("1", "[domain-name:value='a.example']", ""), indicator("2", "[domain-name:value='b.example']", "")
	b := "domain:b.example" + own
	run(t, []story{
		{"no type", bundle(`{"id":"x--1"}`, two), b + "! 2: member type is missing"},
		{"type is a number", bundle(`{"id":"x--1","type":1}`, two), b + "! 2: member type: want a string, not a number"},
		{"no id", bundle(`{"type":"indicator"}`, two), b + "! 2: member id is missing"},
		{"no pattern", bundle(object("indicator 1", ""), two), b + "! 2: member pattern is missing"},
		{"no objects", bundle(`1`, `"x"`, `[{}]`, `null`, two), b + "! 2: bad JSON at octet 1: want an object\n! 3: bad JSON at octet 1: want an object\n! 4: bad JSON at octet 1: want an object\n! 5: bad JSON at octet 1: want an object"},
		{"a bundle in a bundle", bundle(bundle(one), two), b + "! 2: a bundle stands inside an array: hand in the bundles one after the other"},
		{"a missing bracket", bundle(`{"type":"note","id":"note--1","x":[1}`, two), b + "! 2: bad JSON at octet 37: want , or ]"},
		{"a bracket too much", bundle(`{"type":"note","id":"note--1"}}`, two), b + "! 2: bad JSON at octet 1: want an object"},
		{"a missing quote", bundle(`{"type":"note","id":"note--1","x":"y}`, two), b + "! 2: bad JSON at octet 39: a control character in a string"},
		{"a missing quote on a line of its own", bundle("{\"type\":\"note\",\n\"id\":\"note--1,\n\"x\":\"y\"}", two), b + "! 2: bad JSON at octet 31: a control character in a string"},
		{"a missing quote, the comma in front of the next", "[{\"type\":\"note\",\"id\":\"note--1}\n, " + two + "]", b + "! 1: bad JSON at octet 30: a control character in a string"},
		{"deep", bundle(`{"type":"note","id":"note--1","x":`+strings.Repeat(`[`, 100_000)+strings.Repeat(`]`, 100_000)+`}`, two), b + "! 2: bad JSON at octet 235: values nest deeper than 200"},
		{"bad UTF-8", bundle(`{"type":"note","id":"note--1","x":"`+"\xff"+`"}`, two), b + "! 2: bad JSON at octet 36: a string is not UTF-8"},
		{"something behind", bundle(two) + "\nthe end", b + "! 4: bad JSON at octet 1: want an object"},
		{"cut in an object", bundle(two, one)[:len(bundle(two, one))-20], b + "! 3: the input ends inside the object\nincomplete: the input ends before the bundle does: it was cut"},
		{"cut between objects", bundle(two)[:len(bundle(two))-2], b + "incomplete: the input ends before the bundle does: it was cut"},
		{"cut alone", two[:50], "! 1: the input ends inside the object\nincomplete: the input ends before the bundle does: it was cut"},
		{"no JSON", "type,id\nindicator,1\n", "error: the input isn't JSON: want a STIX bundle or STIX objects"},
		{"a JSON document of something else", `{"a":{"b":[1]}}`, "! 1: member type is missing"},
		{"nothing", " \n", ""},
	})
}

// TestCut: wherever the input is cut, what came before stands.
func TestCut(t *testing.T) {
	in := bundle(indicator("1", "[domain-name:value='a.example']", ""), object("malware 1", `"name":"é"`), relation("indicator--1", "indicates", "malware--1")) + " "
	last := 0
	for n := range len(in) {
		r := importertest.Run(t, stix.Format, []byte(in[:n]))
		whole := n >= len(in)-1
		if r.Err != nil || len(r.Lines) < last || whole != (r.Incomplete == "") && n > 0 {
			t.Fatalf("cut at %d: %s", n, r)
		}
		last = len(r.Lines)
	}
	if last != 2 {
		t.Errorf("the whole gives %d statements, want 2", last)
	}
}

// TestReadError: an error of the reader ends the import, after what came before.
func TestReadError(t *testing.T) {
	in := bundle(indicator("1", "[domain-name:value='a.example']", ""))
	r := importertest.RunInput(t, stix.Format, &importer.Input{
		Reader: io.MultiReader(strings.NewReader(in[:len(in)-3]), broken{}), Source: "stix",
	})
	if r.Err == nil || r.Err.Error() != fmt.Sprintf("the input breaks off at octet %d", len(in)-2) || len(r.Lines) != 1 {
		t.Error(r)
	}
}

// slow reads an octet at a time, with a read that gives nothing before each.
type slow struct {
	r    io.Reader
	idle bool
}

func (s *slow) Read(p []byte) (int, error) {
	if s.idle = !s.idle; s.idle {
		return 0, nil
	}
	return s.r.Read(p[:1])
}

// TestSlowReader: only reads in a row that give nothing mean that nothing comes.
func TestSlowReader(t *testing.T) {
	in := bundle(indicator("1", "[domain-name:value='a.example']", ""))
	r := importertest.RunInput(t, stix.Format, &importer.Input{Reader: &slow{r: strings.NewReader(in)}, Source: "stix"})
	if r.Err != nil || len(r.Lines) != 1 {
		t.Error(r)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHugeObject(t *testing.T) {
	two := indicator("2", "[domain-name:value='b.example']", "")
	head, tail := `{"type":"artifact","id":"artifact--1","payload_bin":"`, `"}`
	for name, in := range map[string]io.Reader{
		"in a bundle": io.MultiReader(strings.NewReader(`{"objects":[`+head), importertest.Fill('x', stix.MaxObject), strings.NewReader(tail+","+two+"]}")),
		"alone":       io.MultiReader(strings.NewReader(head), importertest.Fill('x', stix.MaxObject), strings.NewReader(tail+"\n"+two)),
		"of brackets": io.MultiReader(strings.NewReader(`{"objects":[{"x":`), importertest.Fill('[', stix.MaxObject), importertest.Fill(']', stix.MaxObject), strings.NewReader("},"+two+"]}")),
	} {
		r := importertest.RunInput(t, stix.Format, &importer.Input{Reader: in, Source: "stix"})
		if r.Records != 2 || r.Rejected != 1 || len(r.Lines) != 1 || !strings.Contains(r.Reasons[0], "is longer than 16777216") || r.Err != nil || r.Incomplete != "" {
			t.Errorf("%s: %s", name, r)
		}
	}
}

// TestLimits: what multiplies is bounded, and says so.
func TestLimits(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "'10.%d.%d.%d',", i>>16, i>>8&255, i&255)
		}
		return "[ipv4-addr:value IN (" + strings.TrimSuffix(b.String(), ",") + ")]"
	}
	r := importertest.Run(t, stix.Format, []byte(bundle(indicator("1", many(stix.MaxThings+1), ""))))
	if len(r.Lines) != stix.MaxThings || r.Partial != 1 || !strings.Contains(r.Reasons[0], "names more than 10000 values") {
		t.Errorf("%d statements, %q", len(r.Lines), r.Reasons)
	}
	var objects []string
	for i := range 10 {
		objects = append(objects, object(fmt.Sprintf("malware %d", i), fmt.Sprintf(`"name":"M%d"`, i)), relation("indicator--1", "indicates", fmt.Sprintf("malware--%d", i)))
	}
	r = importertest.Run(t, stix.Format, []byte(bundle(append(objects, indicator("1", many(stix.MaxThings), ""))...)))
	if len(r.Lines) != stix.MaxRows || r.Partial != 1 || !strings.Contains(r.Reasons[0], "more than 50000 statements come together here") {
		t.Errorf("%d statements, %q", len(r.Lines), r.Reasons)
	}
	objects = append([]string{indicator("1", many(stix.MaxThings), "")}, objects...)
	for range 50 {
		objects = append(objects, relation("indicator--1", "indicates", "malware--1"))
	}
	r = importertest.Run(t, stix.Format, []byte(bundle(objects...)))
	if len(r.Lines) > 400_000 || !strings.Contains(r.Incomplete, "refer to one another too often") {
		t.Errorf("%d statements, incomplete %q", len(r.Lines), r.Incomplete)
	}
}

func TestDetect(t *testing.T) {
	one := indicator("1", "[domain-name:value='a.example']", "")
	for in, want := range map[string]importer.Confidence{
		bundle(one): importer.Certain,
		`{ "id" : "bundle--1", "type" : "bundle" }`:               importer.Certain,
		`{"id":"bundle--1","objects":[` + one:                     importer.Certain,
		`{"type":"bundle","spec_version":"2.0","objects":[`:       importer.Likely,
		`{"more":true,"objects":[` + one:                          importer.Likely,
		"[" + one + "]":                                           importer.Likely,
		one + "\n" + one:                                          importer.Likely,
		one[:80]:                                                  importer.Likely,
		`{"type":"attack-pattern","id":"attack-pattern--1"}`:      importer.Likely,
		`{"type":"indicator","id":"1"}`:                           importer.No,
		`{"objects":[{"id":"bundle--1"}]}`:                        importer.No,
		`{"note":"\"type\":\"bundle\",\"id\":\"bundle--1\""}`:     importer.No,
		`{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}`: importer.No,
		"type,id\nbundle,bundle--1\n":                             importer.No,
		"":                                                        importer.No,
	} {
		if got := stix.Format.Detect(importer.Head{Data: []byte(in)}); got != want {
			t.Errorf("%.60q: %d, want %d", in, got, want)
		}
	}
}
