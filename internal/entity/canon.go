package entity

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

func canonIP(s string) (string, error) {
	a, err := ParseAddr(s)
	if err != nil {
		return "", err
	}
	return a.String(), nil
}

// ParseAddr reads an address in any spelling and returns the canonical one.
func ParseAddr(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, errors.New("is not an IP address")
	}
	return a.Unmap().WithZone(""), nil
}

func canonPrefix(s string) (string, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(s))
	if err != nil {
		return "", errors.New("is not a prefix such as 192.0.2.0/24")
	}
	bits := p.Bits()
	a := p.Addr()
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	return netip.PrefixFrom(a, bits).Masked().String(), nil
}

func canonASN(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && strings.EqualFold(s[:2], "as") {
		s = strings.TrimSpace(s[2:])
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return "", errors.New("is not an AS number between 0 and 4294967295")
	}
	return strconv.FormatUint(n, 10), nil
}

// hexDigest returns s as lower hex without separators, if it is want octets long.
func hexDigest(s string, want ...int) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.ContainsAny(s, ": -") {
		s = strings.NewReplacer(":", "", " ", "", "-", "").Replace(s)
	}
	for _, n := range want {
		if len(s) == 2*n {
			if _, err := hex.DecodeString(s); err != nil {
				return "", errors.New("is not hexadecimal")
			}
			return s, nil
		}
	}
	return "", errors.New("has the wrong length for a digest")
}

// canonCert accepts the canonical digest and the alias forms of CertAlias.
func canonCert(s string) (string, error) {
	scheme, value, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok || len(scheme) == 2 { // 12:34:… is a digest with colons
		return hexDigest(s, 32)
	}
	size := map[string]int{"sha256": 32, "sha1": 20, "md5": 16}[strings.ToLower(scheme)]
	if size > 0 {
		d, err := hexDigest(value, size)
		return strings.ToLower(scheme) + ":" + d, err
	}
	if strings.EqualFold(scheme, "serial") {
		issuer, serial, ok := strings.Cut(value, "/")
		if !ok || issuer == "" || serial == "" {
			return "", errors.New("wants serial:ISSUER/SERIAL")
		}
		name, err := canonName(issuer)
		serial = strings.TrimLeft(strings.ToLower(strings.ReplaceAll(serial, ":", "")), "0")
		if serial == "" {
			serial = "0"
		}
		return "serial:" + name + "/" + serial, err
	}
	return "", errors.New("is no certificate fingerprint")
}

// CertAlias makes the entity of a certificate that is known only by a digest of
// its DER form: scheme is "sha256", "sha1" or "md5". Aliases are resolved on read.
func CertAlias(scheme, digest string) (Entity, error) { return New(Cert, scheme+":"+digest) }

// IsCertAlias reports whether e is a certificate known only by an alias.
func IsCertAlias(e Entity) bool { return e.Kind == Cert && strings.Contains(e.Key, ":") }

func canonSPKI(s string) (string, error) { return hexDigest(s, 32) }

func canonFileHash(s string) (string, error) { return hexDigest(s, 16, 20, 28, 32, 48, 64) }

// canonEmail folds the whole address. RFC 5321 lets a host tell A@ from a@, but
// no registrant relies on it, and two spellings must give one key.
func canonEmail(s string) (string, error) {
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return "", errors.New("is not an address such as user@host.example")
	}
	local, host := strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+1:])
	if local == "" || strings.ContainsAny(local, " \t\r\n\x00@<>") {
		return "", errors.New("has no usable local part")
	}
	d, err := canonDomain(host)
	if err != nil {
		return "", err
	}
	return strings.ToLower(norm.NFC.String(local)) + "@" + d, nil
}

// canonPhone keeps E.164 where the number says its country, else the digits.
func canonPhone(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
	}
	if i := strings.IndexAny(strings.ToLower(s), "x;"); i > 6 { // extension
		s = s[:i]
	}
	s = strings.Replace(s, "(0)", "", 1)
	plus := strings.HasPrefix(s, "+")
	digits := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case digit(c):
			digits = append(digits, c)
		case strings.IndexByte("+ .-()/\t", c) < 0:
			return "", errors.New("is not a telephone number")
		}
	}
	d := string(digits)
	if !plus && strings.HasPrefix(d, "00") {
		d, plus = d[2:], true
	}
	if len(d) < 5 || len(d) > 20 {
		return "", errors.New("has too few or too many digits")
	}
	if plus {
		return "+" + d, nil
	}
	return d, nil
}

var folder = cases.Fold()

// canonName folds a name of a person, organisation or list: NFKC, case folded,
// blanks collapsed. The original spelling belongs in an attribute.
func canonName(s string) (string, error) {
	f := strings.Join(strings.Fields(folder.String(norm.NFKC.String(strings.ToValidUTF8(s, "\uFFFD")))), " ")
	f = norm.NFKC.String(f) // folding may denormalise
	if f == "" {
		return "", errEmpty
	}
	if len(f) > 1024 {
		return "", errors.New("is longer than 1024 octets")
	}
	return f, nil
}

// canonRegistrar prefers the IANA registrar id, which survives renaming.
func canonRegistrar(s string) (string, error) {
	s = strings.TrimSpace(s)
	id := s
	if len(s) > 5 && strings.EqualFold(s[:5], "iana:") {
		id = s[5:]
	}
	if n, err := strconv.ParseUint(strings.TrimSpace(id), 10, 32); err == nil {
		return "iana:" + strconv.FormatUint(n, 10), nil
	}
	return canonName(s)
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}

func canonURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return "", errors.New("is not a URL")
	}
	if u.Scheme == "" || u.Host == "" {
		return "", errors.New("has no scheme or host")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	host, port := u.Hostname(), u.Port()
	if a, err := ParseAddr(host); err == nil {
		host = a.String()
		if a.Is6() {
			host = "[" + host + "]"
		}
	} else if host, err = canonDomain(host); err != nil {
		return "", err
	}
	if port != "" && port != defaultPorts[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	if u.Path == "" {
		u.Path = "/"
	}
	out := u.String()
	if len(out) > 8192 {
		return "", errors.New("is longer than 8192 octets")
	}
	return out, nil
}

// HostOf returns the domain or address that a URL's key points at.
func HostOf(urlKey string) (Entity, bool) {
	u, err := url.Parse(urlKey)
	if err != nil {
		return Entity{}, false
	}
	return host(u.Hostname())
}

func host(s string) (Entity, bool) {
	if a, err := ParseAddr(s); err == nil {
		return Entity{IP, a.String()}, true
	}
	d, err := canonDomain(s)
	if err != nil {
		return Entity{}, false
	}
	return Entity{Domain, d}, true
}

// textFingerprints are the fingerprint types whose value is text that a person
// wrote: it keeps its case.
var textFingerprints = map[string]bool{"title": true, "server": true, "header": true, "banner": true, "package": true}

func canonFingerprint(s string) (string, error) {
	typ, value, ok := strings.Cut(strings.TrimSpace(s), ":")
	typ, value = strings.ToLower(strings.TrimSpace(typ)), strings.TrimSpace(value)
	if !ok || typ == "" || value == "" {
		return "", errors.New("wants type:value, for example jarm:2ad2ad…")
	}
	for i := 0; i < len(typ); i++ {
		if c := typ[i]; (c < 'a' || c > 'z') && !digit(c) && c != '-' {
			return "", errors.New("has a type with other characters than a-z, 0-9 and -")
		}
	}
	value = strings.Join(strings.Fields(norm.NFC.String(strings.ToValidUTF8(value, "\uFFFD"))), " ")
	if !textFingerprints[typ] {
		value = strings.ToLower(value)
	}
	if len(value) > 2048 {
		return "", errors.New("is longer than 2048 octets")
	}
	return typ + ":" + value, nil
}

func canonTracker(s string) (string, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s == "" || len(s) > 128 || strings.ContainsAny(s, " \t\r\n\x00") {
		return "", errors.New("is not a tracker identifier")
	}
	return s, nil
}

func canonSSHKey(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "sha256:") {
		return "SHA256:" + strings.TrimRight(s[7:], "="), nil
	}
	if len(s) > 4 && strings.EqualFold(s[:4], "md5:") {
		s = s[4:]
	}
	d, err := hexDigest(s, 16)
	return "md5:" + d, err
}

// canonLabel wants "type:name" and takes "tag" for a bare name.
func canonLabel(s string) (string, error) {
	typ, name, ok := strings.Cut(s, ":")
	typ = strings.ToLower(strings.TrimSpace(typ))
	switch typ {
	case "actor", "campaign", "malware", "report", "tool", "tag":
	default:
		ok = false
	}
	if !ok {
		typ, name = "tag", s
	}
	name, err := canonName(name)
	return typ + ":" + name, err
}
