package pebblestore

import (
	"bytes"
	"context"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// scan walks the rows between two keys of one space. Rows that differ only in
// their origin lie together; they are yielded in the order of their origins.
// It is used once, by one goroutine.
type scan struct {
	r            *view
	out          bool
	lower, upper []byte
	rels         relationSet
	atoms        bool
	resume       *store.Position // yield only what lies behind; nil once that is certain

	origins   []*obs.Origin
	near      entity.Entity // of the row that is being read
	nearKey   []byte
	group     []store.Row // rows that differ only in their origin
	groupKey  []byte
	skipped   int            // rows passed over in a run because of their relation
	intervals []obs.Interval // a block from which rows get their intervals
	scratch   []obs.Atom
}

// relationSet is the set of relations a scan lets pass; zero means all.
type relationSet uint32

func (s relationSet) has(r obs.Relation) bool { return s == 0 || s&(1<<r) != 0 }

func (r *view) newScan(lower, upper []byte, q *store.Query, resume *store.Position) *scan {
	s := &scan{
		r: r, out: lower[0] == spaceForward, lower: lower, upper: upper, atoms: q.Atoms, resume: resume,
		origins: r.s.origins.visible(r.v),
	}
	for _, rel := range q.Relations {
		s.rels |= 1 << rel
	}
	if resume != nil {
		if near, _, err := entity.DecodeBinary(lower[1:]); err == nil {
			at := appendRowKey(nil, lower[0], entity.AppendBinary(nil, near), resume.Rel, resume.Other, resume.RRType, 0)
			if bytes.Compare(at, lower) > 0 {
				s.lower = at
			}
		}
	}
	return s
}

// run yields the rows; it returns false when the caller wants no more, or after
// an error.
func (s *scan) run(ctx context.Context, yield func(store.Row, error) bool) bool {
	it, release, err := s.r.s.iterator(s.lower, s.upper)
	if err != nil {
		yield(store.Row{}, err)
		return false
	}
	defer release()
	n := 0
	for valid := it.First(); valid; valid = s.step(it) {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			yield(store.Row{}, ctx.Err())
			return false
		}
		key := it.Key()
		if len(key) < rowTail || !bytes.Equal(key[:len(key)-4], s.groupKey) {
			if !s.flush(yield) {
				return false
			}
			s.groupKey = append(s.groupKey[:0], key[:max(len(key)-4, 0)]...)
		}
		row, ok, err := s.row(key, it)
		if err != nil {
			yield(store.Row{}, err)
			return false
		}
		if ok {
			s.group = append(s.group, row)
		}
	}
	if err := it.Error(); err != nil {
		yield(store.Row{}, engineError(err))
		return false
	}
	return s.flush(yield)
}

// seekAfter is how many rows of unwanted relations a scan passes one by one
// before it seeks to the next wanted relation: a hub has a million of them.
const seekAfter = 24

func (s *scan) step(it *pebble.Iterator) bool {
	if s.skipped < seekAfter {
		return it.Next()
	}
	s.skipped = 0
	near := it.Key()[:1+len(s.nearKey)]
	for rel := obs.Relation(it.Key()[len(near)]) + 1; rel < 32; rel++ {
		if s.rels.has(rel) {
			return it.SeekGE(append(bytes.Clone(near), byte(rel)))
		}
	}
	return it.SeekGE(after(near))
}

// flush yields the group in the order of its origins.
func (s *scan) flush(yield func(store.Row, error) bool) bool {
	if len(s.group) > 1 {
		slices.SortFunc(s.group, func(a, b store.Row) int { return a.Origin.Compare(b.Origin) })
	}
	for i := range s.group {
		if s.resume != nil {
			if at := store.PositionOf(&s.group[i]); at.Compare(s.resume) <= 0 {
				continue
			}
		}
		if !yield(s.group[i], nil) {
			return false
		}
	}
	if len(s.group) > 0 {
		s.group, s.resume = s.group[:0], nil // what comes now lies behind the position
	}
	return true
}

// row decodes what the iterator stands on; ok is false if the view shows none of it.
func (s *scan) row(key []byte, it *pebble.Iterator) (row store.Row, ok bool, err error) {
	if s.nearKey == nil || !bytes.HasPrefix(key[1:], s.nearKey) { // binary keys delimit themselves
		near, rest, err := entity.DecodeBinary(key[1:])
		if err != nil {
			return row, false, corruptKey(err)
		}
		s.near = near
		s.nearKey = append(s.nearKey[:0], key[1:len(key)-len(rest)]...)
	}
	rest := key[1+len(s.nearKey):]
	if len(rest) < rowTail+1 {
		return row, false, corruptKey(entity.ErrKey)
	}
	if !s.rels.has(obs.Relation(rest[0])) {
		s.skipped++
		return row, false, nil
	}
	s.skipped = 0
	var k rowKey
	if err := k.decodeAfterNear(rest); err != nil {
		return row, false, corruptKey(err)
	}
	if int(k.origin) >= len(s.origins) || s.origins[k.origin] == nil {
		return row, false, nil // hidden, or stored after this question began
	}
	row = store.Row{Subject: s.near, Relation: k.rel, Object: k.far, RRType: k.rrtype, Origin: s.origins[k.origin], Out: s.out}
	if !s.out {
		row.Subject, row.Object = k.far, s.near
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return row, false, engineError(err)
	}
	if s.scratch, err = decodeAtoms(s.scratch[:0], value, row.Subject.Key); err != nil {
		return row, false, fault.Wrap(err, fault.Corrupt, "couldn't read a row of %s", s.near)
	}
	s.fill(&row)
	return row, len(row.Intervals) > 0, nil
}

// fill folds the scratch atoms into the row.
func (s *scan) fill(row *store.Row) {
	c := s.r.v.Clock
	if len(s.scratch) == 1 {
		if i, ok := obs.FoldOne(&s.scratch[0], row.Origin, c); ok {
			if len(s.intervals) == cap(s.intervals) {
				s.intervals = make([]obs.Interval, 0, 64)
			}
			s.intervals = append(s.intervals, i)
			row.Intervals = s.intervals[len(s.intervals)-1 : len(s.intervals) : len(s.intervals)]
		}
	} else {
		row.Intervals = obs.Fold(s.scratch, row.Origin, c)
	}
	row.Count, row.HasCount = obs.Total(s.scratch, row.Origin, c)
	if !s.atoms {
		return
	}
	for _, a := range s.scratch {
		if c.Known == 0 || a.Recorded <= c.Known {
			row.Atoms = append(row.Atoms, a)
		}
	}
}

func corruptKey(err error) error {
	return fault.Wrap(err, fault.Corrupt, "couldn't read a row's key")
}
