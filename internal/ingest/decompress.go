package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// countingReader counts what passes; the count may be read at any time.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// endingReader remembers the last octet that passed.
type endingReader struct {
	r    io.Reader
	last byte
}

func (e *endingReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if n > 0 {
		e.last = p[n-1]
	}
	return n, err
}

// plainReader is a decompressed input whose beginning can be looked at.
type plainReader struct {
	*bufio.Reader
	base string
}

// decompress looks at the first octets and undoes gzip or zstd; anything else
// passes as it is.
func decompress(r *countingReader, base string, maxRatio int) (*plainReader, error) {
	raw := bufio.NewReaderSize(r, 256<<10)
	magic, err := raw.Peek(4)
	if err != nil && err != io.EOF {
		return nil, importer.ReadError(err, "its beginning")
	}
	var plain io.Reader = raw
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "couldn't read the gzip header")
		}
		plain = &ratioReader{r: z, in: r, most: maxRatio}
		base = strings.TrimSuffix(base, ".gz")
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "couldn't read the zstd header")
		}
		plain = &ratioReader{r: z, in: r, most: maxRatio}
		base = strings.TrimSuffix(strings.TrimSuffix(base, ".zst"), ".zstd")
	}
	return &plainReader{bufio.NewReaderSize(plain, importer.HeadSize), base}, nil
}

// head returns the beginning without consuming it.
func (p *plainReader) head() (importer.Head, error) {
	data, err := p.Peek(importer.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) && len(data) == 0 {
		return importer.Head{}, err
	}
	return importer.Head{Name: p.base, Data: data, Whole: errors.Is(err, io.EOF)}, nil
}

// A compressed input may unfold to this many octets before its ratio counts, so
// that a small, very regular log is not refused.
const ratioFree = 256 << 20

const defaultRatio = 500

// ratioReader stops a decompression bomb.
type ratioReader struct {
	r    io.Reader
	in   *countingReader
	most int
	out  int64
}

func (z *ratioReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.out += int64(n)
	most := int64(z.most)
	if most == 0 {
		most = defaultRatio
	}
	if in := z.in.n.Load(); z.out > ratioFree && in > 0 && z.out/in > most {
		return n, fault.New(fault.Invalid, "the input unfolds to %d times its size, more than %d: it looks like a decompression bomb", z.out/in, most).
			Hinted("if it is sound, decompress it first")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Wrap(err, fault.Invalid, "the compressed input is cut or damaged")
	}
	return n, err
}
