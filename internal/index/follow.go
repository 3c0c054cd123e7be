package index

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/spoor-cti/spoor/internal/collect"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Bounds of one round of Follow: as many names as fit into memory are gathered
// before they are read, so that a name which many chunks touch is read once.
const (
	roundNames = 300_000
	batchNames = 4_000 // names that are read together and written in one batch
)

// Progress tells how far Follow is.
type Progress struct {
	Edges uint64 // of the feed, that are in the index
	Total uint64 // of the feed
}

// Follow brings the index up to the end of the feed and returns. It may be
// interrupted at any point and goes on from there: the cursor is written after
// the rows, writing a row again changes nothing, and a crash loses the latest
// writes in their order, never one before another. progress may be nil.
func (x *Index) Follow(ctx context.Context, src Source, progress func(Progress)) error {
	if x.readOnly {
		return fault.New(fault.Internal, "the index was opened for reading only")
	}
	x.write.Lock()
	defer x.write.Unlock()
	r := src.In(store.Everything)
	for {
		at, err := x.cursor()
		if err != nil {
			return err
		}
		round, err := x.gather(ctx, src, r, at)
		if err != nil || round.to == at {
			return err
		}
		if err := x.update(ctx, src, round.names); err != nil {
			return err
		}
		if err := x.db.Set(metaKey("cursor"), round.to.value(), pebble.NoSync); err != nil {
			return engineError(err)
		}
		if progress != nil {
			head, err := src.Head(ctx)
			if err != nil {
				return err
			}
			progress(Progress{Edges: round.to.edges, Total: head.Edges})
		}
	}
}

// round is what one pass over the feed touches.
type round struct {
	names []string // units, in the order of their binary keys
	to    cursor   // all chunks up to here were read
}

// gather reads the feed from a cursor and names the units whose rows may have
// changed, chunk by chunk until enough are gathered.
func (x *Index) gather(ctx context.Context, src store.Feed, r store.Reader, from cursor) (round, error) {
	head, err := src.Head(ctx)
	if err != nil {
		return round{}, err
	}
	names, certs := map[string]struct{}{}, map[entity.Entity]struct{}{}
	var host string // the last subject: the edges of a chunk come sorted by it
	at := from      // the edges in it are at most those touched: several origins may touch one
	whole := true
	for ch, err := range src.Since(ctx, from.chunk) {
		if err != nil {
			return round{}, err
		}
		if ch.Chunk != at.chunk && len(names) >= roundNames {
			whole = false
			break
		}
		at.chunk = ch.Chunk
		at.edges++
		if ch.Subject.Kind == entity.Domain && ch.Subject.Key != host {
			host = ch.Subject.Key
			x.touchHost(names, host)
		}
		if ch.Object.Kind == entity.Domain && slices.Contains(collect.Inbound, ch.Relation) {
			x.touchHost(names, ch.Object.Key)
		}
		if ch.Subject.Kind == entity.Cert && ch.Relation != obs.SAN {
			certs[ch.Subject] = struct{}{}
			if ch.Relation == obs.Alias {
				certs[ch.Object] = struct{}{}
			}
		}
	}
	if whole && at.chunk <= head.Chunk {
		at = cursor{head.Chunk, head.Edges}
	}
	if err := x.touchByCerts(ctx, r, names, certs); err != nil {
		return round{}, err
	}
	return round{inKeyOrder(names), at}, nil
}

// inKeyOrder sorts names as the store keeps them, by their labels from the end.
func inKeyOrder(names map[string]struct{}) []string {
	type keyed struct{ key, name string }
	list := make([]keyed, 0, len(names))
	for n := range names {
		list = append(list, keyed{string(entity.ZonePrefix(n)), n})
	}
	slices.SortFunc(list, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = k.name
	}
	return out
}

// touchHost names the unit of a host of which something was said.
func (x *Index) touchHost(names map[string]struct{}, host string) {
	if unit, ok := x.units.Of(host); ok {
		names[unit] = struct{}{}
	}
}

// mostAliases bounds how far the names of one certificate are followed.
const mostAliases = 64

// touchByCerts names the units that a certificate names, under any of its own
// names, when something was learned about the certificate.
func (x *Index) touchByCerts(ctx context.Context, r store.Reader, names map[string]struct{}, certs map[entity.Entity]struct{}) error {
	order := slices.Collect(maps.Keys(certs))
	slices.SortFunc(order, func(a, b entity.Entity) int { return cmp.Compare(a.Key, b.Key) })
	for _, cert := range order {
		if err := x.touchByCert(ctx, r, names, cert); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) touchByCert(ctx context.Context, r store.Reader, names map[string]struct{}, cert entity.Entity) error {
	q := store.Query{Relations: []obs.Relation{obs.SAN, obs.Alias}}
	same := []entity.Entity{cert}
	for i := 0; i < len(same); i++ {
		for row, err := range r.Neighbours(ctx, same[i], q) {
			if err != nil {
				return err
			}
			other := row.Other()
			switch {
			case row.Relation == obs.SAN && other.Kind == entity.Domain:
				x.touchHost(names, other.Key)
			case row.Relation == obs.Alias && len(same) < mostAliases && !slices.Contains(same, other):
				same = append(same, other)
			}
		}
	}
	return nil
}
