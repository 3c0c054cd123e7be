package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Limits of line-based input. A line over MaxLine octets is rejected and skipped
// without being held; the first KeptHead octets of it are kept with the reason.
const (
	MaxLine  = 4 << 20
	KeptHead = 4 << 10
)

// Line is one line without its line feed and carriage return.
type Line struct {
	Data   []byte // valid until the next line
	Number int64  // from 1
	Offset int64
	// Long is the whole length of a line over MaxLine, of which Data holds only
	// the head; 0 otherwise.
	Long int64
}

// Err returns why a line can't be a record, or nil.
func (l *Line) Err() error {
	if l.Long > 0 {
		return fault.New(fault.Invalid, "line of %d octets is longer than %d", l.Long, MaxLine)
	}
	return nil
}

// Lines reads a stream line by line in bounded memory.
type Lines struct {
	r      *bufio.Reader
	buf    []byte
	line   Line
	number int64 // lines read so far
	offset int64 // of what comes next
}

// NewLines reads lines from r, which it does not read ahead of beyond 256 KiB.
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(r, 256<<10)} }

// Next returns the next line, valid until the one after it, or io.EOF. Any
// other error is the reader's.
func (s *Lines) Next() (*Line, error) {
	s.line = Line{Number: s.number + 1, Offset: s.offset}
	chunk, err := s.r.ReadSlice('\n')
	total := int64(len(chunk))
	if err == nil { // the common case: the whole line lies in the buffer
		s.line.Data = trimEOL(chunk)
		s.number, s.offset = s.number+1, s.offset+total
		return &s.line, nil
	}
	s.buf = append(s.buf[:0], chunk...)
	for errors.Is(err, bufio.ErrBufferFull) {
		chunk, err = s.r.ReadSlice('\n')
		total += int64(len(chunk))
		if total <= MaxLine {
			s.buf = append(s.buf, chunk...)
		}
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	if total == 0 {
		return nil, io.EOF
	}
	s.line.Data = trimEOL(s.buf)
	if total > MaxLine {
		s.line.Data, s.line.Long = s.buf[:KeptHead], total
	}
	s.number, s.offset = s.number+1, s.offset+total
	return &s.line, nil
}

func trimEOL(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// EachLine hands every line to f, which turns it into a record or says that it
// is none (a comment, an empty line). It hands over-long lines to the sink
// itself. A read error after some lines means a cut or damaged input.
func EachLine(ctx context.Context, r io.Reader, out Sink, f func(*Line) (rec Record, isRecord bool)) error {
	lines := NewLines(r)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ReadError(err, fmt.Sprintf("line %d", lines.number+1))
		}
		rec, isRecord := Record{Err: l.Err()}, true
		if rec.Err == nil {
			rec, isRecord = f(l)
		}
		if !isRecord {
			continue
		}
		rec.Line, rec.Offset, rec.Raw = l.Number, l.Offset, l.Data
		if err := out.Record(rec); err != nil {
			return err
		}
	}
}

// ReadError says where a stream broke off.
func ReadError(err error, where string) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Invalid, "the input breaks off at %s", where).
			Hinted("it looks cut; what came before is stored")
	}
	if fault.CodeOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "couldn't read on at %s", where)
}
