package app

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Rejects yields what a run refused ("": what all runs refused), in the order of
// the records.
func (a *App) Rejects(ctx context.Context, run string) iter.Seq2[ingest.Reject, error] {
	prefix := ""
	if run != "" {
		prefix = run + "/"
	}
	return func(yield func(ingest.Reject, error) bool) {
		for doc, err := range a.Store.Documents(ctx, ingest.RejectCollection, prefix, "") {
			var r ingest.Reject
			if err == nil {
				r, err = readReject(doc)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func readReject(doc store.Doc) (r ingest.Reject, err error) {
	err = json.Unmarshal(doc.Data, &r)
	r.ID = doc.ID
	return r, fault.Wrap(err, fault.Corrupt, "couldn't read the reject %s", doc.ID)
}

// Reject returns one refused record.
func (a *App) Reject(ctx context.Context, id string) (ingest.Reject, error) {
	doc := store.Doc{DocID: store.DocID{Collection: ingest.RejectCollection, ID: id}}
	var err error
	doc.Data, err = a.Store.Doc(ctx, doc.DocID)
	if fault.Is(err, fault.NotFound) {
		return ingest.Reject{}, fault.New(fault.NotFound, "there is no reject %s", ingest.ShortID(id)).Hinted("see `spoor rejects list`; what was replayed is gone from there")
	}
	if err != nil {
		return ingest.Reject{}, err
	}
	return readReject(doc)
}

// FindRun returns the id of the run that the user names: "last" is the latest that
// refused something. "" stays "", for all runs.
func (a *App) FindRun(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	last := ""
	for doc, err := range a.Store.Documents(ctx, ingest.RunCollection, "", "") {
		if err != nil {
			return "", err
		}
		if doc.ID == name {
			return name, nil
		}
		var res ingest.Result
		if err := json.Unmarshal(doc.Data, &res); err != nil {
			return "", fault.Wrap(err, fault.Corrupt, "couldn't read the account of run %s", doc.ID)
		}
		if res.Rejected+res.Partial > 0 {
			last = doc.ID
		}
	}
	if name == "last" && last != "" {
		return last, nil
	}
	if name == "last" {
		return "", fault.New(fault.NotFound, "no import refused anything")
	}
	return "", fault.New(fault.NotFound, "there is no run %s", name).Hinted("`spoor import` tells each run's id; last is the latest that refused something")
}

// marked is how an importer reads what a run refused.
type marked struct {
	ingest.Options
	base string
}

// marksOf reads what was said of a run. Where that isn't known, the reader must
// say at least the TLP: what was RED must not come back as AMBER.
func (a *App) marksOf(ctx context.Context, r *ingest.Reject, tlp obs.TLP) (out marked, err error) {
	out.Handling.TLP = tlp
	out.base = r.File[strings.LastIndexAny(r.File, `/\`)+1:]
	data, err := a.Store.Doc(ctx, store.DocID{Collection: ingest.MarksCollection, ID: r.Run})
	if fault.Is(err, fault.NotFound) {
		if tlp == obs.TLPUnset {
			return out, fault.New(fault.Invalid, "it isn't known how the run %s was marked", r.Run).
				Hinted("say so: spoor rejects replay --run %s --tlp AMBER (or what holds)", r.Run)
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	var m ingest.Marks
	err = json.Unmarshal(data, &m)
	if err == nil {
		err = m.Apply(&out.Options)
	}
	out.base = m.Base
	return out, fault.Wrap(err, fault.Corrupt, "couldn't read the marks of run %s", r.Run)
}
