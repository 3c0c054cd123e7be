// Package ingest moves input into a store: it finds the format, decodes, checks,
// batches and appends, in bounded memory and with back-pressure, and keeps the
// books: in records, received = accepted + replayed + rejected, exactly.
//
// Input is cut into chunks of records whose hash stands in the store's import
// ledger, committed with the chunk's rows; so the same file again, the same
// file compressed, and a log that has grown change nothing twice. What is
// rejected is kept with its place and reason, in the same batch.
//
// The room is handed its readers and its clock; it must not know of files,
// commands or engines.
package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Store is what ingest needs of a store.
type Store interface {
	Append(ctx context.Context, b *store.Batch) (store.Receipt, error)
	Doc(ctx context.Context, id store.DocID) ([]byte, error)
}

// Options say how an input is read.
type Options struct {
	Formats  importer.Registry
	Format   string // name of the format; "": found by content
	Source   string // "": the format's default
	Sensor   string
	Handling obs.Handling
	Labels   []entity.Entity // of what lists and prose name
	Date     obs.Time        // of undated assertions; zero: they stay undated
	Run      string          // id of this run, under which it can be retracted
	Now      func() time.Time
	Progress func(Progress) // called now and then from one goroutine; may be nil
	MaxRatio int            // most octets that one compressed octet may become; 0: 500
}

// Progress tells how far an import is.
type Progress struct {
	Octets  int64 // read of the input, before decompression
	Records int64
}

// Source is one input to import.
type Source struct {
	Name string // as it is shown; its base name helps to find the format
	Base string // base name, without folders
	io.Reader
}

// Result is the account of one input. Its JSON form is a contract (cli.md).
type Result struct {
	File         string  `json:"file"`
	Format       string  `json:"format"`
	Source       string  `json:"source"`
	Received     int64   `json:"received"`     // records
	Accepted     int64   `json:"accepted"`     // records read and stored
	Replayed     int64   `json:"replayed"`     // records that the ledger knew
	Rejected     int64   `json:"rejected"`     // records kept with a reason
	Partial      int64   `json:"partial"`      // accepted records of which a part was refused; kept with a reason too
	Observations int64   `json:"observations"` // emitted by the accepted records
	Seconds      float64 `json:"seconds"`
	Incomplete   string  `json:"incomplete,omitempty"` // why the input is not whole
	Run          string  `json:"run"`
}

// Whole reports whether everything was taken in.
func (r *Result) Whole() bool { return r.Rejected == 0 && r.Partial == 0 && r.Incomplete == "" }

// Import reads in to its end and stores what it says. When it returns, what the
// Result counts as accepted or rejected is durable, also beside an error: a cut
// input keeps what came before the cut. The error is for an input that could
// not be read at all, a store that failed, or a cancelled context; everything
// else is in the Result.
func Import(ctx context.Context, st Store, in Source, opt Options) (Result, error) {
	began := opt.Now()
	res := Result{File: in.Name, Run: opt.Run}
	counted := &countingReader{r: in.Reader}
	plain, err := decompress(counted, in.Base, opt.MaxRatio)
	if err != nil {
		return res, err
	}
	head, err := plain.head()
	if err != nil {
		return res, importer.ReadError(err, "its beginning")
	}
	format, err := choose(opt, head)
	if err != nil {
		return res, err
	}
	res.Format, res.Source = format.Name, opt.Source
	if res.Source == "" {
		res.Source = format.Source
	}
	c := newChunker(st, format, head.Name, &res, opt, counted)
	c.ending = &endingReader{r: plain, last: '\n'}
	err = c.run(ctx, &importer.Input{
		Reader: c.ending, Name: head.Name, Source: res.Source, Sensor: opt.Sensor, Handling: opt.Handling,
		Labels: opt.Labels, Date: opt.Date,
	})
	res.Seconds = opt.Now().Sub(began).Seconds()
	if err != nil && fault.Is(err, fault.Invalid) && res.Received > 0 {
		res.Incomplete, err = err.Error(), nil // cut or damaged: what came before stands
	}
	return res, errors.Join(err, saveRun(ctx, st, &res, opt))
}

func choose(opt Options, head importer.Head) (*importer.Format, error) {
	if opt.Format != "" {
		return opt.Formats.ByName(opt.Format)
	}
	if head.Whole && len(head.Data) == 0 {
		return nil, fault.New(fault.Format, "the input is empty")
	}
	return opt.Formats.Detect(head)
}

// RunCollection is the collection of documents that describe runs.
const RunCollection = "run"

// saveRun writes the account of the run beside its rows.
func saveRun(ctx context.Context, st Store, res *Result, opt Options) error {
	if res.Received == 0 {
		return nil
	}
	data, err := json.Marshal(struct {
		*Result
		Recorded string `json:"recorded"`
		Sensor   string `json:"sensor,omitempty"`
	}{res, obs.At(opt.Now()).String(), opt.Sensor})
	if err != nil {
		return err
	}
	id := store.DocID{Collection: RunCollection, ID: opt.Run}
	_, err = st.Append(context.WithoutCancel(ctx), &store.Batch{Puts: []store.Doc{{DocID: id, Data: data}}})
	return err
}

// run decodes in one goroutine and appends in another. Between them stand at
// most two chunks. What was decoded before an error is appended all the same: only
// a failing store and a cancelled context stop the appending.
func (c *chunker) run(ctx context.Context, in *importer.Input) error {
	group, gctx := errgroup.WithContext(ctx)
	c.ctx, c.full = gctx, make(chan *chunk, 1)
	var decoded error
	group.Go(func() error {
		defer close(c.full)
		decoded = c.format.Decode(gctx, in, c)
		if gctx.Err() != nil {
			return gctx.Err()
		}
		return c.flush()
	})
	group.Go(func() error {
		for ch := range c.full {
			if err := c.append(gctx, ch); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return decoded
}

// Observations stores observations that are made on the spot, in batches, and
// returns how many there were. They must be valid; nothing goes to the ledger.
func Observations(ctx context.Context, st Store, seq iter.Seq[obs.Observation], run string, now time.Time) (int64, error) {
	batch := store.Batch{Run: run}
	var n int64
	flush := func() error {
		_, err := st.Append(ctx, &batch)
		batch.Rows = batch.Rows[:0]
		return err
	}
	for o := range seq {
		o.Recorded = obs.At(now)
		o.Normalize()
		if err := o.Validate(o.Recorded); err != nil {
			return n, fault.Wrap(err, fault.Internal, "observation %d", n+1)
		}
		batch.Rows = append(batch.Rows, o)
		n++
		if len(batch.Rows) == chunkRecords {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	if len(batch.Rows) == 0 {
		return n, nil
	}
	return n, flush()
}
