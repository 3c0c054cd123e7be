package stix

import (
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// maxRemembered is how many objects, and things said of them, are remembered of
// one input, at about 200 octets each. Of a larger one the rest is read, but what
// refers to it is lost.
const maxRemembered = 4_000_000

// span is when something held, as an object says.
type span struct {
	first, last obs.Time
	flags       obs.Flags
	declared    bool // it may lie in the future
	seen        bool // somebody observed it
	counted     bool
	count       uint64
}

func (s *span) known() bool { return s.first.Known() || s.last.Known() }

// statement is what an object says of others, apart from which these are.
type statement struct {
	span
	exact   bool // the span is that of the statement; else that of whom it speaks of is better
	mark    obs.TLP
	lineage string
	attrs   []obs.Attribute
}

// claim is that a thing is reported under a label. Without a label, it is that
// the thing was observed, as it is.
type claim struct {
	*statement
	label entity.Entity
	ends  obs.TLP // strictest marking of the objects that it came through
}

// link is a statement about two objects, of which the second may not be known
// yet: a relation between things, or a claim with the label that to gives.
type link struct {
	*statement
	relation obs.Relation
	from, to ref
}

// node is what is remembered of an object: enough for what others say of it.
type node struct {
	role    role
	defined bool
	mark    obs.TLP
	lineage string
	things  []thing // with the label, if it gives one
	when    *span   // of an indicator or of observed data
	extra   *extra
}

// extra is what few nodes need.
type extra struct {
	claims  []claim // made of it while it is unknown, or while it may get members
	waiting []link  // links that can't be settled before it is known
	states  []link  // what it states itself of other things
	members []ref   // what is meant with it
}

// more returns n's extra, to be changed.
func (n *node) more() *extra {
	if n.extra == nil {
		n.extra = &extra{}
	}
	return n.extra
}

// gathers reports whether a node may stand for other nodes as well.
func (n *node) gathers() bool { return n.role == indicator || n.role == observed }

// meant are the members that a claim about a known node is about. An indicator
// that names its things means these alone: what it is based on may hold victims.
func (n *node) meant() []ref {
	if n.extra == nil || n.role == indicator && len(n.things) > 0 {
		return nil
	}
	return n.extra.members
}

// graph resolves references between objects that come in any order, without
// going back: a statement is made with the record that completes it. Members are
// things below observed data below indicators, so that nothing goes in circles.
type graph struct {
	out   emitter
	nodes map[key]*node
	size  int    // of what is remembered
	work  int64  // steps done
	full  string // why something is left out, or ""
}

// emitter takes in the statements whose ends are known.
type emitter interface {
	// report says that a thing is reported under the claim's label.
	report(c *claim, about *node, t thing)
	// pair says that two things are related.
	pair(s *statement, ends obs.TLP, relation obs.Relation, from, to entity.Entity)
	// octets is how much of the input was read.
	octets() int64
}

// node returns the node of an object, which may be yet unknown.
func (g *graph) node(r ref) *node {
	n := g.nodes[r.key]
	if n == nil {
		n = &node{role: r.role, mark: obs.TLPUnset}
		if g.remember() {
			g.nodes[r.key] = n
		}
	}
	return n
}

// remember reports whether one more item may be kept.
func (g *graph) remember() bool {
	if g.size >= maxRemembered {
		g.full = "it has too many objects to remember them all: some that refer to others are left out; import it in parts"
		return false
	}
	g.size++
	return true
}

// step reports whether the work done is still in proportion to the input: few
// objects that all refer to one another could keep us busy for days.
func (g *graph) step() bool {
	if g.work > 1<<18+g.out.octets()/4 {
		g.full = "its objects refer to one another too often: some of what they say is left out"
		return false
	}
	g.work++
	return true
}

// define takes in what an object turned out to be, and settles what waited for
// it. A later version of an object replaces an earlier one.
func (g *graph) define(r ref, is node) {
	n := g.node(r)
	x := n.extra
	n.role, n.mark, n.lineage, n.things, n.when, n.defined = is.role, is.mark, is.lineage, is.things, is.when, true
	if is.extra != nil {
		if x == nil {
			x = is.extra
		} else if is.extra.members != nil {
			x.members = is.extra.members
		}
		x.states = is.extra.states
		n.extra = x
	}
	if x == nil {
		return
	}
	waiting, claims := x.waiting, x.claims
	x.waiting = nil
	if !n.gathers() {
		x.claims = nil
		g.size -= len(claims)
	}
	g.size -= len(waiting)
	for _, l := range waiting {
		g.settle(l)
	}
	for _, l := range x.states {
		g.settle(l)
	}
	for i := range claims {
		g.spread(&claims[i], n)
	}
}

// claim makes a claim about an object, now or when it becomes known.
func (g *graph) claim(about ref, c claim) {
	if about.role == none || !g.step() {
		return
	}
	n := g.node(about)
	if (!n.defined || n.gathers()) && g.remember() {
		x := n.more()
		x.claims = append(x.claims, c)
	}
	if n.defined {
		g.spread(&c, n)
	}
}

// spread makes a claim about what a known node stands for.
func (g *graph) spread(c *claim, n *node) {
	for _, t := range n.things {
		if !c.label.IsZero() && g.step() {
			g.out.report(c, n, t)
		}
	}
	if n.extra == nil {
		return
	}
	if c.label.IsZero() {
		g.restate(c, n.extra.states)
	}
	for _, m := range n.meant() {
		g.claim(m, through(c, n))
	}
}

// restate says again what an object states of itself, as of when it was observed.
func (g *graph) restate(c *claim, states []link) {
	for _, l := range states {
		s := *c.statement
		s.attrs = l.attrs
		l.statement = &s
		g.settle(l)
	}
}

// through is a claim about a node as one about its members: with the node's time,
// which tells when they were observed, and its marking.
func through(c *claim, n *node) claim {
	p := *c
	p.ends = p.ends.Stricter(n.mark)
	if n.when != nil && n.when.known() && !c.exact {
		s := *c.statement
		s.span, s.exact = *n.when, true
		p.statement = &s
	}
	return p
}

// gather says that an indicator is based on another object.
func (g *graph) gather(whole, member ref) {
	if whole.role != indicator || member.role != observed && member.role != observable || !g.remember() {
		return
	}
	n := g.node(whole)
	x := n.more()
	x.members = append(x.members, member)
	if !n.defined || len(n.meant()) == 0 {
		return
	}
	for i := range x.claims {
		g.claim(member, through(&x.claims[i], n))
	}
}

// settle makes the statement of a link, if what it needs is known.
func (g *graph) settle(l link) {
	if !g.step() {
		return
	}
	if l.relation == obs.ReportedAs {
		if to := g.known(l, l.to); to != nil {
			g.settleClaim(l, to)
		}
		return
	}
	from := g.known(l, l.from)
	if from == nil {
		return
	}
	to := g.known(l, l.to)
	if to == nil {
		return
	}
	ends := from.mark.Stricter(to.mark)
	for _, a := range from.things {
		for _, b := range to.things {
			if g.step() {
				g.out.pair(l.statement, ends, l.relation, a.Entity, b.Entity)
			}
		}
	}
}

func (g *graph) settleClaim(l link, to *node) {
	i := slices.IndexFunc(to.things, func(t thing) bool { return t.Kind == entity.Label })
	if i >= 0 {
		g.claim(l.from, claim{statement: l.statement, label: to.things[i].Entity, ends: to.mark})
	}
}

// known returns the node if it is defined; else the link waits for it.
func (g *graph) known(l link, r ref) *node {
	n := g.node(r)
	if n.defined {
		return n
	}
	if g.remember() {
		x := n.more()
		x.waiting = append(x.waiting, l)
	}
	return nil
}
