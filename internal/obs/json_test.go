package obs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is the present of these tests.
var now = obs.At(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))

func ent(t testing.TB, s string) entity.Entity {
	t.Helper()
	e, err := entity.Parse(s)
	if err != nil || e.String() != s {
		t.Fatalf("%s is read as %s (%v)", s, e, err)
	}
	return e
}

func at(t testing.TB, s string) obs.Time {
	t.Helper()
	v, err := obs.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// golden are observations that show every member of the NDJSON form.
func golden(t *testing.T) []obs.Observation {
	sensor := &obs.Origin{Source: "pdns", Basis: obs.Sensor, Gap: obs.DefaultGap(obs.Sensor)}
	all := &obs.Origin{
		Source: "pdns", Sensor: "s-1", Lineage: "upstream", Basis: obs.Zone, Granularity: obs.Day, CountKind: obs.Cumulative,
		Quality: obs.LowerBound, CountUnit: "answers", Gap: 3600,
		Handling: obs.Handling{
			TLP: obs.AmberStrict, PAP: obs.PAPGreen, Licence: "CC-BY-4.0", Redistribution: obs.RedistributeAttribution,
			NonCommercial: true, Personal: true, RetainUntil: at(t, "2030-01-01"),
		},
	}
	whois := &obs.Origin{Source: "whois", Basis: obs.Declared, Handling: obs.Handling{TLP: obs.Clear}}
	report := &obs.Origin{Source: "report", Basis: obs.Asserted, Granularity: obs.Month, Handling: obs.Handling{TLP: obs.Red, PAP: obs.PAPRed, Redistribution: obs.RedistributeNone}}
	return []obs.Observation{
		{
			Subject: ent(t, "domain:evil.example"), Relation: obs.Resolves, Object: ent(t, "ip:192.0.2.1"), RRType: obs.TypeA,
			First: at(t, "2026-05-03T10:00:00Z"), Last: at(t, "2026-05-04T11:00:00Z"), HasCount: true, Count: 17, Origin: sensor,
		},
		{
			Subject: ent(t, `domain:a\.b\000.xn--bcher-kva.example`), Relation: obs.NS, Object: ent(t, "domain:."), RRType: 65280,
			First: at(t, "0001-01-01"), Last: at(t, "2026-11-24"), Flags: obs.OpenEnded | obs.FirstBound | obs.LastBound | obs.Untrusted,
			HasCount: true, Count: 0, HasTTL: true, TTL: 0, Bailiwick: "example", Recorded: at(t, "2026-05-05T12:00:00Z"), Origin: all,
			Attributes: []obs.Attribute{{Name: "empty"}, {Name: "note", Value: "first <b>\u2028"}, {Name: "note", Value: "second \"\\\n"}},
		},
		{
			Subject: ent(t, "domain:evil.example"), Relation: obs.Registrant, Object: ent(t, "person:jörg müller"), Origin: whois,
			Attributes: []obs.Attribute{
				{Name: "city", State: obs.RedactedByGuess},
				{Name: "email", State: obs.Redacted, Reason: "RFC 9537: server policy"},
				{Name: "fax", State: obs.Absent},
				{Name: "name", Value: "Jörg MÜLLER"},
				{Name: "org", State: obs.ProxyService, Reason: "Privacy Ltd"},
				{Name: "phone", State: obs.ThinRegistry},
				{Name: "street", State: obs.Unparsed},
			},
		},
		{
			Subject: ent(t, "url:http://evil.example/%E2%80%AE?q=%20"), Relation: obs.ReportedAs, Object: ent(t, "label:actor:lazarus group"),
			First: at(t, "2026-05"), Last: at(t, "2026-05"), Flags: obs.FirstBound | obs.LastBound, Origin: report,
		},
	}
}

// The golden file is the documented form (docs/formats/observation.md): a change
// of it is a change of the format.
func TestTheFormStaysAsItIsDocumented(t *testing.T) {
	const name = "testdata/observations.ndjson"
	header, err := json.Marshal(obs.Header{Type: obs.HeaderType, Version: obs.FormatVersion})
	if err != nil {
		t.Fatal(err)
	}
	out := append(header, '\n')
	all := golden(t)
	for i := range all {
		if err := all[i].Validate(now); err != nil {
			t.Fatal(err)
		}
		if out, err = all[i].AppendJSON(out); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(name, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, want) {
		t.Errorf("written:\n%s\ndocumented:\n%s", out, want)
	}
	var dec obs.Decoder
	for i, line := range bytes.Split(bytes.TrimSpace(want), []byte("\n"))[1:] {
		o, err := dec.Decode(line)
		if err != nil || !same(&o, &all[i]) {
			t.Errorf("line %d is read as %+v of %+v, written from %+v of %+v (%v)", i+2, o, o.Origin, all[i], all[i].Origin, err)
		}
	}
}

// same compares two observations and what their origins say.
func same(a, b *obs.Observation) bool {
	x, y := *a, *b
	if len(x.Attributes) == 0 && len(y.Attributes) == 0 {
		x.Attributes, y.Attributes = nil, nil
	}
	return reflect.DeepEqual(x, y)
}

// anyObservation draws valid observations.
func anyObservation() *rapid.Generator[obs.Observation] {
	text := rapid.StringN(0, 20, 80)
	byKind := map[entity.Kind][]string{
		entity.Domain: {"a.example", ".", `\000\.x.example`, "xn--bcher-kva.example"}, entity.IP: {"192.0.2.1", "2001:db8::1"}, entity.Prefix: {"192.0.2.0/24", "::/0"},
		entity.ASN: {"64496"}, entity.Cert: {strings.Repeat("ab", 32), "sha1:" + strings.Repeat("0a", 20), "serial:some ca/1f"}, entity.SPKI: {strings.Repeat("cd", 32)},
		entity.Email: {"u@a.example", `"q"@xn--bcher-kva.example`}, entity.Phone: {"+4930123456"}, entity.Person: {"jörg \x00 müller", "\u202egnp"}, entity.Org: {`"acme" [.] co`},
		entity.Registrar: {"iana:292", "some registrar"}, entity.URL: {"http://a.example/?q=%20#x", "https://[2001:db8::1]:8443/"}, entity.Fingerprint: {"jarm:2ad2", "title:Sign <In>"},
		entity.Tracker: {"UA-1-1"}, entity.SSHKey: {"md5:" + strings.Repeat("ef", 16)}, entity.FileHash: {strings.Repeat("01", 16)}, entity.Label: {"tag:x", "actor:a:b"}, entity.List: {"top 1000"},
	}
	ent := func(t *rapid.T, what string, fits func(entity.Kind) bool) entity.Entity {
		var of []entity.Entity
		for _, k := range entity.Kinds() {
			for _, key := range byKind[k] {
				if fits(k) {
					of = append(of, entity.Entity{Kind: k, Key: key})
				}
			}
		}
		return rapid.SampledFrom(of).Draw(t, what)
	}
	moment := rapid.OneOf(rapid.Just(obs.Time(0)), rapid.Map(rapid.Int64Range(-62135596800, int64(now)), func(n int64) obs.Time { return obs.Time(n) }))
	return rapid.Custom(func(t *rapid.T) obs.Observation {
		g := &obs.Origin{
			Source: rapid.StringN(1, 20, 100).Draw(t, "source"), Sensor: text.Draw(t, "sensor"), Lineage: text.Draw(t, "lineage"),
			Basis: obs.Basis(rapid.IntRange(1, 7).Draw(t, "basis")), Granularity: obs.Granularity(rapid.IntRange(0, 3).Draw(t, "granularity")),
			CountKind: obs.CountKind(rapid.IntRange(0, 1).Draw(t, "kind of count")), Quality: obs.Quality(rapid.IntRange(0, 2).Draw(t, "quality")),
			CountUnit: text.Draw(t, "unit"), Gap: rapid.Int64Range(0, 1<<40).Draw(t, "gap"),
			Handling: obs.Handling{
				TLP: obs.TLP(rapid.IntRange(0, obs.TLPLevels-1).Draw(t, "tlp")), PAP: obs.PAP(rapid.IntRange(0, 4).Draw(t, "pap")), Licence: text.Draw(t, "licence"),
				Redistribution: obs.Redistribution(rapid.IntRange(0, 4).Draw(t, "redistribution")), NonCommercial: rapid.Bool().Draw(t, "non-commercial"),
				Personal: rapid.Bool().Draw(t, "personal"), RetainUntil: moment.Draw(t, "retain"),
			},
		}
		o := obs.Observation{Origin: g, Relation: rapid.SampledFrom(obs.Relations()).Draw(t, "relation")}
		o.Subject = ent(t, "subject", func(k entity.Kind) bool {
			for _, to := range entity.Kinds() {
				if o.Relation.Check(k, to) == nil {
					return true
				}
			}
			return false
		})
		o.Object = ent(t, "object", func(k entity.Kind) bool { return o.Relation.Check(o.Subject.Kind, k) == nil })
		o.RRType = obs.RRType(rapid.Uint16().Draw(t, "rrtype"))
		o.First, o.Last = moment.Draw(t, "first"), moment.Draw(t, "last")
		if o.First > o.Last && o.Last.Known() {
			o.First, o.Last = o.Last, o.First
		}
		o.Flags = obs.Flags(rapid.IntRange(0, 15).Draw(t, "flags"))
		if o.HasCount = rapid.Bool().Draw(t, "has count"); o.HasCount {
			o.Count = rapid.Uint64().Draw(t, "count")
		}
		if o.HasTTL = rapid.Bool().Draw(t, "has ttl"); o.HasTTL {
			o.TTL = rapid.Uint32().Draw(t, "ttl")
		}
		o.Bailiwick = rapid.SampledFrom([]string{"", ".", "example", `a\.b`}).Draw(t, "bailiwick")
		o.Recorded = moment.Draw(t, "recorded")
		for range rapid.IntRange(0, 4).Draw(t, "attributes") {
			a := obs.Attribute{Name: rapid.SampledFrom([]string{"a", "b", "", "ü"}).Draw(t, "name"), State: obs.State(rapid.IntRange(0, 6).Draw(t, "state"))}
			if a.State == obs.Present {
				a.Value = text.Draw(t, "value")
			} else {
				a.Reason = text.Draw(t, "reason")
			}
			o.Attributes = append(o.Attributes, a)
		}
		o.Normalize()
		return o
	})
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObservation().Draw(t, "observation")
		if err := o.Validate(now); err != nil {
			t.Fatalf("not valid: %v", err)
		}
		line, err := o.AppendJSON([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		line = line[len("before"):]
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("not one line: %q", line)
		}
		var dec obs.Decoder
		got, err := dec.Decode(line)
		if err != nil || !same(&got, &o) {
			t.Fatalf("%s is read as %+v of %+v, not %+v of %+v (%v)", line, got, got.Origin, o, o.Origin, err)
		}
		if again, err := got.AppendJSON(nil); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("written again: %s, not %s (%v)", again, line, err)
		}
	})
}

func TestNormalizeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObservation().Draw(t, "observation")
		before := o
		before.Attributes = append([]obs.Attribute(nil), o.Attributes...)
		if o.Normalize(); !same(&o, &before) {
			t.Fatalf("%+v becomes %+v", before, o)
		}
	})
}

// line is a good record; a test replaces or adds members.
func line(t *testing.T, change map[string]any) []byte {
	t.Helper()
	m := map[string]any{"subject": "domain:a.example", "relation": "resolves", "object": "ip:192.0.2.1", "basis": "sensor", "source": "s"}
	for k, v := range change {
		m[k] = v
		if v == nil {
			delete(m, k)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBadRecordsNameTheMember(t *testing.T) {
	for _, c := range []struct {
		change map[string]any
		want   string
	}{
		{map[string]any{"subject": nil}, "member subject is missing"},
		{map[string]any{"object": nil}, "member object is missing"},
		{map[string]any{"relation": nil}, "member relation"},
		{map[string]any{"subject": "ip:1.2.3"}, "member subject"},
		{map[string]any{"object": "nonsense"}, "member object"},
		{map[string]any{"object": "person:"}, "member object"},
		{map[string]any{"relation": "resolved"}, "member relation"},
		{map[string]any{"rrtype": "TYPE65536"}, "member rrtype"},
		{map[string]any{"first": "yesterday"}, "member first"},
		{map[string]any{"first": "0000-01-01"}, "member first"},
		{map[string]any{"last": "10000-01-01"}, "member last"},
		{map[string]any{"recorded": "-2024"}, "member recorded"},
		{map[string]any{"bailiwick": "a..b"}, "member bailiwick"},
		{map[string]any{"basis": "rumour"}, "member basis"},
		{map[string]any{"granularity": "1w"}, "member granularity"},
		{map[string]any{"count_kind": "x"}, "member count_kind"},
		{map[string]any{"count_quality": "x"}, "member count_quality"},
		{map[string]any{"count": -1}, "member count"},
		{map[string]any{"count": "1"}, "member count"},
		{map[string]any{"count": 1.5}, "member count"},
		{map[string]any{"ttl": 1 << 33}, "member ttl"},
		{map[string]any{"gap": "x"}, "member gap"},
		{map[string]any{"tlp": "PINK"}, "member tlp"},
		{map[string]any{"pap": "PINK"}, "member pap"},
		{map[string]any{"redistribution": "x"}, "member redistribution"},
		{map[string]any{"retain_until": "x"}, "member retain_until"},
		{map[string]any{"attributes": []int{1}}, "member attributes"},
		{map[string]any{"attributes": map[string]any{"email": map[string]any{"state": "gone"}}}, `"email"`},
		{map[string]any{"attributes": map[string]any{"email": map[string]any{"value": "x"}}}, `"email"`},
		{map[string]any{"colour": "red"}, `"colour"`},
		{map[string]any{"x" + strings.Repeat("y", 1<<20): 1}, `"xyyy`},
	} {
		var dec obs.Decoder
		_, err := dec.Decode(line(t, c.change))
		if err == nil || !strings.Contains(err.Error(), c.want) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%.80v: %v (code %s), want %q", c.change, err, fault.CodeOf(err), c.want)
			continue
		}
		if len(err.Error()) > 500 {
			t.Errorf("%.80v: the error has %d octets", c.change, len(err.Error()))
		}
	}
	for in, want := range map[string]string{
		"": "EOF", "{": "unexpected EOF", "[]": "no object", `"x"`: "no object", "7": "no object", "null": "subject", "{}": "subject",
		"nonsense": "invalid character", string(line(t, nil)) + "{}": "more after the object", string(line(t, nil)) + "]": "more after the object",
		strings.Repeat("[", 100_000): "", strings.Repeat(`{"attributes":`, 100_000): "", "\x00": "invalid character", "\xef\xbb\xbf{}": "invalid character",
	} {
		var dec obs.Decoder
		if _, err := dec.Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), want) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%.60q: %v, want %q", in, err, want)
		}
	}
}

func TestAbsentMembersHaveTheirDefaults(t *testing.T) {
	var dec obs.Decoder
	o, err := dec.Decode(line(t, nil))
	want := obs.Observation{
		Subject: ent(t, "domain:a.example"), Relation: obs.Resolves, Object: ent(t, "ip:192.0.2.1"),
		Origin: &obs.Origin{Source: "s", Basis: obs.Sensor, Gap: 2 * 86400},
	}
	if err != nil || !same(&o, &want) {
		t.Errorf("%+v of %+v (%v)", o, o.Origin, err)
	}
	if o.Origin.Handling.TLP != obs.Amber || o.HasCount || o.First.Known() {
		t.Error("a default is another than documented")
	}
	p, err := dec.Decode(line(t, map[string]any{"attributes": map[string]any{"b": 1.50, "a": []any{true, "x", map[string]any{"state": "absent"}}, "c": nil}}))
	attrs := []obs.Attribute{{Name: "a", Value: "true"}, {Name: "a", Value: "x"}, {Name: "a", State: obs.Absent}, {Name: "b", Value: "1.5"}, {Name: "c", Value: "null"}}
	if err != nil || !reflect.DeepEqual(p.Attributes, attrs) {
		t.Errorf("attributes %+v (%v)", p.Attributes, err)
	}
	if p.Origin != o.Origin {
		t.Error("two records of one origin don't share it")
	}
}

func FuzzDecode(f *testing.F) {
	text, err := os.ReadFile("testdata/observations.ndjson")
	if err != nil {
		f.Fatal(err)
	}
	for l := range bytes.SplitSeq(text, []byte("\n")) {
		f.Add(l)
	}
	f.Add([]byte(`{"subject":"domain:a","relation":"ns","object":"domain:b","basis":"zone","source":"s","attributes":{"a":[1,{"state":"absent"}]}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var dec obs.Decoder
		o, err := dec.Decode(in)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("code %s: %v", fault.CodeOf(err), err)
			}
			return
		}
		o.Normalize()
		if o.Validate(now) != nil {
			return
		}
		out, err := o.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := dec.Decode(out)
		if err != nil || !same(&again, &o) {
			t.Errorf("%s is read as %+v, not %+v (%v)", out, again, o, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	o := benchObservation()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = o.AppendJSON(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	o := benchObservation()
	in, err := o.AppendJSON(nil)
	if err != nil {
		b.Fatal(err)
	}
	var dec obs.Decoder
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dec.Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}

func benchObservation() obs.Observation {
	return obs.Observation{
		Subject: entity.Entity{Kind: entity.Domain, Key: "www.evil.example"}, Relation: obs.Resolves, Object: entity.Entity{Kind: entity.IP, Key: "192.0.2.1"},
		RRType: obs.TypeA, First: now - 86400, Last: now, HasCount: true, Count: 17, Recorded: now,
		Origin: &obs.Origin{Source: "pdns", Basis: obs.Sensor, Gap: obs.DefaultGap(obs.Sensor)},
	}
}
