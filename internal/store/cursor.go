package store

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Position is the place of a row in the order of an entity's neighbours.
type Position struct {
	In     bool // the asked entity is the object
	Rel    obs.Relation
	Other  []byte // binary key
	RRType obs.RRType
	Origin obs.Origin
}

// PositionOf returns the row's place among the neighbours of the asked entity.
func PositionOf(r *Row) Position {
	return Position{
		In: !r.Out, Rel: r.Relation, Other: entity.AppendBinary(nil, r.Other()), RRType: r.RRType, Origin: *r.Origin,
	}
}

// Compare orders positions as a Reader yields them.
func (p *Position) Compare(q *Position) int {
	in := func(p *Position) int {
		if p.In {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(in(p), in(q)), cmp.Compare(p.Rel, q.Rel), bytes.Compare(p.Other, q.Other),
		cmp.Compare(p.RRType, q.RRType), p.Origin.Compare(&q.Origin))
}

// CursorAfter returns the cursor that resumes behind r.
func CursorAfter(r *Row) Cursor {
	p := PositionOf(r)
	b, err := json.Marshal(&p)
	if err != nil {
		return ""
	}
	return Cursor(base64.RawURLEncoding.EncodeToString(b))
}

// Position decodes the cursor; the empty cursor gives nil. The error has code
// Invalid.
func (c Cursor) Position() (*Position, error) {
	if c == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "couldn't read the cursor")
	}
	var p Position
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "couldn't read the cursor")
	}
	return &p, nil
}
