package extract

import (
	"bytes"
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
)

// A Reader's window: the longest indicator that is found for certain is as long
// as the overlap.
const (
	window  = 1 << 20
	overlap = 64 << 10
)

// ScanReader is Scan for a stream, in bounded memory. Start and End are offsets in
// the stream. The window is cut where a line or a word ends, so that no
// indicator is lost at its border. The error is the reader's.
func ScanReader(r io.Reader, yield func(Hit) bool) error {
	buf := make([]byte, 0, window+overlap)
	base := 0
	for {
		n, err := io.ReadFull(r, buf[len(buf):window])
		buf = buf[:len(buf)+n]
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return fault.Wrap(err, fault.Invalid, "couldn't read on at octet %d", base+len(buf))
		}
		end := len(buf)
		if !last {
			end = border(buf)
		}
		stopped := false
		Scan(buf[:end], func(h Hit) bool {
			h.Start += base
			h.End += base
			stopped = !yield(h)
			return !stopped
		})
		if last || stopped {
			return nil
		}
		rest := copy(buf, buf[end:])
		buf = buf[:rest]
		base += end
	}
}

// border returns where to cut a full window: behind its last line, else behind its
// last blank, if that is not too far from the end.
func border(b []byte) int {
	tail := b[len(b)-overlap:]
	if i := bytes.LastIndexByte(tail, '\n'); i >= 0 {
		return len(b) - overlap + i + 1
	}
	if i := bytes.LastIndexAny(tail, " \t,;"); i >= 0 {
		return len(b) - overlap + i + 1
	}
	return len(b)
}
