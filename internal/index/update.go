package index

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// writer gathers the differences of one batch.
type writer struct {
	x      *Index
	b      *pebble.Batch
	counts map[string]*counts // by key
	first  bool               // no name is known yet
}

// levels are the TLP levels by rank.
var levels = [obs.TLPLevels]obs.TLP{obs.Clear, obs.Green, obs.Amber, obs.AmberStrict, obs.Red}

// names reads units and writes what they are counted under. A unit whose rows are
// of several levels is read again at each of them: what a reader without the
// clearance counts must be what he would count if the other rows did not exist,
// and a latest value, a set or a limit may hide one that he sees.
func (w *writer) names(ctx context.Context, src Source, names []string) error {
	var mixed []string
	err := w.x.units.CollectMany(ctx, src.In(store.Everything), names, func(row *feature.Row) error {
		level, several := only(row)
		if several {
			mixed = append(mixed, row.Unit)
			return nil
		}
		return w.row(row.Unit, counted(row, level))
	})
	if err != nil || len(mixed) == 0 {
		return err
	}
	seen := make(map[string][]feature.Counted, len(mixed))
	for _, level := range levels {
		err := w.x.units.CollectMany(ctx, src.In(store.View{Clearance: level}), mixed, func(row *feature.Row) error {
			seen[row.Unit] = feature.Union(seen[row.Unit], counted(row, level))
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, unit := range mixed {
		if err := w.row(unit, seen[unit]); err != nil {
			return err
		}
	}
	return nil
}

// only returns the one level of the rows behind a unit, or that there may be
// several.
func only(row *feature.Row) (level obs.TLP, several bool) {
	n := 0
	for rank, has := range row.Levels {
		if has {
			level = levels[rank]
			n++
		}
	}
	return level, n > 1 || row.Cut
}

func counted(row *feature.Row, level obs.TLP) []feature.Counted {
	if row.Rows == 0 {
		return nil
	}
	return row.Counted(level)
}

// row writes the difference between what is indexed of a unit and what it is
// counted under now.
func (w *writer) row(unit string, now []feature.Counted) error {
	id, known, err := w.id(unit)
	if err != nil {
		return err
	}
	var old []feature.Counted
	if known {
		v, err := w.x.get(rowKey(id))
		if err != nil {
			return err
		}
		if old, err = decodeRow(v); err != nil {
			return err
		}
	}
	if slices.Equal(old, now) {
		return nil
	}
	if !known {
		if err := w.newName(unit, id); err != nil {
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
	known := obs.Red
	for i := 0; i < len(list); {
		f, level := list[i].Feature, list[i].TLP
		for ; i < len(list) && list[i].Feature == f; i++ {
			if list[i].TLP.Rank() < level.Rank() {
				level = list[i].TLP
			}
		}
		w.add(totalKey(f), level, sign)
		if level.Rank() < known.Rank() {
			known = level
		}
	}
	w.add(totalKey(0), known, sign)
}

// values counts each value and writes its postings. Both lists are sorted.
func (w *writer) values(id uint32, old, now []feature.Counted) error {
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].Compare(now[0].Key) < 0:
			w.add(countKey(old[0].Key), old[0].TLP, -1)
			if err := w.posting(id, &old[0], false); err != nil {
				return err
			}
			old = old[1:]
		case len(old) == 0 || now[0].Compare(old[0].Key) < 0:
			w.add(countKey(now[0].Key), now[0].TLP, +1)
			if err := w.posting(id, &now[0], true); err != nil {
				return err
			}
			now = now[1:]
		default: // the same value, perhaps at another level or with another bound
			if old[0].TLP != now[0].TLP || old[0].Most != now[0].Most {
				w.add(countKey(old[0].Key), old[0].TLP, -1)
				w.add(countKey(now[0].Key), now[0].TLP, +1)
				if err := w.posting(id, &now[0], true); err != nil {
					return err
				}
			}
			old, now = old[1:], now[1:]
		}
	}
	return nil
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
	key := countKey(c.Key)
	key[0] = spacePosting
	key = binary.BigEndian.AppendUint32(key, id)
	if !present {
		return engineError(w.b.Delete(key, nil))
	}
	return engineError(w.b.Set(key, []byte{byte(c.TLP), byte(c.Most)}, nil))
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
