package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
)

func (c *command) extractCommand() *cobra.Command {
	var all bool
	var kinds []string
	cmd := &cobra.Command{
		Use: "extract [FILE…]", GroupID: "fill", Short: "Find indicators in any text, defanged or not; nothing is stored",
		Long: "Finds domains, addresses, URLs, mail addresses, digests and more in any text (files, or\n" +
			"standard input), with the place of each. An indicator is told once a file; --all tells\n" +
			"every place where it stands.",
		Example: "  spoor extract report.txt\n  curl -s https://blog.example/report | spoor extract | spoor pivot -",
		RunE: func(cmd *cobra.Command, args []string) error {
			only := map[entity.Kind]bool{}
			for _, name := range kinds {
				k, ok := entity.KindOf(name)
				if !ok {
					return usage{fault.New(fault.Invalid, "there is no kind %q", name).Hinted("see `spoor help entities`")}
				}
				only[k] = true
			}
			return c.runExtract(cmd.Context(), args, only, all)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "every place of an indicator, not only the first")
	cmd.Flags().StringSliceVarP(&kinds, "kind", "k", nil, "only these kinds: domain, ip, url, email, filehash …")
	return cmd
}

// jsonHit is an indicator found in a text.
type jsonHit struct {
	File     string `json:"file"`
	Entity   string `json:"entity"`
	Kind     string `json:"kind"`
	Value    string `json:"value"`
	Host     string `json:"host,omitempty"` // of a URL or an address of mail
	Line     int    `json:"line"`
	Column   int    `json:"column"` // in octets, from 1
	Offset   int    `json:"offset"`
	Defanged bool   `json:"defanged"`
	Raw      string `json:"raw"`
}

func (c *command) runExtract(ctx context.Context, args []string, only map[entity.Kind]bool, all bool) error {
	if len(args) == 0 {
		args = []string{"-"}
	}
	total := 0
	for _, name := range args {
		n, err := c.extractFile(ctx, name, only, all, len(args) > 1)
		if err != nil {
			return err
		}
		total += n
	}
	if total == 0 {
		c.out.note("there is no indicator in the input")
		if c.emptyIsNothing {
			return exit(exitNothing)
		}
	}
	return nil
}

// Bounds of what is held in memory while a text of any length is read.
const (
	hitsPerTable = 500       // lines whose columns are aligned together
	mostSeen     = 1_000_000 // indicators of a file that are told once only
)

func (c *command) extractFile(ctx context.Context, name string, only map[entity.Kind]bool, all, several bool) (n int, err error) {
	in := c.In
	if name == "-" {
		c.noteWaiting()
	} else {
		f, err := os.Open(name)
		if err != nil {
			return 0, fileError(err)
		}
		defer f.Close()
		in = f
	}
	lines := &lineCounter{r: newInterruptible(ctx, in)}
	out := c.newHitWriter(name, several)
	seen := map[entity.Entity]bool{}
	var failed error
	err = extract.ScanReader(lines, func(h extract.Hit) bool {
		if len(only) > 0 && !only[h.Entity.Kind] || !all && seen[h.Entity] {
			return true
		}
		if !all && len(seen) < mostSeen {
			seen[h.Entity] = true
		}
		n++
		failed = out.write(&h, lines)
		return failed == nil
	})
	if failed == nil {
		failed = out.flush()
	}
	if err != nil && name != "-" {
		err = fault.Wrap(err, fault.CodeOf(err), "%s", name)
	}
	if err == nil {
		err = failed
	}
	return n, err
}

// noteWaiting says that a command waits for somebody to type: it looks as if it
// hung.
func (c *command) noteWaiting() {
	if f, ok := c.In.(*os.File); ok {
		if tty, _ := terminal(f); tty {
			c.out.note("reading from the terminal; end with Ctrl-D")
		}
	}
}

// hitWriter writes hits in the output's mode.
type hitWriter struct {
	c       *command
	file    string
	several bool // files: then people see which
	t       *table
	titled  bool
}

func (c *command) newHitWriter(file string, several bool) *hitWriter {
	w := &hitWriter{c: c, file: file, several: several, t: &table{}}
	if c.out.mode == asCSV {
		w.t.cols = []column{{title: "file"}, {title: "kind"}, {title: "value"}, {title: "line"}, {title: "column"}, {title: "defanged"}, {title: "as written"}}
	} else {
		w.t.cols = []column{{title: "kind", style: cyan}, {title: "indicator", style: bold, least: 24}, {title: "at", least: 16, flow: keepEnd}, {title: "as written", style: dim, least: 12}}
	}
	return w
}

func (w *hitWriter) write(h *extract.Hit, lines *lineCounter) error {
	line, col := lines.at(h.Start)
	p := w.c.out
	switch {
	case p.mode == asCSV:
		w.t.add(w.file, h.Entity.Kind.String(), p.name(h.Entity), fmt.Sprint(line), fmt.Sprint(col), fmt.Sprint(h.Defanged), clean(h.Raw))
	case p.people():
		at := fmt.Sprintf("%d:%d", line, col)
		if w.several {
			at = w.file + ":" + at
		}
		raw := ""
		if h.Raw != h.Entity.Key && p.name(h.Entity) != h.Raw { // told only if it says more
			raw = h.Raw
			if p.defang && !h.Defanged {
				raw = ""
			}
		}
		w.t.add(h.Entity.Kind.String(), p.name(h.Entity), clean(at), clean(cut(raw, 200)))
	default:
		j := jsonHit{
			File: w.file, Entity: h.Entity.String(), Kind: h.Entity.Kind.String(), Value: h.Entity.Key,
			Line: line, Column: col, Offset: h.Start, Defanged: h.Defanged, Raw: h.Raw,
		}
		if !h.Host.IsZero() {
			j.Host = h.Host.String()
		}
		return p.json(j)
	}
	if len(w.t.rows) >= hitsPerTable {
		return w.flush()
	}
	return nil
}

func (w *hitWriter) flush() error {
	if len(w.t.rows) == 0 {
		return nil
	}
	err := w.c.out.print(w.t, w.titled)
	w.titled, w.t.rows = true, w.t.rows[:0]
	return err
}

// lineCounter knows in which lines the last few megabytes that passed through it
// stand.
type lineCounter struct {
	r      io.Reader
	read   int
	feeds  []int // offsets of the line feeds that are still known
	before int   // line feeds before those
	start  int   // where the line behind them begins
}

// lineMemory is how far back lines are known: further than a scanner looks.
const lineMemory = 4 << 20

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for from := 0; ; {
		i := bytes.IndexByte(p[from:n], '\n')
		if i < 0 {
			break
		}
		l.feeds = append(l.feeds, l.read+from+i)
		from += i + 1
	}
	l.read += n
	if len(l.feeds) > 1<<16 {
		if old := sort.SearchInts(l.feeds, l.read-lineMemory); old > len(l.feeds)/2 {
			l.start = l.feeds[old-1] + 1
			l.before += old
			l.feeds = append(l.feeds[:0], l.feeds[old:]...)
		}
	}
	return n, err
}

// at returns the line and the column of an octet, both from 1.
func (l *lineCounter) at(offset int) (line, column int) {
	i := sort.SearchInts(l.feeds, offset)
	start := l.start
	if i > 0 {
		start = l.feeds[i-1] + 1
	}
	return l.before + i + 1, offset - start + 1
}
