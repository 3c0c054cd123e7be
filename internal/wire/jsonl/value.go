package jsonl

import (
	"bytes"
	"fmt"
	"iter"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bytes returns a string's octets without quotes and escapes. Without escapes
// they point into the line.
func (v Value) Bytes() []byte {
	if v.Kind != String {
		return nil
	}
	b := v.Raw[1 : len(v.Raw)-1]
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	return appendUnescaped(make([]byte, 0, len(b)), b)
}

// Text returns a string's value, or an error that names the kind that is there.
func (v Value) Text() (string, error) {
	if v.Kind != String {
		return "", fmt.Errorf("want a string, not %s", v.Kind)
	}
	return string(v.Bytes()), nil
}

// Scalar returns a string, or a number as it stands; anything else is "".
func (v Value) Scalar() string {
	if v.Kind == Number {
		return string(v.Raw)
	}
	return string(v.Bytes())
}

// Blot overwrites a string where it stands in the line, which must not be read
// any further: for what no one may see, such as the address of a client.
func (v Value) Blot() {
	if v.Kind != String {
		return
	}
	for i := 1; i < len(v.Raw)-1; i++ {
		v.Raw[i] = '-'
	}
}

// Int reads a whole number, also one that a careless sender put into quotes or
// wrote with a fraction of zero.
func (v Value) Int() (int64, error) {
	b := v.Raw
	switch v.Kind {
	case Number:
	case String:
		b = bytes.TrimSpace(v.Bytes())
	default:
		return 0, fmt.Errorf("want a number, not %s", v.Kind)
	}
	if n, ok := shortInt(b); ok {
		return n, nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err == nil {
		return n, nil
	}
	f, ferr := strconv.ParseFloat(string(b), 64)
	if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%.40q is no whole number", b)
	}
	return int64(f), nil
}

// shortInt reads up to 18 decimal digits without allocating.
func shortInt(b []byte) (n int64, ok bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// Float reads a number, also one in quotes.
func (v Value) Float() (float64, error) {
	b := v.Raw
	if v.Kind == String {
		b = v.Bytes()
	} else if v.Kind != Number {
		return 0, fmt.Errorf("want a number, not %s", v.Kind)
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number", b)
	}
	return f, nil
}

// Elements yields the elements of an array; of any other value, the value
// itself: senders drop the brackets around a single one.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind != Array {
			yield(v)
			return
		}
		w := Walker{b: v.Raw, i: 1}
		for w.blank(); !w.eat(']'); w.blank() {
			w.eat(',')
			w.blank()
			start := w.i
			kind, ok := w.value(0)
			if !ok || !yield(Value{w.b[start:w.i], kind}) {
				return
			}
		}
	}
}

// appendUnescaped undoes the escapes of a checked string; a surrogate without
// its partner becomes U+FFFD, as in encoding/json.
func appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			dst = append(dst, b[i])
			i++
			continue
		}
		c := b[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(b[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				pair := utf8.RuneError
				if i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
					pair = utf16.DecodeRune(r, hex4(b[i+2:]))
				}
				if pair != utf8.RuneError {
					i += 6
				}
				r = pair
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		r = r<<4 | hexValue(c)
	}
	return r
}
