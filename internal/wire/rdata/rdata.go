// Package rdata maps one resource record in presentation form (RFC 1035
// section 5) to the relation that it states: an address record to "resolves", a
// delegation to "ns", a pointer in a reverse zone to "ptr" of its address, and
// so on. It is shared by every format that carries records as text.
//
// The room is pure; it knows no format and no source.
package rdata

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Statement is what a record says: a triple without source or time.
type Statement struct {
	Subject    entity.Entity
	Relation   obs.Relation
	Object     entity.Entity
	Attributes []obs.Attribute
}

// Map returns the statement of a record. ok is false, without an error, for a
// sound record that states nothing (a target of ".", a contact that is none).
// The error (code Invalid) says what is wrong with the rdata.
func Map(owner entity.Entity, t obs.RRType, text string) (s Statement, ok bool, err error) {
	s = Statement{Subject: owner, Relation: obs.Resolves}
	switch t {
	case obs.TypeA, obs.TypeAAAA:
		return address(s, t, text)
	case obs.TypeCNAME, obs.TypeDNAME:
		return name(s, text)
	case obs.TypeNS:
		s.Relation = obs.NS
		return name(s, text)
	case obs.TypePTR:
		return pointer(s, text)
	case obs.TypeMX:
		return exchanger(s, text)
	case obs.TypeSOA:
		return authority(s, text)
	case obs.TypeSRV:
		return service(s, text)
	case obs.TypeTXT, obs.TypeSPF:
		return textual(s, "txt", Unquote(text))
	case typeSVCB, typeHTTPS:
		return binding(s, text)
	}
	return textual(s, "rdata", strings.Join(strings.Fields(text), " "))
}

const (
	typeSVCB  obs.RRType = 64
	typeHTTPS obs.RRType = 65
)

func address(s Statement, t obs.RRType, text string) (Statement, bool, error) {
	e, err := entity.New(entity.IP, text)
	if err != nil {
		return s, false, err
	}
	if v6 := strings.IndexByte(e.Key, ':') >= 0; v6 && t == obs.TypeA {
		return s, false, fault.New(fault.Invalid, "an A record holds the IPv6 address %s", e.Key)
	}
	s.Object = e // an AAAA record may hold an IPv4-mapped address, which entity unmaps
	return s, true, nil
}

func name(s Statement, text string) (Statement, bool, error) {
	e, err := entity.New(entity.Domain, strings.TrimSpace(text))
	s.Object = e
	return s, err == nil && e.Key != ".", err
}

// pointer turns a name of a reverse zone back into its address.
func pointer(s Statement, text string) (Statement, bool, error) {
	if addr, ok := ReverseAddr(s.Subject.Key); ok {
		s.Subject, s.Relation = addr, obs.PTR
	}
	return name(s, text)
}

func exchanger(s Statement, text string) (Statement, bool, error) {
	f := strings.Fields(text)
	s.Relation = obs.MX
	switch len(f) {
	case 1: // some sources drop the preference
		return name(s, f[0])
	case 2:
		s.Attributes = []obs.Attribute{{Name: "preference", Value: f[0]}}
		return name(s, f[1]) // "." is a null MX (RFC 7505)
	}
	return s, false, fault.New(fault.Invalid, "an MX record wants a preference and a name")
}

// authority reads "mname rname serial refresh retry expire minimum"; what
// matters to an analyst is whom the zone names as its contact.
func authority(s Statement, text string) (Statement, bool, error) {
	f := strings.Fields(text)
	if len(f) < 2 {
		return s, false, fault.New(fault.Invalid, "an SOA record wants a server and a contact")
	}
	s.Relation = obs.SOARname
	mail, ok := Mailbox(f[1])
	if !ok {
		return s, false, nil
	}
	e, err := entity.New(entity.Email, mail)
	if err != nil {
		return s, false, err
	}
	s.Object = e
	s.Attributes = []obs.Attribute{{Name: "mname", Value: strings.ToLower(strings.TrimSuffix(f[0], "."))}}
	if len(f) > 2 {
		s.Attributes = append(s.Attributes, obs.Attribute{Name: "serial", Value: f[2]})
	}
	return s, true, nil
}

// Mailbox reads a domain name as a mailbox (RFC 1035 section 8): its first label
// is the local part, in which a dot is escaped. Some zones write an @.
func Mailbox(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if strings.Contains(name, "@") {
		return name, true
	}
	var local strings.Builder
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '\\' && i+1 < len(name):
			i++
			local.WriteByte(name[i])
		case name[i] == '.':
			host := name[i+1:]
			return local.String() + "@" + host, local.Len() > 0 && strings.Contains(host, ".") && !strings.HasSuffix(host, ".invalid")
		default:
			local.WriteByte(name[i])
		}
	}
	return "", false
}

func service(s Statement, text string) (Statement, bool, error) {
	f := strings.Fields(text)
	if len(f) != 4 {
		return s, false, fault.New(fault.Invalid, "an SRV record wants priority, weight, port and target")
	}
	s.Attributes = []obs.Attribute{{Name: "port", Value: f[2]}, {Name: "priority", Value: f[0]}, {Name: "weight", Value: f[1]}}
	return name(s, f[3])
}

// binding reads an SVCB or HTTPS record (RFC 9460): a target other than the
// owner is a name to follow, anything else is kept as text.
func binding(s Statement, text string) (Statement, bool, error) {
	f := strings.Fields(text)
	if len(f) >= 2 && f[1] != "." {
		if out, ok, err := name(s, f[1]); err == nil && ok {
			out.Attributes = []obs.Attribute{{Name: "params", Value: cutText(strings.Join(f[2:], " "))}, {Name: "priority", Value: f[0]}}
			return out, true, nil
		}
	}
	return textual(s, "rdata", strings.Join(f, " "))
}

// maxText is the longest text that is its own key; a longer one is named by its
// digest and kept, cut, as an attribute.
const maxText = 1500

func cutText(s string) string { return s[:min(len(s), maxText)] }

func textual(s Statement, typ, text string) (Statement, bool, error) {
	if strings.TrimSpace(text) == "" {
		return s, false, nil
	}
	value := typ + ":" + text
	if len(text) > maxText {
		sum := sha256.Sum256([]byte(text))
		value = typ + "-sha256:" + hex.EncodeToString(sum[:])
		s.Attributes = []obs.Attribute{{Name: "text", Value: strings.ToValidUTF8(cutText(text), "\uFFFD")}}
	}
	e, err := entity.New(entity.Fingerprint, value)
	s.Object = e
	return s, err == nil, err
}

// Unquote joins the character strings of a TXT record and undoes their escapes;
// text without quotes is taken as it is.
func Unquote(s string) string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			in = !in
		case !in:
		case c == '\\' && i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			b.WriteByte(byte(int(s[i+1]-'0')*100 + int(s[i+2]-'0')*10 + int(s[i+3]-'0')))
			i += 3
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// ReverseAddr returns the address that a name of in-addr.arpa or ip6.arpa
// stands for (RFC 1035 section 3.5, RFC 3596 section 2.5).
func ReverseAddr(name string) (entity.Entity, bool) {
	if rest, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		p := strings.Split(rest, ".")
		if len(p) != 4 {
			return entity.Entity{}, false
		}
		e, err := entity.New(entity.IP, p[3]+"."+p[2]+"."+p[1]+"."+p[0])
		return e, err == nil
	}
	rest, ok := strings.CutSuffix(name, ".ip6.arpa")
	if !ok || len(rest) != 63 {
		return entity.Entity{}, false
	}
	var b strings.Builder
	for i := 62; i >= 0; i -= 2 {
		b.WriteByte(rest[i])
		if i%8 == 0 && i > 0 {
			b.WriteByte(':')
		}
	}
	e, err := entity.New(entity.IP, b.String())
	return e, err == nil
}
