package synth

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Now is the present of everything that Population and Campaign make: 2026-10-01.
const Now obs.Time = 1790812800

const day = 86400

// Source is the source of the benign population, so that nobody takes it for real.
const Source = "synthetic-background"

// share is one choice of a weighted draw.
type share struct {
	name   string
	weight float64
}

// The population's providers, all fictitious, with their shares of names. Shapes
// follow what is known of the real name space (docs/scoring.md): a few registrars
// hold most names, half of the names use their registrar's name servers, more
// than a quarter stands behind one content network, one privacy service is in
// most registrations.
var (
	registrars = []share{
		{"northgate names", .30},
		{"regio direct", .20},
		{"plainhost registry", .13},
		{"open harbour", .11},
		{"domstadt", .09},
		{"kiwi domains", .08},
		{"first ledger", .06},
		{"bulkreg", .03},
	}
	issuers = []share{{"open certs initiative", .80}, {"signet trust", .12}, {"parallax ca", .08}}
)

// Providers of the population that are shared by their nature; the demo's own noise
// list classifies them as lists classify the real ones.
const (
	CDN     = "edgeveil.example" // name servers of the content network
	Parking = "lotpark.example"  // name servers of the parking service
	Privacy = "veilname privacy" // organisation of the privacy service
	MailBig = "mailhaus.example" // mail of every fifth name
)

// Addresses: the content network in 198.18.0.0/22, parking in 198.18.4.0/24, shared
// hosting in 198.18.64.0/18, addresses of one name's own in 198.19.0.0/16.
func cdnAddr(r *rand.Rand) string     { return fmt.Sprintf("198.18.%d.%d", r.IntN(2), r.IntN(32)) }
func parkingAddr(r *rand.Rand) string { return fmt.Sprintf("198.18.4.%d", 1+r.IntN(4)) }
func ownAddr(n int) string            { return fmt.Sprintf("198.19.%d.%d", n>>8&255, n&255) }
func hostingAddr(n uint64) string     { return fmt.Sprintf("198.18.%d.%d", 64+n/200%64, 1+n%200) }

// Population yields the observations of n benign registered names, about eleven for
// each, name by name. Equal n and seed give equal observations.
func Population(n int, seed uint64) iter.Seq[obs.Observation] {
	return func(yield func(obs.Observation) bool) {
		p := newMaker(seed, 0xbe917, Source, yield)
		p.hosting = rand.NewZipf(p.r, 1.3, 40, 11_999)
		for i := range n {
			p.benign(i)
			if p.stopped {
				return
			}
		}
	}
}

// maker emits observations of one source.
type maker struct {
	r       *rand.Rand
	seen    map[string]bool
	hosting *rand.Zipf
	yield   func(obs.Observation) bool
	stopped bool

	sensor, declared *obs.Origin
}

func newMaker(seed, stream uint64, source string, yield func(obs.Observation) bool) *maker {
	handling := obs.Handling{TLP: obs.Clear, Licence: "CC0-1.0", Redistribution: obs.RedistributeFree}
	return &maker{
		r: rand.New(rand.NewPCG(seed, stream)), seen: map[string]bool{}, yield: yield,
		sensor:   &obs.Origin{Source: source, Basis: obs.Sensor, Gap: obs.DefaultGap(obs.Sensor), CountKind: obs.Cumulative, Handling: handling},
		declared: &obs.Origin{Source: source, Basis: obs.Declared, Granularity: obs.Day, Handling: handling},
	}
}

func pick(r *rand.Rand, list []share) string {
	x := r.Float64()
	for _, s := range list {
		if x -= s.weight; x < 0 {
			return s.name
		}
	}
	return list[len(list)-1].name
}

// benign emits one benign name.
func (p *maker) benign(i int) {
	name := p.freshName()
	created := Now - obs.Time(3*day+p.r.ExpFloat64()*2.5*365*day/math.Ln2)
	created = max(created, Now-20*365*day)
	registrar := pick(p.r, registrars)
	p.register(name, registrar, created)
	p.contact(name)
	seenFrom := max(created, Now-2*365*day) + obs.Time(p.r.IntN(3*day))
	switch x := p.r.Float64(); {
	case x < .27:
		p.behindCDN(name, seenFrom)
		return
	case x < .33:
		p.parked(name, seenFrom)
		return
	}
	p.delegate(name, strings.ReplaceAll(registrar, " ", "-")+"-dns.example", 24, seenFrom)
	addr := hostingAddr(p.hosting.Uint64())
	if p.r.Float64() < .22 {
		addr = ownAddr(i)
	}
	p.host(name, addr, seenFrom)
	p.mail(name, seenFrom)
	issuer := pick(p.r, issuers)
	days := 90
	if issuer == "signet trust" {
		days = 365
	}
	p.certificate([]string{name, "www." + name}, issuer, days, Now-obs.Time(p.r.IntN(days)*day), p.digest(), p.digest())
}

// freshName makes a name that was not used before.
func (p *maker) freshName() string {
	for {
		w := string(appendWord(nil, p.r.Uint64(), 2+p.r.IntN(2)))
		switch p.r.IntN(5) {
		case 0:
			w += "-" + string(appendWord(nil, p.r.Uint64(), 2))
		case 1:
			w += fmt.Sprint(p.r.IntN(100))
		case 2:
			w += string(appendWord(nil, p.r.Uint64(), 1))
		}
		name := w + "." + pick(p.r, []share{{"example", .72}, {"test", .18}, {"invalid", .10}})
		if !p.seen[name] {
			p.seen[name] = true
			return name
		}
	}
}

func (p *maker) digest() string {
	return fmt.Sprintf("%016x%016x%016x%016x", p.r.Uint64(), p.r.Uint64(), p.r.Uint64(), p.r.Uint64())
}

// emit makes one observation; what is not canonical is a bug of the generator.
func (p *maker) emit(o obs.Observation) {
	if !p.stopped {
		p.stopped = !p.yield(o)
	}
}

func domain(name string) entity.Entity { return entity.Entity{Kind: entity.Domain, Key: name} }

func (p *maker) seenEdge(from entity.Entity, rel obs.Relation, to entity.Entity, typ obs.RRType, first, last obs.Time) {
	p.emit(obs.Observation{
		Subject: from, Relation: rel, Object: to, RRType: typ, First: first, Last: max(first, last),
		HasCount: true, Count: 1 + uint64(p.r.IntN(400)), Origin: p.sensor,
	})
}

// lately is the last sighting of what still holds.
func (p *maker) lately() obs.Time { return Now - obs.Time(p.r.IntN(2*day)) }

func (p *maker) register(name, registrar string, created obs.Time) {
	created -= created % day
	expires := created
	for expires < Now {
		expires += 365 * day
	}
	p.emit(obs.Observation{
		Subject: domain(name), Relation: obs.RegistrarOf, Object: entity.Entity{Kind: entity.Registrar, Key: registrar},
		First: created, Last: expires, Origin: p.declared,
	})
}

// contact: a privacy service in most registrations, withheld data in many, an
// organisation of its own in some.
func (p *maker) contact(name string) {
	o := obs.Observation{Subject: domain(name), Relation: obs.Registrant, First: Now - 30*day, Last: Now - 30*day, Origin: p.declared}
	switch x := p.r.Float64(); {
	case x < .62:
		o.Object = entity.Entity{Kind: entity.Org, Key: Privacy}
		o.Attributes = []obs.Attribute{{Name: "country", Value: "IS"}, {Name: "email", State: obs.ProxyService, Reason: Privacy}}
	case x < .88:
		return // redacted: nothing to relate to
	default:
		o.Object = entity.Entity{Kind: entity.Org, Key: string(appendWord(nil, p.r.Uint64(), 3)) + " " + []string{"ltd", "gmbh", "inc", "bv"}[p.r.IntN(4)]}
		o.Attributes = []obs.Attribute{{Name: "country", Value: []string{"US", "DE", "GB", "NL", "FR"}[p.r.IntN(5)]}}
	}
	p.emit(o)
}

// delegate gives the name two of a provider's name servers, out of so many pairs,
// and the provider's SOA contact.
func (p *maker) delegate(name, provider string, pairs int, from obs.Time) {
	k := p.r.IntN(pairs)
	for _, host := range []string{fmt.Sprintf("ns%d.%s", 2*k+1, provider), fmt.Sprintf("ns%d.%s", 2*k+2, provider)} {
		p.seenEdge(domain(name), obs.NS, domain(host), obs.TypeNS, from, p.lately())
	}
	p.seenEdge(domain(name), obs.SOARname, entity.Entity{Kind: entity.Email, Key: "hostmaster@" + provider}, obs.TypeSOA, from, p.lately())
}

// host gives the name an address; every sixth name has moved once.
func (p *maker) host(name, addr string, from obs.Time) {
	ip := func(a string) entity.Entity { return entity.Entity{Kind: entity.IP, Key: a} }
	if p.hosting != nil && p.r.IntN(6) == 0 && Now-from > 60*day {
		moved := from + obs.Time(p.r.Int64N(int64(Now-from)))
		p.seenEdge(domain(name), obs.Resolves, ip(hostingAddr(p.hosting.Uint64())), obs.TypeA, from, moved)
		from = moved + obs.Time(p.r.IntN(3*day))
	}
	p.seenEdge(domain(name), obs.Resolves, ip(addr), obs.TypeA, min(from, Now), p.lately())
}

func (p *maker) mail(name string, from obs.Time) {
	provider := ""
	switch x := p.r.Float64(); {
	case x < .20:
		provider = MailBig
	case x < .35:
		provider = "postbox.example"
	case x < .45:
		provider = name
	default:
		return
	}
	p.seenEdge(domain(name), obs.MX, domain("mx."+provider), obs.TypeMX, from, p.lately())
}

// behindCDN: the content network's name servers, two of its addresses, its issuer.
func (p *maker) behindCDN(name string, from obs.Time) {
	p.delegate(name, CDN, 25, from)
	for range 2 {
		p.seenEdge(domain(name), obs.Resolves, entity.Entity{Kind: entity.IP, Key: cdnAddr(p.r)}, obs.TypeA, from, p.lately())
	}
	p.certificate([]string{name, "*." + name}, "edgeveil trust", 90, Now-obs.Time(p.r.IntN(90)*day), p.digest(), p.digest())
}

func (p *maker) parked(name string, from obs.Time) {
	p.delegate(name, Parking, 1, from)
	p.seenEdge(domain(name), obs.Resolves, entity.Entity{Kind: entity.IP, Key: parkingAddr(p.r)}, obs.TypeA, from, p.lately())
}

// certificate emits a certificate with its names, issuer and key.
func (p *maker) certificate(names []string, issuer string, days int, notBefore obs.Time, cert, key string) {
	c := entity.Entity{Kind: entity.Cert, Key: cert}
	notAfter := notBefore + obs.Time(days)*day
	add := func(rel obs.Relation, to entity.Entity) {
		p.emit(obs.Observation{Subject: c, Relation: rel, Object: to, First: notBefore, Last: notAfter, Origin: p.declared})
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		add(obs.SAN, domain(n))
	}
	add(obs.IssuedBy, entity.Entity{Kind: entity.Org, Key: issuer})
	add(obs.Key, entity.Entity{Kind: entity.SPKI, Key: key})
}
