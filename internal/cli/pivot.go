package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/score"
)

// pivotFlags are the flags of `spoor pivot`.
type pivotFlags struct {
	opt       pivot.Options
	threshold float64
	limit     int
	explain   bool
}

func (c *command) pivotCommand() *cobra.Command {
	var f pivotFlags
	cmd := &cobra.Command{
		Use: "pivot SEED…", GroupID: "ask", Short: "What belongs with these indicators, scored and explained",
		Long: "Finds the names that share infrastructure and habits with the seeds. Every suspect has a\n" +
			"list of signed terms in bits that add up to its score; what is shared by everybody\n" +
			"(content networks, parking, privacy services) is left out and listed with its reason.",
		Example: "  spoor pivot evil[.]example 192.0.2.17\n  spoor pivot @report.txt --json | jq -r 'select(.type==\"suspect\").entity'",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runPivot(cmd.Context(), args, &f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.opt.Hops, "hops", 0, "rounds of following (default 2)")
	fl.Float64Var(&f.threshold, "threshold", 0, "least bits of a suspect (default 3.17, with fewer than 3 seeds 6.6)")
	fl.IntVarP(&f.limit, "limit", "n", 0, "most suspects to print (default 25 on a terminal, else all)")
	fl.BoolVarP(&f.explain, "explain", "x", false, "print every term of every suspect")
	fl.IntVar(&f.opt.MaxCandidates, "max-candidates", 0, "most names read and scored in a round (default 3000)")
	fl.IntVar(&f.opt.MaxHolders, "max-holders", 0, "a value that more names hold is not followed (default 10000)")
	return cmd
}

func (c *command) runPivot(ctx context.Context, args []string, f *pivotFlags) error {
	a, engine, err := c.engine(ctx)
	if err != nil {
		return err
	}
	list, err := c.entities(ctx, a.In(c.view), args)
	if err != nil {
		return err
	}
	f.opt.Threshold = score.FromFloat(f.threshold)
	seeds := make([]entity.Entity, len(list))
	for i, s := range list {
		seeds[i] = s.Entity
	}
	res, err := engine.Pivot(ctx, seeds, f.opt)
	if err != nil {
		return err
	}
	switch {
	case c.out.people():
		err = c.printPivot(res, f)
	case c.out.mode == asCSV:
		err = c.pivotCSV(res, f.limit)
	default:
		err = c.pivotJSON(res, f.limit)
	}
	if err == nil && len(res.Suspects) == 0 && c.emptyIsNothing {
		return exit(exitNothing)
	}
	return err
}

// engine opens the store to read and brings the index up to it.
func (c *command) engine(ctx context.Context) (*app.App, *pivot.Engine, error) {
	a, err := c.reading()
	if err != nil {
		return nil, nil, err
	}
	bar := c.newBar("indexing", 0)
	e, err := a.Engine(ctx, c.view, func(p index.Progress) { bar.part(p.Edges, p.Total) })
	bar.done()
	return a, e, err
}

// shownSeeds is how many seeds with the same note are named.
const shownSeeds = 5

// printPivot tells a person what was found, why, and what was left out.
func (c *command) printPivot(res *pivot.Result, f *pivotFlags) error {
	p := c.out
	c.seedLines(res)
	limit := f.limit
	if limit == 0 {
		limit = 25
	}
	if len(res.Suspects) == 0 {
		p.line("no name reaches %s bits with these seeds", fmt.Sprintf("%.1f", res.Threshold.Float()))
	}
	t := &table{cols: []column{
		{title: "bits", right: true, style: bold},
		{title: "P", right: true},
		{title: "suspect", style: bold, least: 24},
		{title: "hop", right: true, style: dim},
		{title: "since"},
		{title: "because", least: 30, flow: cutParts},
	}}
	for i := range res.Suspects[:min(limit, len(res.Suspects))] {
		s := &res.Suspects[i]
		if f.explain {
			c.explain(p.name(s.Entity), s.Bits, s.Terms, s.Notes)
			continue
		}
		t.add(s.Bits.String(), probability(s.Bits.Probability()), p.name(s.Entity), fmt.Sprint(s.Hops), s.First.Date(), c.brief(s.Terms))
	}
	if len(t.rows) > 0 {
		if err := p.print(t, false); err != nil {
			return err
		}
	}
	if n := len(res.Suspects) - limit; n > 0 {
		p.line("%s", p.style(dim, fmt.Sprintf("… %s more: --limit %d", grouped(int64(n)), len(res.Suspects))))
	}
	c.sharedLines(res)
	c.skippedLines(res)
	return nil
}

// pivotCSV writes the suspects alone: what was left out stands in the other forms.
func (c *command) pivotCSV(res *pivot.Result, limit int) error {
	t := &table{cols: []column{{title: "entity"}, {title: "bits"}, {title: "probability"}, {title: "hops"}, {title: "first"}, {title: "last"}, {title: "because"}}}
	if limit == 0 {
		limit = len(res.Suspects)
	}
	for i := range res.Suspects[:min(limit, len(res.Suspects))] {
		s := &res.Suspects[i]
		t.add(s.Entity.Kind.String()+":"+c.out.name(s.Entity), s.Bits.String(), fmt.Sprintf("%.4f", s.Bits.Probability()), fmt.Sprint(s.Hops),
			s.First.String(), s.Last.String(), c.brief(s.Terms))
	}
	return c.out.print(t, false)
}

func (c *command) seedLines(res *pivot.Result) {
	p := c.out
	used := 0
	told := map[string]int{} // by note: a report may name hundreds that nobody knows
	for _, s := range res.Seeds {
		if !strings.HasSuffix(s.Note, "not used") {
			used++
		}
		if s.Note == "" {
			continue
		}
		if told[s.Note]++; told[s.Note] <= shownSeeds {
			p.line("%s %s: %s", p.style(yellow, "seed"), p.named(s.Entity), clean(s.Note))
		}
	}
	for _, note := range slices.Sorted(maps.Keys(told)) {
		if n := told[note] - shownSeeds; n > 0 {
			p.line("%s: %s", p.style(yellow, grouped(int64(n))+" more seeds"), clean(note))
		}
	}
	few := ""
	if res.FewSeeds {
		few = ", raised because there are few seeds"
	}
	p.line("%s", p.style(dim, fmt.Sprintf("%s · %s read and scored · threshold %.1f bits%s · %s in the store, background as of now",
		plural(used, "seed"), plural(res.Candidates, "name"), res.Threshold.Float(), few, plural(int(res.Names), "name"))))
	p.line("")
}

func probability(x float64) string {
	if x > .999 {
		return ".999"
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", x), "0")
}

// brief names the terms that weigh most, for one line.
func (c *command) brief(terms []score.Term) string {
	var parts []string
	for _, t := range terms {
		if t.Name == "prior" || t.Bits < 500 || len(parts) == 4 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", t.Name, cut(c.termValue(&t), 26), t.Bits))
	}
	return strings.Join(parts, " · ")
}

// termValue writes a term's value for people.
func (c *command) termValue(t *score.Term) string {
	v := clean(t.Value)
	if !c.out.defang {
		return v
	}
	switch t.Name {
	case "ip", "net", "ns-domain", "ns-set", "mx", "soa-contact", "email", "mail-domain", "redirect", "cname", "popular":
		return strings.ReplaceAll(strings.ReplaceAll(v, ".", "[.]"), "@", "[@]")
	}
	return v
}

// explain prints every term of one ledger.
func (c *command) explain(name string, bits score.Bits, terms []score.Term, notes []string) {
	p := c.out
	p.line("%s  %s bits, P %s", p.style(bold, name), bits, probability(bits.Probability()))
	t := &table{cols: []column{
		{right: true},
		{style: cyan},
		{style: bold, least: 20},
		{least: max(36, p.width*5/12), flow: wrapWords}, // the reason first: the rest stands in the JSON
		{style: dim, least: 12, flow: cutParts},
	}}
	for i := range terms {
		term := &terms[i]
		t.add(term.Bits.String(), term.Name, c.termValue(term), clean(term.Why), c.rowBrief(term))
	}
	_ = p.print(t, true)
	for _, n := range notes {
		p.line("  %s", p.style(dim, clean(n)))
	}
	p.line("")
}

// rowBrief names the source of a term's first row, and when it was seen.
func (c *command) rowBrief(t *score.Term) string {
	if len(t.Rows) == 0 {
		return ""
	}
	r := t.Rows[0]
	s := r.Source
	if r.First.Known() {
		s += " · " + r.First.Date()
		if r.Last != r.First {
			s += " to " + r.Last.Date()
		}
	}
	if n := len(t.Rows) - 1; n > 0 {
		s += fmt.Sprintf(" · +%d", n)
	}
	return clean(s)
}

func (c *command) sharedLines(res *pivot.Result) {
	if len(res.Shared) == 0 {
		return
	}
	p := c.out
	p.line("")
	p.line("%s", p.style(bold, "infrastructure that members share"))
	t := &table{cols: []column{{right: true}, {style: cyan}, {style: bold, least: 30}, {style: dim}}}
	for _, s := range res.Shared {
		v := score.Term{Name: s.Feature.String(), Value: s.Value}
		t.add(fmt.Sprint(s.Members), s.Feature.String(), c.termValue(&v), fmt.Sprintf("%s in the store", plural(int(s.Names), "name")))
	}
	_ = p.print(t, true)
}

// shownSkipped is how many values are named that were not followed.
const shownSkipped = 10

func (c *command) skippedLines(res *pivot.Result) {
	if len(res.Skipped)+len(res.Cuts) == 0 {
		return
	}
	p := c.out
	p.line("")
	p.line("%s", p.style(bold, "left out"))
	t := &table{cols: []column{{right: true}, {style: cyan}, {style: bold, least: 24}, {style: yellow}, {style: dim, least: 30, flow: wrapWords}}}
	for _, s := range res.Skipped[:min(shownSkipped, len(res.Skipped))] {
		class := string(s.Class)
		if class == "" {
			class = "common"
		}
		v := score.Term{Name: s.Feature.String(), Value: s.Value}
		t.add(grouped(s.Members)+" names", s.Feature.String(), c.termValue(&v), class, clean(s.Why))
	}
	_ = p.print(t, true)
	if n := len(res.Skipped) - shownSkipped; n > 0 {
		p.line("%s", p.style(dim, fmt.Sprintf("… and %d more values", n)))
	}
	for _, cut := range res.Cuts {
		p.line("%s", p.style(dim, fmt.Sprintf("%s %s, by the limit %s", grouped(int64(cut.Count)), clean(cut.What), cut.Limit)))
	}
}

func (c *command) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "why A B", GroupID: "ask", Short: "What links two entities, term by term",
		Example: "  spoor why evil.example bad.example",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			a, engine, err := c.engine(ctx)
			if err != nil {
				return err
			}
			list, err := c.entities(ctx, a.In(c.view), args)
			if err != nil {
				return err
			}
			if len(list) != 2 {
				return usage{errTwo}
			}
			l, err := engine.Why(ctx, list[0].Entity, list[1].Entity)
			if err != nil {
				return err
			}
			if c.out.mode == asCSV {
				t := &table{cols: []column{{title: "bits"}, {title: "feature"}, {title: "value"}, {title: "why"}}}
				for i := range l.Terms {
					t.add(l.Terms[i].Bits.String(), l.Terms[i].Name, c.termValue(&l.Terms[i]), clean(l.Terms[i].Why))
				}
				return c.out.print(t, false)
			}
			if !c.out.people() {
				return c.out.json(whyJSON(list[0].Entity, list[1].Entity, l))
			}
			c.explain(c.out.name(list[1].Entity)+" given "+c.out.name(list[0].Entity), l.Bits, l.Terms, l.Notes)
			return nil
		},
	}
}
