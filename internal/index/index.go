// Package index keeps what is derived from the store about registered names: how
// many names hold a value, a pair or a tuple of values, and which names those
// are. It is local and rebuildable beside any store, fed by the store's feed; its
// single writer keeps the counts exact by writing the difference between a
// name's old and new row.
//
// Counts and postings say what was ever held, at each TLP level: they give a
// superset of candidates and the background. Whoever scores a name reads its
// features again from the store, at the asked times and clearance.
//
// The room has its own Pebble database. It must not know of scores or commands.
package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/spoor-cti/spoor/internal/collect"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/lsm"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// SchemaVersion is the version of the layout and of the features in it. An index
// of another version, or made with another Public Suffix List, is rebuilt.
const SchemaVersion = 4

// Key spaces, by first octet.
const (
	spaceMeta    = 0x00 // schema, cursor, number of names
	spaceID      = 0x01 // name → id
	spaceName    = 0x02 // id → name
	spaceRow     = 0x03 // id → what the name is counted under
	spaceCount   = 0x04 // feature, hash → names holding it, by TLP level
	spaceTotal   = 0x05 // feature → names for which it was observed, by TLP level
	spacePosting = 0x06 // feature, hash, id → TLP level, bound of its worth
	spaceMark    = 0x07 // name → names whose rows may have changed since they were read
)

// Source is the store that an index follows.
type Source interface {
	store.Feed
	In(v store.View) store.Reader
}

// Index is an open index. Reading is safe for concurrent use, also while Follow
// writes; only one Follow may run at a time.
type Index struct {
	db    *pebble.DB
	cache *pebble.Cache
	units collect.Units

	readOnly bool
	write    sync.Mutex // held by Follow
	next     uint32     // id for the next new name; owned by write
}

// Options configure an index. The zero value is the default.
type Options struct {
	FS       vfs.FS // nil: the machine's file system
	ReadOnly bool   // Follow is not possible; an index that isn't there or can't be used gives code NotFound
	Units    collect.Units
}

// Open opens the index in dir, creating it if it isn't there. One that this
// spoor can't use is emptied: the next Follow rebuilds it. An index that another
// process holds gives code Conflict.
func Open(dir string, opt Options) (*Index, error) {
	if opt.FS == nil {
		opt.FS = vfs.Default
	}
	if opt.ReadOnly {
		if desc, err := pebble.Peek(dir, opt.FS); err != nil || !desc.Exists {
			return nil, fault.New(fault.NotFound, "there is no index yet")
		}
	} else if err := opt.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't create the index' directory")
	}
	cache := pebble.NewCache(128 << 20)
	po := &pebble.Options{
		FS: opt.FS, Cache: cache, Merger: merger, FormatMajorVersion: pebble.FormatNewest, MemTableSize: 48 << 20,
		ReadOnly: opt.ReadOnly, Logger: lsm.Log{Name: "the index", Hint: "is the disk full? the index can be derived again"}, EventListener: lsm.Events(),
		DisableWAL: true, // everything here can be derived again
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(10) // most look-ups of a first build find nothing
	}
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionBalanced })
	db, err := pebble.Open(dir, po)
	if err != nil {
		cache.Unref()
		return nil, openError(dir, err)
	}
	x := &Index{db: db, cache: cache, units: opt.Units, readOnly: opt.ReadOnly}
	if err := x.load(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func openError(dir string, err error) error {
	if lsm.Busy(err) {
		return fault.New(fault.Conflict, "the index in %s is in use by another process", dir).Hinted("try again when it is done")
	}
	return engineError(err)
}

// Close makes what was written durable and releases the index.
func (x *Index) Close() error {
	var err error
	if !x.readOnly {
		err = engineError(x.db.Flush())
	}
	err = errors.Join(err, engineError(x.db.Close()))
	x.cache.Unref()
	return err
}

// schema names everything on which the derived data depend.
func (x *Index) schema() string {
	return fmt.Sprintf("%d %s %s", SchemaVersion, entity.SuffixListVersion(), x.units.Version)
}

func (x *Index) load() error {
	have, err := x.get(metaKey("schema"))
	if err != nil {
		return err
	}
	if string(have) != x.schema() {
		if x.readOnly {
			return fault.New(fault.NotFound, "the index has another version")
		}
		if err := x.empty(); err != nil {
			return err
		}
	}
	it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceName}, UpperBound: []byte{spaceName + 1}})
	if err != nil {
		return engineError(err)
	}
	defer it.Close()
	if it.Last() {
		x.next = binary.BigEndian.Uint32(it.Key()[1:]) + 1
	}
	return engineError(it.Error())
}

// empty removes everything, so that the next Follow starts from the beginning.
func (x *Index) empty() error {
	b := x.db.NewBatch()
	if err := b.DeleteRange([]byte{spaceMeta}, []byte{spaceMark + 1}, nil); err != nil {
		return engineError(err)
	}
	if err := b.Set(metaKey("schema"), []byte(x.schema()), nil); err != nil {
		return engineError(err)
	}
	x.next = 0
	return engineError(b.Commit(pebble.NoSync))
}

// Rebuild forgets everything that was derived; Follow derives it again.
func (x *Index) Rebuild() error {
	x.write.Lock()
	defer x.write.Unlock()
	return x.empty()
}

// Lag is how far the index is behind its store.
type Lag struct {
	Chunk uint64 // the last chunk that is in the index
	Edges uint64 // edges touched since then, at most
}

// Lag compares the index with the end of the feed.
func (x *Index) Lag(ctx context.Context, src store.Feed) (Lag, error) {
	c, err := x.cursor(metaDone)
	if err != nil {
		return Lag{}, err
	}
	head, err := src.Head(ctx)
	if err != nil || head.Edges < c.edges {
		return Lag{Chunk: c.chunk}, err
	}
	return Lag{Chunk: c.chunk, Edges: head.Edges - c.edges}, nil
}

// cursor is a place in the feed.
type cursor struct{ chunk, edges uint64 }

// The cursors: up to where names are marked, and up to where they are indexed.
var metaMarked, metaDone = metaKey("marked"), metaKey("cursor")

func (x *Index) cursor(key []byte) (c cursor, err error) {
	v, err := x.get(key)
	if err == nil && len(v) == 16 {
		c = cursor{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])}
	}
	return c, err
}

func (c cursor) value() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, c.chunk), c.edges)
}

func metaKey(name string) []byte { return append([]byte{spaceMeta}, name...) }

func (x *Index) get(key []byte) ([]byte, error) {
	v, closer, err := x.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, engineError(err)
	}
	out := append([]byte{}, v...)
	return out, engineError(closer.Close())
}

// scan calls f with the entries from one key on and before another, until it says
// that it wants no more.
func (x *Index) scan(ctx context.Context, from, to []byte, f func(k, v []byte) (more bool, err error)) error {
	it, err := x.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return engineError(err)
	}
	defer it.Close()
	for valid := it.First(); valid; valid = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return engineError(err)
		}
		if more, err := f(it.Key(), v); err != nil || !more {
			return err
		}
	}
	return engineError(it.Error())
}

// engineError gives the engine's errors a code.
func engineError(err error) error {
	switch {
	case err == nil:
		return nil
	case lsm.Damaged(err):
		return &fault.Error{Code: fault.Corrupt, What: "the index is damaged", Hint: rederive, Cause: err}
	}
	return fault.Wrap(err, fault.Unavailable, "the index failed")
}

// rederive is what to do about a damaged index.
const rederive = "derive it again with `spoor store reindex`"

// level reads a count at a clearance.
func (x *Index) level(key []byte, clearance obs.TLP) (int64, error) {
	v, err := x.get(key)
	if err != nil || v == nil {
		return 0, err
	}
	c, err := decodeCounts(v)
	return c[clearance.Rank()], err
}

// Name returns the name with that id.
func (x *Index) Name(id uint32) (string, error) {
	v, err := x.get(binary.BigEndian.AppendUint32([]byte{spaceName}, id))
	return string(v), err
}

func countKey(k feature.Key) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceCount, byte(k.Feature)}, uint64(k.Hash))
}

// idKey keeps names by their labels from the end, in the order in which units are
// read and written.
func idKey(name string) []byte { return append([]byte{spaceID}, entity.ZonePrefix(name)...) }

func totalKey(f feature.Feature) []byte { return []byte{spaceTotal, byte(f)} }
