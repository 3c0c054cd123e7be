package extract

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
)

// classify reports what a word without a scheme is, if it is an indicator.
func (s *scanner) classify(w *word, yield func(Hit) bool) bool {
	s.trim(w)
	c := w.clean
	switch {
	case len(c) == 0:
		return true
	case bytes.IndexByte(c, '@') >= 0:
		return s.mail(w, yield)
	case w.dots == 0 && w.colons == 0:
		if h, ok := digest(c); ok {
			return s.emit(w, h, entity.Entity{}, yield)
		}
		return s.asn(w, yield)
	case w.colons > 1:
		if e, ok := colonForm(c); ok {
			return s.emit(w, e, entity.Entity{}, yield)
		}
	}
	return s.host(w, yield)
}

// trim drops the punctuation around a word: ends of sentences, list marks.
func (s *scanner) trim(w *word) {
	const edge = "-_.:@/+%"
	n := len(w.clean)
	c := bytes.TrimLeft(w.clean, edge)
	if lead := n - len(c); lead > 0 && bytes.HasPrefix(w.clean, []byte("::")) {
		c = w.clean // an IPv6 address may begin so
	} else if !w.changed {
		w.start += lead
	}
	n = len(c)
	t := bytes.TrimRight(c, "-_.:@+%") // a slash may end a URL
	if len(t) < n && bytes.HasSuffix(c, []byte("::")) && !bytes.HasSuffix(c, []byte(":::")) {
		t = c
	}
	if !w.changed {
		w.end -= n - len(t)
	}
	w.clean = t
}

// emit reports an entity that the whole word stands for.
func (s *scanner) emit(w *word, e, host entity.Entity, yield func(Hit) bool) bool {
	return yield(Hit{
		Entity: e, Host: host, Start: w.start, End: w.end, Raw: string(s.text[w.start:w.end]), Defanged: w.defanged,
	})
}

// digest recognises the digest of a file by its length.
func digest(c []byte) (entity.Entity, bool) {
	switch len(c) {
	case 32, 40, 56, 64, 96, 128:
	default:
		return entity.Entity{}, false
	}
	for _, b := range c {
		if (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'f') {
			return entity.Entity{}, false
		}
	}
	e, err := entity.New(entity.FileHash, string(c))
	return e, err == nil
}

// asn recognises AS64500.
func (s *scanner) asn(w *word, yield func(Hit) bool) bool {
	c := w.clean
	if len(c) < 3 || c[0] != 'A' || c[1] != 'S' {
		return true
	}
	for _, b := range c[2:] {
		if b < '0' || b > '9' {
			return true
		}
	}
	e, err := entity.New(entity.ASN, string(c))
	if err != nil {
		return true
	}
	return s.emit(w, e, entity.Entity{}, yield)
}

// colonForm recognises an IPv6 address, with a prefix length, and a digest with
// colons between its octets.
func colonForm(c []byte) (entity.Entity, bool) {
	pairs := true
	for i, b := range c {
		pairs = pairs && (b == ':') == (i%3 == 2)
	}
	text := string(c)
	if pairs && len(c)%3 == 2 {
		if plain := strings.ReplaceAll(text, ":", ""); len(plain) >= 32 {
			return digest([]byte(plain))
		}
		return entity.Entity{}, false // a hardware address
	}
	if strings.Contains(text, "/") {
		if _, err := netip.ParsePrefix(text); err != nil {
			return entity.Entity{}, false
		}
		e, err := entity.New(entity.Prefix, text)
		return e, err == nil
	}
	if a, err := netip.ParseAddr(text); err != nil || !a.Is6() || a.IsUnspecified() {
		return entity.Entity{}, false
	}
	e, err := entity.New(entity.IP, text)
	return e, err == nil
}

// mail recognises user@host; of user@address the address counts.
func (s *scanner) mail(w *word, yield func(Hit) bool) bool {
	c := bytes.TrimPrefix(w.clean, []byte("mailto:"))
	at := bytes.LastIndexByte(c, '@')
	local, host := c[:at], c[at+1:]
	if i := bytes.LastIndexAny(local, ":/"); i >= 0 {
		local = local[i+1:]
	}
	host, _ = cutPort(host)
	if len(local) > 0 && domainLike(host) && (w.defanged || knownDomain(host)) {
		e, err := entity.New(entity.Email, string(local)+"@"+string(host))
		if err != nil {
			return true
		}
		return s.emit(w, e, entity.Entity{Kind: entity.Domain, Key: e.Key[strings.LastIndexByte(e.Key, '@')+1:]}, yield)
	}
	if a, err := netip.ParseAddr(string(host)); err == nil {
		return s.emit(w, entity.Entity{Kind: entity.IP, Key: a.Unmap().WithZone("").String()}, entity.Entity{}, yield)
	}
	return true
}

// host recognises a host name or IPv4 address, with a port, a prefix length or a
// path behind it.
func (s *scanner) host(w *word, yield func(Hit) bool) bool {
	head, path := w.clean, []byte(nil)
	if i := bytes.IndexByte(head, '/'); i >= 0 {
		head, path = head[:i], head[i:]
	}
	head, port := cutPort(head)
	if i := bytes.LastIndexByte(head, ':'); i >= 0 {
		return s.labelled(w, i, yield)
	}
	if numeric(head) {
		return s.address(w, head, path, yield)
	}
	if !s.isDomain(w, head, len(path) > 1 || port) {
		return true
	}
	if len(path) > 1 && !knownDomain(path[1:]) {
		return s.bareURL(w, yield)
	}
	e, err := entity.New(entity.Domain, string(head))
	if err != nil {
		return true
	}
	s.narrow(w, len(head))
	return s.emit(w, e, entity.Entity{}, yield)
}

// narrow makes the word end after n octets of its clean form, if the text shows
// where that is.
func (s *scanner) narrow(w *word, n int) {
	if !w.changed {
		w.end = w.start + n
		w.next = w.end
	}
}

// labelled reads "C2:evil.example" or "domain:evil.example:443": what stands
// behind the colon at i, which is the last one before a port or a path.
func (s *scanner) labelled(w *word, i int, yield func(Hit) bool) bool {
	rest := *w
	rest.clean = w.clean[i+1:]
	rest.colons = bytes.Count(rest.clean, []byte(":"))
	rest.dots = bytes.Count(rest.clean, []byte("."))
	if len(rest.clean) == 0 || !rest.promising() {
		return true
	}
	if !w.changed {
		rest.start += i + 1
	}
	more := s.classify(&rest, yield)
	w.next = rest.next
	return more
}

// cutPort drops a port of digits.
func cutPort(c []byte) (host []byte, had bool) {
	i := bytes.LastIndexByte(c, ':')
	if i < 0 || i == len(c)-1 || len(c)-i > 6 {
		return c, false
	}
	for _, b := range c[i+1:] {
		if b < '0' || b > '9' {
			return c, false
		}
	}
	return c[:i], true
}

// numeric reports whether c consists of digits and dots.
func numeric(c []byte) bool {
	for _, b := range c {
		if b != '.' && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// address reports an IPv4 address or prefix, unless it reads as a version.
func (s *scanner) address(w *word, head, path []byte, yield func(Hit) bool) bool {
	a, err := netip.ParseAddr(string(head))
	if err != nil || s.version(w) {
		return true
	}
	e := entity.Entity{Kind: entity.IP, Key: a.String()}
	if len(path) > 1 {
		if p, err := netip.ParsePrefix(string(head) + string(path)); err == nil {
			return s.emit(w, entity.Entity{Kind: entity.Prefix, Key: p.Masked().String()}, entity.Entity{}, yield)
		}
		return s.bareURL(w, yield)
	}
	s.narrow(w, len(head))
	return s.emit(w, e, entity.Entity{}, yield)
}

// version reports whether the word before says that the figures are a version.
func (s *scanner) version(w *word) bool {
	if w.defanged {
		return false
	}
	b := bytes.TrimRight(s.text[max(0, w.start-12):w.start], " :")
	b = bytes.ToLower(b[bytes.LastIndexAny(b, " \t\n\r,;(")+1:])
	switch string(b) {
	case "version", "ver", "v", "ver.", "v.", "versions", "build", "release", "firmware":
		return true
	}
	return false
}

// bareURL reports a host with a path as a URL; nobody wrote its scheme, and
// http is the usual reading.
func (s *scanner) bareURL(w *word, yield func(Hit) bool) bool {
	s.urlEnd(w)
	return s.emitURL(w, "http://"+string(w.clean), yield)
}
