// Package jsonl walks one JSON object member by member, strictly (RFC 8259,
// with UTF-8 and a depth limit) and without allocating: the formats that come
// as one object a line are read at the rate at which they can be stored.
//
// It is for flat objects on the hot path; documents are read with
// encoding/json. The room knows no format and does no I/O.
package jsonl

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep values may nest.
const MaxDepth = 200

// SyntaxError says what is wrong with a JSON text, and where.
type SyntaxError struct {
	Offset int // of the octet at fault
	What   string
}

// Error returns "at octet 12: what".
func (e *SyntaxError) Error() string {
	return "bad JSON at octet " + strconv.Itoa(e.Offset+1) + ": " + e.What
}

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}

// String returns the kind with its article, as an error wants it.
func (k Kind) String() string { return kindNames[k] }

// Value is one value, which has been checked. It points into the line.
type Value struct {
	Raw  []byte // as it stands in the line
	Kind Kind
}

// Walker steps over the members of an object. The zero Walker is empty; it may
// be reused with Reset. It is not safe for concurrent use.
type Walker struct {
	b    []byte
	i    int
	open bool // a member has been read
	done bool
	err  error
	key  []byte
	val  Value
}

// Reset makes w walk the object that line holds.
func (w *Walker) Reset(line []byte) { *w = Walker{b: line} }

// Next reads the next member and reports whether there is one. After the last
// it verifies that nothing follows the object.
func (w *Walker) Next() bool {
	if w.err != nil || w.done {
		return false
	}
	w.blank()
	if !w.open {
		if !w.eat('{') {
			return w.fail("want an object")
		}
		w.open = true
		w.blank()
		if w.eat('}') {
			return w.finish()
		}
		return w.member()
	}
	if w.eat('}') {
		return w.finish()
	}
	if !w.eat(',') {
		return w.fail("want , or }")
	}
	w.blank()
	return w.member()
}

func (w *Walker) finish() bool {
	w.done = true
	w.blank()
	if w.i != len(w.b) {
		return w.fail("something follows the object")
	}
	return false
}

// member reads a key, a colon and a value.
func (w *Walker) member() bool {
	start := w.i
	if !w.text() {
		return false
	}
	w.key = w.b[start+1 : w.i-1]
	if bytes.IndexByte(w.key, '\\') >= 0 {
		w.key = appendUnescaped(nil, w.key)
	}
	w.blank()
	if !w.eat(':') {
		return w.fail("want : after the member's name")
	}
	w.blank()
	start = w.i
	kind, ok := w.value(0)
	w.val = Value{w.b[start:w.i], kind}
	return ok
}

// Key returns the name of the member that Next read.
func (w *Walker) Key() []byte { return w.key }

// Value returns the value of the member that Next read.
func (w *Walker) Value() Value { return w.val }

// Err returns what stopped the walk: nil at the end of a sound object.
func (w *Walker) Err() error { return w.err }

func (w *Walker) fail(format string, args ...any) bool {
	if w.err == nil {
		what := fmt.Sprintf(format, args...)
		if w.i >= len(w.b) {
			what += ", but the text ends"
		}
		w.err = &SyntaxError{w.i, what}
	}
	return false
}

func (w *Walker) blank() {
	for w.i < len(w.b) {
		switch w.b[w.i] {
		case ' ', '\t', '\r', '\n':
			w.i++
		default:
			return
		}
	}
}

func (w *Walker) eat(c byte) bool {
	if w.i < len(w.b) && w.b[w.i] == c {
		w.i++
		return true
	}
	return false
}

// value checks the value at i and moves behind it.
func (w *Walker) value(depth int) (Kind, bool) {
	if w.i >= len(w.b) {
		return Null, w.fail("want a value")
	}
	switch c := w.b[w.i]; {
	case c == '"':
		return String, w.text()
	case c == '{' || c == '[':
		if depth >= MaxDepth {
			return Null, w.fail("values nest deeper than %d", MaxDepth)
		}
		if c == '{' {
			return Object, w.object(depth + 1)
		}
		return Array, w.array(depth + 1)
	case c == '-' || c >= '0' && c <= '9':
		return Number, w.number()
	case c == 't':
		return Bool, w.word("true")
	case c == 'f':
		return Bool, w.word("false")
	case c == 'n':
		return Null, w.word("null")
	}
	return Null, w.fail("want a value")
}

func (w *Walker) word(s string) bool {
	if !bytes.HasPrefix(w.b[w.i:], []byte(s)) {
		return w.fail("want %s", s)
	}
	w.i += len(s)
	return true
}

func (w *Walker) array(depth int) bool {
	w.i++
	w.blank()
	if w.eat(']') {
		return true
	}
	for {
		w.blank()
		if _, ok := w.value(depth); !ok {
			return false
		}
		w.blank()
		if w.eat(']') {
			return true
		}
		if !w.eat(',') {
			return w.fail("want , or ]")
		}
	}
}

func (w *Walker) object(depth int) bool {
	w.i++
	w.blank()
	if w.eat('}') {
		return true
	}
	for {
		w.blank()
		if !w.text() {
			return false
		}
		w.blank()
		if !w.eat(':') {
			return w.fail("want : after the member's name")
		}
		w.blank()
		if _, ok := w.value(depth); !ok {
			return false
		}
		w.blank()
		if w.eat('}') {
			return true
		}
		if !w.eat(',') {
			return w.fail("want , or }")
		}
	}
}

// text checks the string at i, its escapes and its UTF-8.
func (w *Walker) text() bool {
	if !w.eat('"') {
		return w.fail("want a string")
	}
	start, ascii := w.i, true
	for w.i < len(w.b) {
		switch c := w.b[w.i]; {
		case c == '"':
			if !ascii && !utf8.Valid(w.b[start:w.i]) {
				w.i = start
				return w.fail("a string is not UTF-8")
			}
			w.i++
			return true
		case c < ' ':
			return w.fail("a control character in a string")
		case c == '\\':
			if !w.escape() {
				return false
			}
		case c >= utf8.RuneSelf:
			ascii = false
			w.i++
		default:
			w.i++
		}
	}
	return w.fail("want the end of a string")
}

func (w *Walker) escape() bool {
	w.i++
	if w.i >= len(w.b) {
		return w.fail("want an escape")
	}
	switch w.b[w.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		w.i++
		return true
	case 'u':
		w.i++
		for range 4 {
			if w.i >= len(w.b) || hexValue(w.b[w.i]) < 0 {
				return w.fail("want four hexadecimal digits")
			}
			w.i++
		}
		return true
	}
	return w.fail("an unknown escape")
}

func hexValue(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

func (w *Walker) number() bool {
	w.eat('-')
	if !w.eat('0') && !w.digits() {
		return w.fail("want a digit")
	}
	if w.eat('.') && !w.digits() {
		return w.fail("want a digit after the point")
	}
	if w.eat('e') || w.eat('E') {
		if !w.eat('+') {
			w.eat('-')
		}
		if !w.digits() {
			return w.fail("want a digit in the exponent")
		}
	}
	if w.i < len(w.b) && w.b[w.i] >= '0' && w.b[w.i] <= '9' {
		return w.fail("a number begins with 0")
	}
	return true
}

func (w *Walker) digits() bool {
	start := w.i
	for w.i < len(w.b) && w.b[w.i] >= '0' && w.b[w.i] <= '9' {
		w.i++
	}
	return w.i > start
}
