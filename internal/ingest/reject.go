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

// Octets returns the record as it stood in the input.
func (r *Reject) Octets() []byte {
	if r.Text != "" {
		return []byte(r.Text)
	}
	return r.Raw
}

func shorten(reason string) string {
	if len(reason) <= keptReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:keptReason], "") + "…"
}

// reject makes the document that keeps a refused record.
func (c *chunker) reject(rec *importer.Record, reason error, partial bool) store.Doc {
	c.rejects++
	r := Reject{
		ID: fmt.Sprintf("%s/%010d", c.opt.Run, c.rejects), Run: c.opt.Run, File: c.res.File, Format: c.format.Name,
		Version: c.format.Version, Source: c.res.Source, Sensor: c.opt.Sensor, Line: rec.Line, Offset: rec.Offset,
		Reason: shorten(reason.Error()), Partial: partial, Context: c.context,
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
