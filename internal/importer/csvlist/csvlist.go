// Package csvlist reads tables of indicators as vendors publish them and tables
// of passive DNS: comma, semicolon, tab or bar between the cells, columns found
// by their header, whatever their order. Each row is a record.
package csvlist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "csv", Version: 1, About: "tables of indicators or passive DNS, columns found by header", Source: "report",
	Named: true, Detect: detect, Decode: decode,
}

// delimiters in the order in which equals win.
const delimiters = ",;\t|"

// firstRecord returns the delimiter and the cells of the head's first record.
func firstRecord(data []byte) (delim byte, cells [][]byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best := 0
	for i := range len(delimiters) {
		if n := bytes.Count(line, []byte{delimiters[i]}); n > best || i == 0 {
			best, delim = n, delimiters[i]
		}
	}
	s := splitter{lines: importer.NewLines(bytes.NewReader(data)), delim: delim}
	rec, _, err := s.next()
	if err != nil || rec.err != nil {
		return delim, nil
	}
	return delim, rec.cells
}

func detect(h importer.Head) importer.Confidence {
	if bytes.IndexByte(h.Data, 0) >= 0 || bytes.HasPrefix(bytes.TrimSpace(h.Data), []byte("{")) {
		return importer.No
	}
	_, cells := firstRecord(h.Data)
	cols, ok := header(cells)
	if !ok || len(cells) > 200 {
		return importer.No
	}
	for _, c := range cells { // a header holds names, not indicators
		if len(extract.All(c)) > 0 {
			return importer.No
		}
	}
	known := 0
	for _, c := range cols {
		if c.role != text {
			known++
		}
	}
	if len(cols) > 1 && known > 1 {
		return importer.Likely
	}
	return importer.Perhaps + 5
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	head := make([]byte, importer.HeadSize)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return importer.ReadError(err, "its header")
	}
	delim, _ := firstRecord(head[:n])
	s := &splitter{lines: importer.NewLines(io.MultiReader(bytes.NewReader(head[:n]), in)), delim: delim}
	top, _, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return importer.ReadError(err, "its header")
	}
	cols, ok := header(top.cells)
	if !ok || top.err != nil {
		return fault.New(fault.Format, "the first row names no column that we know").
			Hinted("name the columns, for example type,indicator,first_seen, or import it with --as text")
	}
	out.Context(append(bytes.Clone(top.raw), '\n'))
	t := newTable(in, cols)
	for i := 0; ; i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, _, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return importer.ReadError(err, fmt.Sprintf("line %d", rec.line))
		}
		r := importer.Record{Line: rec.line, Offset: rec.offset, Raw: rec.raw, Err: rec.err}
		if rec.err == nil {
			r.Observations, r.Err = t.row(rec.cells)
		}
		if err := out.Record(r); err != nil {
			return err
		}
	}
}

// table turns the rows of one input into observations.
type table struct {
	cols     []column
	report   []entity.Entity
	reporter importer.Reporter
	asserted map[obs.Granularity]*obs.Origin
	sensor   *obs.Origin
	date     obs.Time
	pdns     bool
}

func newTable(in *importer.Input, cols []column) *table {
	t := &table{cols: cols, report: in.Report(), date: in.Date, asserted: map[obs.Granularity]*obs.Origin{}}
	for _, g := range []obs.Granularity{obs.Second, obs.Day} {
		t.asserted[g] = in.Origin(obs.Asserted, func(o *obs.Origin) { o.Granularity = g })
	}
	t.sensor = in.Origin(obs.Sensor, func(o *obs.Origin) { o.CountKind = obs.Cumulative })
	has := map[role]bool{}
	for _, c := range cols {
		has[c.role] = true
	}
	t.pdns = has[rrname] && has[rrtype] && has[rrdata]
	return t
}
