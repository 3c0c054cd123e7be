package misp

import (
	"context"

	"github.com/spoor-cti/spoor/internal/importer"
)

// Limits that tests reach.
const (
	Most      = importer.MaxPiece
	MaxRows   = maxRows
	BlockSize = blockSize
)

// Holding is the format with room for n compressed octets of an event.
func Holding(n int) *importer.Format {
	f := *Format
	f.Decode = func(ctx context.Context, in *importer.Input, out importer.Sink) error {
		d := newDecoder(ctx, in, out)
		d.maxHeld = n
		return d.decode()
	}
	return &f
}
