// Package spoorjson reads spoor's own NDJSON form of observations
// (docs/formats/observation.md). It keeps each record's own source, handling
// and recording time: it is how one spoor passes on what it knows.
package spoorjson

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "spoor", Version: 1, About: "observations in spoor's own NDJSON form", Source: "spoor",
	Detect: detect, Decode: decode,
}

func detect(h importer.Head) importer.Confidence {
	line, _, _ := bytes.Cut(bytes.TrimLeft(h.Data, "\xef\xbb\xbf \t\r\n"), []byte("\n"))
	var probe struct {
		Type, Subject, Relation, Object, Source string
	}
	if json.Unmarshal(line, &probe) != nil {
		return importer.No
	}
	if probe.Type == obs.HeaderType || probe.Subject != "" && probe.Relation != "" && probe.Object != "" && probe.Source != "" {
		return importer.Certain
	}
	return importer.No
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	var dec obs.Decoder
	one := make([]obs.Observation, 1)
	var refused error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := importer.EachLine(ctx, in, out, func(l *importer.Line) (importer.Record, bool) {
		data := bytes.TrimSpace(bytes.TrimPrefix(l.Data, []byte("\xef\xbb\xbf")))
		if len(data) == 0 || refused != nil {
			return importer.Record{}, false
		}
		if header, err := readHeader(data); header {
			if refused = err; err != nil {
				stop() // the rest is of no use
			}
			return importer.Record{}, false
		}
		o, err := dec.Decode(data)
		if err != nil {
			return importer.Record{Err: err}, true
		}
		raise(&o, in, &dec)
		one[0] = o
		return importer.Record{Observations: one}, true
	})
	if refused != nil {
		return refused
	}
	return err
}

// raise applies the user's marking where it is stricter than the record's own.
func raise(o *obs.Observation, in *importer.Input, dec *obs.Decoder) {
	user := in.Handling.TLP
	if user != obs.TLPUnset && user.Rank() > o.Origin.Handling.TLP.Rank() {
		g := *o.Origin
		g.Handling.TLP = user
		o.Origin = dec.Intern(g)
	}
}

// readHeader reports whether the line is the header, and refuses one of a
// version that this decoder does not know.
func readHeader(line []byte) (bool, error) {
	if !bytes.Contains(line, []byte(obs.HeaderType)) {
		return false, nil
	}
	var h obs.Header
	if err := json.Unmarshal(line, &h); err != nil || h.Type != obs.HeaderType {
		return false, nil //nolint:nilerr // it is no header: the record's own decoder says what is wrong with it
	}
	if h.Version != obs.FormatVersion {
		return true, fault.New(fault.Format, "the file has version %d of the observation form, this spoor reads version %d", h.Version, obs.FormatVersion).
			Hinted("use a newer spoor")
	}
	return true, nil
}
