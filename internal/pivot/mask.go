package pivot

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/collect"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/noise"
)

// masker takes shared things out of rows before anything is counted.
type masker struct {
	e     *Engine
	cache map[key]noise.Hit
}

type key struct {
	f    feature.Feature
	text string
}

func newMasker(e *Engine) *masker {
	return &masker{e: e, cache: map[key]noise.Hit{}}
}

// subject returns the entity that a value of a feature names, and the part that
// it plays.
func subject(f feature.Feature, text string) (entity.Entity, noise.Role) {
	var kind entity.Kind
	role := noise.Itself
	switch f {
	case feature.IP:
		kind = entity.IP
	case feature.NSDomain:
		kind, role = entity.Domain, noise.NameServer
	case feature.MX:
		kind, role = entity.Domain, noise.MailHost
	case feature.MailDomain, feature.CNAME, feature.Redirect:
		kind = entity.Domain
	case feature.SOA, feature.Email:
		kind = entity.Email
	case feature.Org:
		kind = entity.Org
	case feature.Person:
		kind = entity.Person
	case feature.Phone:
		kind = entity.Phone
	case feature.Cert:
		kind = entity.Cert
	case feature.SPKI:
		kind = entity.SPKI
	case feature.Registrar:
		kind = entity.Registrar
	case feature.Tracker:
		kind = entity.Tracker
	case feature.Label:
		kind = entity.Label
	case feature.Net:
		kind = entity.Prefix
	default:
		return entity.Entity{}, role
	}
	return entity.Entity{Kind: kind, Key: text}, role
}

// verdict returns the class of a value.
func (m *masker) verdict(f feature.Feature, text string) noise.Hit {
	k := key{f, text}
	h, ok := m.cache[k]
	if ok || m.e.Noise == nil {
		return h
	}
	if e, role := subject(f, text); !e.IsZero() && f != feature.Net {
		h, _ = m.e.Noise.Verdict(e, role)
	}
	m.cache[k] = h
	return h
}

// row returns a copy of the row without what is masked, and what that was. A network goes with its
// addresses, a set of name servers with their domain, a mail domain with its
// provider.
func (m *masker) row(in *feature.Row) (*feature.Row, map[key]noise.Hit) {
	out := *in
	taken := map[key]noise.Hit{}
	out.Values = make([]feature.Value, 0, len(in.Values))
	var nets []string // networks that only masked addresses put there
	kept := map[string]bool{}
	for i := range in.Values {
		v := in.Values[i]
		h := m.verdict(v.Feature, v.Text)
		masked := h.Class.Effect() != noise.Note
		switch v.Feature {
		case feature.NSSet:
			masked = m.maskedSet(v.Text)
		case feature.MailDomain:
			masked = h.Class == noise.PrivacyContact || h.Class == noise.DisposableMail || m.mailbox(v.Text)
		}
		if masked {
			if h.Class != noise.None {
				taken[key{v.Feature, v.Text}] = h
			}
			if v.Feature == feature.IP {
				nets = append(nets, network(in, v.Text))
			}
			if h.Class.Effect() == noise.Coarse {
				out.Values = append(out.Values, coarse(v, h))
			}
			continue
		}
		if v.Feature == feature.IP {
			kept[network(in, v.Text)] = true
		}
		out.Values = append(out.Values, v)
	}
	for _, n := range nets {
		if !kept[n] {
			out.Values = drop(out.Values, feature.Net, n)
		}
	}
	return &out, taken
}

// coarse puts the class in place of the value: "parked at X".
func coarse(v feature.Value, h noise.Hit) feature.Value {
	v.Text = string(h.Class) + " at " + h.Entry
	v.Hash = feature.HashOf(v.Feature, v.Text)
	return v
}

// maskedSet reports whether a set of name servers belongs to a masked provider.
func (m *masker) maskedSet(text string) bool {
	host, _, _ := strings.Cut(text, " ")
	domain, ok := entity.Registrable(host)
	return ok && m.verdict(feature.NSDomain, domain).Class.Effect() != noise.Note
}

// mailbox reports whether a mail domain is that of a provider of mailboxes: the
// address counts, its domain doesn't.
func (m *masker) mailbox(domain string) bool {
	if m.e.Noise == nil {
		return false
	}
	h, _ := m.e.Noise.Verdict(entity.Entity{Kind: entity.Domain, Key: domain}, noise.MailHost)
	return h.Class == noise.Mail || h.Class == noise.Popular
}

// network finds the network of an address among the row's own values.
func network(r *feature.Row, addr string) string {
	net := collect.Network(addr)
	for _, v := range r.Of(feature.Net) {
		if v.Text == net {
			return net
		}
	}
	return ""
}

func drop(vs []feature.Value, f feature.Feature, text string) []feature.Value {
	out := vs[:0]
	for _, v := range vs {
		if v.Feature != f || v.Text != text {
			out = append(out, v)
		}
	}
	return out
}
