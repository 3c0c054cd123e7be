// Package importertest runs a format over a text and gathers what comes out, in
// a form that a test can compare and a person can read. Only tests import it.
package importertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Result is what a decoder handed to its sink.
type Result struct {
	Records    int
	Rejected   int
	Partial    int
	Lines      []string // one for each observation
	Reasons    []string // "line: reason" of what was refused
	Incomplete string
	Context    string
	Err        error
}

// Now is the present for the checks that every observation must pass.
const Now obs.Time = 1795478400 // 2026-11-24

// Run decodes text with the format. An observation that a store would refuse
// counts as the record's reason, as in an import.
func Run(t testing.TB, f *importer.Format, text []byte) *Result {
	t.Helper()
	return RunInput(t, f, &importer.Input{
		Reader: bytes.NewReader(text), Source: f.Source, Handling: obs.Handling{TLP: obs.TLPUnset},
	})
}

// RunInput is Run with an input of the test's own making.
func RunInput(t testing.TB, f *importer.Format, in *importer.Input) *Result {
	t.Helper()
	r := &Result{}
	r.Err = f.Decode(context.Background(), in, sink{r})
	return r
}

// String is the whole result, for golden files.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "records %d, rejected %d, partial %d\n", r.Records, r.Rejected, r.Partial)
	for _, l := range r.Lines {
		b.WriteString(l + "\n")
	}
	for _, l := range r.Reasons {
		b.WriteString("! " + l + "\n")
	}
	if r.Incomplete != "" {
		b.WriteString("incomplete: " + r.Incomplete + "\n")
	}
	if r.Err != nil {
		b.WriteString("error: " + r.Err.Error() + "\n")
	}
	return b.String()
}

// sink writes what it is handed into a Result.
type sink struct{ r *Result }

func (s sink) Context(head []byte)   { s.r.Context = string(head) }
func (s sink) Incomplete(why string) { s.r.Incomplete = why }

// Record writes the record's observations as lines.
func (s sink) Record(rec importer.Record) error {
	r := s.r
	r.Records++
	reason := ""
	if rec.Err != nil {
		reason = rec.Err.Error()
	}
	kept := 0
	for _, o := range rec.Observations {
		o.Normalize()
		if err := o.Validate(Now); err != nil {
			reason = strings.TrimSpace(reason + " " + err.Error())
			continue
		}
		kept++
		r.Lines = append(r.Lines, Line(&o))
	}
	if reason != "" {
		r.Reasons = append(r.Reasons, fmt.Sprintf("%d: %s", rec.Line, reason))
		if kept > 0 {
			r.Partial++
		} else {
			r.Rejected++
		}
	}
	return nil
}

// Line writes an observation in one readable line.
func Line(o *obs.Observation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", o.Subject, o.Relation, o.Object)
	if o.RRType != 0 {
		b.WriteString(" " + o.RRType.String())
	}
	switch {
	case !o.First.Known():
		b.WriteString(" undated")
	case o.First == o.Last:
		b.WriteString(" " + o.First.String())
	default:
		fmt.Fprintf(&b, " %s..%s", o.First, o.Last)
	}
	for _, f := range []struct {
		on   bool
		name string
	}{
		{o.Flags&obs.OpenEnded != 0, "open"},
		{o.Flags&obs.FirstBound != 0, "first-bound"},
		{o.Flags&obs.LastBound != 0, "last-bound"},
		{o.Flags&obs.Untrusted != 0, "untrusted"},
	} {
		if f.on {
			b.WriteString(" " + f.name)
		}
	}
	if o.HasCount {
		fmt.Fprintf(&b, " count=%d", o.Count)
	}
	if o.HasTTL {
		fmt.Fprintf(&b, " ttl=%d", o.TTL)
	}
	if o.Bailiwick != "" {
		b.WriteString(" in=" + o.Bailiwick)
	}
	for _, a := range o.Attributes {
		v := a.Value
		if a.State != obs.Present {
			v = "<" + a.State.String() + " " + a.Reason + ">"
		}
		fmt.Fprintf(&b, " %s=%q", a.Name, v)
	}
	g := o.Origin
	fmt.Fprintf(&b, " [%s", g.Source)
	if g.Sensor != "" {
		b.WriteString("/" + g.Sensor)
	}
	fmt.Fprintf(&b, " %s", g.Basis)
	if g.Granularity != obs.Second {
		b.WriteString(" " + g.Granularity.String())
	}
	if g.Handling.TLP != obs.Amber {
		b.WriteString(" " + g.Handling.TLP.String())
	}
	if g.Lineage != "" {
		b.WriteString(" of " + g.Lineage)
	}
	return b.String() + "]"
}

// Decode runs the format and throws the records away, for benchmarks.
func Decode(t testing.TB, f *importer.Format, text []byte) {
	t.Helper()
	in := &importer.Input{Reader: bytes.NewReader(text), Source: f.Source}
	if err := f.Decode(context.Background(), in, nowhere{}); err != nil {
		t.Fatal(err)
	}
}

type nowhere struct{}

func (nowhere) Context([]byte)               {}
func (nowhere) Incomplete(string)            {}
func (nowhere) Record(importer.Record) error { return nil }

// Raws returns the records of a text as the ledger would keep them, and how many of
// them were refused.
func Raws(t testing.TB, f *importer.Format, text string) (raws []string, refused int) {
	t.Helper()
	s := &rawSink{}
	if err := f.Decode(context.Background(), &importer.Input{Reader: strings.NewReader(text), Source: "x"}, s); err != nil {
		t.Fatal(err)
	}
	return s.raws, s.refused
}

type rawSink struct {
	nowhere
	raws    []string
	refused int
}

func (s *rawSink) Record(r importer.Record) error {
	s.raws = append(s.raws, string(r.Raw))
	if r.Err != nil {
		s.refused++
	}
	return nil
}

// Fill is a stream of one octet, n times.
func Fill(octet byte, n int) io.Reader { return &fill{octet, n} }

type fill struct {
	octet byte
	left  int
}

func (f *fill) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(f.left, len(p))
	f.left -= n
	for i := range p[:n] {
		p[i] = f.octet
	}
	return n, nil
}
