package index

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// update reads the units again and writes what changed, some thousand in a batch.
func (x *Index) update(ctx context.Context, r store.Reader, names []string) error {
	first := x.next == 0 // nothing is indexed yet: no name needs to be looked up
	for part := range slices.Chunk(names, batchNames) {
		w := writer{x: x, b: x.db.NewBatch(), counts: map[string]*counts{}, first: first}
		err := w.names(ctx, r, part)
		if err == nil {
			err = w.commit()
		}
		if cerr := w.b.Close(); err == nil {
			err = engineError(cerr)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writer gathers the differences of one batch.
type writer struct {
	x      *Index
	b      *pebble.Batch
	counts map[string]*counts // by key
	first  bool               // no name is known yet
}

func (w *writer) names(ctx context.Context, r store.Reader, names []string) error {
	return w.x.units.CollectMany(ctx, r, names, w.name)
}

// name writes the difference between what is indexed of a unit and its row.
func (w *writer) name(row *feature.Row) error {
	id, known, err := w.id(row.Unit)
	if err != nil {
		return err
	}
	var old, now []feature.Counted
	if known {
		v, err := w.x.get(rowKey(id))
		if err != nil {
			return err
		}
		if old, err = decodeRow(v); err != nil {
			return err
		}
	}
	if row.Rows > 0 {
		now = row.Counted()
	}
	if slices.Equal(old, now) {
		return nil
	}
	if !known {
		if err := w.newName(row.Unit, id); err != nil {
			return err
		}
	}
	w.totals(old, -1)
	w.totals(now, +1)
	if err := w.values(id, old, now); err != nil {
		return err
	}
	if len(now) == 0 {
		return engineError(w.b.Delete(rowKey(id), nil))
	}
	return engineError(w.b.Set(rowKey(id), encodeRow(now), nil))
}

func (w *writer) id(name string) (id uint32, known bool, err error) {
	if w.first {
		return w.x.next, false, nil
	}
	v, err := w.x.get(idKey(name))
	if err != nil || v == nil {
		return w.x.next, false, err
	}
	return binary.BigEndian.Uint32(v), true, nil
}

func (w *writer) newName(name string, id uint32) error {
	w.x.next = id + 1
	n := binary.BigEndian.AppendUint32(nil, id)
	if err := w.b.Set(idKey(name), n, nil); err != nil {
		return engineError(err)
	}
	return engineError(w.b.Set(append([]byte{spaceName}, n...), []byte(name), nil))
}

// totals counts for which features the name was observed, each from its lowest
// level on; feature 0 stands for the name as such.
func (w *writer) totals(list []feature.Counted, sign int64) {
	if len(list) == 0 {
		return
	}
	any := obs.Red
	for i := 0; i < len(list); {
		f, level := list[i].Feature, list[i].TLP
		for ; i < len(list) && list[i].Feature == f; i++ {
			if list[i].TLP.Rank() < level.Rank() {
				level = list[i].TLP
			}
		}
		w.add(totalKey(f), level, sign)
		if !ofName(f) && level.Rank() < any.Rank() {
			any = level
		}
	}
	w.add(totalKey(0), any, sign)
}

// ofName reports whether a feature comes of the name itself, which every clearance
// could see: it doesn't tell at which level the name is known.
func ofName(f feature.Feature) bool {
	return f == feature.TLD || f == feature.Shape || f == feature.Gram
}

// values counts each value and writes its postings. Both lists are sorted.
func (w *writer) values(id uint32, old, now []feature.Counted) error {
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && less(&old[0], &now[0]):
			w.add(countKey(old[0].Feature, old[0].Hash), old[0].TLP, -1)
			if err := w.posting(id, &old[0], false); err != nil {
				return err
			}
			old = old[1:]
		case len(old) == 0 || less(&now[0], &old[0]):
			w.add(countKey(now[0].Feature, now[0].Hash), now[0].TLP, +1)
			if err := w.posting(id, &now[0], true); err != nil {
				return err
			}
			now = now[1:]
		default: // the same value, perhaps at another level
			if old[0].TLP != now[0].TLP {
				w.add(countKey(old[0].Feature, old[0].Hash), old[0].TLP, -1)
				w.add(countKey(now[0].Feature, now[0].Hash), now[0].TLP, +1)
				if err := w.posting(id, &now[0], true); err != nil {
					return err
				}
			}
			old, now = old[1:], now[1:]
		}
	}
	return nil
}

func less(a, b *feature.Counted) bool {
	return a.Feature < b.Feature || a.Feature == b.Feature && a.Hash < b.Hash
}

func (w *writer) add(key []byte, level obs.TLP, n int64) {
	c := w.counts[string(key)]
	if c == nil {
		c = &counts{}
		w.counts[string(key)] = c
	}
	c.add(level, n)
}

func (w *writer) posting(id uint32, c *feature.Counted, present bool) error {
	if !Posted(c.Feature) {
		return nil
	}
	key := countKey(c.Feature, c.Hash)
	key[0] = spacePosting
	key = binary.BigEndian.AppendUint32(key, id)
	if !present {
		return engineError(w.b.Delete(key, nil))
	}
	return engineError(w.b.Set(key, []byte{byte(c.TLP)}, nil))
}

// Posted reports whether the index can list the names that hold a value of the
// feature. Of values that are nearly always common it keeps counts only: a
// candidate that shares nothing else is none.
func Posted(f feature.Feature) bool {
	switch f {
	case feature.TLD, feature.Shape, feature.Country, feature.Validity, feature.Registrar, feature.Issuer, feature.Server:
		return false
	}
	return f < feature.RegistrarOrg
}

// commit writes the counts and commits.
func (w *writer) commit() error {
	for key, c := range w.counts {
		if c.zero() {
			continue
		}
		if err := w.b.Merge([]byte(key), c.append(nil), nil); err != nil {
			return engineError(err)
		}
	}
	return engineError(w.b.Commit(pebble.NoSync))
}

func rowKey(id uint32) []byte { return binary.BigEndian.AppendUint32([]byte{spaceRow}, id) }

// encodedCounted is the length of one entry of a row: feature, hash, level.
const encodedCounted = 10

func encodeRow(list []feature.Counted) []byte {
	out := make([]byte, 0, len(list)*encodedCounted)
	for _, c := range list {
		out = append(out, byte(c.Feature))
		out = binary.BigEndian.AppendUint64(out, uint64(c.Hash))
		out = append(out, byte(c.TLP))
	}
	return out
}

func decodeRow(b []byte) ([]feature.Counted, error) {
	if len(b)%encodedCounted != 0 {
		return nil, fault.New(fault.Corrupt, "a row of the index has %d octets", len(b)).
			Hinted("rebuild it with `spoor store reindex`")
	}
	out := make([]feature.Counted, 0, len(b)/encodedCounted)
	for ; len(b) > 0; b = b[encodedCounted:] {
		out = append(out, feature.Counted{
			Feature: feature.Feature(b[0]), Hash: feature.Hash(binary.BigEndian.Uint64(b[1:])), TLP: obs.TLP(b[9]),
		})
	}
	return out, nil
}
