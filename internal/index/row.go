package index

import (
	"encoding/binary"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
)

// encodedCounted is the length of one entry of a row: feature, hash, level, bound.
const encodedCounted = 11

// encodedRow is a row as it is stored: entries of encodedCounted octets, sorted.
type encodedRow []byte

// encoded checks the form of a stored row.
func encoded(b []byte) (encodedRow, error) {
	if len(b)%encodedCounted != 0 {
		return nil, fault.New(fault.Corrupt, "a row of the index has %d octets", len(b)).Hinted(rederive)
	}
	return b, nil
}

func (r encodedRow) len() int { return len(r) / encodedCounted }

func (r encodedRow) at(i int) feature.Key {
	e := r[i*encodedCounted:]
	return feature.Key{Feature: feature.Feature(e[0]), Hash: feature.Hash(binary.BigEndian.Uint64(e[1:]))}
}

func (r encodedRow) tlp(i int) obs.TLP { return obs.TLP(r[i*encodedCounted+9]) }

func (r encodedRow) most(i int) feature.Strength { return feature.Strength(r[i*encodedCounted+10]) }

func encodeRow(list []feature.Counted) []byte {
	out := make([]byte, 0, len(list)*encodedCounted)
	for _, c := range list {
		out = append(out, byte(c.Feature))
		out = binary.BigEndian.AppendUint64(out, uint64(c.Hash))
		out = append(out, byte(c.TLP), byte(c.Most))
	}
	return out
}

func decodeRow(b []byte) ([]feature.Counted, error) {
	row, err := encoded(b)
	if err != nil {
		return nil, err
	}
	out := make([]feature.Counted, row.len())
	for i := range out {
		out[i] = feature.Counted{Key: row.at(i), TLP: row.tlp(i), Most: row.most(i)}
	}
	return out, nil
}
