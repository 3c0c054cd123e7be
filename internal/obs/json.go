package obs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// FormatVersion is the version of the NDJSON form (docs/formats/observation.md).
// A file may begin with a line {"type":"spoor-observations","version":1}.
const FormatVersion = 1

// Header is the optional first line of an NDJSON file.
type Header struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
}

// HeaderType is the Type of a Header.
const HeaderType = "spoor-observations"

// record is the NDJSON form. Members that are absent have their default, which
// stands beside each; unknown members are refused by name.
type record struct {
	Subject     string          `json:"subject"`
	Relation    string          `json:"relation"`
	Object      string          `json:"object"`
	RRType      string          `json:"rrtype,omitempty"` // none
	First       string          `json:"first,omitempty"`  // unknown
	Last        string          `json:"last,omitempty"`   // unknown
	Granularity string          `json:"granularity,omitempty"`
	Basis       string          `json:"basis"`
	OpenEnded   bool            `json:"open_ended,omitempty"`
	FirstBound  bool            `json:"first_bound,omitempty"`
	LastBound   bool            `json:"last_bound,omitempty"`
	Untrusted   bool            `json:"untrusted,omitempty"`
	Count       *uint64         `json:"count,omitempty"`         // unknown
	CountKind   string          `json:"count_kind,omitempty"`    // increment
	Quality     string          `json:"count_quality,omitempty"` // exact
	CountUnit   string          `json:"count_unit,omitempty"`    // sightings
	TTL         *uint32         `json:"ttl,omitempty"`
	Bailiwick   string          `json:"bailiwick,omitempty"`
	Source      string          `json:"source"`
	Sensor      string          `json:"sensor,omitempty"`
	Lineage     string          `json:"lineage,omitempty"`
	Gap         *int64          `json:"gap,omitempty"` // DefaultGap of the basis
	Recorded    string          `json:"recorded,omitempty"`
	TLP         string          `json:"tlp,omitempty"` // AMBER
	PAP         string          `json:"pap,omitempty"`
	Licence     string          `json:"licence,omitempty"`
	Redist      string          `json:"redistribution,omitempty"`
	NonComm     bool            `json:"non_commercial,omitempty"`
	Personal    bool            `json:"personal,omitempty"`
	RetainUntil string          `json:"retain_until,omitempty"`
	Attributes  json.RawMessage `json:"attributes,omitempty"`
}

type stateRecord struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// AppendJSON appends o as one line of NDJSON, with its line feed.
func (o *Observation) AppendJSON(dst []byte) ([]byte, error) {
	g := o.Origin
	r := record{
		Subject: o.Subject.String(), Relation: o.Relation.String(), Object: o.Object.String(),
		RRType: o.RRType.String(), First: o.First.String(), Last: o.Last.String(),
		Basis: g.Basis.String(), OpenEnded: o.Flags&OpenEnded != 0, FirstBound: o.Flags&FirstBound != 0,
		LastBound: o.Flags&LastBound != 0, Untrusted: o.Flags&Untrusted != 0, CountUnit: g.CountUnit,
		Bailiwick: o.Bailiwick, Source: g.Source, Sensor: g.Sensor, Lineage: g.Lineage,
		Recorded: o.Recorded.String(), TLP: g.Handling.TLP.String(), PAP: g.Handling.PAP.String(),
		Licence: g.Handling.Licence, Redist: g.Handling.Redistribution.String(),
		NonComm: g.Handling.NonCommercial, Personal: g.Handling.Personal, RetainUntil: g.Handling.RetainUntil.String(),
	}
	if g.Granularity != Second {
		r.Granularity = g.Granularity.String()
	}
	if o.HasCount {
		r.Count = &o.Count
	}
	if g.CountKind != Increment {
		r.CountKind = g.CountKind.String()
	}
	if g.Quality != Exact {
		r.Quality = g.Quality.String()
	}
	if o.HasTTL {
		r.TTL = &o.TTL
	}
	if g.Gap != DefaultGap(g.Basis) {
		r.Gap = &g.Gap
	}
	if len(o.Attributes) > 0 {
		attrs, err := marshalAttributes(o.Attributes)
		if err != nil {
			return dst, err
		}
		r.Attributes = attrs
	}
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&r); err != nil {
		return dst, err
	}
	return buf.Bytes(), nil
}

// marshalAttributes writes a present attribute as a string, any other as
// {"state":…,"reason":…}, and repeated names as an array.
func marshalAttributes(attrs []Attribute) (json.RawMessage, error) {
	m := make(map[string]any, len(attrs))
	for _, a := range attrs {
		var v any = a.Value
		if a.State != Present {
			v = stateRecord{a.State.String(), a.Reason}
		}
		switch old := m[a.Name].(type) {
		case nil:
			m[a.Name] = v
		case []any:
			m[a.Name] = append(old, v)
		default:
			m[a.Name] = []any{old, v}
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(m)
	return bytes.TrimSpace(buf.Bytes()), err
}

// Decoder reads the NDJSON form line by line. It interns origins, so that the
// observations of one file share them. It is not safe for concurrent use.
type Decoder struct {
	origins map[Origin]*Origin
}

// Decode reads one line. The error (code Invalid) names the member at fault.
func (d *Decoder) Decode(line []byte) (Observation, error) {
	var r record
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Observation{}, fault.New(fault.Invalid, "%s", jsonTrouble(err))
	}
	if _, err := dec.Token(); err != io.EOF {
		return Observation{}, fault.New(fault.Invalid, "there is more after the object")
	}
	return d.observation(&r)
}

func jsonTrouble(err error) string {
	if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if typ.Field == "" {
			return "it is no object but " + typ.Value
		}
		return "member " + typ.Field + " wants another type than " + typ.Value
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if len(text) > mostTrouble { // it may name a member as long as the line
		text = strings.ToValidUTF8(text[:mostTrouble], "") + "…"
	}
	return text
}

// mostTrouble is how much of the JSON decoder's words an error repeats, in octets.
const mostTrouble = 200

func (d *Decoder) observation(r *record) (o Observation, err error) {
	if o.Subject, err = member("subject", r.Subject, entity.Parse); err != nil {
		return o, err
	}
	if o.Object, err = member("object", r.Object, entity.Parse); err != nil {
		return o, err
	}
	var ok bool
	if o.Relation, ok = RelationOf(r.Relation); !ok {
		return o, fault.New(fault.Invalid, "member relation: %.40q is no relation", r.Relation)
	}
	if r.RRType != "" {
		if o.RRType, err = member("rrtype", r.RRType, ParseRRType); err != nil {
			return o, err
		}
	}
	for _, t := range []struct {
		name, from string
		to         *Time
	}{{"first", r.First, &o.First}, {"last", r.Last, &o.Last}, {"recorded", r.Recorded, &o.Recorded}} {
		if t.from == "" {
			continue
		}
		if *t.to, err = member(t.name, t.from, ParseTime); err != nil {
			return o, err
		}
	}
	o.setFlags(r)
	if r.Bailiwick != "" {
		b, err := entity.New(entity.Domain, r.Bailiwick)
		if err != nil {
			return o, fault.Wrap(err, fault.Invalid, "member bailiwick")
		}
		o.Bailiwick = b.Key
	}
	if o.Attributes, err = unmarshalAttributes(r.Attributes); err != nil {
		return o, err
	}
	o.Origin, err = d.origin(r)
	return o, err
}

func (o *Observation) setFlags(r *record) {
	for _, f := range []struct {
		on   bool
		flag Flags
	}{{r.OpenEnded, OpenEnded}, {r.FirstBound, FirstBound}, {r.LastBound, LastBound}, {r.Untrusted, Untrusted}} {
		if f.on {
			o.Flags |= f.flag
		}
	}
	if r.Count != nil {
		o.HasCount, o.Count = true, *r.Count
	}
	if r.TTL != nil {
		o.HasTTL, o.TTL = true, *r.TTL
	}
}

func (d *Decoder) origin(r *record) (*Origin, error) {
	g := Origin{Source: r.Source, Sensor: r.Sensor, Lineage: r.Lineage, CountUnit: r.CountUnit}
	g.Handling = Handling{Licence: r.Licence, NonCommercial: r.NonComm, Personal: r.Personal}
	err := errors.Join(
		optional("basis", r.Basis, ParseBasis, &g.Basis),
		optional("granularity", r.Granularity, ParseGranularity, &g.Granularity),
		optional("count_kind", r.CountKind, ParseCountKind, &g.CountKind),
		optional("count_quality", r.Quality, ParseQuality, &g.Quality),
		optional("tlp", r.TLP, ParseTLP, &g.Handling.TLP),
		optional("pap", r.PAP, ParsePAP, &g.Handling.PAP),
		optional("redistribution", r.Redist, ParseRedistribution, &g.Handling.Redistribution),
		optional("retain_until", r.RetainUntil, ParseTime, &g.Handling.RetainUntil))
	if err != nil {
		return nil, err
	}
	g.Gap = DefaultGap(g.Basis)
	if r.Gap != nil {
		g.Gap = *r.Gap
	}
	return d.Intern(g), nil
}

// Intern returns the one pointer that this decoder uses for g.
func (d *Decoder) Intern(g Origin) *Origin {
	if p, ok := d.origins[g]; ok {
		return p
	}
	if d.origins == nil {
		d.origins = map[Origin]*Origin{}
	}
	d.origins[g] = &g
	return &g
}

func member[T any](name, value string, parse func(string) (T, error)) (T, error) {
	if value == "" {
		var zero T
		return zero, fault.New(fault.Invalid, "member %s is missing", name)
	}
	v, err := parse(value)
	return v, fault.Wrap(err, fault.Invalid, "member %s", name)
}

func optional[T any](name, value string, parse func(string) (T, error), to *T) error {
	if value == "" {
		return nil
	}
	v, err := parse(value)
	*to = v
	return fault.Wrap(err, fault.Invalid, "member %s", name)
}

func unmarshalAttributes(raw json.RawMessage) ([]Attribute, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fault.New(fault.Invalid, "member attributes: %s", jsonTrouble(err))
	}
	var out []Attribute
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v := m[name]
		values := []json.RawMessage{v}
		if len(v) > 0 && v[0] == '[' {
			values = nil
			if err := json.Unmarshal(v, &values); err != nil {
				return nil, fault.New(fault.Invalid, "attribute %.40q: %s", name, jsonTrouble(err))
			}
		}
		for _, v := range values {
			a, err := unmarshalAttribute(name, v)
			if err != nil {
				return nil, fault.Wrap(err, fault.Invalid, "attribute %.40q", name)
			}
			out = append(out, a)
		}
	}
	return out, nil
}

func unmarshalAttribute(name string, v json.RawMessage) (Attribute, error) {
	a := Attribute{Name: name}
	if len(v) > 0 && v[0] == '{' {
		var s stateRecord
		dec := json.NewDecoder(bytes.NewReader(v))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&s); err != nil {
			return a, fault.New(fault.Invalid, "%s", jsonTrouble(err))
		}
		var err error
		a.State, err = ParseState(s.State)
		a.Reason = s.Reason
		return a, err
	}
	if len(v) > 0 && v[0] == '"' {
		return a, json.Unmarshal(v, &a.Value)
	}
	a.Value = string(v) // numbers and booleans as they are written
	return a, nil
}
