package extract

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// domainLike reports whether c has the form of a host name: at least two
// labels, none empty, the last one with a letter.
func domainLike(c []byte) bool {
	label, labels, letters := 0, 1, 0
	for i := range c {
		switch b := c[i]; {
		case b == '.':
			if label == 0 {
				return false
			}
			label, letters = 0, 0
			labels++
			continue
		case alnum(b):
			if b > '9' {
				letters++
			}
		case b >= utf8.RuneSelf:
			letters++
		case b == '-' || b == '_':
		default:
			return false
		}
		label++
	}
	return labels > 1 && label > 1 && letters > 0
}

// knownDomain reports whether c is a host name below a public suffix that
// exists: a top level domain of the Public Suffix List's ICANN part, a private
// suffix, a name reserved for special use (RFC 2606, RFC 7686), or .bit, which
// malware resolves through Namecoin.
func knownDomain(c []byte) bool {
	if !domainLike(c) {
		return false
	}
	name := strings.ToLower(string(c))
	if !isASCII(c) {
		a, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return false
		}
		name = a
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	if icann || strings.Contains(suffix, ".") {
		return len(suffix) < len(name)
	}
	return reserved[suffix]
}

var reserved = map[string]bool{"onion": true, "example": true, "test": true, "invalid": true, "bit": true}

// knownTLD reports whether the word is a top level domain.
func knownTLD(c []byte) bool { return len(c) > 1 && knownDomain(append([]byte("x."), c...)) }

func isASCII(c []byte) bool {
	for _, b := range c {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fileSuffixes are top level domains that are also usual endings of file names:
// a bare name of two labels with one of them counts only where nothing else
// could be meant.
var fileSuffixes = map[string]bool{
	"zip": true, "mov": true, "sh": true, "py": true, "pl": true, "rs": true, "md": true, "so": true, "ps": true,
	"cc": true, "ai": true, "app": true, "pub": true, "cab": true, "bz": true, "ms": true, "gdn": false,
}

// platforms are written like names but mean software.
var platforms = map[string]bool{
	"asp.net": true, "vb.net": true, "ado.net": true, "system.net": true, "microsoft.net": true, "system.io": true,
	"socket.io": true, "node.js": true,
}

// packages are first labels of reversed names, as in com.example.app.
var packages = map[string]bool{"com": true, "org": true, "net": true, "io": true, "android": true, "java": true, "javax": true}

// isDomain decides whether a host-like part of a word is meant as a domain.
// hasMore says that a port or a path follows it.
func (s *scanner) isDomain(w *word, c []byte, hasMore bool) bool {
	if w.defanged {
		return domainLike(c) && !numeric(c)
	}
	if !knownDomain(c) {
		return false
	}
	if hasMore || s.alone(w) {
		return true
	}
	labels := bytes.Count(c, []byte(".")) + 1
	tld := c[bytes.LastIndexByte(c, '.')+1:]
	first := c[:bytes.IndexByte(c, '.')]
	switch {
	case labels == 2 && fileSuffixes[strings.ToLower(string(tld))]:
		return false
	case labels > 2 && packages[string(first)]:
		return false
	case labels == 2 && sentenceEnd(first, tld):
		return false
	case labels == 2 && platforms[strings.ToLower(string(c))] && unicode.IsUpper(rune(c[0])):
		return false
	}
	return true
}

// sentenceEnd reports whether "away.It" is the end of one sentence and the
// beginning of the next without a blank.
func sentenceEnd(first, tld []byte) bool {
	if len(tld) < 2 || tld[0] < 'A' || tld[0] > 'Z' || tld[1] < 'a' {
		return false
	}
	last := first[len(first)-1]
	return last >= 'a' && last <= 'z'
}

// alone reports whether the word fills its line or its cell: of a table, or of
// comma-separated values, where no blank follows a comma as in prose.
func (s *scanner) alone(w *word) bool {
	before, after := w.start-1, w.end
	blank := false
	for before >= 0 && (s.text[before] == ' ' || s.text[before] == '"' || s.text[before] == '\'') {
		blank = blank || s.text[before] == ' '
		before--
	}
	for after < len(s.text) && strings.IndexByte(" \"'\r", s.text[after]) >= 0 {
		after++
	}
	if after < len(s.text) && strings.IndexByte("\n\t,;|", s.text[after]) < 0 {
		return false
	}
	if before < 0 || strings.IndexByte("\n\t|", s.text[before]) >= 0 {
		return true
	}
	return !blank && (s.text[before] == ',' || s.text[before] == ';')
}
