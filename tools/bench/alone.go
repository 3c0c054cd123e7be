package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/lsm"
)

// The peer of the import: the engine alone, with the same rows, in the same
// batches of 10,000, durable like ours, in both directions and the order of their
// keys. It neither parses nor normalises nor checks, keeps no ledger, feed or
// origin, and a second sighting overwrites the first: a bound, not a rival.
const aloneBatch = 10_000

// alone runs the peer. Making keys from the lines is not in its time.
func (b *bench) alone() (err error) {
	dir := filepath.Join(b.dir, "alone")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	cache := pebble.NewCache(64 << 20)
	defer cache.Unref()
	opt := &pebble.Options{
		Cache: cache, FormatMajorVersion: pebble.FormatNewest, MemTableSize: 48 << 20,
		L0CompactionThreshold: 4, L0StopWritesThreshold: 24, Logger: lsm.Log{Name: "the peer of the bench", Hint: "is the disk full?"},
	}
	opt.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionBalanced })
	db, err := pebble.Open(dir, opt)
	if err != nil {
		return err
	}
	took, err := b.fill(db)
	began := time.Now()
	if err = errors.Join(err, db.Flush(), db.Close()); err != nil {
		return err
	}
	took += time.Since(began)
	b.tell("peer_pebble_rows_per_s", float64(b.rows)/took.Seconds(), 0, "peer: Pebble alone, the same rows and batches, synced, without parsing")
	size, err := sizeOf(dir)
	b.tell("peer_pebble_bytes_per_row", size/float64(b.rows), 0, "")
	return err
}

// fill writes the rows of the bench file and returns how long the engine took.
func (b *bench) fill(db *pebble.DB) (took time.Duration, err error) {
	pairs := make([]pair, 0, 2*aloneBatch)
	write := func() error {
		began := time.Now()
		err := writePairs(db, pairs)
		took += time.Since(began)
		pairs = pairs[:0]
		return errors.Join(err, b.ctx.Err())
	}
	var failed error
	err = b.sample(1, func(line []byte) bool {
		there, back, ok := pairsOf(line)
		if !ok {
			failed = fmt.Errorf("the bench file has a line of another form: %s", line)
			return false
		}
		pairs = append(pairs, there, back)
		if len(pairs) >= 2*aloneBatch {
			failed = write()
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil || len(pairs) == 0 {
		return took, err
	}
	return took, write()
}

type pair struct{ key, value []byte }

func writePairs(db *pebble.DB, pairs []pair) error {
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
	batch := db.NewBatch()
	for _, p := range pairs {
		if err := batch.Set(p.key, p.value, nil); err != nil {
			return err
		}
	}
	return errors.Join(batch.Commit(pebble.Sync), batch.Close())
}

// pairsOf cuts a line of the bench file, whose form is fixed, into the two rows
// that a store keeps of it.
func pairsOf(line []byte) (there, back pair, ok bool) {
	name, ok1 := between(line, `"rrname":"`, `."`)
	typ, ok2 := between(line, `"rrtype":"`, `"`)
	data, ok3 := between(line, `"rdata":`, `,"time_first"`)
	first, ok4 := between(line, `"time_first":`, `,`)
	last, ok5 := between(line, `"time_last":`, `,`)
	data = bytes.Trim(data, `[]"`)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return there, back, false
	}
	value := make([]byte, 0, 16)
	for _, digits := range [][]byte{first, last} {
		n := uint64(0)
		for _, c := range digits {
			n = n*10 + uint64(c-'0')
		}
		value = binary.BigEndian.AppendUint64(value, n)
	}
	there = pair{bytes.Join([][]byte{{1}, name, typ, data}, nil0), value}
	back = pair{bytes.Join([][]byte{{2}, data, typ, name}, nil0), value}
	return there, back, true
}

// nil0 parts the members of a key.
var nil0 = []byte{0}

func between(line []byte, before, after string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(line, []byte(before))
	if !ok {
		return nil, false
	}
	part, _, ok := bytes.Cut(rest, []byte(after))
	return part, ok
}
