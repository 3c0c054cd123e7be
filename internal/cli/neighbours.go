package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

func (c *command) neighboursCommand() *cobra.Command {
	var relations []string
	var direction, after string
	var limit int
	cmd := &cobra.Command{
		Use: "neighbours ENTITY", Aliases: []string{"neighbors"}, GroupID: "ask", Short: "What stands next to an entity, page by page",
		Example: "  spoor neighbours ip:192.0.2.17 --relation resolves --limit 1000",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := store.Query{After: store.Cursor(after), Atoms: true}
			for _, name := range relations {
				rel, ok := obs.RelationOf(name)
				if !ok {
					return usage{fault.New(fault.Invalid, "there is no relation %q", name).Hinted("see `spoor help entities`")}
				}
				q.Relations = append(q.Relations, rel)
			}
			switch direction {
			case "both":
			case "out":
				q.Direction = store.Out
			case "in":
				q.Direction = store.In
			default:
				return usage{fault.New(fault.Invalid, "--direction wants both, out or in, not %q", direction)}
			}
			return c.eachEntity(cmd.Context(), args, func(ctx context.Context, r store.Reader, e asked) (bool, error) {
				return c.neighbours(ctx, r, e.Entity, q, limit)
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVarP(&relations, "relation", "r", nil, "only these relations")
	f.StringVarP(&direction, "direction", "d", "both", "both, out (it is the subject) or in (it is the object)")
	f.IntVarP(&limit, "limit", "n", 0, "most rows (default 200 on a terminal, else all)")
	f.StringVar(&after, "cursor", "", "go on where a former page ended")
	return cmd
}

func (c *command) neighbours(ctx context.Context, r store.Reader, e entity.Entity, q store.Query, limit int) (bool, error) {
	if !c.out.people() {
		return c.streamRows(ctx, r, e, q, limit)
	}
	if limit == 0 {
		limit = 200
	}
	t := factTable()
	n, cursor, err := c.page(ctx, r, e, q, limit, func(row *store.Row) error {
		c.out.addFact(t, row)
		return nil
	})
	if err != nil {
		return false, err
	}
	if n == 0 {
		c.nothing(e)
		return false, nil
	}
	if err := c.out.print(t, false); err != nil {
		return false, err
	}
	if cursor != "" {
		c.out.note("there is more: --limit %d%s", 10*limit, cursorHint(c.verbose, cursor))
	}
	return true, nil
}

// cursorHint names the cursor, which is long, to those who want to know more.
func cursorHint(verbose bool, cursor store.Cursor) string {
	if !verbose {
		return ", or page by page (-v tells the cursor)"
	}
	return ", or the next page: --cursor " + string(cursor)
}

// page calls f for at most limit rows (0: all) and returns how many there were,
// and the cursor behind the last if there are more.
func (c *command) page(ctx context.Context, r store.Reader, e entity.Entity, q store.Query, limit int, f func(*store.Row) error) (n int, next store.Cursor, err error) {
	var last store.Row
	for row, err := range r.Neighbours(ctx, e, q) {
		if err != nil {
			return n, "", err
		}
		if limit > 0 && n == limit {
			return n, store.CursorAfter(&last), nil
		}
		n++
		last = row
		if err := f(&row); err != nil {
			return n, "", err
		}
	}
	return n, "", nil
}

// more is the last line of an answer that was cut.
type more struct {
	Type   string       `json:"type"`
	Cursor store.Cursor `json:"cursor"`
}

// streamRows writes rows as NDJSON or CSV while they are read.
func (c *command) streamRows(ctx context.Context, r store.Reader, e entity.Entity, q store.Query, limit int) (bool, error) {
	if c.out.mode == asCSV {
		t := factCSV()
		n, cursor, err := c.page(ctx, r, e, q, limit, func(row *store.Row) error {
			t.rows = t.rows[:0]
			c.out.addFactCSV(t, row)
			return c.out.print(t, false)
		})
		if err == nil && n == 0 {
			c.nothing(e)
		}
		if err == nil && cursor != "" {
			c.out.note("there is more; the next page: --cursor %s", cursor)
		}
		return n > 0, err
	}
	n, cursor, err := c.page(ctx, r, e, q, limit, func(row *store.Row) error { return c.out.json(toJSON(row)) })
	if err == nil && n == 0 {
		c.nothing(e)
	}
	if err == nil && cursor != "" {
		err = c.out.json(more{"more", cursor})
	}
	return n > 0, err
}
