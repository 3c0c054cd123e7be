package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
)

func (c *command) rejectsCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "rejects", GroupID: "keep", Short: "What imports could not read, with place and reason",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	limit := 0
	list := &cobra.Command{
		Use: "list [RUN]", Short: "List rejected records, of all runs or of one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := ""
			if len(args) == 1 {
				run = args[0]
			}
			return c.rejects(cmd.Context(), run, limit)
		},
	}
	list.Flags().IntVarP(&limit, "limit", "n", 0, "most records (default 200 on a terminal, else all)")
	group.AddCommand(list)
	return group
}

func (c *command) rejects(ctx context.Context, run string, limit int) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	if c.out.people() && limit == 0 {
		limit = 200
	}
	t := &table{cols: []column{
		{title: "run", style: dim}, {title: "file", least: 16}, {title: "line", right: true}, {title: "octet", right: true}, {title: "reason", least: 30}, {title: "record", style: dim, least: 16},
	}}
	n := 0
	for doc, err := range a.Store.Documents(ctx, ingest.RejectCollection, run, "") {
		if err != nil {
			return err
		}
		if n++; limit > 0 && n > limit {
			continue // only counted
		}
		var r ingest.Reject
		if err := json.Unmarshal(doc.Data, &r); err != nil {
			return fault.Wrap(err, fault.Corrupt, "couldn't read reject %s", doc.ID)
		}
		if !c.out.people() {
			if err := c.out.json(&r); err != nil {
				return err
			}
			continue
		}
		line := "–"
		if r.Line > 0 {
			line = strconv.FormatInt(r.Line, 10)
		}
		t.add(r.Run, clean(r.File), line, strconv.FormatInt(r.Offset, 10), clean(r.Reason), clean(cut(fmt.Sprintf("%.60q", r.Octets()), 48)))
	}
	if n == 0 {
		c.out.note("nothing was rejected")
		return nil
	}
	if !c.out.people() {
		return nil
	}
	if err := c.out.print(t, false); err != nil {
		return err
	}
	if limit > 0 && n > limit {
		c.out.note("… %s more: --limit %d", grouped(int64(n-limit)), n)
	}
	return nil
}
