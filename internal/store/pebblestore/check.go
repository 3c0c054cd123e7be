package pebblestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
)

// Report is what Check found.
type Report struct {
	Rows     int      // rows in the forward direction
	Atoms    int      // atoms in them
	Chunks   int      // chunks in the feed
	Docs     int      // documents
	Ledger   int      // chunks of input that would be recognised
	Origins  int      // distinct origins
	Problems []string // empty if all is well; at most maxProblems
}

const maxProblems = 100

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Check reads the whole store and verifies that both directions hold the same
// rows, that every row can be decoded and belongs to a known origin and chunk,
// and that ledger and feed agree. It reports what is wrong; the error is for
// what could not be read at all.
func (s *Store) Check(ctx context.Context) (*Report, error) {
	rep := &Report{}
	snap := s.db.NewSnapshot()
	defer snap.Close()
	s.mu.Lock()
	head := s.head
	s.mu.Unlock()
	for _, step := range []func(context.Context, *pebble.Snapshot, *Report) error{
		s.checkRows, checkReverse, checkFeed, countRest,
	} {
		if err := step(ctx, snap, rep); err != nil {
			return rep, err
		}
	}
	if uint64(rep.Chunks) > head.Chunk {
		rep.problem("there are %d chunks, but the newest is number %d", rep.Chunks, head.Chunk)
	}
	return rep, nil
}

// each walks one key space of a snapshot.
func each(ctx context.Context, snap *pebble.Snapshot, space byte, f func(key, value []byte) error) error {
	it, err := snap.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: []byte{space}, UpperBound: []byte{space + 1}})
	if err != nil {
		return engineError(err)
	}
	defer it.Close()
	n := 0
	for valid := it.First(); valid; valid = it.Next() {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return engineError(err)
		}
		if err := f(it.Key(), value); err != nil {
			return err
		}
	}
	return engineError(it.Error())
}

func (s *Store) checkRows(ctx context.Context, snap *pebble.Snapshot, rep *Report) error {
	s.origins.mu.RLock()
	origins := len(s.origins.byNumber)
	s.origins.mu.RUnlock()
	return each(ctx, snap, spaceForward, func(key, value []byte) error {
		rep.Rows++
		k, err := decodeRowKey(key)
		if err != nil {
			rep.problem("row %x: its key can't be read", key)
			return nil
		}
		if int(k.origin) >= origins {
			rep.problem("row of %s: origin %d is unknown", k.near, k.origin)
		}
		atoms, err := decodeAtoms(nil, value, k.near.Key)
		if err != nil {
			rep.problem("row %s %s %s: its value can't be read", k.near, k.rel, k.far)
			return nil
		}
		rep.Atoms += len(atoms)
		back, err := appendMirror(nil, key)
		if err != nil {
			rep.problem("row %x: its key has no mirror", key)
			return nil
		}
		other, closer, err := snap.Get(back)
		if err != nil {
			rep.problem("row %s %s %s: it is missing in the reverse direction", k.near, k.rel, k.far)
			return nil
		}
		if !bytes.Equal(value, other) {
			rep.problem("row %s %s %s: the two directions differ", k.near, k.rel, k.far)
		}
		return closer.Close()
	})
}

// checkReverse counts: equal numbers and every forward row's mirror present
// means that the directions are equal.
func checkReverse(ctx context.Context, snap *pebble.Snapshot, rep *Report) error {
	n := 0
	err := each(ctx, snap, spaceReverse, func([]byte, []byte) error { n++; return nil })
	if n != rep.Rows {
		rep.problem("there are %d rows forward and %d in reverse", rep.Rows, n)
	}
	return err
}

func checkFeed(ctx context.Context, snap *pebble.Snapshot, rep *Report) error {
	return each(ctx, snap, spaceChunk, func(key, value []byte) error {
		rep.Chunks++
		rec, err := readChunk(key, value)
		if err != nil {
			rep.problem("chunk %x: its record can't be read", key[1:])
			return nil
		}
		n := 0
		coded, closer, err := snap.Get(numberKey(spaceTouched, rec.number))
		if err != nil {
			rep.problem("chunk %d: its list of edges is missing", rec.number)
			return nil
		}
		for k, err := range touched(coded) {
			if err == nil {
				_, err = entity.SkipBinary(k[1:])
			}
			if err != nil {
				rep.problem("chunk %d: its list of edges can't be read", rec.number)
				break
			}
			n++
		}
		if n != rec.Edges {
			rep.problem("chunk %d: it touched %d rows, its list has %d", rec.number, rec.Edges, n)
		}
		if err := closer.Close(); err != nil {
			return engineError(err)
		}
		if len(rec.Ledger) == 0 || rec.Retracted {
			return nil
		}
		number, closer, err := snap.Get(append([]byte{spaceLedger}, rec.Ledger...))
		if err != nil {
			rep.problem("chunk %d: the ledger doesn't know it", rec.number)
			return nil
		}
		if len(number) != 8 || binary.BigEndian.Uint64(number) != rec.number {
			rep.problem("chunk %d: the ledger has it under another number", rec.number)
		}
		return closer.Close()
	})
}

func countRest(ctx context.Context, snap *pebble.Snapshot, rep *Report) error {
	for _, c := range []struct {
		space byte
		n     *int
	}{{spaceDoc, &rep.Docs}, {spaceLedger, &rep.Ledger}, {spaceOrigin, &rep.Origins}} {
		err := each(ctx, snap, c.space, func([]byte, []byte) error { *c.n++; return nil })
		if err != nil {
			return err
		}
	}
	return nil
}
