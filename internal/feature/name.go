package feature

import (
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
)

// label returns the part of a unit that its owner chose: the label before the
// public suffix, or the first label of a host in a shared zone.
func label(unit string) string {
	l, _, _ := strings.Cut(unit, ".")
	return l
}

// TLDOf returns the last label of a unit.
func TLDOf(unit string) string { return unit[strings.LastIndexByte(unit, '.')+1:] }

// gramLen is the length of a name gram, in octets.
const gramLen = 5

// Grams returns the distinct runs of five characters of the unit's label, with
// a mark "^" for its start.
func Grams(unit string) []string {
	s := "^" + label(unit)
	if strings.HasPrefix(s, "^xn--") {
		if u := entity.Unicode(unit); u != unit {
			s = "^" + label(u)
		}
	}
	r := []rune(s)
	var out []string
	seen := map[string]bool{}
	for i := 0; i+gramLen <= len(r); i++ {
		g := string(r[i : i+gramLen])
		if !seen[g] {
			seen[g] = true
			out = append(out, g)
		}
	}
	return out
}

// ShapeOf writes the label that its owner chose as runs of letters (l), digits (d) and hyphens: letters
// by thirds of their number, digits by their number, since makers of many names
// vary words more than figures: "verify-4821" is "l2-d4".
func ShapeOf(unit string) string {
	label := label(unit)
	var b strings.Builder
	for i := 0; i < len(label); {
		c := class(label[i])
		j := i
		for j < len(label) && class(label[j]) == c {
			j++
		}
		n := j - i
		if c == 'l' {
			n = (n + 2) / 3
		}
		b.WriteByte(c)
		if c != '-' {
			b.WriteString(strconv.Itoa(n))
		}
		i = j
	}
	return b.String()
}

func class(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return 'd'
	case c == '-':
		return '-'
	}
	return 'l'
}
