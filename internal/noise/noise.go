// Package noise tells shared things from telling ones: content networks, parking,
// sinkholes, privacy contacts, popular names. It holds an embedded, dated pack of
// public lists (SOURCES.md); every verdict names the list behind it.
//
// The lists are evidence, not truth: they age, and they contradict each other. The
// room is pure; it decides what a value is, not what a pivot makes of it.
package noise

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
)

// Hit says that a value stands on a list.
type Hit struct {
	Class   Class
	List    string // the list's name
	Title   string
	Version int    // as the list writes it, often a date
	Entry   string // the entry that matched
	Note    string // why the hit does not count, if it doesn't
}

// ListInfo describes a list in the pack.
type ListInfo struct {
	Name, Title string
	Class       Class
	Type        string // cidr, hostname, string, substring, regex
	Version     int
	Entries     int
}

// Pack is the compiled lists. It does not change and is safe for concurrent use.
type Pack struct {
	date  string
	lists []ListInfo
	names map[string][]ref // hosts and texts, folded, without a leading dot
	nets  [2]netTable      // IPv4, IPv6
	regex []regexEntry
}

// ref points at the list of an entry; exact entries don't match names below them.
type ref struct {
	list  uint16
	exact bool
}

type regexEntry struct {
	list uint16
	re   *regexp.Regexp
}

// netTable finds the prefixes that hold an address: one map for each length that
// occurs.
type netTable struct {
	lengths []int // of prefixes, longest first
	byNet   map[netip.Prefix][]uint16
}

// Date is the date of the lists, as 2006-01-02.
func (p *Pack) Date() string { return p.date }

// Lists describes the lists in the pack.
func (p *Pack) Lists() []ListInfo { return p.lists }

func (p *Pack) hit(list uint16, entry string) Hit {
	l := &p.lists[list]
	return Hit{Class: l.Class, List: l.Name, Title: l.Title, Version: l.Version, Entry: entry}
}

// Check returns every list on which e stands, in the order of the lists. Of a URL
// the host counts.
func (p *Pack) Check(e entity.Entity) []Hit {
	switch e.Kind {
	case entity.IP:
		return p.address(e.Key)
	case entity.Prefix:
		pre, err := netip.ParsePrefix(e.Key)
		if err != nil {
			return nil
		}
		return p.address(pre.Addr().String())
	case entity.Domain:
		return p.domain(e.Key)
	case entity.URL:
		if host, ok := entity.HostOf(e.Key); ok {
			return p.Check(host)
		}
	case entity.Email:
		return p.email(e.Key)
	case entity.Person, entity.Org:
		return p.text(e.Key)
	}
	return nil
}

// Verdict returns the class of e in the part that it plays: of the hits that
// count, the one that ranks highest. The class is None if e stands on no list.
func (p *Pack) Verdict(e entity.Entity, as Role) (best Hit, all []Hit) {
	all = p.Check(e)
	for i := range all {
		h := &all[i]
		if need := roleOf(h.Class); e.Kind == entity.Domain && need != Itself && need != as {
			h.Note = "counts for " + string(need) + " only"
		}
	}
	for _, h := range all {
		if h.Note == "" && rules[h.Class].rank > rules[best.Class].rank {
			best = h
		}
	}
	return best, all
}

func (p *Pack) address(key string) []Hit {
	a, err := netip.ParseAddr(key)
	if err != nil {
		return nil
	}
	hits := special(a)
	t := &p.nets[0]
	if a.Is6() {
		t = &p.nets[1]
	}
	cdn := false
	for _, bits := range t.lengths {
		pre, err := a.Prefix(bits)
		if err != nil {
			continue
		}
		for _, l := range t.byNet[pre] {
			h := p.hit(l, pre.String())
			cdn = cdn || h.Class == CDN || h.Class == Cloud
			hits = append(hits, h)
		}
	}
	if cdn {
		for i := range hits {
			if hits[i].Class == Sinkhole {
				hits[i].Note = "does not count: the address belongs to a content network or cloud"
			}
		}
	}
	return hits
}

// special recognises addresses reserved for special use (IANA registries).
func special(a netip.Addr) []Hit {
	own := func(c Class, entry string) []Hit {
		return []Hit{{Class: c, List: "iana-special", Title: "IANA special-purpose addresses", Entry: entry}}
	}
	switch {
	case a.IsPrivate(), a.IsLoopback(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified(), sharedSpace.Contains(a), thisNetwork.Contains(a), reservedSpace.Contains(a):
		return own(Private, a.String())
	}
	for _, d := range documentation {
		if d.Contains(a) {
			return own(Documentation, d.String())
		}
	}
	return nil
}

var (
	sharedSpace   = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // RFC 6598
	thisNetwork   = netip.PrefixFrom(netip.AddrFrom4([4]byte{0, 0, 0, 0}), 8)     // RFC 791
	reservedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{240, 0, 0, 0}), 4)   // RFC 1112
	documentation = []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, 0}), 24), // RFC 5737
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, 0}), 24),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, 0}), 24),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), 15),            // RFC 2544
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8}), 32), // RFC 3849
	}
)

// domain looks up the name and the zones above it. Popular names vouch for what
// lies below them only as far as one owner reaches.
func (p *Pack) domain(name string) []Hit {
	var hits []Hit
	own, _ := entity.Registrable(name)
	for zone := name; zone != ""; {
		for _, r := range p.names[zone] {
			h := p.hit(r.list, zone)
			below := zone != name
			if r.exact && below || h.Class == Popular && (len(zone) < len(own) || below && p.LetsNames(zone)) {
				continue
			}
			hits = append(hits, h)
		}
		_, rest, ok := strings.Cut(zone, ".")
		if !ok {
			break
		}
		zone = rest
	}
	return hits
}

func (p *Pack) email(addr string) []Hit {
	var hits []Hit
	for _, r := range p.regex {
		if r.re.MatchString(addr) {
			hits = append(hits, p.hit(r.list, r.re.String()))
		}
	}
	hits = append(hits, p.text(addr)...)
	host := addr[strings.LastIndexByte(addr, '@')+1:]
	for _, h := range p.domain(host) {
		switch h.Class {
		case Mail: // a mailbox at a big provider is still one person's
		case DisposableMail, PrivacyContact, CDN, SharedHosting, DynamicDNS: // hostmaster@ of a provider
			hits = append(hits, h)
		}
	}
	return hits
}

func (p *Pack) text(s string) []Hit {
	var hits []Hit
	for _, r := range p.names[s] {
		hits = append(hits, p.hit(r.list, s))
	}
	return hits
}

// LetsNames reports whether the registered domain lets the names below it to
// anybody, so that each of them is a tenant of its own.
func (p *Pack) LetsNames(registrable string) bool {
	for _, r := range p.names[registrable] {
		if c := p.lists[r.list].Class; c == DynamicDNS || c == HostingZone {
			return true
		}
	}
	return false
}
