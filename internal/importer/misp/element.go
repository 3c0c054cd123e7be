package misp

import (
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// place is the member of an event in which an element stands.
type place uint8

const (
	none place = iota
	inAttribute
	inObject
)

// String returns the member's name.
func (p place) String() string { return [...]string{"", "Attribute", "Object"}[p] }

// element is an attribute or an object as it stands in the input.
type element struct {
	importer.Piece
	member place
}

// err says why the element can't be read, or nil.
func (el *element) err() error {
	switch {
	case el.Long > 0:
		return fault.New(fault.Invalid, "%d octets are longer than %d: take out what it embeds, such as attachments in member data", el.Long, importer.MaxPiece)
	case el.Cut:
		return fault.New(fault.Invalid, "the input ends inside the element")
	}
	return nil
}
