package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Dump calls line with every logical fact of the index, sorted, with names in
// place of ids: two indexes of the same store give the same dump, whatever the
// order in which they were made.
func (x *Index) Dump(ctx context.Context, line func(string)) error {
	var all []string
	err := x.each(ctx, spaceRow, func(k, v []byte) error {
		name, err := x.Name(binary.BigEndian.Uint32(k[1:]))
		if err != nil {
			return err
		}
		list, err := decodeRow(v)
		for _, c := range list {
			all = append(all, fmt.Sprintf("row %s %s %016x %s %d", name, c.Feature, uint64(c.Hash), c.TLP, c.Most))
		}
		return err
	})
	if err != nil {
		return err
	}
	err = x.each(ctx, spacePosting, func(k, v []byte) error {
		name, err := x.Name(binary.BigEndian.Uint32(k[10:]))
		all = append(all, fmt.Sprintf("posting %s %x %s %s %d", feature.Feature(k[1]), k[2:10], name, obs.TLP(v[0]), v[1]))
		return err
	})
	if err != nil {
		return err
	}
	for _, space := range []byte{spaceCount, spaceTotal} {
		if err := x.each(ctx, space, func(k, v []byte) error {
			c, err := decodeCounts(v)
			all = append(all, fmt.Sprintf("count %x %v", k, c))
			return err
		}); err != nil {
			return err
		}
	}
	slices.Sort(all)
	for _, s := range all {
		line(s)
	}
	return nil
}

// each calls f with every entry of a key space.
func (x *Index) each(ctx context.Context, space byte, f func(k, v []byte) error) error {
	return x.scan(ctx, []byte{space}, []byte{space + 1}, func(k, v []byte) (bool, error) { return true, f(k, v) })
}
