// Package eve reads Suricata's EVE log: dns events of all versions and tls events.
// The asking side of a flow, the client, is blotted out before anything else sees
// the line; it reaches neither the store nor a rejected record.
package eve

import (
	"bytes"
	"context"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "eve", Version: 1, About: "Suricata EVE JSON: dns and tls events", Source: "suricata",
	Detect: detect, Decode: decode,
}

func detect(h importer.Head) importer.Confidence {
	line, _, _ := bytes.Cut(bytes.TrimSpace(h.Data), []byte("\n"))
	var w jsonl.Walker
	w.Reset(line)
	var event, stamp bool
	for w.Next() {
		switch string(w.Key()) {
		case "event_type":
			event = true
		case "timestamp", "flow_id":
			stamp = true
		}
	}
	if event && stamp {
		return importer.Certain
	}
	return importer.No
}

// event is one line's members that matter.
type event struct {
	typ              string
	time             string
	src, dst         jsonl.Value
	srcPort, dstPort jsonl.Value
	body             jsonl.Value // the member named like the type
}

type decoder struct {
	seen     *obs.Origin
	declared *obs.Origin
	rows     []obs.Observation
	at       obs.Time
	w        jsonl.Walker
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	d := &decoder{seen: in.Origin(obs.Sensor), declared: in.Origin(obs.Declared)}
	return importer.EachLine(ctx, in, out, func(l *importer.Line) (importer.Record, bool) {
		line := bytes.TrimSpace(l.Data)
		if len(line) == 0 {
			return importer.Record{}, false
		}
		d.rows = d.rows[:0]
		err := d.line(line)
		return importer.Record{Observations: d.rows, Err: err}, true
	})
}

func (d *decoder) line(line []byte) error {
	var e event
	var dns, tls jsonl.Value
	d.w.Reset(line)
	for d.w.Next() {
		switch v := d.w.Value(); string(d.w.Key()) {
		case "event_type":
			e.typ = string(v.Bytes())
		case "timestamp":
			e.time = string(v.Bytes())
		case "src_ip":
			e.src = v
		case "dest_ip":
			e.dst = v
		case "src_port":
			e.srcPort = v
		case "dest_port":
			e.dstPort = v
		case "dns":
			dns = v
		case "tls":
			tls = v
		}
	}
	e.src.Blot()
	if e.typ != "tls" { // of tls, the destination is the server
		e.dst.Blot()
	}
	if err := d.w.Err(); err != nil {
		return fault.Wrap(err, fault.Invalid, "")
	}
	timeless := d.time(e.time)
	var err error
	switch e.typ {
	case "dns":
		e.body = dns
		err = d.dns(&e)
	case "tls":
		e.body = tls
		err = d.tls(&e)
	case "":
		return fault.New(fault.Invalid, "member event_type is missing")
	}
	if err == nil && len(d.rows) > 0 {
		err = timeless
	}
	return err
}

// time reads Suricata's stamp (2026-06-08T10:00:00.123456+0000). What can't be read
// leaves the observations undated, and says so.
func (d *decoder) time(s string) error {
	d.at = 0
	if n := len(s); n > 5 && (s[n-5] == '+' || s[n-5] == '-') { // a zone without a colon
		s = s[:n-2] + ":" + s[n-2:]
	}
	if s == "" {
		return nil
	}
	at, err := obs.ParseTime(s)
	if err != nil {
		return fault.New(fault.Invalid, "member timestamp: %.40q is no time; kept without a time", s)
	}
	d.at = at
	return nil
}

func (d *decoder) emit(o obs.Observation) {
	o.First, o.Last, o.Origin = d.at, d.at, d.seen
	o.HasCount, o.Count = true, 1
	d.rows = append(d.rows, o)
}

// members gathers the members of an object by name.
func members(v jsonl.Value) map[string]jsonl.Value {
	if v.Kind != jsonl.Object {
		return nil
	}
	m := map[string]jsonl.Value{}
	var w jsonl.Walker
	w.Reset(v.Raw)
	for w.Next() {
		m[string(w.Key())] = w.Value()
	}
	return m
}
