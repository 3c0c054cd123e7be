package ingest

import (
	"bytes"
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
	attrs    []obs.Attribute // of the rows: an importer may use its own again
	puts     []store.Doc     // rejects and originals
	records  int64
	rejected int64
	partial  int64
	octets   int
	key      [32]byte // of the content
	tail     *tailDoc // to be written with it, if the input ended inside the chunk
	last     mark     // before its last record
}

func (ch *chunk) full() bool {
	return ch.records >= chunkRecords || len(ch.rows) >= chunkObservations || ch.octets >= chunkOctets
}

// mark is a place in a chunk.
type mark struct {
	rows, puts        int
	octets            int
	rejected, partial int64
	context           []byte // of the record behind it
	sum               []byte // of the content before it, if the hash is already past it
}

// chunker cuts the records of one input into chunks: an importer.Sink.
type chunker struct {
	st     Store
	format *importer.Format
	res    *Result
	opt    Options
	base   string // name of the input, decompressed
	input  *countingReader
	stream [32]byte // what the chunk hashes begin with
	now    obs.Time

	ctx     context.Context // of the running import
	full    chan *chunk
	free    chan *chunk // chunks whose memory can be used again
	cur     *chunk
	hash    hash.Hash
	pending []byte              // the last record
	settled bool                // pending is in the hash
	seen    map[[32]byte]uint32 // how often each content stood in this input
	ending  *endingReader
	prev    [32]byte  // key of the chunk before
	tails   *tailDoc  // where earlier imports ended inside this chunk
	moved   bool      // the context changed since the last record
	context []byte    // what a reject needs to be read alone
	rejects int64     // number of the next reject
	shown   time.Time // when progress was last told
	records int64     // handed over so far
}

func newChunker(st Store, f *importer.Format, name string, res *Result, opt Options, input *countingReader) *chunker {
	c := &chunker{
		st: st, format: f, res: res, opt: opt, base: name, input: input, hash: sha256.New(), seen: map[[32]byte]uint32{},
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
	c.moved = c.cur != nil
}

// Incomplete says that the input is not whole.
func (c *chunker) Incomplete(why string) { c.res.Incomplete = why }

// Record takes one record in.
func (c *chunker) Record(r importer.Record) error {
	if c.cur != nil && c.cur.full() { // only now, so that flush finds the last record of the input here
		if err := c.end(false); err != nil {
			return err
		}
	}
	if c.cur == nil {
		if err := c.begin(r.Raw); err != nil {
			return err
		}
	}
	ch := c.cur
	c.settle()
	ch.last = mark{rows: len(ch.rows), puts: len(ch.puts), octets: ch.octets, rejected: ch.rejected, partial: ch.partial, context: c.context}
	if c.moved {
		c.moved, ch.last.sum = false, c.hash.Sum(nil)
		c.hash.Write(c.context)
	}
	c.pending = binary.LittleEndian.AppendUint64(c.pending[:0], uint64(len(r.Raw)))
	c.pending, c.settled = append(c.pending, r.Raw...), false
	ch.records++
	// A long context may be kept with every record.
	ch.octets += len(r.Raw) + max(0, min(len(c.context), keptContext)-longContext)
	c.records++
	c.take(ch, &r)
	c.tellProgress()
	if c.tails.anyOf(ch.records) {
		if ch.last.sum == nil {
			ch.last.sum = c.hash.Sum(nil)
		}
		c.settle()
		if c.tails.endsHere(ch.records, c.hash) {
			return c.end(false)
		}
	}
	return nil
}

// longContext is how much context a record may have for nothing.
const longContext = 4 << 10

// settle puts the last record into the hash.
func (c *chunker) settle() {
	if !c.settled {
		c.hash.Write(c.pending)
		c.settled = true
	}
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
		if n := len(ch.attrs); len(o.Attributes) > 0 {
			ch.attrs = append(ch.attrs, o.Attributes...)
			o.Attributes = ch.attrs[n:len(ch.attrs):len(ch.attrs)]
		}
		if err := Admit(&o, c.now); err != nil {
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

// Admit makes an observation that a decoder emitted fit for a store, or says why it
// is refused.
func Admit(o *obs.Observation, now obs.Time) error {
	if o.Recorded == 0 {
		o.Recorded = now
	}
	o.Normalize()
	return o.Validate(now)
}

// begin starts a chunk and looks up where earlier imports ended inside it.
func (c *chunker) begin(first []byte) error {
	select {
	case c.cur = <-c.free:
	default:
		c.cur = &chunk{}
	}
	c.hash.Reset()
	c.moved, c.settled = false, true
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
	c.settle()
	return c.endAt([32]byte(c.hash.Sum(nil)), last)
}

// endAt is end for a chunk whose content has the hash sum.
func (c *chunker) endAt(sum [32]byte, last bool) error {
	ch := c.cur
	c.cur = nil
	ch.key = sum
	// The same content once more in one input is another statement, not a replay.
	if n := c.seen[sum]; n > 0 {
		ch.key = sha256.Sum256(binary.LittleEndian.AppendUint32(sum[:], n))
	}
	c.seen[sum]++
	c.prev = ch.key
	if last {
		ch.tail = c.tails.with(ch.records, sum)
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
	if c.cur.records == 1 || c.ending.last == '\n' {
		return c.end(true)
	}
	return c.flushApart()
}

// flushApart stores the last record of an input that doesn't end with a line feed
// in a chunk of its own: it may be the half of a line that is still being written,
// and what came before it must be recognised when the line is whole.
func (c *chunker) flushApart() error {
	ch, m := c.cur, c.cur.last
	last := &chunk{
		rows: slices.Clone(ch.rows[m.rows:]), puts: slices.Clone(ch.puts[m.puts:]), records: 1,
		rejected: ch.rejected - m.rejected, partial: ch.partial - m.partial, octets: ch.octets - m.octets,
	}
	raw := slices.Clone(c.pending)
	ch.rows, ch.puts, ch.octets, ch.rejected, ch.partial = ch.rows[:m.rows], ch.puts[:m.puts], m.octets, m.rejected, m.partial
	ch.records--
	if m.sum == nil {
		m.sum = c.hash.Sum(nil)
	}
	if err := c.endAt([32]byte(m.sum), true); err != nil {
		return err
	}
	c.context = m.context
	if err := c.begin(raw[8:]); err != nil {
		return err
	}
	c.cur, c.pending, c.settled = last, raw, false
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
	if ch.rejected+ch.partial > 0 {
		doc, err := MarksOf(&c.opt, c.base).Doc(c.opt.Run)
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
	*ch = chunk{rows: ch.rows[:0], attrs: ch.attrs[:0]}
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

// anyOf reports whether an earlier import ended after n records.
func (t *tailDoc) anyOf(n int64) bool {
	return slices.ContainsFunc(t.Tails, func(e tail) bool { return e.Records == n })
}

// endsHere reports whether an earlier import ended with the same n records.
func (t *tailDoc) endsHere(n int64, h hash.Hash) bool {
	sum := h.Sum(nil)
	return slices.ContainsFunc(t.Tails, func(e tail) bool { return e.Records == n && bytes.Equal(e.Key, sum) })
}

// mostTails bounds how many ends of inputs that begin alike are remembered; of
// more, the oldest is forgotten.
const mostTails = 1000

// with returns t with one more tail.
func (t *tailDoc) with(n int64, key [32]byte) *tailDoc {
	for _, e := range t.Tails {
		if e.Records == n && string(e.Key) == string(key[:]) {
			return nil
		}
	}
	from := max(0, len(t.Tails)+1-mostTails)
	return &tailDoc{t.id, append(slices.Clone(t.Tails[from:]), tail{n, key[:]})}
}

func (t *tailDoc) doc() (store.Doc, error) {
	data, err := json.Marshal(t)
	return store.Doc{DocID: store.DocID{Collection: tailCollection, ID: t.id}, Data: data}, err
}
