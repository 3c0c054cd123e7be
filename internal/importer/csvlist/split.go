package csvlist

import (
	"bytes"
	"errors"
	"io"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// splitter cuts a stream into CSV records (RFC 4180) in bounded memory: quotes may
// hold line breaks; a quote in the middle of a bare field stands for itself.
type splitter struct {
	lines *importer.Lines
	delim byte
	raw   []byte
	cells [][]byte
	buf   []byte
}

// csvRecord is one record.
type csvRecord struct {
	cells        [][]byte // valid until the next record
	raw          []byte
	line, offset int64
	err          error // why its cells can't be told
}

// maxCells bounds a record: a line of delimiters alone must not cost more than
// its length.
const maxCells = 4096

// next returns the next record that is not empty, or io.EOF. skipped counts the
// empty ones before it.
func (s *splitter) next() (rec csvRecord, skipped int64, err error) {
	for {
		rec, err = s.record()
		if err != nil || rec.err != nil || !rec.empty() {
			return rec, skipped, err
		}
		skipped++
	}
}

func (r *csvRecord) empty() bool {
	for _, c := range r.cells {
		if len(bytes.TrimSpace(c)) > 0 {
			return false
		}
	}
	return true
}

// record reads lines until the quotes are closed.
func (s *splitter) record() (rec csvRecord, err error) {
	s.raw = s.raw[:0]
	for n := 0; ; n++ {
		l, err := s.lines.Next()
		if errors.Is(err, io.EOF) && n > 0 {
			rec.raw, rec.err = s.raw, fault.New(fault.Invalid, "a quoted field has no end")
			return rec, nil
		}
		if err != nil {
			return rec, err
		}
		if n == 0 {
			rec.line, rec.offset = l.Number, l.Offset
		} else {
			s.raw = append(s.raw, '\n')
		}
		if rec.err = l.Err(); rec.err != nil {
			rec.raw = l.Data
			return rec, nil //nolint:nilerr // the record carries it; reading goes on
		}
		s.raw = append(s.raw, l.Data...)
		if len(s.raw) > importer.MaxLine {
			rec.raw, rec.err = s.raw[:importer.KeptHead], fault.New(fault.Invalid, "a quoted field has no end within %d octets", importer.MaxLine)
			return rec, nil
		}
		if !s.open(s.raw) {
			rec.raw = s.raw
			rec.cells, rec.err = s.split()
			return rec, nil
		}
	}
}

// open reports whether raw ends inside quotes.
func (s *splitter) open(raw []byte) bool {
	if bytes.IndexByte(raw, '"') < 0 {
		return false
	}
	start, in := true, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case in && c == '"' && i+1 < len(raw) && raw[i+1] == '"':
			i++
		case in && c == '"':
			in = false
		case in:
		case c == '"' && start:
			in = true
		case c == s.delim:
			start = true
			continue
		case c == ' ' && start:
			continue
		}
		start = false
	}
	return in
}

// split cuts raw into cells without their quotes.
func (s *splitter) split() ([][]byte, error) {
	s.cells = s.cells[:0]
	s.buf = s.buf[:0]
	rest := s.raw
	for {
		if len(s.cells) == maxCells {
			return nil, fault.New(fault.Invalid, "more than %d fields", maxCells)
		}
		cell, after, more := s.cell(rest)
		s.cells = append(s.cells, cell)
		if !more {
			return s.cells, nil
		}
		rest = after
	}
}

// cell returns the first cell of b, what follows its delimiter, and whether
// there was one.
func (s *splitter) cell(b []byte) (cell, after []byte, more bool) {
	t := bytes.TrimLeft(b, " ")
	if len(t) == 0 || t[0] != '"' {
		if i := bytes.IndexByte(b, s.delim); i >= 0 {
			return b[:i], b[i+1:], true
		}
		return b, nil, false
	}
	start := len(s.buf)
	i := 1
	for i < len(t) {
		if t[i] == '"' {
			if i+1 < len(t) && t[i+1] == '"' {
				i++
			} else {
				i++
				break
			}
		}
		s.buf = append(s.buf, t[i])
		i++
	}
	cell = s.buf[start:len(s.buf):len(s.buf)]
	rest := t[i:]
	if j := bytes.IndexByte(rest, s.delim); j >= 0 {
		return cell, rest[j+1:], true
	}
	return cell, nil, false
}
