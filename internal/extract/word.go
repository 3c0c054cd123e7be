package extract

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// word is a run of octets that may hold an indicator.
type word struct {
	start, end int    // of the indicator in the text
	next       int    // where to go on behind it
	clean      []byte // without defanging
	changed    bool   // clean differs from the text
	defanged   bool   // dots, colons or at signs were hidden

	dots, colons, ats, letters, figures, others int
}

// promising reports whether the word can be an indicator at all: most words of
// prose can't.
func (w *word) promising() bool {
	n := w.letters + w.figures
	return w.dots > 0 || w.ats > 0 || w.colons > 1 || n >= 32 ||
		w.letters == 2 && w.figures > 0 && n <= 12 && w.others == 0 // AS64500
}

// read reads a word, undoing what hides its dots, up to a separator.
func (s *scanner) read(start int) word {
	w := word{start: start}
	s.clean = s.clean[:0]
	i, from := start, start // what lies between from and i is not in clean yet
	for i < len(s.text) {
		if i = s.plainRun(&w, i); i == len(s.text) {
			break
		}
		n, put, replaced := s.step(&w, i)
		if n == 0 {
			break
		}
		if replaced {
			s.clean = append(append(s.clean, s.text[from:i]...), put...)
			from = i + n
			w.changed = true
		}
		i += n
	}
	w.end, w.next = i, i
	w.clean = s.text[start:i]
	if w.changed {
		s.clean = append(s.clean, s.text[from:i]...)
		w.clean = s.clean
	}
	return w
}

// plainRun passes over the letters and figures from i on, of which most words consist.
func (s *scanner) plainRun(w *word, i int) int {
	figures, from := 0, i
	for ; i < len(s.text); i++ {
		c := classOf[s.text[i]]
		if c == figure {
			figures++
		} else if c != letter {
			break
		}
	}
	w.figures += figures
	w.letters += i - from - figures
	return i
}

// step looks at the octet at i: how many octets belong to the word, and what
// stands in their place if they hide something. No octet means that the word ends.
func (s *scanner) step(w *word, i int) (n int, put string, replaced bool) {
	switch c := s.text[i]; classOf[c] {
	case letter:
		w.letters++
		return 1, "", false
	case figure:
		w.figures++
		return 1, "", false
	case inner:
		w.count(c)
		return 1, "", false
	case opening:
		if i == w.start && c == '[' && literal6(s.text[i:]) {
			return 1, "", true // an address in brackets, which close behind it
		}
		put, n = hidden(s.text[i:], i > w.start)
	case slash:
		if i > w.start && i+1 < len(s.text) && s.text[i+1] == '.' {
			put, n = ".", 2
		}
	case high:
		return s.wide(w, i)
	default:
		put, n = s.spaced(i, w.start)
	}
	if n == 0 {
		return 0, "", false
	}
	w.defanged = true
	for k := range len(put) {
		w.count(put[k])
	}
	return n, put, true
}

// wide steps over the UTF-8 sequence at i: a letter stays, a dot in another
// script becomes a dot, what can't be seen goes; anything else ends the word.
func (s *scanner) wide(w *word, i int) (n int, put string, replaced bool) {
	r, n := utf8.DecodeRune(s.text[i:])
	switch {
	case r == utf8.RuneError && n <= 1:
		return 0, "", false
	case r == '。' || r == '．' || r == '｡':
		w.dots++
		return n, ".", true
	case invisible(r):
		return n, "", true
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
		w.letters++
		return n, "", false
	}
	return 0, "", false
}

func (w *word) count(c byte) {
	switch c {
	case '.':
		w.dots++
	case ':':
		w.colons++
	case '@':
		w.ats++
	default:
		w.others++
	}
}

// hidden recognises a dot, colon or at sign in brackets at the beginning of b,
// and returns what it stands for and how long it is. A half-open [. counts too.
func hidden(b []byte, inside bool) (put string, n int) {
	closing := closingOf(b[0])
	i := 1
	for i < len(b) && b[i] == ' ' && i < 3 {
		i++
	}
	for _, h := range hiddenForms {
		if !foldPrefix(b[i:], h.text) {
			continue
		}
		j := i + len(h.text)
		for j < len(b) && b[j] == ' ' && j < i+len(h.text)+2 {
			j++
		}
		if j < len(b) && b[j] == closing {
			return h.put, j + 1
		}
	}
	if inside && b[0] == '[' && len(b) > 2 && b[1] == '.' && classOf[b[2]] <= figure && classOf[b[2]] != sep {
		return ".", 2
	}
	return "", 0
}

func closingOf(opening byte) byte {
	switch opening {
	case '[':
		return ']'
	case '(':
		return ')'
	}
	return '}'
}

var hiddenForms = []struct{ text, put string }{
	{"://", "://"},
	{".", "."},
	{"dot", "."},
	{"d0t", "."},
	{"punkt", "."},
	{",", "."},
	{"@", "@"},
	{"at", "@"},
	{"a", "@"},
	{":", ":"},
}

// foldPrefix reports whether b begins with the ASCII text, in any case.
func foldPrefix(b []byte, text string) bool {
	return len(b) >= len(text) && b[0]|0x20 == text[0]|0x20 && bytes.EqualFold(b[:len(text)], []byte(text))
}

// spaced recognises a hidden dot or at sign with blanks around it, at the blank
// at i: "evil [.] example", "evil (dot) com", "evil dot com". A bare "dot" counts
// only between a word and a top level domain.
func (s *scanner) spaced(i, start int) (put string, n int) {
	if s.text[i] != ' ' || i == start || !alnum(s.text[i-1]) {
		return "", 0
	}
	b := s.text[i+1:]
	switch {
	case len(b) > 2 && (b[0] == '[' || b[0] == '(' || b[0] == '{'):
		put, n = hidden(b, false)
		if n == 0 || put == ":" || put == "://" {
			return "", 0
		}
		n++
	case foldPrefix(b, "dot ") && len(b) > 4:
		end := 4
		for end < len(b) && alnum(b[end]) {
			end++
		}
		if !knownTLD(b[4:end]) && !foldPrefix(b[end:], " dot ") {
			return "", 0
		}
		put, n = ".", 4
	default:
		return "", 0
	}
	if i+n < len(s.text) && s.text[i+n] == ' ' {
		n++
	}
	if i+n >= len(s.text) || !alnum(s.text[i+n]) {
		return "", 0
	}
	return put, n
}

func alnum(c byte) bool { k := classOf[c]; return k == letter || k == figure }

// literal6 reports whether b begins an IPv6 address in brackets.
func literal6(b []byte) bool {
	colons := 0
	for i := 1; i < len(b) && i < 64; i++ {
		switch c := b[i]; {
		case c == ':':
			colons++
		case c == ']':
			return colons >= 2
		case alnum(c) || c == '.' || c == '%':
		default:
			return false
		}
	}
	return false
}

// skippable returns the length of the sequence at i if it can't be seen.
func (s *scanner) skippable(i int) int {
	r, n := utf8.DecodeRune(s.text[i:])
	if invisible(r) {
		return n
	}
	return 0
}

func invisible(r rune) bool {
	switch r {
	case 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad, 0x200e, 0x200f:
		return true
	}
	return false
}
