package entity

import (
	"regexp"
	"strings"
)

// Refang undoes the usual ways in which people make an indicator harmless in
// text (hxxp, [.], (dot), [at], zero-width characters) in one pasted value, and
// drops the punctuation and blanks around it.
func Refang(s string) string {
	s = invisible.Replace(strings.TrimSpace(s))
	if strings.ContainsAny(s, "[({<\\") || strings.Contains(s, " dot ") {
		s = refangRE.ReplaceAllStringFunc(s, func(m string) string {
			m = strings.ToLower(strings.Trim(m, `[](){}<>\ `))
			switch m {
			case ".", "dot", "d0t", ",":
				return "."
			case "@", "at":
				return "@"
			case ":", "://", "/":
				return m
			}
			return "."
		})
	}
	if m := schemeRE.FindStringSubmatchIndex(s); m != nil {
		scheme := strings.ToLower(s[m[2]:m[3]])
		scheme = strings.NewReplacer("hxxp", "http", "hxtp", "http", "htxp", "http", "hxp", "http",
			"h**p", "http", "h__p", "http", "meow", "http", "fxp", "ftp").Replace(scheme)
		s = scheme + "://" + strings.TrimLeft(s[m[1]:], "/")
	}
	return strings.TrimRight(strings.Trim(s, " \t\r\n\"'`“”‘’«»<>"), ",;")
}

var (
	invisible = strings.NewReplacer("\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "",
		"\ufeff", "", "\u00ad", "", "\u200e", "", "\u200f", "")
	refangRE = regexp.MustCompile(`(?i)\s*[\[({<]\s*(?:\.|,|dot|d0t|@|at|:|://|/)\s*[\])}>]\s*|\\\.| dot `)
	schemeRE = regexp.MustCompile(`(?i)^(hxxps?|hxtps?|htxps?|hxps?|h\*\*ps?|h__ps?|https?|meows?|fxps?|ftps?)\s*\[?:\]?\s*[/\\]{1,2}`)
)

// Defanged returns e's key in a form that no program turns into a link: for
// people, never for machines.
func (e Entity) Defanged() string {
	switch e.Kind {
	case Domain, IP, Prefix:
		return defangHost(e.Key)
	case Email:
		at := strings.LastIndexByte(e.Key, '@')
		if at < 0 {
			return e.Key
		}
		return e.Key[:at] + "[@]" + defangHost(e.Key[at+1:])
	case URL:
		scheme, rest, ok := strings.Cut(e.Key, "://")
		if !ok {
			return e.Key
		}
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		return strings.Replace(scheme, "tt", "xx", 1) + "://" + defangHost(rest[:end]) + rest[end:]
	default:
		return e.Key
	}
}

func defangHost(s string) string {
	if strings.Contains(s, ".") {
		return strings.ReplaceAll(s, ".", "[.]")
	}
	return strings.ReplaceAll(s, ":", "[:]")
}

// Guess returns the possible readings of a bare value in any pasted form,
// likeliest first: 64 hex digits may be a file, a certificate or a key.
func Guess(s string) []Entity {
	s = Refang(s)
	if s == "" {
		return nil
	}
	try := func(kinds ...Kind) (out []Entity) {
		for _, k := range kinds {
			if e, err := New(k, s); err == nil {
				out = append(out, e)
			}
		}
		return out
	}
	switch {
	case strings.Contains(s, "://"):
		return guessURL(s)
	case strings.ContainsRune(s, '@'):
		return try(Email)
	case asnRE.MatchString(s):
		return try(ASN)
	}
	if e := try(IP); e != nil {
		return e
	}
	if strings.Contains(s, "/") {
		if e := try(Prefix); e != nil {
			return e
		}
		return guessURL("http://" + s)
	}
	if e := try(FileHash); e != nil {
		if len(e[0].Key) == 64 {
			e = append(e, Entity{Cert, e[0].Key}, Entity{Cert, "sha256:" + e[0].Key}, Entity{SPKI, e[0].Key})
		}
		if len(e[0].Key) == 40 {
			e = append(e, Entity{Cert, "sha1:" + e[0].Key})
		}
		return e
	}
	if h, port, ok := strings.Cut(s, ":"); ok && portRE.MatchString(port) {
		s = h
		if e := try(IP); e != nil {
			return e
		}
	}
	if hostLike(s) {
		return try(Domain)
	}
	return nil
}

var (
	asnRE  = regexp.MustCompile(`(?i)^as\s?\d{1,10}$`)
	portRE = regexp.MustCompile(`^\d{1,5}$`)
)

// guessURL reads a URL; one that names only a host also reads as that host.
func guessURL(s string) []Entity {
	u, err := New(URL, s)
	if err != nil {
		return nil
	}
	h, ok := HostOf(u.Key)
	if !ok || !hostLike(h.Key) && h.Kind == Domain {
		return nil
	}
	if rest, _ := strings.CutPrefix(u.Key[strings.Index(u.Key, "://")+3:], h.Key); rest == "/" {
		return []Entity{h, u}
	}
	return []Entity{u, h}
}

// hostLike reports whether s could be meant as a host name: at least two
// labels, the last of them no number (there is no such top level, but there are
// mistyped addresses), and no octet that only raw DNS data has.
func hostLike(s string) bool {
	s = strings.TrimSuffix(s, ".")
	dotted := ideographicDots.Replace(s)
	top := strings.LastIndexByte(dotted, '.')
	if top < 0 || strings.Trim(dotted[top+1:], "0123456789") == "" {
		return false
	}
	for _, r := range s {
		if r < 0x80 && r != '.' && !plainOctet(byte(r)) {
			return false
		}
		if r == '\uFFFD' || isBidi(r) {
			return false
		}
	}
	return true
}
