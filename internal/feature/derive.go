package feature

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/spoor-cti/spoor/internal/obs"
)

// Counted is a value, pair, tuple or gram of a name as it is counted: by hash,
// and from which TLP level on it is visible. A Row says nothing of levels: who
// counts reads the name once for each.
type Counted struct {
	Key
	TLP  obs.TLP
	Most Strength // what the value can be worth, whoever sees it
}

// most bounds what one name may add to a count: addresses in tuples, values of
// either side in pairs.
const most = 8

// Counted returns everything under which the unit is counted, sorted by
// feature and hash, without repetition. level is that of the view in which the
// row was read.
func (r *Row) Counted(level obs.TLP) []Counted {
	out := make([]Counted, 0, len(r.Values)*2+16)
	for i := range r.Values {
		v := &r.Values[i]
		c := Counted{Key{v.Feature, v.Hash}, level, v.strength()}
		if r.Cut { // another view may read other rows
			c.Most = 0
		}
		out = append(out, c)
	}
	for pair, of := range Pairs {
		for _, p := range head(r.Of(of.Parent)) {
			for _, c := range head(r.Of(of.Child)) {
				out = append(out, Counted{KeyOf(pair, p.Text, c.Text), level, 0})
			}
		}
	}
	if r.Created.Known() {
		out = append(out, Counted{KeyOf(Created, Bin(r.Created)), level, 0})
	}
	for _, g := range Grams(r.Unit) {
		out = append(out, Counted{KeyOf(Gram, g), level, 0})
	}
	for _, t := range r.Tuples() {
		out = append(out, Counted{t, level, 0})
	}
	return compact(out)
}

// Union joins what a name is counted under at several levels: each entry from the
// lowest level on at which it is visible, sorted as Counted does.
func Union(lists ...[]Counted) []Counted { return compact(slices.Concat(lists...)) }

// compact sorts the list and keeps the lowest level and the weakest bound of each
// entry.
func compact(out []Counted) []Counted {
	slices.SortFunc(out, func(a, b Counted) int {
		return cmp.Or(a.Compare(b.Key), cmp.Compare(a.TLP.Rank(), b.TLP.Rank()))
	})
	kept := out[:0]
	for _, c := range out {
		if n := len(kept); n > 0 && kept[n-1].Key == c.Key {
			kept[n-1].Most = kept[n-1].Most.weaker(c.Most)
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

func head(vs []Value) []Value { return vs[:min(len(vs), most)] }

// joint lists, for each level of address, the features of the long and the
// short tuple.
var joint = []struct{ Level, Long, Short Feature }{
	{IP, JointIP, JointShortIP}, {Net, JointNet, JointShortNet}, {ASN, JointASN, JointShortASN},
}

// Tuples returns the unit's tuples for the joint cap: registrar, name server
// domain and address level, the long form also with TLD and server. There is one
// for each address, at most eight; of other fields the latest value counts. A
// field that was not observed gives no tuple.
func (r *Row) Tuples() []Key {
	var out []Key
	for _, j := range joint {
		out = append(out, r.Joint(j.Long, j.Level)...)
		out = append(out, r.Joint(j.Short, j.Level)...)
	}
	return out
}

// Joint returns the tuples of one kind over one address level.
func (r *Row) Joint(tuple, level Feature) []Key {
	registrar, ns := r.Latest(Registrar), r.Latest(NSDomain)
	if registrar == nil || ns == nil {
		return nil
	}
	parts := []string{registrar.Text, ns.Text}
	if tuple == JointIP || tuple == JointNet || tuple == JointASN {
		top, server := r.Latest(TLD), r.Latest(Server)
		if top == nil || server == nil {
			return nil
		}
		parts = append(parts, top.Text, server.Text)
	}
	var out []Key
	for _, x := range head(r.Of(level)) {
		out = append(out, KeyOf(tuple, append(slices.Clip(parts), x.Text)...))
	}
	return out
}

// Latest returns the feature's value that was seen last, the smallest text among
// equals, or nil if the feature was not observed.
func (r *Row) Latest(f Feature) *Value {
	var best *Value
	for i := range r.Of(f) {
		v := &r.Of(f)[i]
		if best == nil || v.last() > best.last() {
			best = v
		}
	}
	return best
}

func (v *Value) last() obs.Time {
	if len(v.Spans) == 0 {
		return 0
	}
	return v.Spans[len(v.Spans)-1].Last
}

// binDays is the width of the bins in which registrations are counted.
const binDays = 15

// Bin names the bin of a moment of registration.
func Bin(t obs.Time) string { return strconv.FormatInt(int64(t)/(binDays*86400), 10) }
