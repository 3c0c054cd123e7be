// Package collect reads what a store knows of a registered name and turns it into
// features: the one place where rows become values. The same rows give the same
// features, whatever their order.
//
// It asks a reader and decides nothing: what is shared by everybody, how common a
// value is and what it is worth are questions of other rooms.
package collect

import (
	"cmp"
	"context"
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Limits of what is read of one unit. A name with more rows (a dynamic DNS
// provider, a content network) says nothing by the rest of them.
const (
	maxRows  = 4000
	maxCerts = 64
	maxRefs  = 12 // rows named behind one value
)

// Units tells which name the habits of a host belong to.
type Units struct {
	// Shared reports whether a registrable name lets the names below it to
	// others (dynamic DNS, free hosting), beyond what the Public Suffix List
	// says. Nil: none does.
	Shared  func(registrable string) bool
	Version string // of what Shared goes by; derived data depend on it
}

// Of returns the unit of a host, and whether it has one: a public suffix has none.
func (u Units) Of(host string) (string, bool) {
	r, ok := entity.Registrable(host)
	if !ok || u.Shared == nil || len(host) == len(r) || !u.Shared(r) {
		return r, ok
	}
	below := host[:len(host)-len(r)-1]
	for i := len(below) - 1; i >= 0; i-- {
		if below[i] == '.' {
			return host[i+1:], true
		}
	}
	return host, true
}

// Collect reads a unit's rows in the reader's view and returns its features.
// A unit without any row gives a Row with the features of its name only.
func (u Units) Collect(ctx context.Context, r store.Reader, unit string) (row *feature.Row, err error) {
	err = u.CollectMany(ctx, r, []string{unit}, func(one *feature.Row) error {
		row = one
		return nil
	})
	return row, err
}

// CollectMany is Collect for many units, which should come in the order of their
// binary keys: their rows and their certificates are then read in passes that go
// forward only. It calls f for each unit, in the same order.
func (u Units) CollectMany(ctx context.Context, r store.Reader, units []string, f func(*feature.Row) error) error {
	all := make([]*collector, len(units))
	for i, unit := range units {
		all[i] = newCollector(unit)
		if err := u.read(ctx, r, all[i]); err != nil {
			return err
		}
	}
	certs, err := readCertificates(ctx, r, all)
	if err != nil {
		return err
	}
	for _, c := range all {
		c.certificates(certs)
		if err := f(c.finish()); err != nil {
			return err
		}
	}
	return nil
}

// read takes in the rows in which a name of the unit stands.
func (u Units) read(ctx context.Context, r store.Reader, c *collector) error {
	for _, q := range []store.Query{
		{Direction: store.Out, Relations: Outbound, Atoms: true}, {Direction: store.In, Relations: Inbound},
	} {
		rows := store.RowsIn(ctx, r, store.Range{Zone: c.row.Unit}, q)
		if u.Shared != nil && u.Shared(c.row.Unit) { // the apex itself; what lies below belongs to others
			rows = r.Neighbours(ctx, entity.Entity{Kind: entity.Domain, Key: c.row.Unit}, q)
		}
		for row, err := range rows {
			if err != nil {
				return err
			}
			if c.row.Rows++; c.row.Rows > maxRows {
				c.row.Cut = true
				break
			}
			c.row.Levels.Add(row.Origin.Handling.TLP)
			c.add(&row)
		}
	}
	return nil
}

// Outbound and Inbound are the relations that say something about a name that
// stands as subject or as object.
var (
	Outbound = []obs.Relation{
		obs.Resolves, obs.ResolvesVia, obs.NS, obs.MX, obs.SOARname, obs.RegistrarOf, obs.Registrant, obs.Admin,
		obs.HasFingerprint, obs.RedirectsTo, obs.UsesTracker, obs.ReportedAs,
	}
	Inbound = []obs.Relation{obs.SAN, obs.CommunicatesWith}
)

// Other returns the features that an entity other than a domain lends to
// a seed: an address stands for itself and its network, a certificate for
// itself, its key, issuer and validity.
func Other(ctx context.Context, r store.Reader, e entity.Entity) (*feature.Row, error) {
	c := newCollector("")
	self := evidence{reliable: 0.9999}
	switch f := seedValue(e); f {
	case 0:
	case feature.Cert:
		c.sans = append(c.sans, san{e, self})
		certs, err := readCertificates(ctx, r, []*collector{c})
		if err != nil {
			return nil, err
		}
		c.certificates(certs)
	case feature.IP:
		c.put(feature.IP, e.Key, self)
		c.put(feature.Net, Network(e.Key), self)
	case feature.Client:
		c.put(feature.Client, e.String(), self)
	case feature.Title, feature.Server, feature.Fingerprint, feature.TXT:
		c.put(f, fingerprintText(e), self)
	default:
		c.put(f, e.Key, self)
	}
	return c.finish(), nil
}

// seedValue returns the feature of which the entity is a value.
func seedValue(e entity.Entity) feature.Feature {
	switch e.Kind {
	case entity.IP:
		return feature.IP
	case entity.Prefix:
		return feature.Net
	case entity.ASN:
		return feature.ASN
	case entity.Cert:
		return feature.Cert
	case entity.SPKI:
		return feature.SPKI
	case entity.Email:
		return feature.Email
	case entity.Phone:
		return feature.Phone
	case entity.Person:
		return feature.Person
	case entity.Org:
		return feature.Org
	case entity.Registrar:
		return feature.Registrar
	case entity.Tracker:
		return feature.Tracker
	case entity.Label:
		return feature.Label
	case entity.FileHash:
		return feature.Client
	case entity.Fingerprint:
		return fingerprintFeature(e.Key)
	}
	return 0
}

// collector gathers the evidence for one unit's values.
type collector struct {
	row    feature.Row
	values map[key]*entry
	sans   []san
	ns     []nameServer
	latest obs.Time // start of the latest certificate
	days   string   // its validity
	daysBy evidence
}

type key struct {
	f    feature.Feature
	text string
}

// entry is a value in the making.
type entry struct {
	feature.Value
	lineages []string
}

// san is a certificate that names a host of the unit.
type san struct {
	cert entity.Entity
	ev   evidence
}

type nameServer struct {
	host string
	ev   evidence
}

// evidence is one row's support for a value.
type evidence struct {
	row      feature.RowRef
	spans    []feature.Span
	reliable float64
	lineage  string
}

func newCollector(unit string) *collector {
	return &collector{row: feature.Row{Unit: unit}, values: map[key]*entry{}}
}

// Reliability is how often a statement on this ground is right: the proposal of
// the scoring decision record, by basis.
func Reliability(b obs.Basis) float64 {
	switch b {
	case obs.Zone, obs.Logged, obs.Declared, obs.Probe:
		return 0.999
	case obs.Sensor:
		return 0.995
	case obs.Listed:
		return 0.9
	}
	return 0.98
}

func evidenceOf(r *store.Row) evidence {
	first, last := r.Span()
	ev := evidence{
		row: feature.RowRef{
			Edge:   obs.Edge{Subject: r.Subject, Relation: r.Relation, Object: r.Object},
			RRType: r.RRType, Source: r.Origin.Source, First: first, Last: last,
		},
		reliable: Reliability(r.Origin.Basis), lineage: r.Origin.Lineage,
	}
	if ev.lineage == "" {
		ev.lineage = r.Origin.Source
	}
	for _, i := range r.Intervals {
		if i.Dated() {
			ev.spans = append(ev.spans, feature.Span{First: i.First, Last: i.Last + r.Origin.Granularity.Slack()})
		}
	}
	return ev
}

// put adds one row's support for a value.
func (c *collector) put(f feature.Feature, text string, ev evidence) {
	if text == "" {
		return
	}
	k := key{f, text}
	v := c.values[k]
	if v == nil {
		v = &entry{Value: feature.Value{Feature: f, Text: text}}
		c.values[k] = v
	}
	v.Spans = append(v.Spans, ev.spans...)
	v.Reliable = max(v.Reliable, ev.reliable)
	if ev.row.Relation != 0 && len(v.Rows) < maxRefs {
		v.Rows = append(v.Rows, ev.row)
	}
	if ev.lineage != "" && !slices.Contains(v.lineages, ev.lineage) {
		v.lineages = append(v.lineages, ev.lineage)
		v.Lineages++
	}
}

// finish derives what follows from the gathered values and sorts all.
func (c *collector) finish() *feature.Row {
	c.nameServers()
	c.put(feature.Validity, c.days, c.daysBy)
	if c.row.Unit != "" {
		ev := evidence{reliable: 0.9999}
		c.put(feature.TLD, feature.TLDOf(c.row.Unit), ev)
		c.put(feature.Shape, feature.ShapeOf(c.row.Unit), ev)
	}
	c.row.Values = make([]feature.Value, 0, len(c.values))
	among := map[feature.Feature]int{}
	for k := range c.values {
		among[k.f]++
	}
	for _, v := range c.values {
		v.Among = among[v.Feature]
		v.Hash = feature.HashOf(v.Feature, v.Text)
		v.Spans = mergeSpans(v.Spans)
		c.row.Values = append(c.row.Values, v.Value)
	}
	slices.SortFunc(c.row.Values, func(a, b feature.Value) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Text, b.Text))
	})
	return &c.row
}

func mergeSpans(s []feature.Span) []feature.Span {
	if len(s) < 2 {
		return s
	}
	slices.SortFunc(s, func(a, b feature.Span) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last)) })
	out := s[:1]
	for _, x := range s[1:] {
		if last := &out[len(out)-1]; x.First <= last.Last+1 {
			last.Last = max(last.Last, x.Last)
			continue
		}
		out = append(out, x)
	}
	return out
}
