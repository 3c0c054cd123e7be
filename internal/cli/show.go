package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// shownPerRelation is how many rows of one relation `show` prints; the rest is
// counted.
const shownPerRelation = 12

func (c *command) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ENTITY…", GroupID: "ask", Short: "What is known of an entity, by source",
		Long:    "Prints the facts about a domain, address, certificate, person or anything else that the\nstore knows, each with its time, count and source. An entity may be pasted in any form.",
		Example: "  spoor show evil[.]example\n  spoor show ip:192.0.2.17 --as-of 2024-05",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachEntity(cmd.Context(), args, c.show)
		},
	}
}

// eachEntity opens the store and calls f for every entity that args name.
func (c *command) eachEntity(ctx context.Context, args []string, f func(context.Context, store.Reader, asked) (found bool, err error)) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	r := a.In(c.view)
	list, err := c.entities(ctx, r, args)
	if err != nil {
		return err
	}
	any := false
	for i, e := range list {
		if i > 0 && c.out.people() {
			c.out.line("")
		}
		found, err := f(ctx, r, e)
		if err != nil {
			return err
		}
		any = any || found
	}
	if !any && c.emptyIsNothing {
		return exit(exitNothing)
	}
	return nil
}

// nothing says that the store has no visible row of e.
func (c *command) nothing(e entity.Entity) {
	when := ""
	if c.asOf != "" {
		when += " as of " + c.asOf
	}
	if c.known != "" {
		when += " as known at " + c.known
	}
	c.out.note("nothing is stored about %s%s", c.out.named(e), when)
}

// facts gathers an entity's rows by relation and direction, in the order of a
// Reader, and only the first rows of each.
type facts struct {
	groups  []factGroup
	rows    int
	first   obs.Time
	last    obs.Time
	sources map[string]bool
	tlp     obs.TLP
}

type factGroup struct {
	rel  obs.Relation
	out  bool
	rows []store.Row
	more int
}

func gatherFacts(ctx context.Context, r store.Reader, e entity.Entity, most int) (*facts, error) {
	f := &facts{sources: map[string]bool{}, tlp: obs.Clear}
	for row, err := range r.Neighbours(ctx, e, store.Query{Atoms: true}) {
		if err != nil {
			return nil, err
		}
		f.add(row, most)
	}
	return f, nil
}

func (f *facts) add(row store.Row, most int) {
	f.rows++
	f.sources[row.Origin.Source] = true
	if t := row.Origin.Handling.TLP; t.Rank() > f.tlp.Rank() {
		f.tlp = t
	}
	if first, last := row.Span(); first.Known() && row.Origin.Basis != obs.Declared {
		if f.first == 0 || first < f.first {
			f.first = first
		}
		f.last = max(f.last, last)
	}
	n := len(f.groups)
	if n == 0 || f.groups[n-1].rel != row.Relation || f.groups[n-1].out != row.Out {
		f.groups = append(f.groups, factGroup{rel: row.Relation, out: row.Out})
		n++
	}
	g := &f.groups[n-1]
	if len(g.rows) >= most {
		g.more++
		return
	}
	g.rows = append(g.rows, row)
}

func (c *command) show(ctx context.Context, r store.Reader, e asked) (bool, error) {
	if !c.out.people() {
		return c.streamRows(ctx, r, e.Entity, store.Query{Atoms: true}, 0)
	}
	f, err := gatherFacts(ctx, r, e.Entity, shownPerRelation)
	if err != nil {
		return false, err
	}
	if f.rows == 0 {
		c.nothing(e.Entity)
		return false, nil
	}
	c.heading(e.Entity, f)
	t := factTable()
	for _, g := range f.groups {
		for i := range g.rows {
			c.out.addFact(t, &g.rows[i])
		}
		if g.more > 0 {
			dir := "out"
			if !g.out {
				dir = "in"
			}
			t.remark(fmt.Sprintf("  … %s more: spoor neighbours %s --relation %s --direction %s", grouped(int64(g.more)), shellWord(e.String()), g.rel, dir))
		}
	}
	return true, c.out.print(t, false)
}

// heading prints who the entity is, and over what time it is known.
func (c *command) heading(e entity.Entity, f *facts) {
	about := e.Kind.String()
	if e.Kind == entity.Domain {
		if u := entity.Unicode(e.Key); u != e.Key {
			about += "  " + clean(u)
		}
		if reg, ok := entity.Registrable(e.Key); ok && reg != e.Key {
			about += "  below " + c.out.name(entity.Entity{Kind: entity.Domain, Key: reg})
		}
		if odd := entity.Odd(e.Key); odd != "" {
			about += "  " + c.out.style(yellow, odd)
		}
	}
	c.out.line("%s  %s", c.out.style(bold, c.out.name(e)), c.out.style(dim, about))
	parts := []string{}
	if f.first.Known() {
		parts = append(parts, f.first.Date()+" to "+f.last.Date())
	}
	parts = append(parts, plural(len(f.sources), "source"), plural(f.rows, "fact"), "up to TLP:"+f.tlp.String())
	c.out.line("%s", c.out.style(dim, strings.Join(parts, " · ")))
	c.out.line("")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return grouped(int64(n)) + " " + word + "s"
}
