package cert

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Attribute is one part of a distinguished name.
type Attribute struct {
	Type  string // "CN", or the dotted OID of a type without a usual short name
	Value string
}

// Name is a distinguished name, the most particular part first, as RFC 4514
// writes it (and Zeek and OpenSSL with it).
type Name []Attribute

// shortNames are those of RFC 4514 and what OpenSSL adds.
var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode",
	"2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
	"1.2.840.113549.1.9.1":     "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// Get returns the first value of a type, or "".
func (n Name) Get(typ string) string {
	for _, a := range n {
		if strings.EqualFold(a.Type, typ) {
			return a.Value
		}
	}
	return ""
}

// Authority returns the name under which an issuer is known: its organisation,
// else its common name.
func (n Name) Authority() string {
	if o := n.Get("O"); o != "" {
		return o
	}
	return n.Get("CN")
}

// Common returns the common name, else the organisation.
func (n Name) Common() string {
	if cn := n.Get("CN"); cn != "" {
		return cn
	}
	return n.Get("O")
}

// IsHost reports whether a common name looks like the name of a host: authorities
// have put those there since before there were alternative names.
func IsHost(cn string) bool {
	return strings.Contains(cn, ".") && !strings.ContainsAny(cn, " /@:")
}

// String writes the name as RFC 4514 does.
func (n Name) String() string {
	var b strings.Builder
	for i, a := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.Type)
		b.WriteByte('=')
		for j := 0; j < len(a.Value); j++ {
			c := a.Value[j]
			if strings.IndexByte(`,+"\<>;`, c) >= 0 || j == 0 && (c == ' ' || c == '#') || j == len(a.Value)-1 && c == ' ' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ParseName reads a name as RFC 4514 or RFC 2253 writes it: commas between the
// parts, plus signs within a set, backslashes before special characters and octets.
func ParseName(s string) (n Name) {
	var cur strings.Builder
	flush := func() {
		if typ, value, ok := strings.Cut(cur.String(), "="); ok {
			n = append(n, Attribute{strings.TrimSpace(typ), strings.ToValidUTF8(value, "\uFFFD")})
		}
		cur.Reset()
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			o, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two hex digits always fit
			cur.WriteByte(byte(o))
			i += 2
		case c == '\\' && i+1 < len(s):
			i++
			cur.WriteByte(s[i])
		case c == ',' || c == '+' && strings.Contains(cur.String(), "="):
			flush()
		default:
			cur.WriteByte(c)
		}
	}
	flush()
	return n
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// ParseSpaced reads a name as Suricata writes it, in the order of the certificate:
// "C=DE, O=x, CN=y". A comma inside a value is not escaped there; what has no
// equals sign belongs to the value before it.
func ParseSpaced(s string) (n Name) {
	for p := range strings.SplitSeq(s, ", ") {
		typ, value, ok := strings.Cut(p, "=")
		if ok && typ != "" && !strings.ContainsAny(typ, " ,") {
			n = append(n, Attribute{typ, value})
		} else if len(n) > 0 {
			n[len(n)-1].Value += ", " + p
		}
	}
	slices.Reverse(n)
	return n
}

// GuessName reads a name of a source that doesn't say how it writes it: between
// slashes, as OpenSSL once did, with commas and blanks, or as RFC 4514 says.
func GuessName(s string) (n Name) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "/"); ok {
		return ParseSpaced(strings.ReplaceAll(rest, "/", ", "))
	}
	n = ParseName(s)
	for i := range n {
		value, _, _ := strings.Cut(n[i].Value, "/emailAddress=") // OpenSSL hangs it on the common name
		n[i].Value = strings.TrimSpace(value)
	}
	if len(n) > 1 && n[0].Type != "CN" && n[len(n)-1].Type == "CN" {
		slices.Reverse(n) // it stood in the order of the certificate
	}
	return n
}

// readName reads an encoded name (RFC 5280 section 4.1.2.4). What is malformed
// ends it.
func readName(b []byte) (n Name, sound bool) {
	sound = each(b, func(set element) bool {
		return each(set.value, func(pair element) bool {
			oid, rest, err := want(pair.value, tagOID, "a type")
			if err != nil {
				return false
			}
			v, _, err := next(rest)
			if err != nil {
				return false
			}
			typ := dotted(oid.value)
			if short, ok := shortNames[typ]; ok {
				typ = short
			}
			n = append(n, Attribute{typ, text(v)})
			return true
		})
	})
	slices.Reverse(n)
	return n, sound
}

// text decodes a string of any of the types that names use. Octets that are not
// UTF-8 where they should be are read as Latin-1, as they are meant.
func text(e element) string {
	switch e.tag {
	case tagBMP:
		u := make([]uint16, len(e.value)/2)
		for i := range u {
			u[i] = uint16(e.value[2*i])<<8 | uint16(e.value[2*i+1])
		}
		return string(utf16.Decode(u))
	case tagUniversal:
		var b strings.Builder
		for v := e.value; len(v) >= 4; v = v[4:] {
			b.WriteRune(rune(v[0])<<24 | rune(v[1])<<16 | rune(v[2])<<8 | rune(v[3]))
		}
		return b.String()
	}
	if e.tag != tagT61 && utf8.Valid(e.value) {
		return string(e.value)
	}
	r := make([]rune, len(e.value))
	for i, c := range e.value {
		r[i] = rune(c)
	}
	return string(r)
}

// dotted writes an object identifier.
func dotted(b []byte) string {
	var out []byte
	var arc uint64
	for i, c := range b {
		if arc > 1<<56 {
			return "" // no real identifier has such arcs
		}
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 && i < len(b)-1 {
			continue
		}
		if out == nil {
			first := min(arc/40, 2)
			out = strconv.AppendUint(out, first, 10)
			arc -= first * 40
		}
		out = strconv.AppendUint(append(out, '.'), arc, 10)
		arc = 0
	}
	return string(out)
}
