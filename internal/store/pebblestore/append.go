package pebblestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Append stores b in one durable batch; see store.Writer. Several goroutines may
// append at once: their batches are built one after the other, and wait for
// the disk together.
func (s *Store) Append(ctx context.Context, b *store.Batch) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	pb, receipt, settle, err := s.apply(b)
	if err != nil || pb == nil {
		return receipt, err
	}
	if err := pb.SyncWait(); err != nil {
		return store.Receipt{}, engineError(err)
	}
	settle()
	return receipt, engineError(pb.Close())
}

// apply builds the batch and applies it in the order of chunk numbers, without
// waiting for the disk. It returns no batch if the ledger knows the chunk.
func (s *Store) apply(b *store.Batch) (*pebble.Batch, store.Receipt, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Ledger != ([32]byte{}) {
		known, err := s.get(ledgerKey(b.Ledger))
		if err != nil || known != nil {
			return nil, store.Receipt{Replayed: known != nil}, nil, err
		}
	}
	pb := s.db.NewBatch()
	receipt, settle, err := s.build(pb, b)
	if err != nil {
		pb.Close()
		return nil, store.Receipt{}, nil, err
	}
	if s.sync.Sync {
		err = s.db.ApplyNoSyncWait(pb, s.sync)
	} else {
		err = s.db.Apply(pb, s.sync)
	}
	if err != nil {
		return nil, store.Receipt{}, nil, engineError(err)
	}
	s.pool.written()
	if receipt.Chunk > 0 {
		s.head = store.Head{Chunk: receipt.Chunk, Edges: s.head.Edges + uint64(receipt.Edges)}
	}
	if !s.sync.Sync {
		return nil, receipt, nil, engineError(pb.Close())
	}
	return pb, receipt, settle, nil
}

// build writes all of b's parts into pb. The caller holds mu.
func (s *Store) build(pb *pebble.Batch, b *store.Batch) (receipt store.Receipt, settle func(), err error) {
	for _, d := range b.Puts {
		if err := pb.Set(docKey(d.DocID), d.Data, nil); err != nil {
			return receipt, nil, engineError(err)
		}
	}
	for _, id := range b.Drops {
		if err := pb.Delete(docKey(id), nil); err != nil {
			return receipt, nil, engineError(err)
		}
	}
	if len(b.Rows) == 0 && b.Ledger == ([32]byte{}) {
		return receipt, func() {}, nil
	}
	chunk := s.head.Chunk + 1
	rows, err := s.encode(b.Rows, chunk)
	if err != nil {
		return receipt, nil, err
	}
	if err := write(pb, rows); err != nil {
		return receipt, nil, err
	}
	n, err := s.origins.writePending(pb)
	if err != nil {
		return receipt, nil, err
	}
	rec := chunkRecord{number: chunk, Run: b.Run, Edges: len(rows), Total: s.head.Edges + uint64(len(rows))}
	if b.Ledger != ([32]byte{}) {
		rec.Ledger = b.Ledger[:]
		if err := pb.Set(ledgerKey(b.Ledger), binary.BigEndian.AppendUint64(nil, chunk), nil); err != nil {
			return receipt, nil, engineError(err)
		}
	}
	if err := writeChunk(pb, rec, rows); err != nil {
		return receipt, nil, err
	}
	return store.Receipt{Chunk: chunk, Edges: len(rows)}, func() { s.origins.settled(n) }, nil
}

// writeChunk writes the chunk's record and the edges that it touched.
func writeChunk(pb *pebble.Batch, rec chunkRecord, rows []row) error {
	value, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	if err := pb.Set(numberKey(spaceChunk, rec.number), value, nil); err != nil {
		return engineError(err)
	}
	return engineError(pb.Set(numberKey(spaceTouched, rec.number), frontCode(rows), nil))
}

// row is one row to be merged: its forward key and the value to merge in.
type row struct {
	key   []byte
	value []byte
}

// write merges the rows in both directions, each in the order of its keys: the
// engine inserts a key beside the one before it much faster than anywhere.
func write(pb *pebble.Batch, rows []row) error {
	octets := 0
	for i := range rows {
		octets += len(rows[i].key)
	}
	back := make([]row, len(rows))
	keys := make([]byte, 0, octets)
	for i, r := range rows {
		if err := pb.Merge(r.key, r.value, nil); err != nil {
			return engineError(err)
		}
		start := len(keys)
		var err error
		if keys, err = appendMirror(keys, r.key); err != nil {
			return fault.Wrap(err, fault.Internal, "couldn't mirror a row's key")
		}
		back[i] = row{keys[start:len(keys):len(keys)], r.value}
	}
	slices.SortFunc(back, func(a, b row) int { return bytes.Compare(a.key, b.key) })
	for _, r := range back {
		if err := pb.Merge(r.key, r.value, nil); err != nil {
			return engineError(err)
		}
	}
	return nil
}

// encode turns observations into rows, sorted by key, one for each key: the
// sightings of one edge in one chunk are joined first (see joinSightings).
func (s *Store) encode(list []obs.Observation, chunk uint64) ([]row, error) {
	type keyed struct {
		key []byte
		o   *obs.Observation
	}
	all := make([]keyed, len(list))
	keys := make([]byte, 0, len(list)*56)
	var subject, object []byte
	for i := range list {
		o := &list[i]
		subject = entity.AppendBinary(subject[:0], o.Subject)
		object = entity.AppendBinary(object[:0], o.Object)
		start := len(keys)
		keys = appendRowKey(keys, spaceForward, subject, o.Relation, object, o.RRType, s.origins.intern(o.Origin))
		all[i] = keyed{keys[start:len(keys):len(keys)], o}
	}
	slices.SortFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })

	rows := make([]row, 0, len(all))
	values := make([]byte, 0, len(list)*24)
	group := make([]*obs.Observation, 0, 16)
	for i := 0; i < len(all); {
		group = group[:0]
		j := i
		for ; j < len(all) && bytes.Equal(all[j].key, all[i].key); j++ {
			group = append(group, all[j].o)
		}
		start := len(values)
		values = appendGroup(values, group, chunk)
		rows = append(rows, row{all[i].key, values[start:len(values):len(values)]})
		i = j
	}
	return rows, nil
}

// appendGroup writes the value of one row: no dead chunks, and the atoms of all
// observations of the row.
func appendGroup(dst []byte, group []*obs.Observation, chunk uint64) []byte {
	dst = append(dst, 0)
	if len(group) == 1 {
		return appendAtom(dst, chunk, group[0].Recorded, group[0])
	}
	var s set
	for _, o := range joinSightings(group) {
		s.atoms = append(s.atoms, appendAtom(nil, chunk, o.Recorded, &o))
	}
	s.settle()
	return s.append(dst[:len(dst)-1], false)
}

// frontCode writes the rows' keys, which are sorted, each as the length that it
// shares with the one before, the length of the rest, and the rest.
func frontCode(rows []row) []byte {
	out := make([]byte, 0, len(rows)*28)
	var prev []byte
	for _, r := range rows {
		n := 0
		for n < len(prev) && n < len(r.key) && prev[n] == r.key[n] {
			n++
		}
		out = binary.AppendUvarint(out, uint64(n))
		out = binary.AppendUvarint(out, uint64(len(r.key)-n))
		out = append(out, r.key[n:]...)
		prev = r.key
	}
	return out
}
