package entity

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

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
		return canonSerial(issuer, serial)
	}
	return "", errors.New("is no certificate fingerprint")
}

// canonSerial writes the alias of an issuer's name and a serial number. The first
// slash divides the two, so that a slash that folding brings into the name (a
// fullwidth one, or "℀") becomes a blank.
func canonSerial(issuer, serial string) (string, error) {
	name, err := canonName(issuer)
	if err == nil {
		name, err = canonName(strings.ReplaceAll(name, "/", " "))
	}
	serial = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(serial), ":", " ")), "")
	serial = strings.TrimLeft(strings.TrimPrefix(serial, "0x"), "0")
	if serial == "" {
		serial = "0"
	}
	if len(serial) > 256 {
		return "", errors.New("has a serial number longer than 256 octets")
	}
	return "serial:" + name + "/" + serial, err
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
	for len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = strings.TrimSpace(s[7:])
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return "", errors.New("is not an address such as user@host.example")
	}
	local, host := strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+1:])
	if local == "" || strings.ContainsAny(local, " \t\r\n\x00@<>") {
		return "", errors.New("has no usable local part")
	}
	if len(local) > maxLocal {
		return "", errors.New("has a local part longer than 256 octets")
	}
	d, err := canonDomain(host)
	if err != nil {
		return "", err
	}
	return lowerText(local) + "@" + d, nil
}

// maxLocal is four times what RFC 5321 allows: bounce addresses hold another
// address in their local part.
const maxLocal = 256

// lowerText is s in lower case and NFC. It composes again after lowering,
// because some letters are composed only in lower case (J̌, but ǰ).
func lowerText(s string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
}

// canonPhone keeps E.164 where the number says its country, else the digits.
func canonPhone(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
	}
	if i := strings.IndexAny(s, "xX;"); i > 6 { // extension
		s = s[:i]
	}
	s = strings.Replace(s, "(0)", "", 1)
	plus := strings.HasPrefix(strings.TrimLeft(s, "( "), "+")
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
	f := strings.Map(oneCherokee, folder.String(norm.NFKC.String(strings.ToValidUTF8(s, "\uFFFD"))))
	f = strings.Join(strings.Fields(f), " ")
	f = norm.NFKC.String(f) // folding may denormalise
	if f == "" {
		return "", errEmpty
	}
	if len(f) > 1024 {
		return "", errors.New("is longer than 1024 octets")
	}
	return f, nil
}

// oneCherokee gives both cases of a Cherokee letter one form. The script folds to
// its capitals, which came first; x/text only swaps the two.
func oneCherokee(r rune) rune {
	switch {
	case r >= 0xab70 && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case r >= 0x13f8 && r <= 0x13fd:
		return r - 8
	}
	return r
}

// canonRegistrar prefers the IANA registrar id, which survives renaming.
func canonRegistrar(s string) (string, error) {
	name, err := canonName(s) // first, because it turns digits of other scripts into ours
	id := strings.TrimSpace(strings.TrimPrefix(name, "iana:"))
	if n, bad := strconv.ParseUint(id, 10, 32); bad == nil {
		return "iana:" + strconv.FormatUint(n, 10), nil
	}
	return name, err
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
	if host, err = urlHost(host); err != nil {
		return "", err
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", errors.New("has a port over 65535")
		}
		port = strconv.FormatUint(n, 10)
	}
	if port != "" && port != defaultPorts[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	out := u.String()
	if len(out) > 8192 {
		return "", errors.New("is longer than 8192 octets")
	}
	return out, nil
}

// urlHost returns the host of a URL as the URL holds it. A name with octets that
// only a packet can hold has escapes in its key, which no URL knows: text that
// IDNA refuses stands there as it is (and String writes it in per cent), and
// anything else is no host.
func urlHost(key string) (string, error) {
	odd := errors.New("has a host that no URL can name")
	if strings.HasPrefix(key, "[") {
		return key, nil // an address, as canonURL writes it
	}
	if !strings.Contains(key, `\`) {
		for i := 0; i < len(key); i++ {
			if !plainOctet(key[i]) && strings.IndexByte(".!&'*+,=~", key[i]) < 0 {
				return "", odd
			}
		}
		return key, nil
	}
	labels, err := splitLabels(key)
	if err != nil {
		return "", err
	}
	host := bytes.Join(labels, []byte{'.'})
	for _, c := range host {
		if c < utf8.RuneSelf && c != '.' && !plainOctet(c) {
			return "", odd
		}
	}
	return string(host), nil
}

// escapeQuery writes the octets of a query that net/url leaves alone and that no
// URL may hold, so that a query written either way gives one key.
func escapeQuery(q string) string {
	const upper = "0123456789ABCDEF"
	out := make([]byte, 0, len(q))
	for i := 0; i < len(q); i++ {
		if c := q[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			out = append(out, '%', upper[c>>4], upper[c&15])
			continue
		}
		out = append(out, q[i])
	}
	return string(out)
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
		value = lowerText(value)
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
		s = strings.TrimRight(strings.TrimSpace(s[7:]), "=")
		if sum, err := base64.RawStdEncoding.DecodeString(s); err != nil || len(sum) != 32 {
			return "", errors.New("is no SHA-256 fingerprint in base64")
		}
		return "SHA256:" + s, nil
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
