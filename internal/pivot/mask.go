package pivot

import (
	"cmp"
	"slices"
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

// row returns a copy of the row without what is masked, and what that was. A
// network goes with its addresses, a set of name servers with their domain, a mail
// domain with its provider.
func (m *masker) row(in *feature.Row) (*feature.Row, map[key]noise.Hit) {
	out := *in
	taken := map[key]noise.Hit{}
	kept := map[string]bool{} // networks with an address that counts
	var nets []string
	var parked []feature.Value
	out.Values = make([]feature.Value, 0, len(in.Values))
	for i := range in.Values {
		v := in.Values[i]
		h := m.verdict(v.Feature, v.Text)
		if !m.masks(&v, h) {
			if v.Feature == feature.IP {
				kept[network(in, v.Text)] = true
			}
			out.Values = append(out.Values, v)
			continue
		}
		if h.Class != noise.None {
			taken[key{v.Feature, v.Text}] = h
		}
		if v.Feature == feature.IP {
			nets = append(nets, network(in, v.Text))
		}
		if h.Class.Effect() == noise.Coarse {
			parked = addCoarse(parked, v, h)
		}
	}
	for _, n := range nets {
		if !kept[n] {
			out.Values = drop(out.Values, feature.Net, n)
		}
	}
	out.Values = append(out.Values, once(parked)...)
	slices.SortStableFunc(out.Values, func(a, b feature.Value) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Text, b.Text))
	})
	return &out, taken
}

// masks reports whether a value of that class doesn't count as it is.
func (m *masker) masks(v *feature.Value, h noise.Hit) bool {
	switch v.Feature {
	case feature.NSSet:
		return m.maskedSet(v.Text)
	case feature.SOA, feature.MX: // a provider's contact and exchangers go with its name servers
		domain := v.Text[strings.LastIndexByte(v.Text, '@')+1:]
		return h.Class.Effect() != noise.Note || m.verdict(feature.NSDomain, entity.Apex(domain)).Class.Effect() != noise.Note
	case feature.MailDomain:
		return h.Class == noise.PrivacyContact || h.Class == noise.DisposableMail || m.mailbox(v.Text)
	}
	return h.Class.Effect() != noise.Note
}

// coarsePrefix begins the text of a value that stands for a class.
const coarsePrefix = string(noise.Parking) + " at "

// addCoarse puts the class in place of the value: "parking at X". Several values of
// one service are one.
func addCoarse(list []feature.Value, v feature.Value, h noise.Hit) []feature.Value {
	v.Text = string(h.Class) + " at " + h.Entry
	v.Hash = feature.HashOf(v.Feature, v.Text)
	for i := range list {
		if have := &list[i]; have.Feature == v.Feature && have.Hash == v.Hash {
			have.Spans, have.Rows = nil, slices.Concat(have.Rows, v.Rows) // parked names move from address to address
			return list
		}
	}
	return append(list, v)
}

// once drops the coarse addresses of a name whose name servers say the same: that a
// name is parked is one piece of evidence.
func once(list []feature.Value) []feature.Value {
	if slices.ContainsFunc(list, func(v feature.Value) bool { return v.Feature == feature.NSDomain }) {
		return slices.DeleteFunc(list, func(v feature.Value) bool { return v.Feature != feature.NSDomain })
	}
	return list
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
