package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Fate is what became of a reject that was replayed.
type Fate string

// The fates.
const (
	FateStored Fate = "stored"       // it reads now and is no reject any more
	FatePart   Fate = "in part"      // more of it reads now; the reason for the rest is kept
	FateStill  Fate = "rejected"     // it is refused as before
	FateAgain  Fate = "import again" // it isn't kept whole, or can't be read alone
)

// Replayed tells what became of one reject.
type Replayed struct {
	ingest.Reject      // with the reason for which it is refused now
	Fate          Fate // what became of it
	Observations  int  // stored from it
	stored        []obs.Observation
	originals     []store.Doc
}

// replayBatch is how many rejects are settled in one batch.
const replayBatch = 1000

// ReplayRejects reads the rejects of a run ("": of all) again, with today's
// decoders. What reads now is stored as of the run, in the batch that removes the
// reject, so that an interrupted replay is simply run again. tell hears of each
// when its batch is durable.
func (a *App) ReplayRejects(ctx context.Context, run string, tlp obs.TLP, tell func(*Replayed) error) error {
	var pending []*Replayed
	flush := func() error {
		list := pending
		pending = nil
		return a.settle(ctx, list, tell)
	}
	var m marked
	of := ""
	for r, err := range a.Rejects(ctx, run) {
		if err != nil {
			return errors.Join(flush(), err)
		}
		if r.Run != of || len(pending) == replayBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		if r.Run != of {
			if m, err = a.marksOf(ctx, &r, tlp); err != nil {
				return err
			}
			of = r.Run
		}
		re, err := a.replay(ctx, &r, &m)
		if err != nil {
			return errors.Join(flush(), err)
		}
		pending = append(pending, re)
	}
	return flush()
}

// settle stores what was read again of one run, and says so.
func (a *App) settle(ctx context.Context, list []*Replayed, tell func(*Replayed) error) error {
	if len(list) == 0 {
		return nil
	}
	b := store.Batch{Run: list[0].Run}
	for _, re := range list {
		b.Rows = append(b.Rows, re.stored...)
		b.Puts = append(b.Puts, re.originals...)
		id := store.DocID{Collection: ingest.RejectCollection, ID: re.ID}
		switch re.Fate {
		case FateStored:
			b.Drops = append(b.Drops, id)
		case FatePart:
			data, err := json.Marshal(&re.Reject)
			if err != nil {
				return err
			}
			b.Puts = append(b.Puts, store.Doc{DocID: id, Data: data})
		case FateStill, FateAgain:
		}
	}
	if len(b.Rows)+len(b.Puts)+len(b.Drops) > 0 {
		if _, err := a.Store.Append(ctx, &b); err != nil {
			return err
		}
	}
	for _, re := range list {
		if err := tell(re); err != nil {
			return err
		}
	}
	return nil
}

// replay reads one reject. The error is the store's or the context's.
func (a *App) replay(ctx context.Context, r *ingest.Reject, m *marked) (*Replayed, error) {
	re := &Replayed{Reject: *r, Fate: FateAgain}
	f := formatOf(r)
	if f == nil || !whole(r) || f.Chained && len(r.Context) == 0 {
		return re, nil
	}
	s := &replaySink{now: obs.At(a.Now()), from: int64(len(r.Context))}
	text := append(bytes.Clone(r.Context), r.Octets()...)
	if r.Text != "" {
		text = append(text, '\n')
	}
	err := f.Decode(ctx, &importer.Input{
		Reader: bytes.NewReader(text), Name: m.base, Source: r.Source, Sensor: r.Sensor,
		Handling: m.Handling, Labels: m.Labels, Date: m.Date,
	}, s)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s.records == 0 { // behind the record the input may break off, as it does in a list
		s.refused = errors.Join(s.refused, err)
		if s.refused == nil {
			s.refused = fault.New(fault.Invalid, "there is no record in it")
		}
	}
	if r.Partial {
		if s.rows, err = a.unsaid(ctx, s.rows); err != nil {
			return nil, err
		}
	}
	re.stored, re.originals, re.Observations = s.rows, s.originals, len(s.rows)
	switch {
	case s.refused == nil:
		re.Fate = FateStored
	case len(s.rows) > 0:
		re.Fate, re.Partial = FatePart, true
		re.Reason, re.Version = ingest.Shorten(s.refused.Error()), f.Version
	default:
		re.Fate, re.originals = FateStill, nil
		re.Reason = ingest.Shorten(s.refused.Error())
	}
	return re, nil
}

// formatOf returns the format that refused a record, nil if it is no more.
func formatOf(r *ingest.Reject) *importer.Format {
	for _, f := range Formats() {
		if f.Name == r.Format {
			return f
		}
	}
	return nil
}

// whole reports whether all octets of the record were kept. Of an overlong record
// a decoder hands on a head of known length.
func whole(r *ingest.Reject) bool { return r.Cut == 0 && len(r.Octets()) != importer.KeptHead }

// unsaid leaves out what the store has already: of a record that was refused in
// part the rest was stored, and counts would add up twice.
func (a *App) unsaid(ctx context.Context, rows []obs.Observation) ([]obs.Observation, error) {
	reader := a.Store.In(store.Everything)
	out := rows[:0]
	for _, o := range rows {
		said := false
		edges, err := reader.Edge(ctx, o.Subject, o.Relation, o.Object)
		if err != nil {
			return nil, err
		}
		for i := range edges {
			if e := &edges[i]; e.RRType == o.RRType && *e.Origin == *o.Origin {
				for _, atom := range e.Atoms {
					said = said || atom.First == o.First && atom.Last == o.Last && atom.HasCount == o.HasCount
				}
			}
		}
		if !said {
			out = append(out, o)
		}
	}
	return out, nil
}

// replaySink takes in what a decoder makes of one reject.
type replaySink struct {
	now       obs.Time
	from      int64 // where the record begins: what stands before it was stored once
	records   int
	rows      []obs.Observation
	originals []store.Doc
	refused   error
}

func (*replaySink) Context([]byte) {}

func (*replaySink) Incomplete(string) {}

func (s *replaySink) Record(r importer.Record) error {
	if r.Offset < s.from {
		return nil
	}
	s.records++
	if r.Original != nil {
		id := store.DocID{Collection: ingest.OriginalCollection, ID: r.Named}
		s.originals = append(s.originals, store.Doc{DocID: id, Data: bytes.Clone(r.Original)})
	}
	s.refused = errors.Join(s.refused, r.Err)
	for _, o := range r.Observations {
		o.Attributes = append([]obs.Attribute(nil), o.Attributes...)
		if err := ingest.Admit(&o, s.now); err != nil {
			s.refused = errors.Join(s.refused, err)
			continue
		}
		s.rows = append(s.rows, o)
	}
	return nil
}

var _ importer.Sink = (*replaySink)(nil)
