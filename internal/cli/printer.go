package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// Output modes.
const (
	asTable  = "table"
	asNDJSON = "ndjson"
	asJSON   = "json"
	asCSV    = "csv"
)

// printer writes a command's results to stdout and its talk to stderr.
type printer struct {
	c        *command
	mode     string
	color    bool // of results
	errColor bool // of talk
	defang   bool
	width    int  // of the lines of a table
	began    bool // something of the results was written: of JSON an array, of CSV the titles
}

// pipedWidth is how wide tables are that go to no terminal.
const pipedWidth = 120

func newPrinter(c *command) (*printer, error) {
	p := &printer{c: c, mode: c.output}
	tty, width := terminal(c.Out)
	switch {
	case c.json:
		p.mode = asNDJSON
	case p.mode == "" && tty:
		p.mode = asTable
	case p.mode == "":
		p.mode = asNDJSON
	}
	switch p.mode {
	case asTable, asNDJSON, asJSON, asCSV:
	default:
		return p, usage{fault.New(fault.Invalid, "-o wants table, json, ndjson or csv, not %q", p.mode)}
	}
	p.width = pipedWidth
	if tty {
		p.width = width
	}
	errTTY, _ := terminal(c.Err)
	switch c.color {
	case "always":
		p.color, p.errColor = true, true
	case "never":
	case "auto":
		env := c.Terminal
		p.color = (tty && !env.NoColor || env.ForceColor) && p.mode == asTable
		p.errColor = errTTY && !env.NoColor || env.ForceColor
	default:
		return p, usage{fault.New(fault.Invalid, "--color wants auto, always or never, not %q", c.color)}
	}
	p.defang = tty && p.mode == asTable
	if c.defang {
		p.defang = true
	}
	if c.noDefang {
		p.defang = false
	}
	return p, nil
}

// terminal reports whether w is a terminal, and how wide it is.
func terminal(w io.Writer) (bool, int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = 80
	}
	return true, width
}

// people reports whether results are for a person's eyes.
func (p *printer) people() bool { return p.mode == asTable }

// json writes one object: as a line, or as an element of an array with -o json.
func (p *printer) json(v any) error {
	if p.mode == asJSON {
		sep := ","
		if !p.began {
			sep = "["
		}
		if _, err := io.WriteString(p.c.Out, sep); err != nil {
			return err
		}
	}
	p.began = true
	enc := json.NewEncoder(p.c.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// end ends the results: an array is closed, also an empty one, but none begins
// where a command failed.
func (p *printer) end(failed bool) {
	switch {
	case p.mode != asJSON:
	case p.began:
		fmt.Fprintln(p.c.Out, "]")
	case !failed:
		fmt.Fprintln(p.c.Out, "[]")
	}
}

// line writes one line of a person's result.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.c.Out, format+"\n", args...)
}

// note writes one line of talk, unless the user wants quiet.
func (p *printer) note(format string, args ...any) {
	if !p.c.quiet {
		fmt.Fprintf(p.c.Err, format+"\n", args...)
	}
}

// name writes an entity for the reader: defanged for people, without octets
// that steer a terminal.
func (p *printer) name(e entity.Entity) string {
	s := e.Key
	if p.defang {
		s = e.Defanged()
	}
	return clean(s)
}

// named is name with the kind before it where the key does not tell it.
func (p *printer) named(e entity.Entity) string {
	switch e.Kind {
	case entity.Domain, entity.IP, entity.Prefix, entity.Email, entity.URL:
		return p.name(e)
	case entity.ASN:
		return "AS" + e.Key
	}
	return e.Kind.String() + ":" + p.name(e)
}

// clean replaces control and direction characters in untrusted text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f {
			return '·'
		}
		return r
	}, s)
}

// problem is an error's JSON form (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
	Code   string `json:"code"`
	Exit   int    `json:"exit"`
}

// failure tells what happened and what to do about it.
func (p *printer) failure(err error, code int) {
	if code == exitInterrupted {
		fmt.Fprintln(p.c.Err, "interrupted; what was done so far is kept")
		return
	}
	if p.c.json || p.mode == asNDJSON || p.mode == asJSON {
		enc := json.NewEncoder(p.c.Err)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(problem{
			Type: "about:blank", Title: clean(err.Error()), Hint: fault.HintOf(err), Code: fault.CodeOf(err).String(), Exit: code,
		})
		return
	}
	fmt.Fprintln(p.c.Err, p.paint(p.errColor, red, "spoor: ")+clean(err.Error()))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(p.c.Err, p.paint(p.errColor, dim, "       "+clean(hint)))
	} else if code == exitUsage {
		fmt.Fprintln(p.c.Err, p.paint(p.errColor, dim, "       see `spoor help`"))
	}
}

// Styles (ECMA-48 SGR).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p *printer) paint(on bool, style, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// style paints a part of a result.
func (p *printer) style(style, s string) string { return p.paint(p.color, style, s) }
