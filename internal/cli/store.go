package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/index"
)

func (c *command) storeCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "store", GroupID: "keep", Short: "Look after the store: check, stats, backup, restore, retract, reindex",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	sub := func(use, short, long string, args cobra.PositionalArgs, run func(context.Context, []string) error) *cobra.Command {
		cmd := &cobra.Command{
			Use: use, Short: short, Long: long,
			Args: func(cmd *cobra.Command, list []string) error {
				if err := args(cmd, list); err != nil {
					return usage{err}
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args) },
		}
		group.AddCommand(cmd)
		return cmd
	}
	sub("check", "Read everything and verify it",
		"Reads the whole store and verifies that both directions hold the same rows, that everything\n"+
			"can be read, and that the ledger and the feed agree. Exits with 6 if something is wrong.",
		cobra.NoArgs, func(ctx context.Context, _ []string) error { return c.storeCheck(ctx) })
	quick := false
	sub("stats", "How much is in the store",
		"Counts rows, edges and entities, which reads every row; --quick leaves that out.",
		cobra.NoArgs, func(ctx context.Context, _ []string) error { return c.storeStats(ctx, quick) }).
		Flags().BoolVar(&quick, "quick", false, "only what can be told without reading the rows")
	sub("backup DIR", "Copy the store into a new directory and verify the copy",
		"Copies the store and your own noise lists into DIR, and reads the copy back. On the same file\n"+
			"system this takes hardly any space, because files that never change are shared: copy DIR to\n"+
			"another disk to be safe from a broken one.",
		cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return c.storeBackup(ctx, args[0]) })
	sub("restore DIR", "Bring a backup back",
		"Copies the backup in DIR into the data directory, which must not have a store yet, and\n"+
			"verifies it. The index of names is derived again when it is needed.",
		cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return c.storeRestore(ctx, args[0]) })
	sub("retract RUN", "Withdraw everything that one import stored",
		"Withdraws what a run stored: a wrong file, a poisoned source, a faulty decoder. What other\n"+
			"runs said of the same edges stays, and the file can be imported again.",
		cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return c.storeRetract(ctx, args[0]) })
	sub("reindex", "Drop the index of names and derive it again", "", cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return c.storeReindex(ctx) })
	return group
}

// measure is one line of an account: a name, a number and what is wrong with it.
type measure struct{ name, value string }

func (c *command) measures(title string, list []measure) {
	p := c.out
	p.line("%s", p.style(bold, title))
	width := 0
	for _, m := range list {
		width = max(width, runes(m.name))
	}
	for _, m := range list {
		p.line("  %s%s  %s", p.style(dim, m.name), strings.Repeat(" ", width-runes(m.name)), m.value)
	}
}

func (c *command) storeCheck(ctx context.Context) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	rep, err := a.Store.Check(ctx)
	if err != nil {
		return err
	}
	if !c.out.people() {
		out := struct {
			OK       bool     `json:"ok"`
			Rows     int      `json:"rows"`
			Atoms    int      `json:"atoms"`
			Chunks   int      `json:"chunks"`
			Docs     int      `json:"docs"`
			Ledger   int      `json:"ledger"`
			Origins  int      `json:"origins"`
			Problems []string `json:"problems"`
		}{len(rep.Problems) == 0, rep.Rows, rep.Atoms, rep.Chunks, rep.Docs, rep.Ledger, rep.Origins, append([]string{}, rep.Problems...)}
		err = c.out.json(out)
	} else {
		state := c.out.style(green, "everything can be read and agrees")
		if n := len(rep.Problems); n > 0 {
			state = c.out.style(red, fmt.Sprintf("%d problems", n))
		}
		c.measures(a.Dir()+"  "+state, []measure{
			{"rows", grouped(int64(rep.Rows))},
			{"statements", grouped(int64(rep.Atoms))},
			{"chunks", grouped(int64(rep.Chunks))},
			{"documents", grouped(int64(rep.Docs))},
			{"origins", grouped(int64(rep.Origins))},
		})
		for _, text := range rep.Problems {
			c.out.line("  %s %s", c.out.style(red, "✗"), clean(text))
		}
	}
	if err == nil && len(rep.Problems) > 0 {
		return exit(exitStore)
	}
	return err
}

// storeFigures is the JSON form of `spoor store stats`.
type storeFigures struct {
	Data     string           `json:"data"`
	Schema   int              `json:"schema"`
	Format   int              `json:"format"`
	Disk     uint64           `json:"disk_bytes"`
	Log      uint64           `json:"wal_bytes"`
	Memtable uint64           `json:"memtable_bytes"`
	Tables   int64            `json:"tables"`
	Chunks   uint64           `json:"chunks"`
	Origins  int              `json:"origins"`
	Rows     *int64           `json:"rows,omitempty"`
	Edges    *int64           `json:"edges,omitempty"`
	Atoms    *int64           `json:"atoms,omitempty"`
	Entities map[string]int64 `json:"entities,omitempty"`
	Sources  map[string]int64 `json:"sources,omitempty"`
	Oldest   string           `json:"oldest,omitempty"`
	Newest   string           `json:"newest,omitempty"`
	Recorded string           `json:"recorded,omitempty"`
}

func (c *command) storeStats(ctx context.Context, quick bool) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	st := a.Store.Stats()
	f := storeFigures{
		Data: a.Dir(), Schema: st.Schema, Format: st.Format, Disk: st.Disk, Log: st.Log, Memtable: st.Memtable,
		Tables: st.Tables, Chunks: st.Chunks, Origins: st.Origins,
	}
	if !quick {
		n, err := a.Store.Count(ctx)
		if err != nil {
			return err
		}
		f.Rows, f.Edges, f.Atoms, f.Sources = &n.Rows, &n.Edges, &n.Atoms, n.Sources
		f.Oldest, f.Newest, f.Recorded = n.First.String(), n.Last.String(), n.Learned.String()
		f.Entities = map[string]int64{}
		for kind, count := range n.Entities {
			f.Entities[kind.String()] = count
		}
	}
	if !c.out.people() {
		return c.out.json(f)
	}
	c.printFigures(&f)
	return nil
}

func (c *command) printFigures(f *storeFigures) {
	var list []measure
	if f.Rows != nil {
		list = append(list, measure{"rows", grouped(*f.Rows)}, measure{"edges", grouped(*f.Edges)}, measure{"statements", grouped(*f.Atoms)})
	}
	list = append(list, measure{"chunks", grouped(int64(f.Chunks))}, measure{"origins", grouped(int64(f.Origins))},
		measure{"disk", octets(f.Disk) + c.out.style(dim, fmt.Sprintf("  %d tables, log %s, memory table %s", f.Tables, octets(f.Log), octets(f.Memtable)))})
	if f.Rows != nil && *f.Rows > 0 {
		list = append(list, measure{"per row", fmt.Sprintf("%d octets", f.Disk/uint64(*f.Rows))})
	}
	if f.Oldest != "" {
		list = append(list, measure{"seen", f.Oldest + " to " + f.Newest})
	}
	if f.Recorded != "" {
		list = append(list, measure{"recorded", "up to " + f.Recorded})
	}
	list = append(list, measure{"version", fmt.Sprintf("schema %d, engine format %d", f.Schema, f.Format)})
	c.measures(f.Data, list)
	c.measureMap("entities", f.Entities)
	c.measureMap("rows by source", f.Sources)
}

// measureMap prints the most frequent first.
func (c *command) measureMap(title string, m map[string]int64) {
	if len(m) == 0 {
		return
	}
	list := make([]string, 0, len(m))
	for name := range m {
		list = append(list, name)
	}
	slices.SortFunc(list, func(a, b string) int {
		if m[a] != m[b] {
			return int(min(max(m[b]-m[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	out := make([]measure, 0, len(list))
	for _, name := range list {
		out = append(out, measure{clean(name), grouped(m[name])})
	}
	c.measures(title, out)
}

// octets writes a size for people.
func octets(n uint64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.0f KB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// copied is the JSON form of `spoor store backup` and `restore`.
type copied struct {
	Directory string `json:"directory"`
	Rows      int    `json:"rows"`
	Chunks    int    `json:"chunks"`
	Docs      int    `json:"docs"`
	Verified  bool   `json:"verified"`
}

func (c *command) storeBackup(ctx context.Context, dir string) error {
	a, err := c.openWith(app.OpenToChange)
	if err != nil {
		return err
	}
	rep, err := a.Backup(ctx, dir)
	if err != nil {
		return err
	}
	return c.tellCopy("backed up to "+dir, copied{dir, rep.Rows, rep.Chunks, rep.Docs, true})
}

func (c *command) storeRestore(ctx context.Context, dir string) error {
	rep, to, err := app.Restore(ctx, config.Config{Data: c.data}, dir)
	if err != nil {
		return err
	}
	return c.tellCopy("restored to "+to, copied{to, rep.Rows, rep.Chunks, rep.Docs, true})
}

func (c *command) tellCopy(what string, r copied) error {
	if !c.out.people() {
		return c.out.json(r)
	}
	c.out.line("%s  %s", c.out.style(bold, what), c.out.style(green, "verified"))
	c.out.line("  %s rows in %s chunks, %s documents", grouped(int64(r.Rows)), grouped(int64(r.Chunks)), grouped(int64(r.Docs)))
	return nil
}

func (c *command) storeRetract(ctx context.Context, run string) error {
	a, err := c.openWith(app.OpenToChange)
	if err != nil {
		return err
	}
	r, err := a.Retract(ctx, run)
	if err != nil {
		if r.Rows > 0 {
			c.out.note("%s rows were withdrawn before that; run the same again to withdraw the rest", grouped(int64(r.Rows)))
		}
		return err
	}
	if !c.out.people() {
		return c.out.json(r)
	}
	what := "run " + clean(run)
	if r.File != "" {
		what += "  " + clean(r.File)
	}
	c.out.line("%s  %s", c.out.style(bold, what), c.out.style(dim, clean(strings.TrimSpace(r.Source+"  "+r.Recorded))))
	if r.Rows == 0 {
		c.out.line("  nothing of it was left to withdraw")
		return nil
	}
	c.out.line("  withdrawn from %s rows; what other runs said of them stays", grouped(int64(r.Rows)))
	c.out.line("  %s", c.out.style(dim, "the same file can be imported again; the index follows with the next question"))
	return nil
}

func (c *command) storeReindex(ctx context.Context) error {
	a, err := c.openWith(app.OpenToChange)
	if err != nil {
		return err
	}
	began := a.Now()
	bar := c.newBar("indexing", 0)
	names, err := a.Reindex(ctx, func(p index.Progress) { bar.part(p.Edges, p.Total) })
	bar.done()
	if err != nil {
		return err
	}
	took := a.Now().Sub(began).Seconds()
	if !c.out.people() {
		return c.out.json(map[string]any{"names": names, "seconds": took})
	}
	c.out.line("%s names indexed in %s", c.out.style(bold, grouped(names)), seconds(took))
	return nil
}
