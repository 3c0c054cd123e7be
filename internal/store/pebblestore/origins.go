package pebblestore

import (
	"encoding/binary"
	"encoding/json"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// origins interns obs.Origin values as small numbers: a row's key names its
// origin by number, so that TLP and source filters are a look-up in a slice.
type origins struct {
	mu       sync.RWMutex // guards all; numbers are only ever added
	byNumber []*obs.Origin
	numbers  map[obs.Origin]uint32
	durable  int // how many are on disk for certain
}

func (t *origins) load(db *pebble.DB) error {
	t.numbers = map[obs.Origin]uint32{}
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceOrigin}, UpperBound: []byte{spaceOrigin + 1}})
	if err != nil {
		return engineError(err)
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		var g obs.Origin
		if err := json.Unmarshal(it.Value(), &g); err != nil {
			return fault.Wrap(err, fault.Corrupt, "couldn't read an origin")
		}
		if n := binary.BigEndian.Uint32(it.Key()[1:]); int(n) != len(t.byNumber) {
			return fault.New(fault.Corrupt, "origin %d is missing", len(t.byNumber))
		}
		t.numbers[g] = uint32(len(t.byNumber))
		t.byNumber = append(t.byNumber, &g)
	}
	t.durable = len(t.byNumber)
	return engineError(it.Error())
}

// intern returns g's number, giving it one if it has none. The caller holds
// Store.mu and writes what is pending with the rows that use it.
func (t *origins) intern(g *obs.Origin) uint32 {
	t.mu.RLock()
	n, ok := t.numbers[*g]
	t.mu.RUnlock()
	if ok {
		return n
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n = uint32(len(t.byNumber))
	own := *g
	t.numbers[own] = n
	t.byNumber = append(t.byNumber, &own)
	return n
}

// writePending puts every origin that may not be on disk yet into b, whoever
// interned it: a batch that failed must leave no hole. It returns how many
// there are now, for settled.
func (t *origins) writePending(b *pebble.Batch) (int, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for n := t.durable; n < len(t.byNumber); n++ {
		value, err := json.Marshal(t.byNumber[n])
		if err != nil {
			return 0, err
		}
		if err := b.Set(binary.BigEndian.AppendUint32([]byte{spaceOrigin}, uint32(n)), value, nil); err != nil {
			return 0, engineError(err)
		}
	}
	return len(t.byNumber), nil
}

// settled records that the first n origins are durable.
func (t *origins) settled(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.durable = max(t.durable, n)
}

// visible returns the origins that a view lets pass, by number; nil for those
// that it does not.
func (t *origins) visible(v store.View) []*obs.Origin {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]*obs.Origin, len(t.byNumber))
	for i, g := range t.byNumber {
		if v.Shows(g) {
			out[i] = g
		}
	}
	return out
}
