package obs

import (
	"cmp"
	"slices"
)

// Atom is one statement about one edge as it is stored: what a chunk of input
// said, unmerged. A row's atoms are a set, so that storing the same chunk twice,
// or two chunks in another order, gives the same row. Intervals are made of
// atoms only when they are read: a joined interval could not answer "as of what
// we knew then" once a later sighting bridges two older ones.
type Atom struct {
	Chunk       uint64 // the chunk of input that said so; leads to its run
	First, Last Time   // both zero: undated
	Recorded    Time
	Flags       Flags
	HasCount    bool
	Count       uint64
	HasTTL      bool
	TTL         uint32
	Bailiwick   string
	Attributes  []Attribute
}

// Interval is a stretch of time in which an edge held, as a view shows it.
type Interval struct {
	First, Last Time // both zero: the source gave no time
	Flags       Flags
	HasCount    bool
	Count       uint64
	Recorded    Time // the latest time at which any part of it was recorded
}

// Dated reports whether the interval has a time.
func (i Interval) Dated() bool { return i.First.Known() }

// Holds reports whether the interval covers t, given how exact its times are.
func (i Interval) Holds(t Time, g Granularity) bool {
	if !i.Dated() || t < i.First {
		return false
	}
	return t <= i.Last+g.Slack() || i.Flags&OpenEnded != 0
}

// Clock is the pair of times at which a question is asked. Zero means no
// restriction: everything ever seen, everything known by now.
type Clock struct {
	Seen  Time // what was true then
	Known Time // what we could have known then
}

// Fold joins the atoms that c lets pass into intervals, by the origin's gap
// rule, in order of time. It returns nil if nothing is visible. Undated atoms
// become one undated interval at the end; a question about a moment never sees
// it. An interval that was extended after c.Known is clipped and its end marked
// as a bound. Fold does not change atoms and does not depend on their order.
func Fold(atoms []Atom, origin *Origin, c Clock) []Interval {
	visible := make([]Atom, 0, len(atoms))
	var hidden, undated []Atom
	for _, a := range atoms {
		switch {
		case c.Known != 0 && a.Recorded > c.Known:
			hidden = append(hidden, a)
		case !a.First.Known():
			undated = append(undated, a)
		default:
			visible = append(visible, a)
		}
	}
	slices.SortFunc(visible, func(a, b Atom) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last), cmp.Compare(a.Recorded, b.Recorded),
			cmp.Compare(a.Chunk, b.Chunk), cmp.Compare(a.Count, b.Count))
	})
	out := join(visible, origin)
	for i := range out {
		if extended(out[i], hidden, origin) {
			out[i].Flags |= LastBound
		}
	}
	if c.Seen != 0 {
		return slices.DeleteFunc(out, func(i Interval) bool { return !i.Holds(c.Seen, origin.Granularity) })
	}
	if len(undated) > 0 {
		out = append(out, joinUndated(undated, origin))
	}
	return out
}

// FoldOne is Fold for a single atom, without allocating: the usual row has one.
func FoldOne(a *Atom, origin *Origin, c Clock) (i Interval, visible bool) {
	if c.Known != 0 && a.Recorded > c.Known {
		return i, false
	}
	i = interval(a)
	return i, c.Seen == 0 || i.Holds(c.Seen, origin.Granularity)
}

func interval(a *Atom) Interval {
	return Interval{First: a.First, Last: a.Last, Flags: a.Flags, HasCount: a.HasCount, Count: a.Count, Recorded: a.Recorded}
}

// join walks atoms sorted by First and joins those between which at most the
// gap lies.
func join(atoms []Atom, origin *Origin) []Interval {
	var out []Interval
	var latest Time // Last of the atom that gave the cumulative count
	reach := Time(origin.Gap) + origin.Granularity.Slack()
	for i := range atoms {
		a := &atoms[i]
		if n := len(out); n > 0 && a.First <= out[n-1].Last+reach {
			merge(&out[n-1], a, origin, &latest)
			continue
		}
		out = append(out, interval(a))
		latest = a.Last
	}
	return out
}

// merge extends into by a, which begins no earlier.
func merge(into *Interval, a *Atom, origin *Origin, latest *Time) {
	const endFlags = OpenEnded | LastBound
	flags := into.Flags & FirstBound
	if a.First == into.First && a.Flags&FirstBound == 0 {
		flags = 0 // another statement knows the beginning exactly
	}
	switch {
	case a.Last > into.Last:
		flags |= a.Flags & endFlags
	case a.Last == into.Last:
		flags |= (into.Flags | a.Flags) & OpenEnded
		flags |= into.Flags & a.Flags & LastBound
	default:
		flags |= into.Flags & endFlags
	}
	into.Flags = flags | (into.Flags & a.Flags & Untrusted) // one trusted statement is enough
	if a.HasCount {
		switch {
		case origin.CountKind == Increment:
			into.Count += a.Count
		case !into.HasCount || a.Last > *latest || a.Last == *latest && a.Count > into.Count:
			into.Count = a.Count
		}
		if !into.HasCount || a.Last > *latest {
			*latest = a.Last
		}
		into.HasCount = true
	}
	into.Last = max(into.Last, a.Last)
	into.Recorded = max(into.Recorded, a.Recorded)
}

func joinUndated(atoms []Atom, origin *Origin) Interval {
	slices.SortFunc(atoms, func(a, b Atom) int { return cmp.Compare(a.Recorded, b.Recorded) })
	out := interval(&atoms[0])
	var latest Time
	for i := range atoms[1:] {
		merge(&out, &atoms[i+1], origin, &latest)
	}
	return out
}

// extended reports whether an atom that is not yet known carries i's end on.
func extended(i Interval, hidden []Atom, origin *Origin) bool {
	reach := Time(origin.Gap) + origin.Granularity.Slack()
	for _, a := range hidden {
		if a.First.Known() && a.Last > i.Last && a.First <= i.Last+reach {
			return true
		}
	}
	return false
}

// Total returns the count over all atoms that c lets pass, by the origin's
// count rule, and whether any atom had one.
func Total(atoms []Atom, origin *Origin, c Clock) (n uint64, known bool) {
	var latest Time
	for _, a := range atoms {
		if !a.HasCount || c.Known != 0 && a.Recorded > c.Known {
			continue
		}
		switch {
		case origin.CountKind == Increment:
			n += a.Count
		case !known || a.Last > latest || a.Last == latest && a.Count > n:
			n, latest = a.Count, a.Last
		}
		known = true
	}
	return n, known
}
