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

// Bounds of what Follow holds in memory.
const (
	markNames  = 200_000 // names that are gathered before they are marked
	batchNames = 4_000   // names that are read together and written in one batch
)

// Progress tells how far Follow is.
type Progress struct {
	Edges uint64 // of the feed, that are in the index
	Total uint64 // of the feed
}

// Follow brings the index up to the end of the feed and returns. First it marks all
// names that the feed touches, then it reads each of them once, in the order in
// which the store keeps them: a feed names a name again and again, all over. The
// marks are kept with the index, so that their number has no bound.
//
// It may be interrupted at any point and goes on from there: a cursor is written
// after what it stands for, writing a row again changes nothing, and a crash loses
// the latest writes in their order, never one before another. progress may be nil.
func (x *Index) Follow(ctx context.Context, src Source, progress func(Progress)) error {
	if x.readOnly {
		return fault.New(fault.Internal, "the index was opened for reading only")
	}
	x.write.Lock()
	defer x.write.Unlock()
	for {
		done, err := x.cursor(metaDone)
		if err != nil {
			return err
		}
		marked, err := x.mark(ctx, src)
		if err != nil || marked == done {
			return err
		}
		tell := func(float64) {}
		if progress != nil {
			head, err := src.Head(ctx)
			if err != nil {
				return err
			}
			tell = func(part float64) {
				progress(Progress{Edges: done.edges + uint64(part*float64(marked.edges-done.edges)), Total: head.Edges})
			}
		}
		if err := x.drain(ctx, src, tell); err != nil {
			return err
		}
		if err := x.db.Set(metaDone, marked.value(), pebble.NoSync); err != nil {
			return engineError(err)
		}
	}
}

// mark reads the feed to its end and marks the units whose rows may have changed.
func (x *Index) mark(ctx context.Context, src Source) (cursor, error) {
	at, err := x.cursor(metaMarked)
	if err != nil {
		return at, err
	}
	for {
		names, to, err := x.gather(ctx, src, src.In(store.Everything), at)
		if err != nil || to == at {
			return at, err
		}
		b := x.db.NewBatch()
		for n := range names {
			if err := b.Set(markKey(n), []byte(n), nil); err != nil {
				return at, engineError(err)
			}
		}
		if err := b.Set(metaMarked, to.value(), nil); err != nil {
			return at, engineError(err)
		}
		if err := b.Commit(pebble.NoSync); err != nil {
			return at, engineError(err)
		}
		at = to
	}
}

// gather reads the feed from a cursor, chunk by chunk until enough names are
// gathered; all chunks up to the returned cursor were read.
func (x *Index) gather(ctx context.Context, src store.Feed, r store.Reader, from cursor) (map[string]struct{}, cursor, error) {
	head, err := src.Head(ctx)
	if err != nil {
		return nil, from, err
	}
	names, certs := map[string]struct{}{}, map[entity.Entity]struct{}{}
	var host string // the last subject: the edges of a chunk come sorted by it
	at := from      // the edges in it are at most those touched: several origins may touch one
	whole := true
	for ch, err := range src.Since(ctx, from.chunk) {
		if err != nil {
			return nil, from, err
		}
		if ch.Chunk != at.chunk && len(names) >= markNames {
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
	return names, at, x.touchByCerts(ctx, r, names, certs)
}

// drain brings every marked name up to date and takes its mark away.
func (x *Index) drain(ctx context.Context, src Source, tell func(part float64)) error {
	total, err := x.marks(ctx)
	if err != nil || total == 0 {
		return err
	}
	fresh := x.next == 0 // nothing is indexed yet: no name needs to be looked up
	from, done := []byte{spaceMark}, 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, to, err := x.marked(ctx, from, batchNames)
		if err != nil || len(names) == 0 {
			return err
		}
		w := writer{x: x, b: x.db.NewBatch(), counts: map[string]*counts{}, first: fresh}
		err = w.names(ctx, src, names)
		if err == nil {
			err = engineError(w.b.DeleteRange(from, to, nil))
		}
		if err == nil {
			err = w.commit()
		}
		if cerr := w.b.Close(); err == nil {
			err = engineError(cerr)
		}
		if err != nil {
			return err
		}
		from = to
		done += len(names)
		tell(float64(done) / float64(total))
	}
}

// marked returns the first marked names from a key on, in the order of their binary
// keys, and the key after them.
func (x *Index) marked(ctx context.Context, from []byte, n int) (names []string, to []byte, err error) {
	err = x.scan(ctx, from, []byte{spaceMark + 1}, func(k, name []byte) (bool, error) {
		names = append(names, string(name))
		to = append(append(to[:0], k...), 0)
		return len(names) < n, nil
	})
	return names, to, err
}

// marks counts the marked names.
func (x *Index) marks(ctx context.Context) (n int, err error) {
	err = x.each(ctx, spaceMark, func(_, _ []byte) error {
		n++
		return nil
	})
	return n, err
}

// markKey keeps marks in the order in which units are read.
func markKey(name string) []byte { return append([]byte{spaceMark}, entity.ZonePrefix(name)...) }

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
