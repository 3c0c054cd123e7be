package index

import (
	"context"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Bounds of one round of Follow: as many names as fit into memory are gathered
// before they are read, so that a name which many chunks touch is read once.
const (
	roundNames = 300_000
	batchNames = 10_000 // names whose rows are written in one batch
)

// Progress tells how far Follow is.
type Progress struct {
	Edges uint64 // of the feed, that are in the index
	Total uint64 // of the feed
}

// Follow brings the index up to the end of the feed and returns. It may be
// interrupted at any point and goes on from there: the cursor is committed
// after the rows, and writing a row again changes nothing. progress may be nil.
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
		if err := x.update(ctx, r, round.names); err != nil {
			return err
		}
		if err := x.db.Set(metaKey("cursor"), round.to.value(), pebble.Sync); err != nil {
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
	names []string // units, sorted
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
	at := from // the edges in it are at most those touched: several origins may touch one
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
		x.touch(names, ch.Edge)
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
	return round{slices.Sorted(maps.Keys(names)), at}, nil
}

// touch names the units of which an edge says something.
func (x *Index) touch(names map[string]struct{}, e store.Edge) {
	if e.Subject.Kind == entity.Domain {
		x.touchHost(names, e.Subject.Key)
	}
	if e.Object.Kind == entity.Domain && slices.Contains(feature.Inbound, e.Relation) {
		x.touchHost(names, e.Object.Key)
	}
}

func (x *Index) touchHost(names map[string]struct{}, host string) {
	if unit, ok := x.units.Of(host); ok {
		names[unit] = struct{}{}
	}
}

// touchByCerts names the units that a certificate names, when something was
// learned about the certificate.
func (x *Index) touchByCerts(ctx context.Context, r store.Reader, names map[string]struct{}, certs map[entity.Entity]struct{}) error {
	q := store.Query{Direction: store.Out, Relations: []obs.Relation{obs.SAN}}
	for cert := range certs {
		for row, err := range r.Neighbours(ctx, cert, q) {
			if err != nil {
				return err
			}
			if row.Object.Kind == entity.Domain {
				x.touchHost(names, row.Object.Key)
			}
		}
	}
	return nil
}
