package zeek

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// tsvFields are the columns of a line of text, by the header in force. A header
// may come again in the middle, when logs were put together.
type tsvFields struct {
	separator, setSeparator []byte
	unset, empty            string
	path                    string
	names                   map[string]int
	clients                 []int // columns with addresses of clients
	lines                   []byte
	fresh                   bool // lines belong to a header that has not ended
	cells                   [][]byte
}

func newTSVFields() *tsvFields {
	return &tsvFields{separator: []byte("\t"), setSeparator: []byte(","), unset: "-", empty: "(empty)"}
}

// header takes in a line that begins with #, and reports whether the columns are
// known now.
func (f *tsvFields) header(line []byte) bool {
	if !f.fresh {
		f.lines, f.fresh = f.lines[:0], true
	}
	f.lines = append(append(f.lines, line...), '\n')
	if rest, ok := bytes.CutPrefix(line, []byte("#separator ")); ok { // always after a blank
		f.separator = unescape(rest)
		return false
	}
	key, value, _ := bytes.Cut(line, f.separator)
	switch string(key) {
	case "#set_separator":
		f.setSeparator = unescape(value)
	case "#empty_field":
		f.empty = string(value)
	case "#unset_field":
		f.unset = string(value)
	case "#path":
		f.path = string(value)
	case "#fields":
		f.columns(bytes.Split(value, f.separator))
		return true
	}
	return false
}

func (f *tsvFields) columns(names [][]byte) {
	f.names = make(map[string]int, len(names))
	f.clients = f.clients[:0]
	for i, n := range names {
		name := string(n)
		f.names[name] = i
		if name == "id.orig_h" {
			f.clients = append(f.clients, i)
		}
	}
}

// check refuses a log whose path says that it is none of ours.
func (f *tsvFields) check() error {
	if f.path == "" || f.names == nil {
		return nil
	}
	if _, ok := kinds[f.path]; !ok {
		return fault.New(fault.Format, "the log %.40q says nothing that we read", f.path).
			Hinted("import dns.log, ssl.log, x509.log or known_certs.log")
	}
	return nil
}

// context is the header, which a line needs to be read alone.
func (f *tsvFields) context() []byte { return f.lines }

// read splits a line and blots out the clients in it.
func (f *tsvFields) read(line []byte) error {
	f.fresh = false
	if f.names == nil {
		return fault.New(fault.Invalid, "a line without a header before it").Hinted("the log's #fields line is missing")
	}
	f.cells = f.cells[:0]
	for rest, more := line, true; more; {
		var cell []byte
		cell, rest, more = bytes.Cut(rest, f.separator)
		f.cells = append(f.cells, cell)
	}
	for _, i := range f.clients {
		if i < len(f.cells) {
			importer.Blot(f.cells[i])
		}
	}
	if len(f.cells) != len(f.names) {
		return fault.New(fault.Invalid, "the line has %d columns, the header names %d", len(f.cells), len(f.names))
	}
	return nil
}

func (f *tsvFields) raw(name string) []byte {
	i, ok := f.names[name]
	if !ok || i >= len(f.cells) {
		return nil
	}
	if c := f.cells[i]; string(c) != f.unset && string(c) != f.empty {
		return c
	}
	return nil
}

func (f *tsvFields) get(name string) string { return string(unescape(f.raw(name))) }

func (f *tsvFields) list(name string) (out []string) {
	raw := f.raw(name)
	if len(raw) == 0 {
		return nil
	}
	for part := range bytes.SplitSeq(raw, f.setSeparator) {
		if string(part) == f.unset {
			out = append(out, "")
			continue
		}
		out = append(out, string(unescape(part)))
	}
	return out
}

func (f *tsvFields) has(name string) bool { _, ok := f.names[name]; return ok }

// unescape undoes Zeek's \xNN and \\.
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+3 < len(b) && b[i+1] == 'x' {
			if n, err := strconv.ParseUint(string(b[i+2:i+4]), 16, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		if b[i] == '\\' && i+1 < len(b) && b[i+1] == '\\' {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// text makes a value fit for display: Zeek's logs may hold any octets.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
