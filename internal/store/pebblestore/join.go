package pebblestore

import (
	"cmp"
	"slices"

	"github.com/spoor-cti/spoor/internal/obs"
)

// joinSightings joins the sightings of one row within one chunk, so that a log
// which mentions an edge ten thousand times costs one atom: increments between
// which at most the origin's gap lies become one, with the sum of their counts
// and the greatest TTL (a cache counts a TTL down). Nothing is lost by it: the
// chunk was recorded at one time, and the same rule joins them when they are
// read. Cumulative statements and lists stay as they are. The result does not
// depend on the order of group.
func joinSightings(group []*obs.Observation) []obs.Observation {
	slices.SortFunc(group, func(a, b *obs.Observation) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last), cmp.Compare(a.Recorded, b.Recorded),
			cmp.Compare(a.Bailiwick, b.Bailiwick), cmp.Compare(a.Count, b.Count), cmp.Compare(a.TTL, b.TTL))
	})
	origin := group[0].Origin
	out := make([]obs.Observation, 0, 4)
	for _, o := range group {
		if i := slices.IndexFunc(out, func(p obs.Observation) bool { return joinable(&p, o, origin) }); i >= 0 {
			joinInto(&out[i], o)
			continue
		}
		out = append(out, *o)
	}
	return out
}

// joinable reports whether b, which begins no earlier, continues a.
func joinable(a, b *obs.Observation, origin *obs.Origin) bool {
	if origin.CountKind != obs.Increment || a.Flags != b.Flags || a.Recorded != b.Recorded ||
		a.Bailiwick != b.Bailiwick || a.First.Known() != b.First.Known() || !slices.Equal(a.Attributes, b.Attributes) {
		return false
	}
	return b.First <= a.Last+obs.Time(origin.Gap)+origin.Granularity.Slack()
}

func joinInto(a *obs.Observation, b *obs.Observation) {
	a.Last = max(a.Last, b.Last)
	a.HasCount = a.HasCount || b.HasCount
	a.Count += b.Count
	a.HasTTL = a.HasTTL || b.HasTTL
	a.TTL = max(a.TTL, b.TTL)
}
