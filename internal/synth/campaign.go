package synth

import (
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Campaign describes an actor's habits: what its names have in common. A zero
// member means that the actor does in this what everybody does.
type Campaign struct {
	Name      string   // source id and label
	Members   int      // registered names
	Registrar string   // where it registers; "": anywhere
	NS        []string // its own pair of name servers; nil: the registrar's
	Addrs     []string // dedicated addresses, used in turn
	CDNShare  float64  // part of the names that hides behind the content network
	Issuer    string
	Days      int // validity of its certificates
	Keys      int // distinct keys for all certificates; 0: a key for each
	SOA       string
	Words     []string // names are WORD-WORD-NUMBER
	TLD       string
	Start     obs.Time // of the first registration
	Bursts    int      // registrations come in so many bursts, 20 days apart
	Tracker   string   // analytics id on a part of the pages
}

// Observations yields what sensors and registries know of the campaign, and Names
// its members. Equal seeds give equal observations.
func (c Campaign) Observations(seed uint64) iter.Seq[obs.Observation] {
	return func(yield func(obs.Observation) bool) {
		p := newMaker(seed, 0xac708, c.Name, yield)
		keys := make([]string, max(1, c.Keys))
		for i := range keys {
			keys[i] = p.digest()
		}
		for i, name := range c.Names(seed) {
			c.member(p, i, name, keys)
			if p.stopped {
				return
			}
		}
	}
}

// Names lists the campaign's registered names.
func (c Campaign) Names(seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 0xa3e5))
	seen := map[string]bool{}
	out := make([]string, 0, c.Members)
	for len(out) < c.Members {
		a, b := c.Words[r.IntN(len(c.Words))], c.Words[r.IntN(len(c.Words))]
		name := fmt.Sprintf("%s-%s-%d.%s", a, b, 10+r.IntN(90), c.TLD)
		if a != b && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

func (c Campaign) member(p *maker, i int, name string, keys []string) {
	burst := i * max(1, c.Bursts) / c.Members
	created := c.Start + obs.Time(burst*20*day+p.r.IntN(2*day))
	registrar := c.Registrar
	if registrar == "" {
		registrar = pick(p.r, registrars)
	}
	p.register(name, registrar, created)
	from := created + obs.Time(day+p.r.IntN(day))
	hidden := p.r.Float64() < c.CDNShare
	switch {
	case hidden:
		p.behindCDN(name, from)
	case len(c.NS) > 0:
		for _, host := range c.NS {
			p.seenEdge(domain(name), obs.NS, domain(host), obs.TypeNS, from, p.lately())
		}
		if c.SOA != "" {
			p.seenEdge(domain(name), obs.SOARname, entity.Entity{Kind: entity.Email, Key: c.SOA}, obs.TypeSOA, from, p.lately())
		}
	default:
		p.delegate(name, "northgate-names-dns.example", 24, from)
	}
	if !hidden && len(c.Addrs) > 0 {
		p.host(name, c.Addrs[i%len(c.Addrs)], from)
	}
	key := p.digest()
	if c.Keys > 0 {
		key = keys[i%len(keys)]
	}
	p.certificate([]string{name, "www." + name, "login." + name}, c.Issuer, c.Days, from, p.digest(), key)
	if c.Tracker != "" && i%3 == 0 {
		p.seenEdge(domain(name), obs.UsesTracker, entity.Entity{Kind: entity.Tracker, Key: c.Tracker}, 0, from, p.lately())
	}
}
