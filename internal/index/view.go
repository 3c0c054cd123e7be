package index

import (
	"context"
	"encoding/binary"
	"errors"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// View is the index as a reader sees it who has a clearance. What the index says of
// other times and sources than the reader's stays in it: it tells what was ever held.
type View struct {
	x         *Index
	clearance obs.TLP
	whole     bool // the reader sees all times and sources
}

// In returns the index as whoever asks the store in view v should see it.
func (x *Index) In(v store.View) View {
	return View{x, v.Clearance, v.Clock == obs.Clock{} && v.Sources == nil}
}

// Holding returns how many names hold the value.
func (v View) Holding(k feature.Key) (int64, error) { return v.x.level(countKey(k), v.clearance) }

// Observed returns for how many names the feature was observed.
func (v View) Observed(f feature.Feature) (int64, error) {
	return v.x.level(totalKey(f), v.clearance)
}

// Names returns of how many names the reader sees anything.
func (v View) Names() (int64, error) { return v.x.level(totalKey(0), v.clearance) }

// Name returns the name with that id.
func (v View) Name(id uint32) (string, error) { return v.x.Name(id) }

// Posted reports whether Holders knows the feature.
func (v View) Posted(f feature.Feature) bool { return Posted(f) }

// Holders calls yield with the names that held the value, in order of their ids, and
// with a bound of what sharing it with them is worth, until it returns false.
func (v View) Holders(ctx context.Context, k feature.Key, yield func(id uint32, most feature.Strength) bool) error {
	prefix := countKey(k)
	prefix[0] = spacePosting
	end := append(append([]byte{}, prefix...), 0xff, 0xff, 0xff, 0xff, 0xff)
	return v.x.scan(ctx, prefix, end, func(k, b []byte) (bool, error) {
		if len(b) != 2 || !v.clearance.Allows(obs.TLP(b[0])) {
			return true, nil
		}
		return yield(binary.BigEndian.Uint32(k[len(prefix):]), feature.Strength(b[1])), nil
	})
}

// Shares calls yield with the position of each wanted value that the name held, and
// with how many values of the feature the reader sees of it at least, and with a bound
// of what sharing it is worth. wanted must be sorted by feature, then hash.
func (v View) Shares(id uint32, wanted []feature.Key, yield func(i, among int, most feature.Strength)) (err error) {
	b, closer, err := v.x.db.Get(rowKey(id))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return engineError(err)
	}
	defer func() { err = errors.Join(err, engineError(closer.Close())) }()
	row, err := encoded(b)
	if err != nil {
		return err
	}
	var of feature.Feature // whose values the last hit was among
	among := 0
	for i, at := 0, 0; ; {
		i = gallop(i, len(wanted), func(k int) bool { return wanted[k].Compare(row.at(at)) < 0 })
		if i == len(wanted) {
			return nil
		}
		at = gallop(at, row.len(), func(k int) bool { return row.at(k).Compare(wanted[i]) < 0 })
		if at == row.len() {
			return nil
		}
		if row.at(at) != wanted[i] {
			continue
		}
		if v.clearance.Allows(row.tlp(at)) {
			if of != wanted[i].Feature {
				of = wanted[i].Feature
				among = v.among(row, at)
			}
			yield(i, among, row.most(at))
		}
		i++
	}
}

// among counts the values that the reader sees of the feature to which entry i
// belongs. Of other times and sources than all it can't be said.
func (v View) among(row encodedRow, i int) (n int) {
	f := row.at(i).Feature
	for i > 0 && row.at(i-1).Feature == f {
		i--
	}
	for ; v.whole && i < row.len() && row.at(i).Feature == f; i++ {
		if v.clearance.Allows(row.tlp(i)) {
			n++
		}
	}
	return max(n, 1)
}

// gallop returns the first place from i on where less no longer holds, which is n if
// it always does. It is quick when that place is near.
func gallop(i, n int, less func(int) bool) int {
	step := 1
	lo := i
	for i < n && less(i) {
		lo = i + 1
		i += step
		step *= 2
	}
	return lo + sort.Search(min(i, n)-lo, func(k int) bool { return !less(lo + k) })
}
