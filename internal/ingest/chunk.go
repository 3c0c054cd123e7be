package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// A chunk ends after so many records, or earlier when it holds so many
// observations or octets. The bounds depend on the content alone, so that the
// same input is always cut at the same places.
const (
	chunkRecords      = 10_000
	chunkObservations = 50_000
	chunkOctets       = 16 << 20
)

// chunk is a stretch of an input on its way to the store.
type chunk struct {
	rows     []obs.Observation
	puts     []store.Doc // rejects and originals
	records  int64
	rejected int64
	partial  int64
	octets   int
	key      [32]byte // of the content
	tail     *tailDoc // to be written with it, if the input ended inside the chunk
}

// chunker cuts the records of one input into chunks: an importer.Sink.
type chunker struct {
	st     Store
	format *importer.Format
	res    *Result
	opt    Options
	input  *countingReader
	stream [32]byte // what the chunk hashes begin with
	now    obs.Time

	ctx     context.Context // of the running import
	full    chan *chunk
	free    chan *chunk // chunks whose memory can be used again
	cur     *chunk
	hash    hash.Hash
	prev    [32]byte  // key of the chunk before
	tails   *tailDoc  // where earlier imports ended inside this chunk
	context []byte    // what a reject needs to be read alone
	rejects int64     // number of the next reject
	shown   time.Time // when progress was last told
	records int64     // handed over so far
}

func newChunker(st Store, f *importer.Format, name string, res *Result, opt Options, input *countingReader) *chunker {
	c := &chunker{
		st: st, format: f, res: res, opt: opt, input: input, hash: sha256.New(),
		now: obs.At(opt.Now()), free: make(chan *chunk, 3), shown: opt.Now(),
	}
	// Everything that changes what a record becomes is part of its identity.
	if !f.Named || len(opt.Labels) > 0 {
		name = ""
	}
	c.stream = sha256.Sum256(fmt.Appendf(nil, "spoor ledger 1\x00%s\x00%s\x00%s\x00%d\x00%+v\x00%q\x00%d\x00%s",
		res.Source, opt.Sensor, f.Name, f.Version, opt.Handling, opt.Labels, opt.Date, name))
	c.prev = c.stream
	return c
}

// Context tells what a reject needs before it to be read alone.
func (c *chunker) Context(head []byte) {
	c.context = slices.Clone(head)
	if c.cur != nil {
		c.hash.Write(head)
	}
}

// Incomplete says that the input is not whole.
func (c *chunker) Incomplete(why string) { c.res.Incomplete = why }

// Record takes one record in.
func (c *chunker) Record(r importer.Record) error {
	if c.cur == nil {
		if err := c.begin(r.Raw); err != nil {
			return err
		}
	}
	ch := c.cur
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(r.Raw)))
	c.hash.Write(size[:])
	c.hash.Write(r.Raw)
	ch.records++
	ch.octets += len(r.Raw)
	c.records++
	c.take(ch, &r)
	c.tellProgress()
	if ch.records >= chunkRecords || len(ch.rows) >= chunkObservations || ch.octets >= chunkOctets {
		return c.end(false)
	}
	if c.tails.endsHere(ch.records, c.hash) {
		return c.end(false)
	}
	return nil
}

// take sorts the record's observations into rows and refusals.
func (c *chunker) take(ch *chunk, r *importer.Record) {
	if r.Original != nil {
		id := store.DocID{Collection: OriginalCollection, ID: r.Named}
		ch.puts = append(ch.puts, store.Doc{DocID: id, Data: slices.Clone(r.Original)})
	}
	reason := r.Err
	kept := 0
	for i := range r.Observations {
		o := r.Observations[i]
		if o.Recorded == 0 {
			o.Recorded = c.now
		}
		o.Normalize()
		if err := o.Validate(c.now); err != nil {
			reason = errors.Join(reason, err)
			continue
		}
		kept++
		ch.rows = append(ch.rows, o)
	}
	if reason == nil {
		return
	}
	if kept > 0 {
		ch.partial++
	} else {
		ch.rejected++
	}
	ch.puts = append(ch.puts, c.reject(r, reason, kept > 0))
}

// begin starts a chunk and looks up where earlier imports ended inside it.
func (c *chunker) begin(first []byte) error {
	select {
	case c.cur = <-c.free:
	default:
		c.cur = &chunk{}
	}
	c.hash.Reset()
	if c.format.Chained {
		c.hash.Write(c.prev[:])
	} else {
		c.hash.Write(c.stream[:])
	}
	c.hash.Write(c.context)
	var err error
	c.tails, err = loadTails(c.ctx, c.st, c.prev, first)
	return err
}

// end closes the chunk and hands it to the writer. last says that the input
// ended inside it.
func (c *chunker) end(last bool) error {
	ch := c.cur
	c.cur = nil
	c.hash.Sum(ch.key[:0])
	c.prev = ch.key
	if last {
		ch.tail = c.tails.with(ch.records, ch.key)
	}
	select {
	case c.full <- ch:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// flush hands over what is left at the end of the input.
func (c *chunker) flush() error {
	if c.cur == nil {
		return nil
	}
	return c.end(true)
}

// append stores one chunk and does the sums. It runs in the writer's goroutine.
func (c *chunker) append(ctx context.Context, ch *chunk) error {
	b := store.Batch{Ledger: ch.key, Run: c.opt.Run, Rows: ch.rows, Puts: ch.puts}
	if ch.tail != nil {
		doc, err := ch.tail.doc()
		if err != nil {
			return err
		}
		b.Puts = append(b.Puts, doc)
	}
	receipt, err := c.st.Append(ctx, &b)
	if err != nil {
		return err
	}
	c.res.Received += ch.records
	if receipt.Replayed {
		c.res.Replayed += ch.records
	} else {
		c.res.Accepted += ch.records - ch.rejected
		c.res.Rejected += ch.rejected
		c.res.Partial += ch.partial
		c.res.Observations += int64(len(ch.rows))
	}
	nothing := ch.records >= chunkRecords && ch.rejected == ch.records && c.res.Received == ch.records
	*ch = chunk{rows: ch.rows[:0]}
	select {
	case c.free <- ch:
	default:
	}
	if nothing {
		return fault.New(fault.Format, "none of the first %d records could be read as %s", chunkRecords, c.format.Name).
			Hinted("see why with `spoor rejects list`, or name the format with --as")
	}
	return nil
}

// progressEvery is how often progress is told.
const progressEvery = 100 * time.Millisecond

func (c *chunker) tellProgress() {
	if c.opt.Progress == nil || c.records%1000 != 0 {
		return
	}
	if now := c.opt.Now(); now.Sub(c.shown) >= progressEvery {
		c.shown = now
		c.opt.Progress(Progress{Octets: c.input.n.Load(), Records: c.records})
	}
}

// OriginalCollection holds what a format keeps of its input as it stood there.
const OriginalCollection = "original"

// tailDoc remembers the places inside one chunk at which an import found the end
// of its input. When the input has grown, the chunk is cut there again, so that
// the part that was stored is recognised.
type tailDoc struct {
	id    string
	Tails []tail `json:"tails"`
}

type tail struct {
	Records int64  `json:"records"`
	Key     []byte `json:"key"`
}

// tailCollection holds the tailDocs.
const tailCollection = "tail"

// loadTails finds the tails of the chunk that begins with the record first
// after the chunk with the key prev.
func loadTails(ctx context.Context, st Store, prev [32]byte, first []byte) (*tailDoc, error) {
	sum := sha256.Sum256(append(prev[:], first...))
	t := &tailDoc{id: hex.EncodeToString(sum[:16])}
	data, err := st.Doc(ctx, store.DocID{Collection: tailCollection, ID: t.id})
	if fault.Is(err, fault.NotFound) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	return t, fault.Wrap(json.Unmarshal(data, t), fault.Corrupt, "couldn't read the import ledger")
}

// endsHere reports whether an earlier import ended with the same n records.
func (t *tailDoc) endsHere(n int64, h hash.Hash) bool {
	for _, e := range t.Tails {
		if e.Records == n {
			return string(h.Sum(nil)) == string(e.Key)
		}
	}
	return false
}

// with returns t with one more tail.
func (t *tailDoc) with(n int64, key [32]byte) *tailDoc {
	for _, e := range t.Tails {
		if e.Records == n && string(e.Key) == string(key[:]) {
			return nil
		}
	}
	return &tailDoc{t.id, append(slices.Clone(t.Tails), tail{n, key[:]})}
}

func (t *tailDoc) doc() (store.Doc, error) {
	data, err := json.Marshal(t)
	return store.Doc{DocID: store.DocID{Collection: tailCollection, ID: t.id}, Data: data}, err
}
