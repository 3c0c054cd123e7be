// Package background is a small table of what is common among all registered
// names: it stands for a million pseudo-names beside the store's own counts, so
// that a store of two hundred names does not call everything related. The table
// and its provenance: background.txt.
//
// The room is pure data; it must not know of stores or scores.
package background

import (
	_ "embed" // the table
	"fmt"
	"strconv"
	"strings"
)

//go:embed background.txt
var table string

// Names is how many pseudo-names the table stands for.
const Names = 1_000_000

// Table gives shares of values. It does not change and is safe for concurrent use.
type Table struct{ shares map[string]float64 }

// Load parses the embedded table.
func Load() (*Table, error) { return parse(table) }

func parse(text string) (*Table, error) {
	t := &Table{map[string]float64{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.SplitN(line, " ", 3)
		if len(f) != 3 {
			return nil, fmt.Errorf("background table, line %d: want feature, share and value", n)
		}
		share, err := strconv.ParseFloat(f[1], 64)
		if err != nil || share <= 0 || share >= 1 {
			return nil, fmt.Errorf("background table, line %d: %q is no share", n, f[1])
		}
		k := key(f[0], strings.Split(f[2], "|")...)
		if _, twice := t.shares[k]; twice {
			return nil, fmt.Errorf("background table, line %d: %s stands twice", n, f[2])
		}
		t.shares[k] = share
	}
	return t, nil
}

// floors are the shares of values that the table doesn't name, of features whose
// values every name has by itself: no shape and no run of letters is as rare among
// all names as it is in a small store.
var floors = map[string]float64{"name-shape": 0.0005, "name-gram": 0.0001}

// Count returns how many of the pseudo-names hold a feature's value; a pair has
// two parts, the parent's first.
func (t *Table) Count(feature string, parts ...string) float64 {
	if share, ok := t.shares[key(feature, parts...)]; ok {
		return share * Names
	}
	return floors[feature] * Names
}

func key(feature string, parts ...string) string {
	return feature + "\x00" + strings.Join(parts, "\x00")
}
