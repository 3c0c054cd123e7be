package misp

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// Elements are compressed in blocks of blockSize octets: attributes repeat the same
// members, and shrink to about a tenth. An event with more than maxHeld octets of
// them is read without what stands behind.
const (
	blockSize = 1 << 20
	maxHeld   = 64 << 20
)

// hold keeps the elements of an event, in order, until it is known what is said of
// all of them. The zero hold is empty. A small event never fills a block, and its
// elements are kept as they are.
type hold struct {
	open   []byte   // elements of the last block, each behind its header
	blocks [][]byte // compressed
	size   int      // octets in blocks
	w      *flate.Writer
	count  int
}

// add takes in a copy of an element.
func (h *hold) add(el *element) error {
	h.count++
	state := byte(el.member) << 1
	if el.Cut {
		state |= 1
	}
	h.open = append(h.open, state)
	for _, n := range []int64{el.Offset, el.Line, el.Long, int64(len(el.Raw))} {
		h.open = binary.AppendUvarint(h.open, uint64(n))
	}
	h.open = append(h.open, el.Raw...)
	if len(h.open) < blockSize {
		return nil
	}
	return h.pack()
}

func (h *hold) pack() error {
	var b bytes.Buffer
	if h.w == nil {
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			return err
		}
		h.w = w
	}
	h.w.Reset(&b)
	if _, err := h.w.Write(h.open); err != nil {
		return err
	}
	if err := h.w.Close(); err != nil {
		return err
	}
	block := bytes.Clone(b.Bytes()) // a buffer has room to grow, which would be held too
	h.blocks, h.size, h.open = append(h.blocks, block), h.size+len(block), h.open[:0]
	return nil
}

// release hands over every element, in order, and forgets it.
func (h *hold) release(send func(*element) error) error {
	last := h.open
	var block []byte
	for i, packed := range h.blocks {
		var err error
		if block, err = unpack(block[:0], packed); err != nil {
			return err
		}
		h.blocks[i] = nil
		if err := each(block, send); err != nil {
			return err
		}
	}
	*h = hold{}
	return each(last, send)
}

func unpack(dst, packed []byte) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	_, err := io.Copy(b, flate.NewReader(bytes.NewReader(packed)))
	return b.Bytes(), fault.Wrap(err, fault.Internal, "couldn't unpack what was held of an event")
}

// each hands over the elements of a block.
func each(block []byte, send func(*element) error) error {
	for len(block) > 0 {
		el := element{importer.Piece{Cut: block[0]&1 != 0}, place(block[0] >> 1)}
		block = block[1:]
		var length int64
		for _, to := range []*int64{&el.Offset, &el.Line, &el.Long, &length} {
			n, used := binary.Uvarint(block)
			*to, block = int64(n), block[used:]
		}
		el.Raw, block = block[:length], block[length:]
		if err := send(&el); err != nil {
			return err
		}
	}
	return nil
}
