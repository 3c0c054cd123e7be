package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

func (c *command) timelineCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "timeline ENTITY…", GroupID: "ask", Short: "When what held, one lane for each fact",
		Example: "  spoor timeline evil.example --as-of 2024",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachEntity(cmd.Context(), args, func(ctx context.Context, r store.Reader, e asked) (bool, error) {
				return c.timeline(ctx, r, e, limit)
			})
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 0, "most lanes (default 60 on a terminal, else all)")
	return cmd
}

func (c *command) timeline(ctx context.Context, r store.Reader, e asked, limit int) (bool, error) {
	var rows []store.Row
	for row, err := range r.Neighbours(ctx, e.Entity, store.Query{}) {
		if err != nil {
			return false, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		c.nothing(e.Entity)
		return false, nil
	}
	slices.SortStableFunc(rows, func(a, b store.Row) int {
		return cmp.Compare(startOf(&a), startOf(&b))
	})
	switch {
	case c.out.mode == asCSV:
		if limit > 0 {
			rows = rows[:min(limit, len(rows))]
		}
		t := factCSV()
		for i := range rows {
			c.out.addFactCSV(t, &rows[i])
		}
		return true, c.out.print(t, false)
	case !c.out.people():
		return true, c.timelineJSON(rows, limit)
	}
	if limit == 0 {
		limit = 60
	}
	left := 0
	if len(rows) > limit {
		left, rows = len(rows)-limit, rows[:limit]
	}
	c.lanes(rows)
	if left > 0 {
		c.out.note("… %s more lanes: --limit %d", grouped(int64(left)), limit+left)
	}
	return true, nil
}

// startOf puts undated rows last.
func startOf(r *store.Row) obs.Time {
	first, _ := r.Span()
	if first == 0 {
		return 1 << 62
	}
	return first
}

func (c *command) timelineJSON(rows []store.Row, limit int) error {
	n := 0
	for i := range rows {
		j := toJSON(&rows[i])
		intervals := j.Intervals
		j.Intervals = nil
		for _, iv := range intervals {
			if n++; limit > 0 && n > limit {
				return nil
			}
			line := struct {
				Entity    string `json:"entity"`
				Relation  string `json:"relation"`
				Direction string `json:"direction"`
				Other     string `json:"other"`
				RRType    string `json:"rrtype,omitempty"`
				jsonInterval
				Source string `json:"source"`
				Basis  string `json:"basis"`
			}{j.Entity, j.Relation, j.Direction, j.Other, j.RRType, iv, j.Source, j.Basis}
			if err := c.out.json(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// lanes draws one lane for each row over the hull of all sightings; what is
// declared (a certificate's validity) may reach beyond it.
func (c *command) lanes(rows []store.Row) {
	from, to := hull(rows)
	const laneWidth = 40
	t := &table{cols: []column{
		{title: "relation"},
		{title: "other", style: bold, least: 20},
		{title: axis(from, to, laneWidth), style: cyan},
		{title: "first"},
		{title: "last"},
		{title: "source", style: dim, least: 8},
	}}
	for i := range rows {
		r := &rows[i]
		rel := r.Relation.String()
		if !r.Out {
			rel = "← " + rel
		}
		first, last := r.Span()
		t.add(rel, c.out.named(r.Other()), lane(r, from, to, laneWidth), bound(first, false, ""), dateOr(last), origin(r.Origin))
	}
	_ = c.out.print(t, false)
}

func dateOr(t obs.Time) string {
	if !t.Known() {
		return ""
	}
	return t.Date()
}

func hull(rows []store.Row) (from, to obs.Time) {
	for _, seen := range []bool{true, false} {
		for i := range rows {
			first, last := rows[i].Span()
			if first == 0 || seen && rows[i].Origin.Basis == obs.Declared {
				continue
			}
			if from == 0 || first < from {
				from = first
			}
			to = max(to, last)
		}
		if from != 0 {
			break // only declared intervals: then they make the hull
		}
	}
	return from, max(to, from+86400)
}

func axis(from, to obs.Time, width int) string {
	if from == 0 {
		return strings.Repeat(" ", width)
	}
	left, right := from.Date(), to.Date()
	return left + strings.Repeat(" ", max(1, width-len(left)-len(right))) + right
}

// lane draws a row's intervals: a block where it held, a dot where it did not.
func lane(r *store.Row, from, to obs.Time, width int) string {
	cells := []rune(strings.Repeat("·", width))
	at := func(t obs.Time) int {
		t = min(max(t, from), to)
		return min(width-1, int(float64(t-from)/float64(to-from)*float64(width)))
	}
	for _, i := range r.Intervals {
		if !i.Dated() || i.Last < from || i.First > to {
			continue
		}
		end := i.Last
		if i.Flags&obs.OpenEnded != 0 {
			end = to
		}
		for x := at(i.First); x <= at(end); x++ {
			cells[x] = '█'
		}
	}
	return string(cells)
}
