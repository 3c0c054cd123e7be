package jsonl_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/testdata"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// walk returns the members of an object as their raw text.
func walk(line []byte) (map[string]string, error) {
	m := map[string]string{}
	var w jsonl.Walker
	w.Reset(line)
	for w.Next() {
		m[string(w.Key())] = string(w.Value().Raw)
	}
	return m, w.Err()
}

func TestWalk(t *testing.T) {
	for _, c := range []struct {
		in   string
		want map[string]string
		err  string
	}{
		{in: `{}`, want: map[string]string{}},
		{in: ` { } `, want: map[string]string{}},
		{in: `{"a":1,"b":"x","c":[1,{"d":null}],"e":{"f":true}}`, want: map[string]string{"a": "1", "b": `"x"`, "c": `[1,{"d":null}]`, "e": `{"f":true}`}},
		{in: "{\t\"a\" : -0.5e+3 ,\r\n\"b\":false}", want: map[string]string{"a": "-0.5e+3", "b": "false"}},
		{in: `{"\u0061\n":1}`, want: map[string]string{"a\n": "1"}},
		{in: `[1]`, err: "octet 1: want an object"},
		{in: ``, err: "want an object, but the text ends"},
		{in: `{"a":1,}`, err: "octet 8: want a string"},
		{in: `{"a":1 "b":2}`, err: "octet 8: want , or }"},
		{in: `{"a" 1}`, err: "want : after"},
		{in: `{"a":01}`, err: "begins with 0"},
		{in: `{"a":1.}`, err: "digit after the point"},
		{in: `{"a":1e}`, err: "digit in the exponent"},
		{in: `{"a":+1}`, err: "want a value"},
		{in: `{"a":tru}`, err: "want true"},
		{in: `{"a":"x`, err: "want the end of a string, but the text ends"},
		{in: "{\"a\":\"\x00\"}", err: "control character"},
		{in: `{"a":"\q"}`, err: "unknown escape"},
		{in: `{"a":"\u00g0"}`, err: "four hexadecimal"},
		{in: "{\"a\":\"\xff\"}", err: "not UTF-8"},
		{in: `{"a":1}x`, err: "octet 8: something follows"},
		{in: `{"a":1}{"b":2}`, err: "something follows"},
		{in: `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, err: "nest deeper than 200"},
	} {
		got, err := walk([]byte(c.in))
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%.60s: error %v, want one with %q", c.in, err, c.err)
		case c.err == "" && (err != nil || !maps.Equal(got, c.want)):
			t.Errorf("%.60s: %v, %v, want %v", c.in, got, err, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	value := func(s string) jsonl.Value {
		var w jsonl.Walker
		w.Reset([]byte(`{"v":` + s + `}`))
		if !w.Next() {
			t.Fatalf("%s: %v", s, w.Err())
		}
		return w.Value()
	}
	for in, want := range map[string]string{
		`"plain"`: "plain", `"a\"b\\c\/d\b\f\n\r\t"`: "a\"b\\c/d\b\f\n\r\t", `"\u00e9\ud83d\ude00"`: "é😀",
		`"\ud83d"`: "\uFFFD", `"\ud83dx"`: "\uFFFDx", `"\ude00\ud83d"`: "\uFFFD\uFFFD", `""`: "",
	} {
		if got, err := value(in).Text(); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]int64{`0`: 0, `-7`: -7, `1696798385`: 1696798385, `"19"`: 19, `" 19 "`: 19, `3.0`: 3, `1e3`: 1000, `9223372036854775807`: 1<<63 - 1} {
		if got, err := value(in).Int(); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{`1.5`, `"x"`, `""`, `null`, `[]`, `1e300`, `9223372036854775808`} {
		if got, err := value(in).Int(); err == nil {
			t.Errorf("%s: %d, want an error", in, got)
		}
	}
	var got []string
	for v := range value(`[ "a" , 1,[2] ,null ]`).Elements() {
		got = append(got, string(v.Raw))
	}
	if s := strings.Join(got, " "); s != `"a" 1 [2] null` {
		t.Errorf("elements: %s", s)
	}
	if n := len(collect(value(`[]`))); n != 0 {
		t.Errorf("empty array has %d elements", n)
	}
	if n := len(collect(value(`"x"`))); n != 1 {
		t.Errorf("a bare value has %d elements, want itself", n)
	}
}

func collect(v jsonl.Value) (out []jsonl.Value) {
	for e := range v.Elements() {
		out = append(out, e)
	}
	return out
}

// TestSuite runs JSONTestSuite: y_ must parse, n_ must be refused. Its texts
// that are no objects are wrapped into one.
func TestSuite(t *testing.T) {
	for _, f := range testdata.Files(t, "hostile/json-testsuite", "*.json") {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(filepath.Base(f), "__")
		_, err = walk(append(append([]byte(`{"v":`), raw...), '}'))
		switch name[0] {
		case 'y':
			if err != nil && json.Valid(raw) {
				t.Errorf("%s: %v", name, err)
			}
		case 'n':
			// what is only wrong at top level may be right inside an object
			if err == nil && !json.Valid(append(append([]byte(`{"v":`), raw...), '}')) {
				t.Errorf("%s was accepted", name)
			}
		}
	}
}

func TestWalkAllocatesNothing(t *testing.T) {
	line := []byte(`{"count":102,"time_first":1298412391,"rrtype":"AAAA","rrname":"www.example.org","rdata":["2001:db8::20"],"time_last":1302506851}`)
	var w jsonl.Walker
	if n := testing.AllocsPerRun(100, func() {
		w.Reset(line)
		for w.Next() {
			_ = w.Value()
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzWalk compares with encoding/json: what one accepts as an object the other
// accepts, but for invalid UTF-8 (which we refuse) and depth.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":[true,null,{"c":"\u00e9"}]}`, `{"a":1}x`, `{"a":"\ud800"}`, `[1]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := walk(line)
		var want map[string]json.RawMessage
		ref := json.Unmarshal(line, &want)
		if bytes.Equal(bytes.TrimSpace(line), []byte("null")) {
			return
		}
		if err == nil && ref != nil {
			t.Fatalf("we accept what encoding/json refuses: %v", ref)
		}
		if err != nil && ref == nil && !strings.Contains(err.Error(), "UTF-8") && !strings.Contains(err.Error(), "nest deeper") {
			t.Fatalf("we refuse what encoding/json accepts: %v", err)
		}
		if err == nil && len(got) != len(want) {
			t.Fatalf("%d members, want %d", len(got), len(want))
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	line := []byte(`{"count":102,"time_first":1298412391,"rrtype":"AAAA","rrname":"www.example.org","bailiwick":"example.org","rdata":["2001:db8::20"],"time_last":1302506851}`)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var w jsonl.Walker
	for b.Loop() {
		w.Reset(line)
		for w.Next() {
			_ = w.Value()
		}
	}
}
