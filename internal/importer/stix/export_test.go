package stix

import (
	"fmt"

	"github.com/spoor-cti/spoor/internal/importer"
)

// Comparisons parses a pattern and writes its comparisons readably.
func Comparisons(pattern string) ([]string, error) {
	all, err := parsePattern(pattern)
	var out []string
	for _, c := range all {
		op := c.op
		if c.not {
			op = "NOT " + op
		}
		s := fmt.Sprintf("%s %s %q", c.path, op, c.values)
		if c.group > 0 {
			s += fmt.Sprintf(" with %d", c.group)
		}
		out = append(out, s)
	}
	return out, err
}

// Limits that tests reach.
const (
	MaxObject = importer.MaxPiece
	MaxRows   = maxRows
	MaxThings = maxThings
)
