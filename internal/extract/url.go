package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/entity"
)

// schemes maps the ways in which people write a scheme to the scheme. Others
// than these are no links to infrastructure.
var schemes = map[string]string{
	"http": "http", "https": "https", "ftp": "ftp", "ftps": "ftps", "sftp": "sftp", "ws": "ws", "wss": "wss",
	"tcp": "tcp", "udp": "udp", "ssh": "ssh", "ldap": "ldap", "smb": "smb", "rtsp": "rtsp",
	"hxxp": "http", "hxxps": "https", "hxtp": "http", "hxtps": "https", "htxp": "http", "htxps": "https",
	"hxp": "http", "hxps": "https", "meow": "http", "meows": "https", "fxp": "ftp", "fxps": "ftps", "xxp": "http", "xxps": "https",
	"ttp": "http", "ttps": "https",
}

// url reads a word that holds "://" to the end of the URL and reports it.
func (s *scanner) url(w *word, yield func(Hit) bool) (next int, more bool) {
	at := bytes.Index(w.clean, []byte("://"))
	begin := at
	for begin > 0 && alnum(w.clean[begin-1]) {
		begin--
	}
	name := strings.ToLower(string(w.clean[begin:at]))
	if stars := s.stars(w, begin, name); stars > 0 { // h**p://
		w.start -= stars
		w.defanged = true
		name = "ht" + "t" + name
	}
	scheme, ok := schemes[name]
	if !ok {
		return w.start + skipScheme(w, at), true
	}
	w.defanged = w.defanged || scheme != name
	if !w.changed {
		w.start += begin
	}
	w.clean = w.clean[at+3:]
	s.urlEnd(w)
	if len(w.clean) == 0 {
		return w.next, true
	}
	return w.next, s.emitURL(w, scheme+"://"+string(w.clean), yield)
}

// skipScheme returns how far to go on behind a scheme that we don't know, so
// that what follows it is still read.
func skipScheme(w *word, at int) int {
	if w.changed {
		return w.next - w.start
	}
	return at + 3
}

// stars returns how many octets before the word belong to "h**p" or "h__p".
func (s *scanner) stars(w *word, begin int, name string) int {
	if begin != 0 || name != "p" && name != "ps" || w.start < 3 {
		return 0
	}
	if b := s.text[w.start-3 : w.start]; b[0]|0x20 == 'h' && b[1] == '*' && b[2] == '*' {
		return 3
	}
	return 0
}

// urlEnd reads on behind the word to the end of the URL, adding to w.clean what
// belongs to it.
func (s *scanner) urlEnd(w *word) {
	i := w.next
	depth := bytes.Count(w.clean, []byte("(")) - bytes.Count(w.clean, []byte(")"))
	full := bytes.Clone(w.clean)
	for i < len(s.text) {
		c := s.text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s.text[i:])
			if r == utf8.RuneError || closesQuote(r) {
				break
			}
			if !invisible(r) {
				full = append(full, s.text[i:i+n]...)
			}
			i += n
			continue
		}
		if c == ')' && depth <= 0 || ends[c] {
			break
		}
		if classOf[c] == opening {
			if put, n := hidden(s.text[i:], true); n > 0 {
				full = append(full, put...)
				w.defanged = true
				i += n
				continue
			}
		}
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		full = append(full, c)
		i++
	}
	trimmed := bytes.TrimRight(full, ".,;:!?'*_")
	w.clean = trimmed
	cut := len(full) - len(trimmed)
	for cut > 0 && i > w.start && strings.IndexByte(".,;:!?'*_", s.text[i-1]) >= 0 {
		i--
		cut--
	}
	w.end, w.next = i, i
}

// ends tells of each ASCII octet whether it can't be part of a URL in text.
var ends = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c <= ' ' || c == 0x7f || strings.IndexByte("\"<>`|\\^{}[]", byte(c)) >= 0
	}
	return t
}()

func closesQuote(r rune) bool {
	switch r {
	case '”', '’', '»', '“', '„', '…', '。', '，', '、', '）', '】', '\u00a0', '\u3000', '\u2028', '\u2029':
		return true
	}
	return false
}

// emitURL reports a URL whose host can be a name or an address.
func (s *scanner) emitURL(w *word, url string, yield func(Hit) bool) bool {
	e, err := entity.New(entity.URL, url)
	if err != nil {
		return true
	}
	host, ok := entity.HostOf(e.Key)
	if !ok {
		return true
	}
	if host.Kind == entity.Domain && !knownDomain([]byte(host.Key)) && !(w.defanged && domainLike([]byte(host.Key))) {
		return true
	}
	return s.emit(w, e, host, yield)
}
