package entity

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Limits of a name (RFC 1035 section 2.3.4), in octets.
const (
	maxLabel = 63
	maxName  = 253 // in text form, without the trailing dot
)

var (
	errEmpty     = errors.New("is empty")
	errLabelLen  = errors.New("has an empty label or one over 63 octets")
	errNameLen   = errors.New("is longer than 253 octets")
	errBadEscape = errors.New(`has a backslash that escapes nothing`)
)

// canonDomain returns the canonical form of a DNS name. The common case, an
// ASCII name in lower case, returns s itself without allocating.
//
// Names are octets: what IDNA refuses is kept in its raw wire form with the
// escapes of RFC 1035 section 5.1 (\DDD, \X), never dropped; see Odd.
func canonDomain(s string) (string, error) {
	if s == "." {
		return ".", nil
	}
	s = trimDot(s)
	if s == "" {
		return "", errEmpty
	}
	plain, lower, fits, label := true, true, true, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.':
			fits = fits && label > 0 && label <= maxLabel
			label = 0
			continue
		case c >= 'A' && c <= 'Z':
			lower = false
		case !plainOctet(c):
			plain = false
		}
		label++
	}
	if !plain {
		return canonOddDomain(s) // an escape counts as one octet
	}
	if !fits || label == 0 || label > maxLabel {
		return "", errLabelLen
	}
	if len(s) > maxName {
		return "", errNameLen
	}
	if !lower {
		s = strings.ToLower(s)
	}
	return s, nil
}

// trimDot removes the dot of the root.
func trimDot(s string) string {
	if n := len(s); n > 0 && s[n-1] == '.' && !escaped(s, n-1) {
		return s[:n-1]
	}
	return s
}

// escaped reports whether the octet at i stands behind a backslash that is not
// itself escaped.
func escaped(s string, i int) bool {
	n := 0
	for n < i && s[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// plainOctet reports whether c stands for itself in a name's text form.
func plainOctet(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '*'
}

// canonOddDomain handles names with escapes, non-ASCII text or unusual octets.
func canonOddDomain(s string) (string, error) {
	if !strings.Contains(s, `\`) { // then it is text as people write it; a name's own blanks stand as \032
		s = trimDot(strings.TrimSpace(ideographicDots.Replace(s)))
	}
	labels, err := splitLabels(s)
	if err != nil {
		return "", err
	}
	out := make([]byte, 0, len(s)+8)
	wire := 0
	for i, l := range labels {
		if i > 0 {
			out = append(out, '.')
			wire++
		}
		if a, ok := toASCIILabel(l); ok {
			l = []byte(a)
		}
		if len(l) == 0 || len(l) > maxLabel {
			return "", errLabelLen
		}
		wire += len(l)
		out = appendLabel(out, l)
	}
	if wire > maxName {
		return "", errNameLen
	}
	return string(out), nil
}

var ideographicDots = strings.NewReplacer("。", ".", "．", ".", "｡", ".")

// toASCIILabel turns one Unicode label into its A-label with the IDNA2008
// lookup profile (RFC 5891), and says whether that profile accepts it.
func toASCIILabel(l []byte) (string, bool) {
	ascii := true
	for _, c := range l {
		if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	if ascii || !utf8.Valid(l) {
		return "", false
	}
	a, err := idna.Lookup.ToASCII(string(l))
	if err != nil || a == "" || strings.Contains(a, ".") {
		return "", false
	}
	return a, true
}

// splitLabels undoes the escapes of RFC 1035 section 5.1 and returns the raw
// octets of each label.
func splitLabels(s string) ([][]byte, error) {
	var labels [][]byte
	cur := make([]byte, 0, len(s))
	start := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			labels = append(labels, cur[start:len(cur):len(cur)])
			start = len(cur)
		case c == '\\':
			if i+1 >= len(s) {
				return nil, errBadEscape
			}
			if !digit(s[i+1]) {
				i++
				cur = append(cur, s[i])
				continue
			}
			if i+3 >= len(s) || !digit(s[i+2]) || !digit(s[i+3]) {
				return nil, errBadEscape
			}
			n := int(s[i+1]-'0')*100 + int(s[i+2]-'0')*10 + int(s[i+3]-'0')
			if n > 255 {
				return nil, errBadEscape
			}
			cur = append(cur, byte(n))
			i += 3
		default:
			cur = append(cur, c)
		}
	}
	return append(labels, cur[start:]), nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// appendLabel writes one label's octets in canonical text form: lower case,
// printable octets as themselves, special ones as \X, all others as \DDD.
func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		switch {
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case plainOctet(c):
			dst = append(dst, c)
		case strings.IndexByte(`.\"();@$[]{}<>`, c) >= 0: // the brackets, because people defang with them
			dst = append(dst, '\\', c)
		case c > ' ' && c < 0x7f:
			dst = append(dst, c)
		default:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		}
	}
	return dst
}

// NameFromWire makes a domain of raw labels as a packet holds them, without
// the root label.
func NameFromWire(labels [][]byte) (Entity, error) {
	if len(labels) == 0 {
		return Entity{Domain, "."}, nil
	}
	out := make([]byte, 0, 64)
	for i, l := range labels {
		if i > 0 {
			out = append(out, '.')
		}
		out = appendLabel(out, l)
	}
	return New(Domain, string(out))
}

// Odd says what is unusual about a domain's key, in a few words, or "": octets
// that no host name has, or a label that claims to be an A-label and isn't one.
func Odd(key string) string {
	if strings.Contains(key, `\`) {
		return "has octets that no host name has"
	}
	for label := range strings.SplitSeq(key, ".") {
		if strings.HasPrefix(label, "xn--") {
			if _, err := idna.Lookup.ToUnicode(label); err != nil {
				return "has a label that is no valid A-label"
			}
		}
	}
	return ""
}

// Unicode returns a domain's key in Unicode for display beside the A-labels, or
// the key itself when it has none or they are invalid.
func Unicode(key string) string {
	if !strings.Contains(key, "xn--") {
		return key
	}
	u, err := idna.Display.ToUnicode(key)
	if err != nil {
		return key
	}
	return u
}

// Registrable returns the registered domain (eTLD+1) of a domain's key by the
// Public Suffix List, its ICANN and its private part, and whether it has one:
// a public suffix itself has none.
func Registrable(key string) (string, bool) {
	key = strings.TrimPrefix(key, "*.")
	if strings.Contains(key, `\`) {
		return registrableOdd(key)
	}
	r, err := publicsuffix.EffectiveTLDPlusOne(key)
	return r, err == nil
}

// Apex returns the registered domain of a domain's key, or the key itself if it has
// none.
func Apex(key string) string {
	if r, ok := Registrable(key); ok {
		return r
	}
	return key
}

// registrableOdd cuts by labels, because an escaped dot is not a separator.
func registrableOdd(key string) (string, bool) {
	masked := []byte(key)
	for i := 0; i+1 < len(masked); i++ {
		if masked[i] == '\\' {
			masked[i], masked[i+1] = 'x', 'x'
			i++
		}
	}
	r, err := publicsuffix.EffectiveTLDPlusOne(string(masked))
	if err != nil {
		return "", false
	}
	return key[len(key)-len(r):], true
}

// Under reports whether name is zone or lies below it.
func Under(name, zone string) bool {
	if zone == "." {
		return true
	}
	if !strings.HasSuffix(name, zone) || len(name) == len(zone) {
		return name == zone
	}
	dot := len(name) - len(zone) - 1
	return name[dot] == '.' && !escaped(name, dot)
}

// SuffixListVersion names the Public Suffix List that Registrable goes by.
// Derived data that depends on it records this.
func SuffixListVersion() string { return publicsuffix.List.String() }
