// Package store is the contract of the place where observations are kept: what
// may be written and asked, and what each promise means. It holds no engine;
// each backend is a room below it and passes the suite in storetest.
//
// One row is kept for each (subject, relation, object, record type, origin); its
// value is a set of atoms (obs.Atom). Rows of different origins never merge.
// Shared values are incidence lists: pairs are computed when asked, never kept.
package store

import (
	"context"
	"iter"
	"net/netip"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Writer accepts batches. Append is atomic and durable: when it returns without
// error, the rows, the ledger entry and the documents of the batch have been
// synced together; after a crash either all of them are there or none. Append
// is idempotent for batches with a Ledger key. The writer does not keep the
// batch. It is safe for concurrent use.
type Writer interface {
	Append(ctx context.Context, b *Batch) (Receipt, error)
	// Retract withdraws everything that the run stored (a wrong import, a
	// poisoned source, a faulty parser) and its ledger entries, so that the
	// input can be imported again. It returns the number of rows touched.
	Retract(ctx context.Context, run string) (int, error)
}

// Batch is what one Append stores together.
type Batch struct {
	// Ledger identifies the chunk of input that the rows come from, over
	// source, sensor, decoder version and content. If the store knows it, the
	// batch changes nothing. The zero key is never known.
	Ledger [32]byte
	Run    string // id of the run that brought it; leads to the evidence
	Rows   []obs.Observation
	Puts   []Doc   // documents to write with the rows: a source's cursor, rejects
	Drops  []DocID // documents to delete with the rows
}

// Receipt tells what became of a batch.
type Receipt struct {
	Chunk    uint64 // the number under which the atoms stand; 0 if replayed or without rows
	Replayed bool   // the ledger knew the chunk
	Edges    int    // distinct rows touched
}

// DocID names a small document.
type DocID struct {
	Collection string // such as "cursor", "reject", "run", "case"
	ID         string // keys within a collection sort as octets
}

// Doc is a small document (up to about 1 MB) beside the rows: cursors, rejects,
// runs, cases, rules, budgets. Its content is opaque to the store.
type Doc struct {
	DocID
	Data []byte
}

// Docs keeps small documents. Writing them goes through Writer.Append.
type Docs interface {
	// Doc returns a document's content, or an error with code NotFound.
	Doc(ctx context.Context, id DocID) ([]byte, error)
	// Documents yields the documents of a collection whose id begins with
	// prefix and sorts after the given id, in order of their ids.
	Documents(ctx context.Context, collection, prefix, after string) iter.Seq2[Doc, error]
}

// View is how a reader sees the store: at which two times, and with which
// clearance. Stores apply it to every row, count and path.
type View struct {
	obs.Clock
	Clearance obs.TLP
	Sources   []string // only these sources; nil means all
}

// Everything is the view of the operator: all times, all levels, all sources.
var Everything = View{Clearance: obs.Red}

// Direction selects the side on which the asked entity stands.
type Direction uint8

// The directions.
const (
	Both Direction = iota
	Out            // the asked entity is the subject
	In             // the asked entity is the object
)

// String returns "both", "out" or "in".
func (d Direction) String() string { return [...]string{"both", "out", "in"}[min(d, 2)] }

// Query narrows what Neighbours yields.
type Query struct {
	Direction Direction
	Relations []obs.Relation // nil means all
	After     Cursor         // resume after this row
	Atoms     bool           // fill Row.Atoms
}

// Cursor is a position in an answer, stable across restarts and backends. The
// empty cursor is the beginning.
type Cursor string

// Row is one stored row as a view shows it.
type Row struct {
	Subject   entity.Entity
	Relation  obs.Relation
	Object    entity.Entity
	RRType    obs.RRType
	Origin    *obs.Origin
	Out       bool           // the asked entity is the subject
	Intervals []obs.Interval // never empty
	HasCount  bool
	Count     uint64
	Atoms     []obs.Atom // the visible atoms; only if the query asked for them
}

// Other returns the side of the row on which the asked entity does not stand.
func (r *Row) Other() entity.Entity {
	if r.Out {
		return r.Object
	}
	return r.Subject
}

// Span returns the hull of the dated intervals, zero times if there are none.
func (r *Row) Span() (first, last obs.Time) {
	for _, i := range r.Intervals {
		if !i.Dated() {
			continue
		}
		if first == 0 || i.First < first {
			first = i.First
		}
		last = max(last, i.Last)
	}
	return first, last
}

// Reader answers questions in one View. Every answer is ordered by canonical
// key: the outgoing rows before the incoming ones, then by relation, by the
// other entity's binary key, by record type, by origin. It is safe for
// concurrent use. Breaking out of a sequence releases its resources.
type Reader interface {
	// Neighbours yields the rows in which e stands; CursorAfter of a row
	// resumes behind it.
	Neighbours(ctx context.Context, e entity.Entity, q Query) iter.Seq2[Row, error]
	// Edge yields every visible row of one edge, with its atoms.
	Edge(ctx context.Context, subject entity.Entity, rel obs.Relation, object entity.Entity) ([]Row, error)
	// Entities yields the entities in a range that have at least one visible
	// row, once each, in order of their binary keys, after the given one.
	Entities(ctx context.Context, r Range, after entity.Entity) iter.Seq2[entity.Entity, error]
	// Degree counts e's neighbours over one relation, up to most.
	Degree(ctx context.Context, e entity.Entity, rel obs.Relation, dir Direction, most int) (Degree, error)
}

// Degree is how many distinct neighbours an entity has over a relation.
type Degree struct {
	Entities    int  // distinct neighbours
	Registrable int  // distinct registered domains among them; other kinds count as themselves
	Capped      bool // there are more: both numbers are lower bounds
}

// Range selects the names in a zone or the addresses in a prefix. Set exactly
// one member; what is coarser than stated here is refused with ErrTooBroad.
type Range struct {
	Zone   string       // canonical name of a registered domain or a zone below one
	Prefix netip.Prefix // at least /16, IPv6 at least /32
}

// Change says that a chunk touched an edge.
type Change struct {
	obs.Edge
	Chunk uint64
}

// Feed tells what is new, in the order in which it was stored. It ignores views:
// it drives derived data, which must know everything.
type Feed interface {
	// Since yields what was stored after the given chunk, at least once, chunk
	// by chunk in rising order. A retraction appears as a new chunk.
	Since(ctx context.Context, chunk uint64) iter.Seq2[Change, error]
	// Head returns where the feed ends, so that a follower can tell its lag.
	Head(ctx context.Context) (Head, error)
}

// Head is the end of the feed.
type Head struct {
	Chunk uint64
	Edges uint64 // edges touched, summed over all chunks
}

// Store is all of it.
type Store interface {
	Writer
	Docs
	Feed
	// In returns a reader that sees the store in the given view.
	In(v View) Reader
	// Close releases the store. Using it afterwards is an error.
	Close() error
}

// Shows reports whether the view lets an origin's rows pass.
func (v *View) Shows(g *obs.Origin) bool {
	return v.Clearance.Allows(g.Handling.TLP) && (v.Sources == nil || slices.Contains(v.Sources, g.Source))
}
