package pebblestore

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// pool keeps a few iterators for the next question: making one costs more than
// most questions do. An iterator sees the store as it was when it was made, so
// that those made before the last write are not used again.
type pool struct {
	mu      sync.Mutex // guards all
	idle    map[place][]*pebble.Iterator
	version uint64 // of the store that the idle ones see
	now     uint64 // of the store: how many batches were applied
	closed  bool
}

// place is where an iterator was used last: a walk over one kind of entities in
// one direction goes on near where it stopped, and the engine makes use of that.
type place [2]byte

func placeOf(lower []byte) (p place) {
	copy(p[:], lower)
	return p
}

// poolSize is how many iterators wait at most at one place: they hold old files
// back.
const poolSize = 2

// iterator returns an iterator over [lower, upper) that sees every batch applied
// so far, and what gives it back. A lower bound of the feed's spaces is not for it.
func (s *Store) iterator(lower, upper []byte) (*pebble.Iterator, func(), error) {
	p := &s.pool
	p.mu.Lock()
	version := p.now
	at := placeOf(lower)
	var it *pebble.Iterator
	if n := len(p.idle[at]); n > 0 && p.version == version {
		it, p.idle[at] = p.idle[at][n-1], p.idle[at][:n-1]
	}
	p.mu.Unlock()
	if it != nil {
		it.SetBounds(lower, upper)
	} else {
		var err error
		if it, err = s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper}); err != nil {
			return nil, nil, engineError(err)
		}
	}
	return it, func() { p.put(it, at, version) }, nil
}

func (p *pool) put(it *pebble.Iterator, at place, version uint64) {
	p.mu.Lock()
	if !p.closed && version == p.now && it.Error() == nil && len(p.idle[at]) < poolSize {
		if p.idle == nil {
			p.idle = map[place][]*pebble.Iterator{}
		}
		p.version = version
		p.idle[at] = append(p.idle[at], it)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	_ = it.Close() // its error was read by the scan
}

// written drops what waits, because it does not see the newest batch.
func (p *pool) written() { p.drop(false) }

func (p *pool) close() { p.drop(true) }

func (p *pool) drop(closed bool) {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.now++
	p.closed = p.closed || closed
	p.mu.Unlock()
	for _, list := range idle {
		for _, it := range list {
			_ = it.Close()
		}
	}
}
