package cof

import (
	"bytes"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// SAF conditions (DNSDB API v2, streaming API framing).
const (
	condBegin     = "begin"
	condOngoing   = "ongoing"
	condSucceeded = "succeeded"
	condLimited   = "limited"
	condFailed    = "failed"
)

func detectSAF(h importer.Head) importer.Confidence {
	var w jsonl.Walker
	w.Reset(firstLine(h))
	for w.Next() {
		switch string(w.Key()) {
		case "cond":
			switch string(w.Value().Bytes()) {
			case condBegin, condOngoing, condSucceeded, condLimited, condFailed:
				return importer.Certain
			}
		case "obj":
			if m := members(w.Value().Raw); m["rrname"] {
				return importer.Certain
			}
		}
	}
	return importer.No
}

// framed turns one line of a SAF stream into a record: those that carry an
// object are records, the others steer.
func (d *decoder) framed(l *importer.Line) (importer.Record, bool) {
	line := bytes.TrimSpace(l.Data)
	if len(line) == 0 {
		return importer.Record{}, false
	}
	var obj jsonl.Value
	var cond, msg string
	d.walker.Reset(line)
	for d.walker.Next() {
		switch v := d.walker.Value(); string(d.walker.Key()) {
		case "cond":
			cond = string(v.Bytes())
		case "msg":
			msg = string(v.Bytes())
		case "obj":
			obj = v
		}
	}
	if err := d.walker.Err(); err != nil {
		return importer.Record{Err: fault.Wrap(err, fault.Invalid, "")}, true
	}
	d.extra = d.extra || d.ended != "" && cond != condBegin
	switch cond {
	case condBegin: // concatenated answers begin anew
		d.ended, d.message = "", ""
	case condSucceeded, condLimited, condFailed:
		d.ended, d.message = cond, msg
	case condOngoing, "":
	default:
		return importer.Record{Err: fault.New(fault.Invalid, "cond %.40q is unknown", cond)}, true
	}
	switch obj.Kind {
	case jsonl.Object:
		return d.object(obj.Raw), true
	case jsonl.Null:
		return importer.Record{}, false // begin, end or keep-alive
	}
	return importer.Record{Err: fault.New(fault.Invalid, "obj is %s", obj.Kind)}, true
}

// end says why the stream is not whole, or "".
func (d *decoder) end() string {
	why := ""
	switch d.ended {
	case "":
		return "the stream has no end marker: it was cut"
	case condSucceeded:
		if d.extra {
			return "something follows the end marker"
		}
		return ""
	case condLimited:
		why = "the server limited the answer"
	case condFailed:
		why = "the server failed"
	}
	if d.message != "" {
		why += ": " + d.message
	}
	return why
}
