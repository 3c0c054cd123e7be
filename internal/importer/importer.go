// Package importer is the contract of the formats that spoor can read, the
// registry that finds the right one by content, and what formats share that read
// lines (Lines) or large JSON (Scanner). Each format is a room below it.
//
// A format turns octets into observations and nothing else: it is handed a
// decompressed stream and a sink. It must not know of stores, files or batches,
// and it keeps memory bounded whatever the input.
package importer

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

// HeadSize is how much of the decompressed input Detect sees at most.
const HeadSize = 64 << 10

// Head is the beginning of an input.
type Head struct {
	Name  string // base name of the file, without a compression suffix; "" for standard input
	Data  []byte // at most HeadSize octets
	Whole bool   // Data is all there is
}

// Confidence says how sure a format is that an input is its own.
type Confidence int

// Usual confidences. The surest format wins; ties go to the one registered first.
const (
	No       Confidence = 0
	Perhaps  Confidence = 20 // readable, but so is nearly anything
	Likely   Confidence = 60 // the shape fits
	Certain  Confidence = 90 // members or a header that only this format has
	Explicit Confidence = 100
)

// Format is one importable file format. Values are shared and must not change.
type Format struct {
	Name    string // as --as takes it, such as "cof"
	Version int    // of the decoder: raised when it would read old input differently
	About   string // one line for people
	Source  string // default source id of what it reads
	Named   bool   // what it emits depends on the input's name
	Chained bool   // what a record means depends on the records before it
	Detect  func(Head) Confidence
	// Decode reads in to its end and hands every record to out, in the order of
	// the input. A record that can't be read goes to out with its reason, and
	// reading goes on. The error is for an input that can't be read further:
	// code Format if it isn't what it seemed, Invalid if it is cut or damaged.
	Decode func(ctx context.Context, in *Input, out Sink) error
}

// Input is one input, already decompressed.
type Input struct {
	io.Reader
	Name   string // base name of the file; "" for standard input
	Source string // source id: what the user said, else the format's
	Sensor string // what the user said, else ""
	// Handling is what the user said of all of it, with obs.TLPUnset if that was
	// nothing; a format that finds markings inside the input applies Mark.
	Handling obs.Handling
	// Labels are what the user says that everything in the input is; formats that
	// assert nothing themselves (lists, prose) apply Report.
	Labels []entity.Entity
	// Date stands in for the time of undated assertions; zero: they stay undated.
	Date    obs.Time
	origins obs.Decoder
}

// Origin returns the shared origin of this input's statements on a basis, with
// the basis' default gap. The format may set further members in change.
func (in *Input) Origin(basis obs.Basis, change ...func(*obs.Origin)) *obs.Origin {
	g := obs.Origin{Source: in.Source, Sensor: in.Sensor, Basis: basis, Gap: obs.DefaultGap(basis), Handling: in.Handling}
	for _, c := range change {
		c(&g)
	}
	if g.Handling.TLP == obs.TLPUnset {
		g.Handling.TLP = obs.Amber
	}
	return in.origins.Intern(g)
}

// Report returns the labels under which a list or a text is reported: the
// user's, else one for the report itself, named after the file.
func (in *Input) Report() []entity.Entity {
	if len(in.Labels) > 0 {
		return in.Labels
	}
	name := in.Name
	if name == "" {
		name = in.Source
	}
	e, err := entity.New(entity.Label, "report:"+name)
	if err != nil {
		return nil
	}
	return []entity.Entity{e}
}

// Mark returns a change for Origin that applies a marking found in the input: it
// holds if the user said nothing, and otherwise the stricter of the two.
func Mark(t obs.TLP) func(*obs.Origin) {
	return func(g *obs.Origin) { g.Handling.TLP = g.Handling.TLP.Stricter(t) }
}

// Record is one record of an input: a line, a CSV row, an object, a certificate.
type Record struct {
	Offset int64 // of its first octet in the decompressed input
	Line   int64 // of its first octet, from 1; 0 if lines mean nothing here
	// Raw is the record as it stands in the input, valid until Record returns.
	// It identifies the record in the ledger and is kept if it is rejected.
	Raw []byte
	// Observations are valid only until Record returns; their strings may be kept.
	Observations []obs.Observation
	// Original is kept in the store beside what was read from it, under the name
	// Named: a certificate's DER, which no reading exhausts. Nil: nothing is kept.
	Original []byte
	Named    string
	// Err is why the record is rejected; if it also has Observations, it is
	// accepted and Err says which part of it was not.
	Err error
}

// Sink takes records in. An error from it ends the import.
type Sink interface {
	// Context tells what a later record needs before it to be read alone, such
	// as header lines; it replaces what was told before.
	Context(head []byte)
	Record(r Record) error
	// Incomplete says that the input lacks its end or that its sender cut it,
	// while what was read stands.
	Incomplete(why string)
}

// Registry is an ordered list of formats.
type Registry []*Format

// ByName returns the format that --as names.
func (rs Registry) ByName(name string) (*Format, error) {
	var names strings.Builder
	for _, f := range rs {
		if f.Name == name {
			return f, nil
		}
		names.WriteString(" " + f.Name)
	}
	return nil, fault.New(fault.Invalid, "there is no format %q", name).Hinted("known formats:%s", names.String())
}

// Detect returns the format that is surest of the input, or an error with code
// Format if none is sure enough.
func (rs Registry) Detect(h Head) (*Format, error) {
	var best *Format
	sure := No
	for _, f := range rs {
		if c := f.Detect(h); c > sure {
			best, sure = f, c
		}
	}
	if best == nil {
		return nil, fault.New(fault.Format, "couldn't tell what the input is").
			Hinted("name its format with --as, see `spoor help formats`")
	}
	return best, nil
}

// Entity makes an entity for a format, with the member's name in the error.
func Entity(kind entity.Kind, member, value string) (entity.Entity, error) {
	e, err := entity.New(kind, value)
	return e, fault.Wrap(err, fault.Invalid, "%s", member)
}

// SerialAlias names a certificate by its issuer's common name (or organisation)
// and its serial number, for sources that have no digest. It is zero if one of
// the two is missing.
func SerialAlias(issuer, serial string) entity.Entity {
	if issuer == "" || serial == "" {
		return entity.Entity{}
	}
	issuer = strings.ReplaceAll(strings.ToValidUTF8(issuer, "\uFFFD"), "/", " ") // the slash divides the two
	e, err := entity.New(entity.Cert, "serial:"+issuer+"/"+serial)
	if err != nil {
		return entity.Entity{}
	}
	return e
}

// NXDomain is what a name is related to that does not exist.
var NXDomain = entity.Entity{Kind: entity.Label, Key: "tag:nxdomain"}

// Blot overwrites octets where they stand in a record, before anyone else sees it:
// the address of a client must reach neither the store nor a rejected record.
func Blot(b []byte) {
	for i := range b {
		b[i] = '-'
	}
}

// Cut shortens text to n octets, at the border of a character. The rest isn't held.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}

// Validity returns the ends between which a certificate is declared valid. Some run
// backwards; then the dates say nothing.
func Validity(first, last obs.Time) (from, to obs.Time) {
	if first.Known() && last.Known() && first > last {
		return 0, 0
	}
	return first, last
}
