// Package passivedns reads the log of gamelinux/passivedns: one resource record a
// line, fields between double bars, and gopassivedns' JSON of the same. The client
// is blotted out before anything else sees the line.
package passivedns

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "passivedns", Version: 1, About: "passivedns log lines, gopassivedns JSON", Source: "passivedns",
	Detect: detect, Decode: decode,
}

// columns of a line: time||client||server||class||query||type||answer||ttl||count.
const (
	colTime = iota
	colClient
	colServer
	colClass
	colQuery
	colType
	colAnswer
	colTTL
	colCount
)

var bars = []byte("||")

func detect(h importer.Head) importer.Confidence {
	for line := range bytes.Lines(h.Data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if line[0] == '{' {
			return detectJSON(line)
		}
		f := bytes.Split(line, bars)
		if len(f) >= colTTL && len(f) <= colCount+1 {
			if _, err := obs.ParseEpoch(string(f[colTime])); err == nil {
				return importer.Certain
			}
		}
		return importer.No
	}
	return importer.No
}

func detectJSON(line []byte) importer.Confidence {
	m := map[string]bool{}
	var w jsonl.Walker
	w.Reset(line)
	for w.Next() {
		m[string(w.Key())] = true
	}
	if m["query"] && m["answer"] && m["atype"] && m["tstamp"] {
		return importer.Certain
	}
	return importer.No
}

// entry is one logged record, however it was written.
type entry struct{ time, query, typ, answer, ttl, count string }

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	origin := in.Origin(obs.Sensor)
	one := make([]obs.Observation, 1)
	return importer.EachLine(ctx, in, out, func(l *importer.Line) (importer.Record, bool) {
		line := bytes.TrimSpace(l.Data)
		if len(line) == 0 || line[0] == '#' {
			return importer.Record{}, false
		}
		read := readBars
		if line[0] == '{' {
			read = readJSON
		}
		e, err := read(line)
		if err != nil {
			return importer.Record{Err: err}, true
		}
		o, ok, err := e.observation()
		if err != nil || !ok {
			return importer.Record{Err: err}, true
		}
		o.Origin = origin
		one[0] = o
		return importer.Record{Observations: one}, true
	})
}

func readBars(line []byte) (e entry, err error) {
	f := bytes.SplitN(line, bars, colCount+1)
	if len(f) > colClient {
		importer.Blot(f[colClient])
	}
	if len(f) <= colTTL {
		return e, fault.New(fault.Invalid, "the line has %d fields, want at least %d", len(f), colTTL+1)
	}
	e = entry{time: string(f[colTime]), query: string(f[colQuery]), typ: string(f[colType]), answer: string(f[colAnswer]), ttl: string(f[colTTL])}
	if len(f) > colCount {
		e.count = string(f[colCount])
	}
	return e, nil
}

func readJSON(line []byte) (e entry, err error) {
	var w jsonl.Walker
	w.Reset(line)
	for w.Next() {
		v := w.Value()
		s := v.Scalar()
		switch string(w.Key()) {
		case "tstamp":
			e.time = s
		case "query":
			e.query = s
		case "atype":
			e.typ = s
		case "answer":
			e.answer = s
		case "ttl":
			e.ttl = s
		case "client", "src":
			v.Blot()
		}
	}
	return e, fault.Wrap(w.Err(), fault.Invalid, "")
}

// observation reads the record; ok is false for one that states nothing.
func (e *entry) observation() (o obs.Observation, ok bool, err error) {
	owner, err := importer.Entity(entity.Domain, "field query", e.query)
	if err != nil {
		return o, false, err
	}
	if e.answer == "NXDOMAIN" || e.typ == "NXDOMAIN" {
		o = obs.Observation{Subject: owner, Relation: obs.NotExist, Object: importer.NXDomain}
		return o, true, e.measure(&o)
	}
	typ, err := obs.ParseRRType(e.typ)
	if err != nil {
		return o, false, fault.Wrap(err, fault.Invalid, "field type")
	}
	s, ok, err := rdata.Map(owner, typ, e.answer)
	if err != nil || !ok {
		return o, false, fault.Wrap(err, fault.Invalid, "field answer")
	}
	o = obs.Observation{Subject: s.Subject, Relation: s.Relation, Object: s.Object, RRType: typ, Attributes: s.Attributes}
	return o, true, e.measure(&o)
}

// measure reads time, TTL and count. The count is that of sightings since the
// record was last logged.
func (e *entry) measure(o *obs.Observation) error {
	at, err := obs.ParseEpoch(e.time)
	if err != nil {
		if at, err = obs.ParseTime(strings.TrimSuffix(e.time, " UTC")); err != nil {
			return fault.Wrap(err, fault.Invalid, "field time")
		}
	}
	o.First, o.Last = at, at
	if n, err := strconv.ParseUint(e.ttl, 10, 31); err == nil {
		o.HasTTL, o.TTL = true, uint32(n)
	}
	o.HasCount, o.Count = true, 1
	if n, err := strconv.ParseUint(e.count, 10, 64); err == nil && n > 0 {
		o.Count = n
	}
	return nil
}
