package pebblestore

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// drawObservation draws what an atom keeps of an observation.
func drawObservation(t *rapid.T) obs.Observation {
	o := obs.Observation{
		Subject:  entity.Entity{Kind: entity.Domain, Key: rapid.SampledFrom([]string{"www.a.example", "a.example", `x\.y.example`}).Draw(t, "name")},
		Recorded: obs.Time(rapid.Int64().Draw(t, "recorded")),
		Flags:    obs.Flags(rapid.Byte().Draw(t, "flags")),
	}
	if rapid.Bool().Draw(t, "dated") {
		o.First = obs.Time(rapid.Int64Range(-62135596800, 253402300799).Filter(func(n int64) bool { return n != 0 }).Draw(t, "first"))
		o.Last = o.First + obs.Time(rapid.Int64Range(0, 1<<40).Draw(t, "length"))
	}
	if o.HasCount = rapid.Bool().Draw(t, "counted"); o.HasCount {
		o.Count = rapid.Uint64().Draw(t, "count")
	}
	if o.HasTTL = rapid.Bool().Draw(t, "has ttl"); o.HasTTL {
		o.TTL = rapid.Uint32().Draw(t, "ttl")
	}
	o.Bailiwick = rapid.SampledFrom([]string{"", ".", "example", "a.example", "www.a.example", "ample", "other.test", `y.example`}).Draw(t, "bailiwick")
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		a := obs.Attribute{Name: rapid.String().Draw(t, "attribute"), State: obs.State(rapid.IntRange(0, 6).Draw(t, "state"))}
		if text := rapid.String().Draw(t, "text"); a.State == obs.Present {
			a.Value = text
		} else {
			a.Reason = text
		}
		o.Attributes = append(o.Attributes, a)
	}
	return o
}

// TestAtomRoundTrip: what goes into a row's value comes out of it, and the merger,
// which does not decode atoms, agrees on where each ends.
func TestAtomRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, chunk := drawObservation(t), rapid.Uint64().Draw(t, "chunk")
		value := appendAtom([]byte{0}, chunk, o.Recorded, &o)
		atoms, err := decodeAtoms(nil, value, o.Subject.Key)
		if err != nil || len(atoms) != 1 {
			t.Fatalf("%d atoms, %v", len(atoms), err)
		}
		a := atoms[0]
		same := a.Chunk == chunk && a.First == o.First && a.Last == o.Last && a.Recorded == o.Recorded && a.Flags == o.Flags &&
			a.HasCount == o.HasCount && a.Count == o.Count && a.HasTTL == o.HasTTL && a.TTL == o.TTL &&
			a.Bailiwick == o.Bailiwick && slices.Equal(a.Attributes, o.Attributes)
		if !same {
			t.Fatalf("%+v became %+v", o, a)
		}
		r := reader{b: value[1:]}
		if octets, n := r.skipAtom(); r.err != nil || n != chunk || !bytes.Equal(octets, value[1:]) {
			t.Fatalf("the merger reads %d octets of %d, chunk %d, %v", len(octets), len(value)-1, n, r.err)
		}
	})
}

// TestRowKeyRoundTrip: a row's key leads back to what it names, and its mirror's
// mirror is the key itself.
func TestRowKeyRoundTrip(t *testing.T) {
	entities := []entity.Entity{
		{Kind: entity.Domain, Key: "."},
		{Kind: entity.Domain, Key: "www.evil.example"},
		{Kind: entity.Domain, Key: `a\.b\000\001\002.example`},
		{Kind: entity.IP, Key: "192.0.2.1"},
		{Kind: entity.IP, Key: "2001:db8::1"},
		{Kind: entity.Prefix, Key: "192.0.2.0/24"},
		{Kind: entity.ASN, Key: "4294967295"},
		{Kind: entity.Cert, Key: "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"},
		{Kind: entity.Email, Key: "a\x00b\x01c\x02@example.org"},
		{Kind: entity.Label, Key: "report:\u202ertl"},
	}
	for _, near := range entities {
		for _, far := range entities {
			key := appendRowKey(nil, spaceForward, entity.AppendBinary(nil, near), obs.Resolves, entity.AppendBinary(nil, far), obs.TypeAAAA, 1<<31)
			k, err := decodeRowKey(key)
			if err != nil || k != (rowKey{near, far, obs.Resolves, obs.TypeAAAA, 1 << 31}) {
				t.Errorf("%s, %s: %+v, %v", near, far, k, err)
			}
			mirror, err := appendMirror(nil, key)
			if err != nil || mirror[0] != spaceReverse {
				t.Fatalf("%s, %s: mirror %x, %v", near, far, mirror, err)
			}
			if back, err := appendMirror(nil, mirror); err != nil || !bytes.Equal(back, key) {
				t.Errorf("%s, %s: the mirror's mirror is %x, %v", near, far, back, err)
			}
		}
	}
}

// TestFrontCode: the list of a chunk's edges comes back as it was.
func TestFrontCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SliceOf(rapid.ByteRange(0, 2)), 0, 8).Draw(t, "keys")
		slices.SortFunc(keys, bytes.Compare)
		rows := make([]row, len(keys))
		for i, k := range keys {
			rows[i] = row{key: k}
		}
		n := 0
		for k, err := range touched(frontCode(rows)) {
			if err != nil || !bytes.Equal(k, keys[n]) {
				t.Fatalf("key %d is %x, want %x, %v", n, k, keys[n], err)
			}
			n++
		}
		if n != len(keys) {
			t.Fatalf("%d keys of %d", n, len(keys))
		}
	})
}

func FuzzRowKey(f *testing.F) {
	e := entity.AppendBinary(nil, entity.Entity{Kind: entity.Domain, Key: "a.example"})
	ip := entity.AppendBinary(nil, entity.Entity{Kind: entity.IP, Key: "192.0.2.1"})
	f.Add(appendRowKey(nil, spaceForward, e, obs.Resolves, ip, obs.TypeA, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := decodeRowKey(b)
		if err == nil && (k.near.IsZero() || k.far.IsZero()) {
			t.Errorf("%x names nothing: %+v", b, k)
		}
		if len(b) == 0 {
			return
		}
		if mirror, err := appendMirror(nil, b); err == nil && len(mirror) != len(b) {
			t.Errorf("the mirror of %d octets has %d", len(b), len(mirror))
		}
	})
}

// FuzzMerge: the merger takes whatever it finds, and never panics on it.
func FuzzMerge(f *testing.F) {
	o := obs.Observation{First: 1, Last: 2}
	f.Add(appendAtom([]byte{0}, 1, 2, &o), []byte{1, 1})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m, err := merger.Merge(nil, a)
		if err != nil || m.MergeOlder(b) != nil {
			return
		}
		value, _, err := m.Finish(true)
		if err != nil {
			return
		}
		if _, err := decodeAtoms(nil, value, ""); err != nil {
			t.Errorf("the merger made %x, which can't be read: %v", value, err)
		}
	})
}
