// Package misp reads MISP's JSON: events of feeds and exports, answers of
// restSearch, and lists of attributes or objects. Every attribute and every object
// is a record.
//
// The room turns what an event claims into observations. Indicators are reported
// under the event and under the actors, campaigns and malware that it is tagged
// with as galaxies; other tags are workflow, techniques and sectors, and are not
// kept, but for TLP and PAP, which mark every statement. Objects also say how their
// parts relate (domain-ip, passive-dns, dns-record, whois, x509, asn,
// network-connection). What isn't meant for detection (to_ids) is context: what it
// relates is stated, but it is reported as nothing, unless the event marks nothing
// at all. Recipients, targets and victims are no infrastructure and are left out.
// The room must not know what is done with the statements.
//
// MISP writes the tags of an event behind its attributes, and an event may be larger
// than memory. So its elements are held, compressed, until all is known that is said
// of them (see hold); where the tags stand in front, nothing is held. An event whose
// tags were not reached is marked TLP:RED: they might have said so.
//
// BUG(misp): references between objects are not followed, a galaxy that is no tag
// and stands behind the attributes of an event with tags in front is not seen by
// those, and sightings and proposals (ShadowAttribute) are passed over.
package misp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "misp", Version: 1, About: "MISP events (feeds, exports, restSearch) and lists of attributes", Source: "misp",
	Named: true, Chained: true, Detect: detect,
	Decode: func(ctx context.Context, in *importer.Input, out importer.Sink) error {
		return newDecoder(ctx, in, out).decode()
	},
}

func detect(h importer.Head) importer.Confidence {
	head := bytes.TrimLeft(bytes.TrimPrefix(h.Data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return importer.No
	}
	has := func(member string) bool { return bytes.Contains(head, []byte(`"`+member+`"`)) }
	switch {
	case has("Event") && (has("info") || has("Attribute") || has("Orgc")), has("info") && has("Attribute"):
		return importer.Certain
	case has("to_ids") && has("category"), has("Orgc") && has("analysis"): // attributes; a manifest
		return importer.Certain
	}
	return importer.No
}

// decoder holds what the elements of one input share.
type decoder struct {
	ctx     context.Context // of the running import
	in      *importer.Input
	out     importer.Sink
	scan    *importer.Scanner
	maxHeld int
	found   bool   // an event, an answer or an element
	cut     bool   // the input ended inside of something
	loose   *event // takes the elements that stand in no event and no list
	steps   int
	origins map[originKey]*obs.Origin
	read    reading  // reused for every element
	told    struct { // for which elements Context was told
		event  *event
		member place
	}
}

func newDecoder(ctx context.Context, in *importer.Input, out importer.Sink) *decoder {
	d := &decoder{ctx: ctx, in: in, out: out, scan: importer.NewScanner(in), maxHeld: maxHeld, origins: map[originKey]*obs.Origin{}}
	d.loose = &event{d: d, listing: true}
	return d
}

func (d *decoder) decode() error {
	for {
		if _, ok := d.scan.Blank(); !ok {
			break
		}
		if err := d.value(0, false); err != nil {
			return err
		}
	}
	if err := d.loose.finish(); err != nil {
		return err
	}
	at := fmt.Sprintf("octet %d", d.scan.Offset()+1)
	switch {
	case !errors.Is(d.scan.Err(), io.EOF):
		return importer.ReadError(d.scan.Err(), at)
	case d.cut:
		return fault.New(fault.Invalid, "the JSON breaks off at %s, inside of an event or a list", at).
			Hinted("what came before is stored; to repeat the import with the whole file, retract this one first")
	case !d.found:
		return fault.New(fault.Format, "no MISP event or attribute in it").Hinted("of a feed, import the event files, not its manifest")
	}
	return nil
}

// tick ends an import that nobody waits for any more.
func (d *decoder) tick() error {
	if d.steps++; d.steps%1024 == 0 {
		return d.ctx.Err()
	}
	return nil
}

// nesting is how deep events, answers and lists may stand in one another.
const nesting = 8

// value reads one value around elements: an answer, an event, a list of either.
// answer says that it is what a restSearch answers, which is no event.
func (d *decoder) value(depth int, answer bool) error {
	c, ok := d.scan.Blank()
	switch {
	case !ok:
		d.cut = d.cut || depth > 0
		return nil
	case depth > nesting && d.found:
		return d.stray(fault.New(fault.Invalid, "events nest deeper than %d: hand them in one after the other", nesting))
	case c == '{' && depth <= nesting:
		return d.object(depth, answer)
	case c == '[' && depth <= nesting:
		return d.array(depth)
	case depth == 0 && !d.found:
		return fault.New(fault.Format, "the input isn't JSON: want a MISP event or a list of attributes").
			Hinted("name its format with --as, see `spoor help formats`")
	case depth == 0:
		return d.stray(fault.New(fault.Invalid, "want an event, an object or an array"))
	}
	d.scan.Skip() // a bare string or number says nothing
	return nil
}

// stray rejects a value that stands where it can't be read.
func (d *decoder) stray(reason error) error {
	p := d.scan.Begin()
	d.scan.Skip()
	d.scan.Finish(&p)
	return d.out.Record(importer.Record{Offset: p.Offset, Line: p.Line, Raw: p.Raw[:min(len(p.Raw), importer.KeptHead)], Err: reason})
}

func (d *decoder) array(depth int) error {
	d.scan.Take()
	for {
		if err := d.tick(); err != nil {
			return err
		}
		c, ok := d.scan.Blank()
		switch {
		case !ok:
			d.cut = true
			return nil
		case c == ']':
			d.scan.Take()
			return nil
		case c == ',':
			d.scan.Take()
		default:
			if err := d.value(depth+1, false); err != nil {
				return err
			}
		}
	}
}

// object reads an object that may be an event, what stands around one, or a lone
// attribute or object.
func (d *decoder) object(depth int, answer bool) error {
	e := &event{d: d, listing: answer, bare: !answer}
	el := &element{Piece: d.scan.Begin()}
	d.scan.Take()
	for {
		if err := d.tick(); err != nil {
			return err
		}
		c, ok := d.scan.Blank()
		switch {
		case !ok:
			d.cut, e.cut = true, true
			return e.finish()
		case c == '}':
			d.scan.Take()
			return d.close(e, el)
		case c == '"':
			if err := d.member(e, depth); err != nil {
				return err
			}
		case c == ',':
			d.scan.Take()
		default:
			d.scan.Skip() // damage: the next member is sound again
		}
	}
}

// close ends an object. A lone attribute or object joins the loose ones.
func (d *decoder) close(e *event, el *element) error {
	lone := e.lone()
	if lone != none && e.bare {
		d.found, el.member = true, lone
		d.scan.Finish(&el.Piece)
		return d.loose.add(el)
	}
	if err := e.finish(); err != nil || lone != inAttribute {
		return err
	}
	return d.out.Record(importer.Record{
		Offset: el.Offset, Line: el.Line, Raw: []byte("{}"), // its octets are gone
		Err: fault.New(fault.Invalid, `an attribute stands outside of a list, behind its event or a list: put it into {"Attribute": […]}`),
	})
}
