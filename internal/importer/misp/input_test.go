package misp_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/misp"
	"github.com/spoor-cti/spoor/internal/obs"
)

const attr = `{"type":"domain","value":"evil.example","to_ids":true}`

func TestShapes(t *testing.T) {
	listed := strings.Replace(attr, `{`, `{"category":"Network activity","Event":{"info":"Quay","date":"2026-05-03"},`, 1)
	for name, in := range map[string]string{
		"restSearch":             `{"response":[` + event(attr, "", "") + `]}`,
		"byte order mark":        "\xef\xbb\xbf" + event(attr, "", ""),
		"one event a line":       event("", "", "") + "\r\n" + event(attr, "", "") + "\r\n",
		"events in a list":       "[" + event("", "", "") + "," + event(attr, "", "") + "]",
		"bare event":             `{"info":"Quay","date":"2026-05-03","Attribute":[` + attr + `]}`,
		"members sorted":         `{"Event":{"Attribute":[` + attr + `],"Orgc":{"name":"CERT-X"},"date":"2026-05-03","info":"Quay"}}`,
		"attributes":             `{"response":{"Attribute":[` + listed + `]}}`,
		"attributes of a client": `{"Attribute":[` + listed + `]}`,
		"an attribute":           `{"Attribute":` + listed + `}`,
		"attributes in a list":   `[` + attr[:len(attr)-1] + `,"category":"x","Event":{"info":"Quay","date":"2026-05-03"}}]`,
		"an attribute a line":    attr[:len(attr)-1] + `,"Event":{"info":"Quay","date":"2026-05-03"}}`,
		"an object":              `{"response":[{"Object":` + object("url", attr) + `}]}`,
		"a bare object":          `[{"template_uuid":"x",` + object("url", attr)[1:] + `]`,
		"an object for a list":   event("", "", "")[:len(event("", "", ""))-len(`"Tag":[]}}`)] + `"Attribute":` + attr + `}}`,
		"related events":         `{"Event":{"RelatedEvent":[{"Event":{"info":"other","Attribute":[` + attr + `]}}],"ShadowAttribute":[` + attr + `],"EventReport":[{"content":"]}\"{["}],` + event(attr, "", "")[len(`{"Event":{`):],
		"missing commas":         `{"Event":{"info":"Quay" "date":"2026-05-03" "Attribute":[` + attr + `]}}`,
	} {
		r := importertest.Run(t, misp.Format, []byte(in))
		if r.Err != nil || len(r.Lines) != 1 || !strings.HasPrefix(r.Lines[0], "domain:evil.example reported-as") || len(r.Reasons) > 0 {
			t.Errorf("%s: %s", name, r)
		}
		if f, err := (importer.Registry{misp.Format}).Detect(importer.Head{Data: []byte(in)}); name != "an object" && name != "a bare object" && name != "an attribute a line" && (err != nil || f != misp.Format) {
			t.Errorf("%s: not recognised", name)
		}
	}
	strange := `{"Event":{"info":7,"date":[],"Orgc":null,"Tag":{},"Galaxy":[1,{"GalaxyCluster":1}],"Attribute":[` + strings.Replace(attr, `{`, `{"category":1,"first_seen":{},"Event":[],`, 1) + `]}}`
	if r := importertest.Run(t, misp.Format, []byte(strange)); len(r.Lines) != 1 || r.Partial != 1 || r.Err != nil {
		t.Errorf("members unlike expected: %s", r)
	}
	if r := importertest.Run(t, misp.Format, []byte(`{"response":[]}`)); r.Err != nil || r.Records != 0 {
		t.Errorf("an empty answer: %s", r)
	}
	late := `[{"Event":{"info":"Quay"},"type":"domain","value":"evil.example"}]`
	if r := importertest.Run(t, misp.Format, []byte(late)); r.Rejected != 1 || r.Err != nil {
		t.Errorf("a lone attribute behind its event: %s", r)
	}
}

func TestOtherFormats(t *testing.T) {
	for name, in := range map[string]string{
		"a manifest": `{"0985427f":{"info":"x","Orgc":{"name":"y"},"analysis":"2"}}`, "a bundle": `{"type":"bundle","id":"bundle--1","objects":[{"type":"x"}]}`,
		"other JSON": `{"a":[1,2]}`, "a string": `"Event"`, "no JSON": "type,value\ndomain,evil.example\n", "nothing": " \n",
	} {
		if r := importertest.Run(t, misp.Format, []byte(in)); !fault.Is(r.Err, fault.Format) {
			t.Errorf("%s: %v", name, r.Err)
		}
	}
	for _, in := range []string{"", "type,value\n", `{"a":[1,2]}`, `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}`} {
		if c := misp.Format.Detect(importer.Head{Data: []byte(in)}); c != importer.No {
			t.Errorf("%q: detected with %d", in, c)
		}
	}
}

// TestDamage: what is damaged costs itself, not what stands around it.
func TestDamage(t *testing.T) {
	two := strings.Replace(attr, "evil", "two", 1)
	for name, bad := range map[string]string{
		"a missing bracket":          `{"type":"text","x":[1}`,
		"a bracket too much":         `{"type":"text"}}`,
		"a missing quote, then line": "{\"type\":\"text\",\"x\":\"y}\n",
		"a bare word":                `text`,
		"a colon":                    `{"type" "text"}`,
		"a control character":        "{\"type\":\"te\x01xt\"}",
	} {
		r := importertest.Run(t, misp.Format, []byte(event(attr+","+bad+","+two, "", "")))
		if got := strings.Join(r.Lines, "\n"); got != reported("domain:evil.example")+"\n"+reported("domain:two.example") || r.Rejected == 0 {
			t.Errorf("%s: %s", name, r)
		}
	}
	r := importertest.Run(t, misp.Format, []byte(event(attr, "", "")+" the end "+event(two, "", "")))
	if len(r.Lines) != 2 || r.Rejected != 2 || r.Err != nil {
		t.Errorf("something between events: %s", r)
	}
	deep := strings.Repeat(`{"Event":`, 100) + event(attr, "", "") + strings.Repeat("}", 100)
	if r := importertest.Run(t, misp.Format, []byte(deep+event(two, "", ""))); len(r.Lines) != 1 || r.Rejected != 1 || !strings.Contains(r.Reasons[0], "nest deeper than 8") {
		t.Errorf("deep: %s", r)
	}
	r = importertest.Run(t, misp.Format, []byte(event(attr, "", `{"name":"tlp:clear"`)))
	if len(r.Lines) != 1 || !strings.Contains(r.Lines[0], " RED ") || !strings.Contains(r.Incomplete, `the tags of event "Quay" can't be read`) {
		t.Errorf("damaged tags: %s", r)
	}
}

// TestCut: wherever the input is cut, what was whole before it is read, the reader
// is told, and what was marked by the tags that are gone does not get out.
func TestCut(t *testing.T) {
	whole := event(attr+","+strings.Replace(attr, "evil", "two", 1), object("domain-ip", parts("domain", "evil.example", "ip", "192.0.2.1")), `{"name":"tlp:red"}`)
	for n := 1; n < len(whole); n++ {
		r := importertest.Run(t, misp.Format, []byte(whole[:n]))
		want := strings.Count(whole[:n], `"to_ids":true}`) + strings.Count(whole[:n], `"192.0.2.1"}]}`)
		if !fault.Is(r.Err, fault.Invalid) || len(r.Lines) != want {
			t.Fatalf("cut at %d: %d lines, want %d, %v", n, len(r.Lines), want, r.Err)
		}
		for _, l := range r.Lines {
			if !strings.Contains(l, " RED ") {
				t.Fatalf("cut at %d: %s", n, l)
			}
		}
		in := &importer.Input{Reader: strings.NewReader(whole[:n]), Source: "misp", Handling: obs.Handling{TLP: obs.Green}}
		for _, l := range importertest.RunInput(t, misp.Format, in).Lines {
			if n < len(whole)-3 && !strings.Contains(l, " GREEN ") {
				t.Fatalf("cut at %d, against the user's word: %s", n, l)
			}
		}
	}
}

// TestReadError: an error of the reader ends the import, after what came before.
func TestReadError(t *testing.T) {
	in := event(attr, "", "")
	r := importertest.RunInput(t, misp.Format, &importer.Input{
		Reader: io.MultiReader(strings.NewReader(in[:len(in)-5]), iotest.ErrReader(io.ErrUnexpectedEOF)), Source: "misp",
	})
	if r.Err == nil || r.Err.Error() != fmt.Sprintf("the input breaks off at octet %d", len(in)-4) || len(r.Lines) != 1 {
		t.Error(r)
	}
}

// TestRecords: each record holds its octets, from its place in the input, in order.
func TestRecords(t *testing.T) {
	in := "\n" + event(attr+" ,\n "+object("x", ""), object("domain-ip", ""), "")
	for n := range 2 {
		in = `{"response":[` + in + `,` + strings.Replace(attr, "{", fmt.Sprintf(`{"n":%d,`, n), 1) + `]}`
	}
	s := &places{t: t, in: in}
	if err := misp.Format.Decode(t.Context(), &importer.Input{Reader: strings.NewReader(in), Source: "misp"}, s); err != nil || s.n != 5 {
		t.Errorf("%d records, %v", s.n, err)
	}
	want := `{"info":"Quay","date":"2026-05-03","Orgc":{"name":"CERT-X"},"Tag":[],"Object":[`
	if len(s.contexts) != 3 || s.contexts[1] != want {
		t.Errorf("contexts %q, want 3, the second %q", s.contexts, want)
	}
}

type places struct {
	t        *testing.T
	in       string
	n        int
	last     int64
	contexts []string
}

func (s *places) Context(head []byte)   { s.contexts = append(s.contexts, string(head)) }
func (s *places) Incomplete(why string) { s.t.Error(why) }
func (s *places) Record(r importer.Record) error {
	s.n++
	if !strings.HasPrefix(s.in[r.Offset:], string(r.Raw)) || len(r.Raw) < 2 || r.Offset < s.last || int(r.Line) != 1+strings.Count(s.in[:r.Offset], "\n") {
		s.t.Errorf("record %d at %d, line %d: %s", s.n, r.Offset, r.Line, r.Raw)
	}
	s.last = r.Offset
	return nil
}

func run(t *testing.T, f *importer.Format, in ...io.Reader) *importertest.Result {
	t.Helper()
	return importertest.RunInput(t, f, &importer.Input{Reader: io.MultiReader(in...), Source: "misp", Handling: obs.Handling{TLP: obs.TLPUnset}})
}

func TestHuge(t *testing.T) {
	before, after, _ := strings.Cut(event("@", "", `{"name":"tlp:green"}`), "@")
	for name, in := range map[string]io.Reader{
		"an attribute": io.MultiReader(strings.NewReader(before+`{"type":"attachment","data":"`), importertest.Fill('x', misp.Most), strings.NewReader(`"},`+attr+after)),
		"brackets":     io.MultiReader(strings.NewReader(before+`{"type":`), importertest.Fill('[', misp.Most), importertest.Fill(']', misp.Most), strings.NewReader(`},`+attr+after)),
	} {
		r := run(t, misp.Format, in)
		if r.Records != 2 || r.Rejected != 1 || len(r.Lines) != 1 || !strings.Contains(r.Reasons[0], "are longer than 16777216: take out what it embeds") || r.Err != nil || r.Incomplete != "" {
			t.Errorf("%s: %.2000s", name, r)
		}
	}
	r := run(t, misp.Format, strings.NewReader(`{"Event":{"EventReport":"`), importertest.Fill('x', misp.Most), strings.NewReader(`",`+event(attr, "", "")[len(`{"Event":{`):]))
	if len(r.Lines) != 1 || !strings.Contains(r.Lines[0], "report:quay") || r.Err != nil {
		t.Errorf("a member of the event: %.2000s", r)
	}
	r = run(t, misp.Format, strings.NewReader(`{"x":"`), importertest.Fill('x', misp.Most), strings.NewReader(`",`+attr[1:]+event(attr, "", "")))
	if len(r.Lines) != 1 || r.Rejected != 1 || r.Err != nil {
		t.Errorf("a lone attribute: %.2000s", r)
	}
}

// TestHeld: an event that fills many blocks says the same as a small one, in the
// same order, and with tags that stand behind it.
func TestHeld(t *testing.T) {
	const n = 30_000
	var list, want strings.Builder
	for i := range n {
		fmt.Fprintf(&list, `{"type":"domain","value":"d%d.example","to_ids":%v,"comment":"x"},`+"\n", i, i == n-1)
		want.WriteString(strings.Replace(reported(fmt.Sprintf("domain:d%d.example", i)), "1d of", "1d GREEN of", 1) + "\n")
	}
	flagged := strings.ReplaceAll(strings.TrimSuffix(list.String(), ",\n"), `"to_ids":false`, `"to_ids":true`)
	if len(flagged) < 2*misp.BlockSize {
		t.Fatalf("%d octets are too few", len(flagged))
	}
	r := importertest.Run(t, misp.Format, []byte(event(flagged, object("x", ""), `{"name":"tlp:green"}`)))
	if got := strings.Join(r.Lines, "\n") + "\n"; got != want.String() || r.Records != n+1 || r.Incomplete != "" || r.Err != nil {
		t.Errorf("%d records, %d lines, %v %s", r.Records, len(r.Lines), r.Err, r.Incomplete)
	}
	// The one mark for detection stands last: the others are context.
	r = importertest.Run(t, misp.Format, []byte(event(strings.TrimSuffix(list.String(), ",\n"), "", "")))
	if r.Records != n || len(r.Lines) != 1 || !strings.HasPrefix(r.Lines[0], fmt.Sprintf("domain:d%d.example ", n-1)) {
		t.Errorf("context: %d records, %d lines", r.Records, len(r.Lines))
	}
}

// TestFull: an event with more before its tags than can be held is read as if they
// forbade everything, and says so; with the tags in front nothing is held.
func TestFull(t *testing.T) {
	noise := make([]byte, misp.BlockSize)
	rnd := rand.NewChaCha8([32]byte{})
	if _, err := rnd.Read(noise); err != nil {
		t.Fatal(err)
	}
	big := `{"type":"comment","to_ids":true,"value":"` + hex.EncodeToString(noise) + `"}`
	f := misp.Holding(misp.BlockSize / 2)
	r := importertest.Run(t, f, []byte(event(big+","+attr, "", `{"name":"tlp:clear"}`)))
	if len(r.Lines) != 1 || !strings.Contains(r.Lines[0], " RED ") || !strings.Contains(r.Incomplete, `the tags of event "Quay" stand behind more elements than can be held`) || r.Err != nil {
		t.Errorf("tags behind: %s %s", r.Lines, r.Incomplete)
	}
	ahead := strings.Replace(event(big+","+attr, "", ""), `"info"`, `"Tag":[{"name":"tlp:clear"}],"info"`, 1)
	ahead = strings.Replace(ahead, `,"Tag":[]}}`, "}}", 1)
	if r = importertest.Run(t, f, []byte(ahead)); len(r.Lines) != 1 || !strings.Contains(r.Lines[0], " CLEAR ") || r.Incomplete != "" {
		t.Errorf("tags ahead: %s %s", r.Lines, r.Incomplete)
	}
	twice := ahead[:len(ahead)-2] + `,"Tag":[{"name":"tlp:red"}]}}`
	if r = importertest.Run(t, f, []byte(twice)); !strings.Contains(r.Incomplete, "is marked behind its elements") {
		t.Errorf("tags twice: %s %s", r.Lines, r.Incomplete)
	}
	if r = importertest.Run(t, f, []byte(`{"response":{"Attribute":[`+big+","+attr+`]}}`)); len(r.Lines) != 1 || strings.Contains(r.Lines[0], " RED ") || r.Incomplete != "" {
		t.Errorf("a list: %s %s", r.Lines, r.Incomplete)
	}
}
