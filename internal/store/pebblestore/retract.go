package pebblestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Retract withdraws what a run stored; see store.Writer. Each of the run's
// chunks is withdrawn in one durable batch, which also forgets the chunk in the
// ledger and tells the feed; so a crash leaves whole chunks behind, and calling
// Retract again finishes the work.
func (s *Store) Retract(ctx context.Context, run string) (int, error) {
	if run == "" {
		return 0, fault.New(fault.Invalid, "the run has no id")
	}
	chunks, err := s.chunksOf(run)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, rec := range chunks {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := s.retractChunk(rec)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// chunksOf lists the chunks of a run that have not been retracted yet.
func (s *Store) chunksOf(run string) (out []chunkRecord, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceChunk}, UpperBound: []byte{spaceChunk + 1}})
	if err != nil {
		return nil, engineError(err)
	}
	defer it.Close()
	for valid := it.First(); valid; valid = it.Next() {
		rec, err := readChunk(it.Key(), it.Value())
		if err != nil {
			return nil, err
		}
		if rec.Run == run && !rec.Retracted {
			out = append(out, rec)
		}
	}
	return out, engineError(it.Error())
}

func (s *Store) retractChunk(rec chunkRecord) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	coded, err := s.get(numberKey(spaceTouched, rec.number))
	if err != nil {
		return 0, err
	}
	pb := s.db.NewBatch()
	defer pb.Close()
	dead := binary.AppendUvarint([]byte{1}, rec.number)
	var rows []row
	for key, err := range touched(coded) {
		if err != nil {
			return 0, err
		}
		rows = append(rows, row{bytes.Clone(key), dead})
	}
	if err := write(pb, rows); err != nil {
		return 0, err
	}
	if len(rec.Ledger) > 0 {
		if err := pb.Delete(ledgerKey([32]byte(rec.Ledger)), nil); err != nil {
			return 0, engineError(err)
		}
	}
	rec.Retracted = true
	old, err := json.Marshal(rec)
	if err != nil {
		return 0, err
	}
	if err := pb.Set(numberKey(spaceChunk, rec.number), old, nil); err != nil {
		return 0, engineError(err)
	}
	news := chunkRecord{number: s.head.Chunk + 1, Edges: len(rows), Total: s.head.Edges + uint64(len(rows))}
	if err := writeChunk(pb, news, rows); err != nil {
		return 0, err
	}
	if err := pb.Commit(s.sync); err != nil {
		return 0, engineError(err)
	}
	s.pool.written()
	s.head.Chunk, s.head.Edges = news.number, news.Total
	return len(rows), nil
}
