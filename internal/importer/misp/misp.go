// Package misp reads MISP's JSON: events of feeds and exports, answers of
// restSearch, and lists of attributes. Indicators marked for detection (to_ids) are
// reported under the event and the galaxies that it is tagged with; objects also
// say how their parts relate (domain-ip, passive-dns, dns-record, whois, x509).
//
// Recipients, targets and victims are no infrastructure: they are left out.
// MISP writes the tags of an event behind its attributes, so that the raw
// attributes of one event are held until it ends; nothing of it outlasts it.
package misp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "misp", Version: 1, About: "MISP events (feeds, exports, restSearch) and lists of attributes", Source: "misp",
	Named: true, Chained: true, Detect: detect, Decode: decode,
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

// most bounds one attribute or object in octets, and nesting the depth of what
// is around events.
const (
	most    = 16 << 20
	nesting = 8
)

// decoder walks the JSON around events; context of a reading is one event.
type decoder struct {
	ctx   context.Context
	in    *importer.Input
	out   importer.Sink
	dec   *json.Decoder
	found bool // an event or attribute
	event *event
}

// element is an attribute or an object as it stands in the input.
type element struct {
	offset int64
	raw    json.RawMessage
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	d := &decoder{ctx: ctx, in: in, out: out}
	r := &skipMark{r: in}
	d.dec = json.NewDecoder(r)
	for {
		err := d.value(0)
		switch {
		case errors.Is(err, io.EOF) && d.found:
			return nil
		case errors.Is(err, io.EOF):
			return fault.New(fault.Format, "no MISP event or attribute in it").Hinted("of a feed, import the event files, not its manifest")
		case err != nil:
			return d.broken(err)
		}
	}
}

// broken says where the input can't be read further. What stands before is kept.
func (d *decoder) broken(err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errCut) {
		return err
	}
	if d.event != nil {
		if ferr := d.event.flush(); ferr != nil {
			return ferr
		}
	}
	return fault.New(fault.Invalid, "the JSON breaks off at octet %d: %v", d.dec.InputOffset(), err).Hinted("what came before is stored")
}

var errCut = errors.New("a member or element is missing")

// value reads one value around events and descends into it.
func (d *decoder) value(depth int) error {
	t, err := d.dec.Token()
	if err != nil {
		return err
	}
	if depth > nesting {
		return fault.New(fault.Invalid, "events nested deeper than %d", nesting)
	}
	switch t {
	case json.Delim('{'):
		return d.object(depth)
	case json.Delim('['):
		for d.dec.More() {
			if err := d.ctx.Err(); err != nil {
				return err
			}
			if err := d.value(depth + 1); err != nil {
				return cut(err)
			}
		}
		_, err = d.dec.Token()
		return cut(err)
	}
	return nil // a bare string or number says nothing
}

// cut turns an end inside of something into an error.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

// object reads an object that may be an event, an answer or a single attribute.
func (d *decoder) object(depth int) error {
	outer := d.event
	e := &event{d: d}
	d.event = e
	for d.dec.More() {
		key, err := d.dec.Token()
		if err != nil {
			return cut(err)
		}
		if err := d.member(e, key, depth); err != nil {
			return cut(err)
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return cut(err)
	}
	d.event = outer
	return e.flush()
}

func (d *decoder) member(e *event, key json.Token, depth int) error {
	switch key {
	case "response", "Event":
		d.found = d.found || key == "Event"
		return d.value(depth + 1)
	case "Attribute":
		return d.elements(&e.attributes)
	case "Object":
		return d.elements(&e.objects)
	}
	var raw json.RawMessage
	if err := d.dec.Decode(&raw); err != nil {
		return err
	}
	e.header(key, raw)
	return nil
}

// elements reads a list of attributes or objects, or a single one.
func (d *decoder) elements(to *[]element) error {
	t, err := d.dec.Token()
	if err != nil {
		return err
	}
	if t == json.Delim('{') {
		return d.single(to)
	}
	if t != json.Delim('[') {
		return nil
	}
	for d.dec.More() {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return cut(err)
		}
		*to = append(*to, element{d.dec.InputOffset() - int64(len(raw)), raw})
		d.found = true
	}
	_, err = d.dec.Token()
	return cut(err)
}

// single reads the rest of an object that stands where a list should.
func (d *decoder) single(to *[]element) error {
	el := element{offset: d.dec.InputOffset() - 1, raw: json.RawMessage("{")}
	for d.dec.More() {
		key, err := d.dec.Token()
		if err != nil {
			return cut(err)
		}
		name, _ := key.(string) // a member has no other
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return cut(err)
		}
		if len(el.raw) > 1 {
			el.raw = append(el.raw, ',')
		}
		el.raw = append(append(append(el.raw, strconv.Quote(name)...), ':'), raw...)
	}
	if _, err := d.dec.Token(); err != nil {
		return cut(err)
	}
	el.raw = append(el.raw, '}')
	*to = append(*to, el)
	d.found = true
	return nil
}

// skipMark passes over a byte order mark.
type skipMark struct {
	r     io.Reader
	begun bool
}

func (s *skipMark) Read(p []byte) (int, error) {
	if s.begun || len(p) < 3 {
		return s.r.Read(p)
	}
	s.begun = true
	n, err := io.ReadAtLeast(s.r, p, 3)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if bytes.HasPrefix(p[:n], []byte("\xef\xbb\xbf")) {
		copy(p, "   ") // white space keeps the offsets
	}
	return n, err
}
