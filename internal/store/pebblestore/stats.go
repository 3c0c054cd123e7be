package pebblestore

import (
	"bytes"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Stats is what a store can tell of itself without reading its rows.
type Stats struct {
	Schema   int    // version of spoor's layout
	Format   int    // version of the engine's files
	Disk     uint64 // octets on disk, the log included
	Log      uint64 // octets of the log, which holds what was written since the last flush
	Memtable uint64 // octets of it in memory
	Tables   int64  // files of sorted rows
	Chunks   uint64 // batches ever stored, retractions included
	Touched  uint64 // rows touched, summed over them
	Origins  int    // distinct origins
}

// Stats returns the store's measures.
func (s *Store) Stats() Stats {
	m := s.db.Metrics()
	st := Stats{
		Schema: SchemaVersion, Format: int(s.db.FormatMajorVersion()),
		Disk: m.DiskSpaceUsage(), Log: m.WAL.PhysicalSize, Memtable: m.MemTable.Size,
	}
	for i := range m.Levels {
		st.Tables += m.Levels[i].TablesCount
	}
	s.mu.Lock()
	st.Chunks, st.Touched = s.head.Chunk, s.head.Edges
	s.mu.Unlock()
	s.origins.mu.RLock()
	st.Origins = len(s.origins.byNumber)
	s.origins.mu.RUnlock()
	return st
}

// Counts is what a walk over all rows finds.
type Counts struct {
	Rows, Edges, Atoms int64
	Entities           map[entity.Kind]int64 // those that stand in a row
	Sources            map[string]int64      // rows of each source
	First, Last        obs.Time              // the oldest and the newest sighting; zero if none is dated
	Learned            obs.Time              // when the newest statement was recorded
}

// Count reads every row. It sees the store as it is when it begins.
func (s *Store) Count(ctx context.Context) (*Counts, error) {
	snap := s.db.NewSnapshot()
	defer snap.Close()
	objects, err := snap.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: []byte{spaceReverse}, UpperBound: []byte{spaceReverse + 1}})
	if err != nil {
		return nil, engineError(err)
	}
	defer objects.Close()
	s.origins.mu.RLock()
	origins := s.origins.byNumber // only ever appended to
	s.origins.mu.RUnlock()
	c := counter{
		ctx: ctx, origins: origins, objects: objects, more: objects.First(),
		Counts: Counts{Entities: map[entity.Kind]int64{}, Sources: map[string]int64{}},
	}
	if err := each(ctx, snap, spaceForward, c.row); err != nil {
		return nil, err
	}
	if err := c.objectsBefore(nil); err != nil {
		return nil, err
	}
	return &c.Counts, nil
}

// counter walks the subjects, and beside them the objects, so that an entity that
// is both is counted once.
type counter struct {
	Counts
	ctx     context.Context
	origins []*obs.Origin
	objects *pebble.Iterator
	more    bool // objects stands on a row

	near    []byte // the subject, as a binary key
	edge    []byte // the last row's key without record type and origin
	scratch []obs.Atom
}

func (c *counter) row(key, value []byte) error {
	n, err := entity.SkipBinary(key[1:])
	if err != nil || len(key) < 1+n+1+rowTail {
		return corruptKey(entity.ErrKey)
	}
	if near := key[1 : 1+n]; !bytes.Equal(near, c.near) {
		c.near = append(c.near[:0], near...)
		if err := c.objectsBefore(c.near); err != nil {
			return err
		}
		c.Entities[entity.Kind(near[0])]++
	}
	c.Rows++
	if edge := key[:len(key)-rowTail]; !bytes.Equal(edge, c.edge) {
		c.edge = append(c.edge[:0], edge...)
		c.Edges++
	}
	var k rowKey
	if err := k.decodeAfterNear(key[1+n:]); err != nil {
		return corruptKey(err)
	}
	if int(k.origin) < len(c.origins) {
		c.Sources[c.origins[k.origin].Source]++
	}
	if c.scratch, err = decodeAtoms(c.scratch[:0], value, ""); err != nil {
		return corruptKey(err)
	}
	for i := range c.scratch {
		c.atom(&c.scratch[i])
	}
	return nil
}

func (c *counter) atom(a *obs.Atom) {
	c.Atoms++
	c.Learned = max(c.Learned, a.Recorded)
	if !a.First.Known() {
		return
	}
	if c.First == 0 || a.First < c.First {
		c.First = a.First
	}
	c.Last = max(c.Last, a.Last)
}

// objectsBefore counts the objects that sort before a subject, and passes the rows
// in which that subject is the object; nil counts all that are left.
func (c *counter) objectsBefore(subject []byte) error {
	for i := 1; c.more; i++ {
		if i%checkEvery == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		key := c.objects.Key()[1:]
		n, err := entity.SkipBinary(key)
		if err != nil {
			return corruptKey(err)
		}
		order := -1
		if subject != nil {
			order = bytes.Compare(key[:n], subject)
		}
		if order > 0 {
			return nil
		}
		if order < 0 {
			c.Entities[entity.Kind(key[0])]++
		}
		// Past all rows of this object, however many there are.
		c.more = c.objects.SeekGE(after(c.objects.Key()[:1+n]))
	}
	return engineError(c.objects.Error())
}
