package ingest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/store"
)

// RejectCollection is the collection of rejected records, by run and number.
const RejectCollection = "reject"

// keptRaw is how much of a rejected record is kept. A longer one can't be
// replayed from the store, only imported again.
const keptRaw = 64 << 10

// keptContext is how much may stand before a record for its replay, keptReason how
// much of the reason is kept, which may repeat the record.
const (
	keptContext = 64 << 10
	keptReason  = 2 << 10
)

// Reject is a record, or a part of one, that was not stored, with the reason.
type Reject struct {
	ID      string `json:"id"`
	Run     string `json:"run"`
	File    string `json:"file"`
	Format  string `json:"format"`
	Version int    `json:"version"` // of the decoder that refused it
	Source  string `json:"source"`
	Sensor  string `json:"sensor,omitempty"`
	Line    int64  `json:"line,omitempty"`
	Offset  int64  `json:"offset"`
	Reason  string `json:"reason"`
	Partial bool   `json:"partial,omitempty"` // the rest of the record was stored
	Text    string `json:"text,omitempty"`    // the record, if it is text
	Raw     []byte `json:"raw,omitempty"`     // the record, if it isn't
	Context []byte `json:"context,omitempty"` // what must stand before it
	Cut     int    `json:"cut,omitempty"`     // whole length, if only a part is kept and it can't be replayed
}

// numberWidth is how many digits the number of a reject is padded to, so that the ids
// of a run sort by it.
const numberWidth = 10

// LongID pads the number of a reject's id, run/number.
func LongID(id string) string {
	run, n := splitID(id)
	return run + strings.Repeat("0", max(0, numberWidth-len(n))) + n
}

// ShortID drops the zeros that LongID puts before the number.
func ShortID(id string) string {
	run, n := splitID(id)
	if n = strings.TrimLeft(n, "0"); run == "" || n == "" {
		return id
	}
	return run + n
}

// splitID parts an id behind its last slash.
func splitID(id string) (run, number string) {
	i := strings.LastIndexByte(id, '/') + 1
	return id[:i], id[i:]
}

// Octets returns the record as it stood in the input.
func (r *Reject) Octets() []byte {
	if r.Text != "" {
		return []byte(r.Text)
	}
	return r.Raw
}

// Shorten bounds a reason, which may repeat the record.
func Shorten(reason string) string {
	if len(reason) <= keptReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:keptReason], "") + "…"
}

// reject makes the document that keeps a refused record.
func (c *chunker) reject(rec *importer.Record, reason error, partial bool) store.Doc {
	c.rejects++
	r := Reject{
		ID: fmt.Sprintf("%s/%0*d", c.opt.Run, numberWidth, c.rejects), Run: c.opt.Run, File: c.res.File, Format: c.format.Name,
		Version: c.format.Version, Source: c.res.Source, Sensor: c.opt.Sensor, Line: rec.Line, Offset: rec.Offset,
		Reason: Shorten(reason.Error()), Partial: partial, Context: c.context,
	}
	raw := rec.Raw
	if len(c.context) > keptContext {
		r.Context, r.Cut = nil, len(raw) // alone it can't be read
	}
	if len(raw) > keptRaw {
		r.Cut, raw = len(raw), raw[:keptRaw]
	}
	if utf8.Valid(raw) {
		r.Text = string(raw)
	} else {
		r.Raw = append([]byte(nil), raw...)
	}
	data, err := json.Marshal(&r)
	if err != nil { // no member of Reject can fail to marshal
		data = []byte(`{}`)
	}
	return store.Doc{DocID: store.DocID{Collection: RejectCollection, ID: r.ID}, Data: data}
}
