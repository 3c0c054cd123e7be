// Package pebblestore keeps observations in an embedded Pebble database: the
// default store, for one process on one machine.
//
// Writes are blind merges in both directions, one durable batch for each Append;
// a chunk's touched edges are kept as one front-coded block, which is the feed
// of what is new and the list of what to retract. Key layout: keys.go; values:
// atoms.go, merger.go. The room may use Pebble and the file system; it must not
// know of formats, scores or commands.
package pebblestore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/lsm"
	"github.com/spoor-cti/spoor/internal/store"
)

// SchemaVersion is the version of the layout that this code writes. Older ones
// are migrated when a store is opened (migrate.go), newer ones are refused.
const SchemaVersion = 1

// Options configure a store. The zero value is the default.
type Options struct {
	FS        vfs.FS // nil: the machine's file system
	CacheSize int64  // octets of block cache; 0: 64 MiB
	ReadOnly  bool
	// UnsafeNoSync acknowledges batches before they are durable. It exists for
	// one test, which proves that the crash tests would notice.
	UnsafeNoSync bool
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	db       *pebble.DB
	fs       vfs.FS
	cache    *pebble.Cache
	sync     *pebble.WriteOptions
	readOnly bool
	origins  origins
	pool     pool

	mu   sync.Mutex // guards the order of batches: allocation of chunk numbers and their commit
	head store.Head // owned by mu

	opened store.Head // the head when the store was opened
}

var _ store.Store = (*Store)(nil)

// Open opens the store in dir, creating it if it isn't there. A store that
// another process holds gives code Conflict.
func Open(dir string, opt Options) (*Store, error) {
	if opt.FS == nil {
		opt.FS = vfs.Default
	}
	if err := prepareDir(dir, opt); err != nil {
		return nil, err
	}
	if opt.CacheSize == 0 {
		opt.CacheSize = 64 << 20
	}
	cache := pebble.NewCache(opt.CacheSize)
	db, err := pebble.Open(dir, pebbleOptions(opt, cache))
	if err != nil {
		cache.Unref()
		return nil, openError(dir, err)
	}
	s := &Store{db: db, fs: opt.FS, cache: cache, sync: pebble.Sync, readOnly: opt.ReadOnly}
	if opt.UnsafeNoSync {
		s.sync = pebble.NoSync
	}
	if err := s.load(opt.ReadOnly); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepareDir creates the directory of a new store; reading needs one that is there.
func prepareDir(dir string, opt Options) error {
	if !opt.ReadOnly {
		return fault.Wrap(opt.FS.MkdirAll(dir, 0o700), fault.Unavailable, "couldn't create the store's directory")
	}
	if desc, err := pebble.Peek(dir, opt.FS); err != nil || !desc.Exists {
		return fault.New(fault.NotFound, "there is no store in %s yet", dir).
			Hinted("fill one first: spoor import FILE…, or spoor demo")
	}
	return nil
}

func pebbleOptions(opt Options, cache *pebble.Cache) *pebble.Options {
	o := &pebble.Options{
		FS:                 opt.FS,
		Cache:              cache,
		Merger:             merger,
		ReadOnly:           opt.ReadOnly,
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       48 << 20,
		// Reads are prefix scans, so that a filter on whole keys never helps
		// them; it helps the ledger, which asks for keys that aren't there.
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		MemTableStopWritesThreshold: 4,
		Logger:                      lsm.Log{Name: "the store", Hint: "is the disk full? what was acknowledged is safe"},
		EventListener:               lsm.Events(),
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionBalanced })
	return o
}

func openError(dir string, err error) error {
	switch {
	case lsm.Busy(err):
		return fault.New(fault.Conflict, "the store in %s is in use by another process", dir).
			Hinted("close the other spoor, or use another directory with --data")
	case errors.Is(err, os.ErrPermission):
		return fault.New(fault.Denied, "couldn't open the store in %s: permission denied", dir)
	case damaged(err):
		return (&fault.Error{Code: fault.Corrupt, What: "the store in " + dir + " is damaged", Cause: err}).
			Hinted("%s", repair)
	}
	return fault.Wrap(err, fault.Unavailable, "couldn't open the store in %s", dir)
}

// load reads what the store keeps in memory: schema, origins and head.
func (s *Store) load(readOnly bool) error {
	if err := s.migrate(readOnly); err != nil {
		return err
	}
	if err := s.origins.load(s.db); err != nil {
		return err
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceChunk}, UpperBound: []byte{spaceChunk + 1}})
	if err != nil {
		return engineError(err)
	}
	defer it.Close()
	if it.Last() {
		rec, err := readChunk(it.Key(), it.Value())
		if err != nil {
			return err
		}
		s.head = store.Head{Chunk: rec.number, Edges: rec.Total}
		s.opened = s.head
	}
	return engineError(it.Error())
}

// Close flushes and releases the store, so that opening it again replays no log.
func (s *Store) Close() error {
	s.pool.close()
	err := s.flush()
	err = errors.Join(err, engineError(s.db.Close()))
	s.cache.Unref()
	return err
}

func (s *Store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == s.opened {
		return nil
	}
	return engineError(s.db.Flush())
}

// Head returns where the feed ends.
func (s *Store) Head(context.Context) (store.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, nil
}

// repair is what to do about a damaged store.
const repair = "restore a backup with `spoor store restore`; `spoor store check` tells how far the damage goes"

// damaged reports whether files or values are broken.
func damaged(err error) bool { return lsm.Damaged(err) || errors.Is(err, errValue) }

// engineError gives the engine's errors a code.
func engineError(err error) error {
	switch {
	case err == nil:
		return nil
	case damaged(err):
		return &fault.Error{Code: fault.Corrupt, What: "the store is damaged", Hint: repair, Cause: err}
	}
	return fault.Wrap(err, fault.Unavailable, "the store failed")
}

// get returns a copy of the value under key, or nil if there is none.
func (s *Store) get(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, engineError(err)
	}
	out := append([]byte{}, v...)
	return out, engineError(closer.Close())
}

// chunkRecord is what is kept about a chunk.
type chunkRecord struct {
	number    uint64
	Run       string `json:"run,omitempty"`
	Ledger    []byte `json:"ledger,omitempty"`
	Edges     int    `json:"edges"` // rows touched
	Total     uint64 `json:"total"` // rows touched up to and with this chunk
	Retracted bool   `json:"retracted,omitempty"`
}

func readChunk(key, value []byte) (rec chunkRecord, err error) {
	if len(key) != 9 {
		return rec, fault.New(fault.Corrupt, "a chunk's key has %d octets", len(key))
	}
	if err := json.Unmarshal(value, &rec); err != nil {
		return rec, fault.Wrap(err, fault.Corrupt, "couldn't read a chunk's record")
	}
	rec.number = binary.BigEndian.Uint64(key[1:])
	return rec, nil
}

// Metrics returns the engine's own account of itself, for diagnosis.
func (s *Store) Metrics() string { return s.db.Metrics().String() }
