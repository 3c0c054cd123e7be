// Package zeek reads Zeek's logs, as tab-separated text with its header or as JSON:
// dns, ssl, x509 and known_certs. Columns are found by name, never by place.
//
// A log says who asked and who answered. The asking side, the client, is blotted
// out before anything else sees the line: it reaches neither the store nor a
// rejected record.
package zeek

import (
	"bytes"
	"context"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "zeek", Version: 1, About: "Zeek logs (dns, ssl, x509, known_certs), TSV or JSON", Source: "zeek",
	Detect: detect, Decode: decode,
}

// kinds are the logs that say something about infrastructure.
var kinds = map[string]func(*decoder, fields) error{
	"dns": (*decoder).dns, "ssl": (*decoder).ssl, "x509": (*decoder).x509, "known_certs": (*decoder).knownCerts,
}

func detect(h importer.Head) importer.Confidence {
	if bytes.HasPrefix(h.Data, []byte("#separator ")) || bytes.Contains(h.Data, []byte("\n#separator ")) && bytes.Contains(h.Data, []byte("\n#fields")) {
		return importer.Certain
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(h.Data), []byte("\n"))
	rec := newJSONFields()
	if rec.read(line) != nil || rec.get("ts") == "" || rec.get("event_type") != "" {
		return importer.No
	}
	if kindOf(rec, h.Name) != "" {
		return importer.Certain
	}
	return importer.No
}

// fields gives the values of one log line by the names of its columns.
type fields interface {
	get(name string) string    // "" if the column is unset, empty or absent
	list(name string) []string // of a column that holds several values
	has(name string) bool      // whether the log has the column
}

// kindOf tells which log a JSON line belongs to: by its own word, by its columns,
// by the name of its file.
func kindOf(f fields, name string) string {
	if p := f.get("_path"); p != "" {
		if _, ok := kinds[p]; ok {
			return p
		}
		return ""
	}
	switch {
	case f.has("query") || f.has("qtype_name") || f.has("rcode_name"):
		return "dns"
	case f.has("certificate.serial") || f.has("certificate.subject"):
		return "x509"
	case f.has("issuer_subject") && f.has("port_num"):
		return "known_certs"
	case f.has("cipher") || f.has("server_name") || f.has("cert_chain_fps") || f.has("cert_chain_fuids"):
		return "ssl"
	}
	base, _, _ := strings.Cut(name, ".")
	if _, ok := kinds[base]; ok {
		return base
	}
	return ""
}

// decoder turns the lines of one input into observations.
type decoder struct {
	in       *importer.Input
	seen     *obs.Origin // what the sensor saw, each sighting counts
	declared *obs.Origin // what certificates say of themselves
	rows     []obs.Observation
	at       obs.Time // of the line
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	d := &decoder{in: in, seen: in.Origin(obs.Sensor), declared: in.Origin(obs.Declared)}
	tsv := newTSVFields()
	js := newJSONFields()
	var failed error
	err := importer.EachLine(ctx, in, out, func(l *importer.Line) (importer.Record, bool) {
		line := bytes.TrimSuffix(l.Data, []byte("\r"))
		switch {
		case failed != nil || len(bytes.TrimSpace(line)) == 0:
			return importer.Record{}, false
		case line[0] == '#':
			if changed := tsv.header(line); changed {
				out.Context(tsv.context())
			}
			if failed = tsv.check(); failed != nil {
				return importer.Record{}, false
			}
			return importer.Record{}, false
		case line[0] == '{':
			return d.line(js, js.read(line), func() string { return kindOf(js, in.Name) }), true
		}
		return d.line(tsv, tsv.read(line), func() string { return tsv.path }), true
	})
	if failed != nil {
		return failed
	}
	return err
}

// line decodes one line whose fields were read, or not.
func (d *decoder) line(f fields, err error, kind func() string) importer.Record {
	if err != nil {
		return importer.Record{Err: err}
	}
	decode, ok := kinds[kind()]
	if !ok {
		return importer.Record{Err: fault.New(fault.Invalid, "a line of no log that we read (dns, ssl, x509, known_certs)")}
	}
	d.rows = d.rows[:0]
	timeless := d.time(f.get("ts"))
	if err := decode(d, f); err != nil {
		return importer.Record{Observations: d.rows, Err: err}
	}
	if len(d.rows) == 0 {
		timeless = nil
	}
	return importer.Record{Observations: d.rows, Err: timeless}
}

// time reads the line's time stamp. What can't be read leaves the observations
// undated, and says so.
func (d *decoder) time(ts string) error {
	d.at = 0
	if ts == "" {
		return nil
	}
	at, err := obs.ParseEpoch(ts)
	if err != nil {
		if at, err = obs.ParseTime(ts); err != nil {
			return fault.New(fault.Invalid, "column ts: %.40q is no time; kept without a time", ts)
		}
	}
	d.at = at
	return nil
}

// emit adds one sighting at the line's time.
func (d *decoder) emit(o obs.Observation) {
	o.First, o.Last, o.Origin = d.at, d.at, d.seen
	o.HasCount, o.Count = true, 1
	d.rows = append(d.rows, o)
}

// jsonFields are the members of a JSON line.
type jsonFields struct {
	w jsonl.Walker
	m map[string]jsonl.Value
}

func newJSONFields() *jsonFields { return &jsonFields{m: map[string]jsonl.Value{}} }

func (f *jsonFields) read(line []byte) error {
	clear(f.m)
	f.w.Reset(line)
	for f.w.Next() {
		name := string(f.w.Key())
		v := f.w.Value()
		if name == "id.orig_h" || name == "orig_h" {
			v.Blot()
		}
		f.m[name] = v
	}
	return fault.Wrap(f.w.Err(), fault.Invalid, "")
}

func (f *jsonFields) get(name string) string {
	switch v := f.m[name]; v.Kind {
	case jsonl.String:
		return string(v.Bytes())
	case jsonl.Number, jsonl.Bool:
		return string(v.Raw)
	}
	return ""
}

func (f *jsonFields) list(name string) (out []string) {
	v, ok := f.m[name]
	if !ok || v.Kind == jsonl.Null {
		return nil
	}
	for e := range v.Elements() {
		switch e.Kind {
		case jsonl.String:
			out = append(out, string(e.Bytes()))
		case jsonl.Number:
			out = append(out, string(e.Raw))
		}
	}
	return out
}

func (f *jsonFields) has(name string) bool { _, ok := f.m[name]; return ok }
