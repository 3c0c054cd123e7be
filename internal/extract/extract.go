// Package extract finds indicators in any text: reports, lists, logs, pages,
// mails, in plain and in defanged form (hxxp, [.], (dot), [at], zero-width
// characters). It is the one extractor of spoor: every face and every format
// that reads free text uses it.
//
// The room is pure. It decides what is meant as an indicator, not whether it is
// malicious: known-benign names and private addresses are hits too.
package extract

import (
	"bytes"

	"github.com/spoor-cti/spoor/internal/entity"
)

// Hit is an indicator in a text. Raw is the text from Start to End, in octets.
type Hit struct {
	Entity entity.Entity
	// Host is the domain or address that a URL points at or an address of mail
	// belongs to; zero for other kinds. It is not reported on its own.
	Host       entity.Entity
	Start, End int
	Raw        string
	Defanged   bool // somebody took care that it can't be clicked
}

// Scan calls yield for every indicator in text, in order, until it returns false.
// It takes time linear in the length of text and allocates only for hits.
func Scan(text []byte, yield func(Hit) bool) {
	s := scanner{text: text}
	for i := 0; i < len(text); {
		switch classOf[text[i]] {
		case sep:
			i++
			continue
		case high:
			if n := s.skippable(i); n > 0 {
				i += n
				continue
			}
		}
		end, more := s.word(i, yield)
		if !more {
			return
		}
		i = max(end, i+1)
	}
}

// All returns every indicator in text.
func All(text []byte) (hits []Hit) {
	Scan(text, func(h Hit) bool {
		hits = append(hits, h)
		return true
	})
	return hits
}

// The classes of octets.
const (
	sep     = iota // ends a word
	letter         // A-Z a-z
	figure         // 0-9
	inner          // - _ . : @ / + %: inside indicators
	opening        // [ ( {: may begin a defanged dot
	slash          // backslash: may escape a dot
	high           // 0x80 and above: part of a UTF-8 sequence
)

var classOf = func() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z':
			t[c] = letter
		case b >= '0' && b <= '9':
			t[c] = figure
		case b == '-' || b == '_' || b == '.' || b == ':' || b == '@' || b == '/' || b == '+' || b == '%':
			t[c] = inner
		case b == '[' || b == '(' || b == '{':
			t[c] = opening
		case b == '\\':
			t[c] = slash
		case b >= 0x80:
			t[c] = high
		}
	}
	return t
}()

// scanner holds the text and the word that is being read.
type scanner struct {
	text  []byte
	clean []byte // the word without its defanging, if that differs from the text
}

// word reads the word that begins at start, reports what it is, and returns
// where to go on.
func (s *scanner) word(start int, yield func(Hit) bool) (next int, more bool) {
	if end := s.plain(start); end > start {
		return end, true
	}
	w := s.read(start)
	switch {
	case w.colons > 0 && bytes.Contains(w.clean, []byte("://")):
		return s.url(&w, yield)
	case !w.promising():
		return w.next, true
	}
	more = s.classify(&w, yield) // which may move next
	return w.next, more
}

// plain returns the end of a word of letters alone, as most words are, that no
// hidden dot can follow; otherwise start.
func (s *scanner) plain(start int) int {
	i := start
	for i < len(s.text) && classOf[s.text[i]] == letter {
		i++
	}
	if i-start >= 32 || i < len(s.text) && classOf[s.text[i]] != sep {
		return start // perhaps a digest, or more than letters
	}
	if i+1 < len(s.text) && s.text[i] == ' ' {
		if c := s.text[i+1]; classOf[c] == opening || c|0x20 == 'd' {
			return start
		}
	}
	return i
}
