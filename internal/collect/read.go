package collect

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// add takes in a row in which a name of the unit stands.
func (c *collector) add(r *store.Row) {
	if !r.Out {
		switch r.Relation {
		case obs.SAN:
			c.sans = append(c.sans, san{r.Subject, evidenceOf(r)})
		case obs.CommunicatesWith:
			if r.Subject.Kind == entity.Label { // a family that talks to it: what a report calls it
				c.put(feature.Label, r.Subject.Key, evidenceOf(r))
				return
			}
			c.put(feature.Client, r.Subject.String(), evidenceOf(r))
		}
		return
	}
	ev := evidenceOf(r)
	switch r.Relation {
	case obs.Resolves, obs.ResolvesVia:
		c.resolution(r, ev)
	case obs.NS:
		c.ns = append(c.ns, nameServer{r.Object.Key, ev})
	case obs.MX:
		c.put(feature.MX, entity.Apex(r.Object.Key), ev)
	case obs.SOARname:
		c.put(feature.SOA, r.Object.Key, ev)
	case obs.RegistrarOf:
		c.registration(r, ev)
	case obs.Registrant, obs.Admin:
		c.contact(r, ev)
	case obs.HasFingerprint:
		c.put(fingerprintFeature(r.Object.Key), fingerprintText(r.Object), ev)
	case obs.UsesTracker:
		c.put(feature.Tracker, r.Object.Key, ev)
	case obs.RedirectsTo:
		c.redirect(r.Object, ev)
	case obs.ReportedAs:
		c.put(feature.Label, r.Object.Key, ev)
	}
}

func (c *collector) resolution(r *store.Row, ev evidence) {
	switch r.Object.Kind {
	case entity.IP:
		c.put(feature.IP, r.Object.Key, ev)
		c.put(feature.Net, Network(r.Object.Key), ev)
	case entity.Domain:
		if to := entity.Apex(r.Object.Key); to != c.row.Unit {
			c.put(feature.CNAME, to, ev)
		}
	case entity.Fingerprint:
		if strings.HasPrefix(r.Object.Key, "txt") {
			c.put(feature.TXT, r.Object.Key, ev)
		}
	}
}

// Network returns the /24 of an IPv4 address, the /48 of an IPv6 address.
func Network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return ""
	}
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// registration takes the registrar and, from a declared interval, the moment of
// the registration.
func (c *collector) registration(r *store.Row, ev evidence) {
	c.put(feature.Registrar, r.Object.Key, ev)
	if r.Origin.Basis != obs.Declared || r.Subject.Key != c.row.Unit {
		return
	}
	for _, i := range r.Intervals {
		if i.Dated() && i.Flags&obs.FirstBound == 0 && i.First > c.row.Created {
			ref := ev.row
			c.row.Created, c.row.CreatedRow = i.First, &ref
		}
	}
}

func (c *collector) contact(r *store.Row, ev evidence) {
	switch r.Object.Kind {
	case entity.Org:
		c.put(feature.Org, r.Object.Key, ev)
	case entity.Person:
		c.put(feature.Person, r.Object.Key, ev)
	case entity.Phone:
		c.put(feature.Phone, r.Object.Key, ev)
	case entity.Email:
		c.put(feature.Email, r.Object.Key, ev)
		c.put(feature.MailDomain, r.Object.Key[strings.LastIndexByte(r.Object.Key, '@')+1:], ev)
	}
	for _, a := range r.Atoms {
		for _, at := range a.Attributes {
			if at.Name == "country" && at.State == obs.Present {
				c.put(feature.Country, strings.ToLower(at.Value), ev)
			}
		}
	}
}

func (c *collector) redirect(to entity.Entity, ev evidence) {
	if to.Kind == entity.URL {
		host, ok := entity.HostOf(to.Key)
		if !ok || host.Kind != entity.Domain {
			return
		}
		to = host
	}
	if unit := entity.Apex(to.Key); unit != c.row.Unit {
		c.put(feature.Redirect, unit, ev)
	}
}

func fingerprintFeature(key string) feature.Feature {
	typ, _, _ := strings.Cut(key, ":")
	switch typ {
	case "title":
		return feature.Title
	case "server":
		return feature.Server
	case "txt", "txt-sha256":
		return feature.TXT
	case "package":
		return feature.Client
	}
	return feature.Fingerprint
}

func fingerprintText(e entity.Entity) string {
	if f := fingerprintFeature(e.Key); f == feature.Title || f == feature.Server {
		_, text, _ := strings.Cut(e.Key, ":")
		return text
	}
	return e.Key
}

// nsFresh is how long before the last sighting of any name server one still
// belongs to the latest set, in seconds.
const nsFresh = 30 * 86400

// nameServers makes the features of the name servers: every domain that served
// the unit, and the latest set of hosts.
func (c *collector) nameServers() {
	var newest obs.Time
	for _, n := range c.ns {
		c.put(feature.NSDomain, entity.Apex(n.host), n.ev)
		newest = max(newest, n.ev.row.Last)
	}
	var set []string
	var all evidence
	for _, n := range c.ns {
		if n.ev.row.Subject.Key != c.row.Unit || newest-n.ev.row.Last > nsFresh {
			continue
		}
		set = append(set, n.host)
		all.spans = append(all.spans, n.ev.spans...)
		all.reliable = max(all.reliable, n.ev.reliable)
		all.row, all.lineage = n.ev.row, n.ev.lineage
	}
	slices.Sort(set)
	c.put(feature.NSSet, strings.Join(slices.Compact(set), " "), all)
}

// certificate is what is said of a certificate under any of its names.
type certificate struct {
	self   entity.Entity // what an alias stands for, else the certificate itself
	rows   []store.Row   // its keys and its issuers
	levels feature.Levels
	cut    bool // more is said than was read
}

// readCertificates reads all certificates that name a unit, in the order of their
// keys.
func readCertificates(ctx context.Context, r store.Reader, all []*collector) (map[entity.Entity]*certificate, error) {
	out := map[entity.Entity]*certificate{}
	var order []entity.Entity
	for _, c := range all {
		c.limitCertificates()
		for _, s := range c.sans {
			if _, known := out[s.cert]; !known {
				out[s.cert] = nil
				order = append(order, s.cert)
			}
		}
	}
	slices.SortFunc(order, func(a, b entity.Entity) int { return cmp.Compare(a.Key, b.Key) })
	for _, e := range order {
		cert, err := readCertificate(ctx, r, e)
		if err != nil {
			return nil, err
		}
		out[e] = cert
	}
	return out, nil
}

// maxAliases bounds under how many names one certificate is read.
const maxAliases = 8

// readCertificate reads a certificate under all its names: what one source says of
// its fingerprint and another of the certificate itself is said of one thing.
func readCertificate(ctx context.Context, r store.Reader, e entity.Entity) (*certificate, error) {
	cert := &certificate{self: e}
	if entity.IsCertAlias(e) {
		for row, err := range r.Neighbours(ctx, e, store.Query{Direction: store.In, Relations: []obs.Relation{obs.Alias}}) {
			if err != nil {
				return nil, err
			}
			cert.levels.Add(row.Origin.Handling.TLP)
			switch {
			case cert.self == e:
				cert.self = row.Subject
			case cert.self != row.Subject: // two claim it; the first in order of keys stands
				cert.cut = true
			}
		}
	}
	q := store.Query{Direction: store.Out, Relations: []obs.Relation{obs.IssuedBy, obs.Key, obs.Alias}}
	names := []entity.Entity{cert.self}
	for i := 0; i < len(names); i++ {
		for row, err := range r.Neighbours(ctx, names[i], q) {
			if err != nil {
				return nil, err
			}
			cert.levels.Add(row.Origin.Handling.TLP)
			switch {
			case row.Relation != obs.Alias:
				cert.rows = append(cert.rows, row)
			case slices.Contains(names, row.Object):
			case len(names) == maxAliases:
				cert.cut = true
			default:
				names = append(names, row.Object)
			}
		}
	}
	return cert, nil
}

// limitCertificates keeps the latest certificates if there are too many.
func (c *collector) limitCertificates() {
	slices.SortStableFunc(c.sans, func(a, b san) int { return cmp.Compare(b.ev.row.First, a.ev.row.First) })
	seen := map[entity.Entity]bool{}
	for i, s := range c.sans {
		if !seen[s.cert] && len(seen) == maxCerts {
			c.row.Cut = true
			c.sans = c.sans[:i]
			return
		}
		seen[s.cert] = true
	}
}

// certificates takes in what the unit's certificates say.
func (c *collector) certificates(read map[entity.Entity]*certificate) {
	type said struct {
		obs.Edge
		origin obs.Origin
	}
	done := map[said]bool{}
	for _, s := range c.sans {
		cert := read[s.cert]
		c.put(feature.Cert, cert.self.Key, s.ev)
		c.row.Cut = c.row.Cut || cert.cut
		for rank, has := range cert.levels {
			c.row.Levels[rank] = c.row.Levels[rank] || has
		}
		for i := range cert.rows {
			row := &cert.rows[i]
			k := said{obs.Edge{Subject: row.Subject, Relation: row.Relation, Object: row.Object}, *row.Origin}
			if done[k] {
				continue
			}
			done[k] = true
			ev := evidenceOf(row)
			switch row.Relation {
			case obs.Key:
				c.put(feature.SPKI, row.Object.Key, ev)
			case obs.IssuedBy:
				c.put(feature.Issuer, row.Object.Key, ev)
				c.validity(ev)
			}
		}
	}
}

// validity keeps the length of the latest certificate's life in whole days.
func (c *collector) validity(ev evidence) {
	if len(ev.spans) == 0 || ev.row.First < c.latest {
		return
	}
	c.latest = ev.row.First
	c.days = strconv.FormatInt((int64(ev.row.Last-ev.row.First)+43200)/86400, 10)
	c.daysBy = ev
}
