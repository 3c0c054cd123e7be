package stix

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// path reads an object path. List indices are left out: any element will do.
func (p *patternParser) path() (string, error) {
	p.blank()
	typ := p.name()
	if typ == "" || !p.eat(":") {
		return "", p.want("an object path such as domain-name:value")
	}
	var b strings.Builder
	b.WriteString(typ)
	for sep := byte(':'); ; sep = '.' {
		part := p.name()
		if part == "" && p.i < len(p.text) && (p.text[p.i] == '\'' || p.text[p.i] == '"') {
			var err error
			if part, err = p.quoted(); err != nil {
				return "", err
			}
		}
		if part == "" {
			return "", p.want("the name of a property")
		}
		b.WriteByte(sep)
		b.WriteString(part)
		if strings.HasPrefix(p.text[p.i:], "[") {
			end := strings.IndexByte(p.text[p.i:], ']')
			if end < 0 {
				return "", p.want("a list index that ends with ]")
			}
			p.i += end + 1
		}
		if !strings.HasPrefix(p.text[p.i:], ".") {
			return b.String(), nil
		}
		p.i++
	}
}

// name reads letters, digits, hyphens and underscores.
func (p *patternParser) name() string {
	from := p.i
	for p.i < len(p.text) && isName(p.text[p.i]) {
		p.i++
	}
	return p.text[from:p.i]
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// literal reads a value as text: a string, a number, a boolean, or a string with
// a letter before it that says how it is written (t, h, b).
func (p *patternParser) literal() (string, error) {
	p.blank()
	rest := p.text[p.i:]
	if len(rest) > 1 && strings.IndexByte("thb", rest[0]) >= 0 && rest[1] == '\'' {
		p.i++
		return p.quoted()
	}
	if strings.HasPrefix(rest, "'") {
		return p.quoted()
	}
	from := p.i
	for p.i < len(p.text) && (isName(p.text[p.i]) || strings.IndexByte(".+", p.text[p.i]) >= 0) {
		p.i++
	}
	if p.i == from {
		return "", p.want("a value such as 'example.com'")
	}
	return p.text[from:p.i], nil
}

// quoted reads a string in the quotes that it begins with. A backslash escapes
// what follows it.
func (p *patternParser) quoted() (string, error) {
	from, quote := p.i+1, p.text[p.i]
	var b []byte // used from the first escape on
	escaped := false
	for i := from; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == '\\' && i+1 < len(p.text):
			if !escaped {
				b, escaped = append(b, p.text[from:i]...), true
			}
			i++
			b = append(b, p.text[i])
		case c == quote:
			p.i = i + 1
			if escaped {
				return string(b), nil
			}
			return p.text[from:i], nil
		case escaped:
			b = append(b, c)
		}
	}
	p.i = len(p.text)
	return "", p.want("a closing quote")
}

// word takes one of the keywords, in any case, and returns it.
func (p *patternParser) word(words ...string) string {
	p.blank()
	from := p.i
	got := p.name()
	for _, w := range words {
		if strings.EqualFold(got, w) {
			return w
		}
	}
	p.i = from
	return ""
}

// eat takes a symbol.
func (p *patternParser) eat(symbol string) bool {
	p.blank()
	ok := strings.HasPrefix(p.text[p.i:], symbol)
	if ok {
		p.i += len(symbol)
	}
	return ok
}

func (p *patternParser) blank() {
	for p.i < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.i:])
		if !unicode.IsSpace(r) {
			return
		}
		p.i += n
	}
}
