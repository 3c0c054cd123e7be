// Package cof reads passive DNS in the Common Output Format
// (draft-dulaunoy-dnsop-passive-dns-cof) as bare NDJSON, and in the streaming
// framing of DNSDB (SAF), with the deviations that real senders show: numbers in
// quotes, name and data swapped, data as a string or an array, trailing dots,
// milliseconds, members of their own.
package cof

import (
	"bytes"
	"context"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// COF is the entry for bare NDJSON.
var COF = &importer.Format{
	Name: "cof", Version: 1, About: "passive DNS in the Common Output Format, NDJSON", Source: "pdns",
	Detect: detectCOF,
	Decode: func(ctx context.Context, in *importer.Input, out importer.Sink) error {
		d := newDecoder(in)
		return importer.EachLine(ctx, in, out, d.bare)
	},
}

// DNSDB is the entry for SAF streams.
var DNSDB = &importer.Format{
	Name: "dnsdb", Version: 1, About: "passive DNS as DNSDB v2 streams it (SAF)", Source: "dnsdb",
	Detect: detectSAF,
	Decode: func(ctx context.Context, in *importer.Input, out importer.Sink) error {
		d := newDecoder(in)
		if err := importer.EachLine(ctx, in, out, d.framed); err != nil {
			return err
		}
		if why := d.end(); why != "" {
			out.Incomplete(why)
		}
		return nil
	},
}

// decoder holds what the lines of one input share.
type decoder struct {
	in      *importer.Input
	walker  jsonl.Walker
	rec     record
	rows    []obs.Observation
	sensor  *obs.Origin // statements of the sensor of the last line
	zone    *obs.Origin // statements from zone files
	last    string      // sensor id to which sensor belongs
	ended   string      // condition that ended the stream
	message string
	extra   bool // something followed the end
}

func newDecoder(in *importer.Input) *decoder {
	d := &decoder{in: in}
	d.sensor = in.Origin(obs.Sensor, cumulative)
	d.zone = in.Origin(obs.Zone, cumulative)
	return d
}

// cumulative: the count in a COF record is over the whole interval, and a later
// answer repeats and extends it.
func cumulative(g *obs.Origin) { g.CountKind = obs.Cumulative }

// bare turns one line of NDJSON into a record.
func (d *decoder) bare(l *importer.Line) (importer.Record, bool) {
	line := bytes.TrimSpace(l.Data)
	if l.Number == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	if len(line) == 0 {
		return importer.Record{}, false
	}
	return d.object(line), true
}

// object decodes one COF object.
func (d *decoder) object(line []byte) importer.Record {
	d.walker.Reset(line)
	if err := d.rec.read(&d.walker); err != nil {
		return importer.Record{Err: err}
	}
	err := d.observe()
	return importer.Record{Observations: d.rows, Err: err}
}

// observe makes the observations of the record that was read: one for each
// piece of data, and for each of the two clocks a sender may give.
func (d *decoder) observe() error {
	d.rows = d.rows[:0]
	r := &d.rec
	t, err := r.rrType()
	if err != nil {
		return err
	}
	name, err := r.rrname.Text()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member rrname")
	}
	var failed error
	n := 0
	for v := range r.rdata.Elements() {
		n++
		if err := d.statement(t, name, v); err != nil && failed == nil {
			failed = err
		}
	}
	if n == 0 {
		return fault.New(fault.Invalid, "member rdata is empty")
	}
	return failed
}

func (d *decoder) statement(t obs.RRType, name string, v jsonl.Value) error {
	data, err := v.Text()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member rdata")
	}
	var attrs []obs.Attribute
	if swapped(t, name, data) {
		name, data = data, name
		attrs = append(attrs, obs.Attribute{Name: "quirk", Value: "swapped"})
	}
	owner, err := importer.Entity(entity.Domain, "member rrname", name)
	if err != nil {
		return err
	}
	s, ok, err := rdata.Map(owner, t, data)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member rdata")
	}
	if !ok {
		return nil
	}
	if len(d.rec.origin) > 0 {
		attrs = append(attrs, obs.Attribute{Name: "origin", Value: string(d.rec.origin)})
	}
	o := obs.Observation{
		Subject: s.Subject, Relation: s.Relation, Object: s.Object, RRType: t,
		HasCount: d.rec.hasCount, Count: d.rec.count, Attributes: append(s.Attributes, attrs...),
	}
	if o.Bailiwick, err = d.rec.zone(owner.Key); err != nil {
		return err
	}
	d.emit(o)
	return nil
}

// emit adds the observation on the sensor's clock, on the zone's, or on both.
func (d *decoder) emit(o obs.Observation) {
	r := &d.rec
	zone := r.zoneFirst.Known() || r.zoneLast.Known()
	if r.first.Known() || r.last.Known() || !zone {
		o.First, o.Last, o.Origin = r.first, r.last, d.sensorOrigin()
		d.rows = append(d.rows, o)
	}
	if zone {
		o.First, o.Last, o.Origin = r.zoneFirst, r.zoneLast, d.zone
		d.rows = append(d.rows, o)
	}
}

// sensorOrigin returns the origin for the record's sensor; the user's word goes
// before the record's.
func (d *decoder) sensorOrigin() *obs.Origin {
	if d.in.Sensor != "" || string(d.rec.sensor) == d.last {
		return d.sensor
	}
	d.last = string(d.rec.sensor)
	d.sensor = d.in.Origin(obs.Sensor, cumulative, func(g *obs.Origin) { g.Sensor = d.last })
	return d.sensor
}

// firstLine returns the first line of the head that is not blank.
func firstLine(h importer.Head) []byte {
	b := bytes.TrimLeft(bytes.TrimPrefix(h.Data, []byte("\xef\xbb\xbf")), " \t\r\n")
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return bytes.TrimSpace(line)
}

// members returns the names of the members in an object's first line; of a line
// that is longer than the head, those that can be seen.
func members(line []byte) map[string]bool {
	var w jsonl.Walker
	w.Reset(line)
	m := map[string]bool{}
	for w.Next() {
		m[string(w.Key())] = true
	}
	return m
}

func detectCOF(h importer.Head) importer.Confidence {
	m := members(firstLine(h))
	if m["rrname"] && m["rrtype"] && (m["rdata"] || m["rrdata"]) {
		return importer.Certain
	}
	return importer.No
}
