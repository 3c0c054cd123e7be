// Package prose reads free text: reports, mails, lists of indicators in whatever
// form people paste them. Every line is a record; what it names is reported
// under the text's label.
package prose

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "text", Version: 1, About: "free text: reports, mails, lists of indicators in any form", Source: "report",
	Named: true, Detect: detect, Decode: decode,
}

// detect takes anything that is text, when nothing else does.
func detect(h importer.Head) importer.Confidence {
	if len(h.Data) == 0 || bytes.IndexByte(h.Data, 0) >= 0 {
		return importer.No
	}
	bad := 0
	for b := h.Data; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b {
			bad++
		}
		b = b[n:]
	}
	if bad*50 > len(h.Data) {
		return importer.No
	}
	return importer.Perhaps
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	r := importer.Reporter{Labels: in.Report(), Origin: in.Origin(obs.Asserted), Date: in.Date}
	return importer.EachLine(ctx, in, out, func(l *importer.Line) (importer.Record, bool) {
		if len(bytes.TrimSpace(l.Data)) == 0 {
			return importer.Record{}, false
		}
		r.Reset()
		extract.Scan(l.Data, func(h extract.Hit) bool {
			r.Report(h.Entity, h.Host)
			return true
		})
		return importer.Record{Observations: r.Rows}, true
	})
}
