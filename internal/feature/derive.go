package feature

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/spoor-cti/spoor/internal/obs"
)

// Counted is a value, pair, tuple or gram of a name as it is counted: by hash,
// and from which TLP level on it is visible.
type Counted struct {
	Feature Feature
	Hash    Hash
	TLP     obs.TLP
}

// most bounds what one name may add to a count: addresses in tuples, values of
// either side in pairs.
const most = 8

// Counted returns everything under which the unit is counted, sorted by
// feature and hash, without repetition.
func (r *Row) Counted() []Counted {
	out := make([]Counted, 0, len(r.Values)*2+16)
	for i := range r.Values {
		v := &r.Values[i]
		out = append(out, Counted{v.Feature, v.Hash, v.TLP})
	}
	for pair, of := range Pairs {
		for _, p := range head(r.Of(of.Parent)) {
			for _, c := range head(r.Of(of.Child)) {
				out = append(out, Counted{pair, HashOf(pair, p.Text, c.Text), stricter(p.TLP, c.TLP)})
			}
		}
	}
	if r.Created.Known() {
		out = append(out, Counted{Created, HashOf(Created, Bin(r.Created)), r.CreatedTLP})
	}
	for _, g := range Grams(r.Unit) {
		out = append(out, Counted{Gram, HashOf(Gram, g), obs.Clear})
	}
	out = append(out, r.Tuples()...)
	slices.SortFunc(out, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.TLP.Rank(), b.TLP.Rank()))
	})
	return slices.CompactFunc(out, func(a, b Counted) bool { return a.Feature == b.Feature && a.Hash == b.Hash })
}

func head(vs []Value) []Value { return vs[:min(len(vs), most)] }

func stricter(a, b obs.TLP) obs.TLP {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// joint lists, for each level of address, the features of the long and the
// short tuple.
var joint = []struct{ Level, Long, Short Feature }{
	{IP, JointIP, JointShortIP}, {Net, JointNet, JointShortNet}, {ASN, JointASN, JointShortASN},
}

// Tuples returns the unit's tuples for the joint cap: registrar, name server
// domain and address level, the long form also with TLD and server. There is one
// for each address, at most eight; of other fields the latest value counts. A
// field that was not observed gives no tuple.
func (r *Row) Tuples() []Counted {
	var out []Counted
	for _, j := range joint {
		out = append(out, r.Joint(j.Long, j.Level)...)
		out = append(out, r.Joint(j.Short, j.Level)...)
	}
	return out
}

// Joint returns the tuples of one kind over one address level.
func (r *Row) Joint(tuple, level Feature) []Counted {
	registrar, ns := r.Latest(Registrar), r.Latest(NSDomain)
	if registrar == nil || ns == nil {
		return nil
	}
	parts := []string{registrar.Text, ns.Text}
	tlp := stricter(registrar.TLP, ns.TLP)
	if tuple == JointIP || tuple == JointNet || tuple == JointASN {
		top, server := r.Latest(TLD), r.Latest(Server)
		if top == nil || server == nil {
			return nil
		}
		parts = append(parts, top.Text, server.Text)
		tlp = stricter(tlp, server.TLP)
	}
	var out []Counted
	for _, x := range head(r.Of(level)) {
		out = append(out, Counted{tuple, HashOf(tuple, append(slices.Clip(parts), x.Text)...), stricter(tlp, x.TLP)})
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
