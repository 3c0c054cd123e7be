package pebblestore

import (
	"encoding/binary"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// The key spaces, by first octet. docs/formats/store.md draws them.
const (
	spaceMeta    = 0x00 // schema version, counters
	spaceOrigin  = 0x01 // origin number → origin
	spaceLedger  = 0x02 // 32-octet ledger key → chunk number
	spaceChunk   = 0x03 // chunk number → what the chunk is
	spaceTouched = 0x04 // chunk number → the edges that it touched
	spaceDoc     = 0x05 // collection, 0x00, id → document
	spaceForward = 0x10 // subject, relation, object, rrtype, origin → atoms
	spaceReverse = 0x11 // object, relation, subject, rrtype, origin → atoms
)

// rowTail is the length of what follows the two entities in a row's key.
const rowTail = 2 + 4

// rowKey is the decoded key of a row, in either direction: near is the entity
// that comes first.
type rowKey struct {
	near, far entity.Entity
	rel       obs.Relation
	rrtype    obs.RRType
	origin    uint32
}

func appendRowKey(dst []byte, space byte, near []byte, rel obs.Relation, far []byte, rrtype obs.RRType, origin uint32) []byte {
	dst = append(dst, space)
	dst = append(dst, near...)
	dst = append(dst, byte(rel))
	dst = append(dst, far...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(rrtype))
	return binary.BigEndian.AppendUint32(dst, origin)
}

// decodeRowKey reads a key of the forward or reverse space.
func decodeRowKey(k []byte) (r rowKey, err error) {
	if len(k) < 1 {
		return r, entity.ErrKey
	}
	var rest []byte
	if r.near, rest, err = entity.DecodeBinary(k[1:]); err != nil {
		return r, err
	}
	return r, r.decodeAfterNear(rest)
}

// decodeAfterNear reads what follows the near entity in a row's key.
func (r *rowKey) decodeAfterNear(rest []byte) (err error) {
	if len(rest) < 1 {
		return entity.ErrKey
	}
	r.rel = obs.Relation(rest[0])
	if r.far, rest, err = entity.DecodeBinary(rest[1:]); err != nil {
		return err
	}
	if len(rest) != rowTail {
		return entity.ErrKey
	}
	r.rrtype = obs.RRType(binary.BigEndian.Uint16(rest))
	r.origin = binary.BigEndian.Uint32(rest[2:])
	return nil
}

// appendMirror appends the key of the same row in the other direction.
func appendMirror(dst, k []byte) ([]byte, error) {
	n, err := entity.SkipBinary(k[1:])
	if err != nil {
		return nil, err
	}
	near, rest := k[1:1+n], k[1+n:]
	if len(rest) < 1+rowTail {
		return nil, entity.ErrKey
	}
	far, tail := rest[1:len(rest)-rowTail], rest[len(rest)-rowTail:]
	dst = append(dst, spaceForward+spaceReverse-k[0])
	dst = append(dst, far...)
	dst = append(dst, rest[0])
	dst = append(dst, near...)
	return append(dst, tail...), nil
}

func numberKey(space byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space}, n)
}

func docKey(id store.DocID) []byte {
	k := append([]byte{spaceDoc}, id.Collection...)
	k = append(k, 0)
	return append(k, id.ID...)
}

func ledgerKey(h [32]byte) []byte { return append([]byte{spaceLedger}, h[:]...) }

func metaKey(name string) []byte { return append([]byte{spaceMeta}, name...) }

// after returns the smallest key that sorts after every key with this prefix.
func after(prefix []byte) []byte {
	out := append([]byte(nil), prefix...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			return out[:i+1]
		}
	}
	return nil
}
