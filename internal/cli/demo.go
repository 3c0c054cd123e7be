package cli

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/demo"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/synth"
)

func (c *command) demoCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "demo", GroupID: "ask", Short: "Load a ready case and tell its story, offline",
		Long: "Loads a fictitious phishing campaign hidden among 100,000 synthetic benign names, and a part\n" +
			"of the real " + demo.Credit + ", into a directory of its own,\n" +
			"pivots from three indicators, and explains what it found and what it left out.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDemo(cmd.Context(), dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory to load into (default: spoor-demo below the system's temporary folder)")
	return cmd
}

func (c *command) runDemo(ctx context.Context, dir string) error {
	if dir == "" {
		dir = os.TempDir() + string(os.PathSeparator) + "spoor-demo"
		if err := os.RemoveAll(dir); err != nil {
			return fileError(err)
		}
	}
	if c.storyForPeople() {
		c.out.mode = asTable
	}
	a, err := app.Open(config.Config{Data: dir})
	if err != nil {
		return err
	}
	c.opened = a
	if err := c.loadDemo(ctx, a); err != nil {
		return err
	}
	engine, err := c.indexDemo(ctx, a)
	if err != nil {
		return err
	}
	return c.tellDemo(ctx, engine, dir)
}

// storyForPeople: the story is for people also in a pipe, unless JSON was asked for.
func (c *command) storyForPeople() bool { return !c.json && c.output == "" }

// loadDemo fills the store.
func (c *command) loadDemo(ctx context.Context, a *app.App) error {
	p := c.out
	p.line("%s", p.style(bold, "spoor demo"))
	p.line("  %s", p.style(dim, "fictitious: "+grouped(demo.Names)+" benign names, a content network, parking, a privacy service, one campaign"))
	p.line("  %s", p.style(dim, "real:       "+demo.Credit))
	p.line("")
	began := c.now()
	if err := a.WriteNoise(demo.NoiseLists()); err != nil {
		return err
	}
	var total int64
	for _, part := range []struct {
		name string
		seq  iter.Seq[obs.Observation]
	}{{"population", demo.Background()}, {"campaign", demo.Case()}} {
		n, err := ingest.Observations(ctx, a.Store, part.seq, "demo-"+part.name, synth.Now.Std())
		if err != nil {
			return err
		}
		total += n
	}
	res, err := a.Import(ctx, ingest.Source{Name: "stalkerware.ndjson", Base: "stalkerware.ndjson", Reader: bytes.NewReader(demo.Stalkerware)},
		app.ImportOptions{Handling: obs.Handling{TLP: obs.TLPUnset}})
	if err != nil {
		return err
	}
	took := max(c.now().Sub(began).Seconds(), 1e-3)
	p.line("loaded   %s observations in %s, %s a second, each batch synced", grouped(total+res.Observations), seconds(took), grouped(int64(float64(total)/took)))
	return nil
}

func (c *command) indexDemo(ctx context.Context, a *app.App) (*pivot.Engine, error) {
	began := c.now()
	bar := c.newBar("indexing", 0)
	a.Now = func() time.Time { return synth.Now.Std() }
	engine, err := a.Engine(ctx, store.Everything, func(p index.Progress) { bar.part(p.Edges, p.Total) })
	bar.done()
	if err != nil {
		return nil, err
	}
	n, err := engine.Names.Names()
	c.out.line("indexed  %s names in %s", grouped(n), seconds(c.now().Sub(began).Seconds()))
	c.out.line("")
	return engine, err
}

// tellDemo pivots twice and says what the answers mean.
func (c *command) tellDemo(ctx context.Context, engine *pivot.Engine, dir string) error {
	p := c.out
	p.line("%s", p.style(bold, "1. A report names three phishing sites. What else belongs to them?"))
	p.line("   $ spoor pivot %s", strings.Join(demo.Seeds(), " "))
	res, err := c.demoPivot(ctx, engine, demo.Seeds())
	if err != nil {
		return err
	}
	c.verdict(res, demo.Members(), demo.Seeds())
	if len(res.Suspects) > 0 {
		p.line("   why the first one, term by term (the terms add up to the score):")
		p.line("")
		s := &res.Suspects[0]
		c.explain(p.name(s.Entity), s.Bits, s.Terms, s.Notes)
	}
	p.line("%s", p.style(bold, "2. Three names of a real stalkerware family, from reports alone"))
	p.line("   $ spoor pivot %s", strings.Join(demo.RealSeeds(), " "))
	if _, err := c.demoPivot(ctx, engine, demo.RealSeeds()); err != nil {
		return err
	}
	p.line("")
	p.line("%s", p.style(bold, "Try next"))
	first := demo.Seeds()[0]
	for _, cmd := range []string{
		"why " + first + " " + otherMember(res, first), "timeline ip:192.0.2.17", "show label:malware:thetruthspy",
	} {
		p.line("  spoor --data %s %s", dir, cmd)
	}
	return nil
}

func otherMember(res *pivot.Result, fallback string) string {
	if len(res.Suspects) == 0 {
		return fallback
	}
	return res.Suspects[len(res.Suspects)-1].Entity.Key
}

// demoPivot pivots and prints the answer.
func (c *command) demoPivot(ctx context.Context, engine *pivot.Engine, seeds []string) (*pivot.Result, error) {
	var list []entity.Entity
	for _, s := range seeds {
		list = append(list, entity.Entity{Kind: entity.Domain, Key: s})
	}
	began := c.now()
	res, err := engine.Pivot(ctx, list, pivot.Options{})
	if err != nil {
		return nil, err
	}
	took := c.now().Sub(began)
	if !c.out.people() {
		return res, c.pivotJSON(res, 0)
	}
	c.out.line("   %s", c.out.style(dim, fmt.Sprintf("answered in %s", seconds(took.Seconds()))))
	c.out.line("")
	return res, c.printPivot(res, &pivotFlags{limit: 12})
}

// verdict compares the answer with the truth, which only a fictitious case has.
func (c *command) verdict(res *pivot.Result, members, seeds []string) {
	hits, wrong := 0, 0
	for _, s := range res.Suspects {
		if slices.Contains(members, s.Entity.Key) {
			hits++
		} else {
			wrong++
		}
	}
	c.out.line("")
	c.out.line("   %s", c.out.style(green, fmt.Sprintf("of the %d other members of the campaign %d were found; benign names above the threshold: %d", len(members)-len(seeds), hits, wrong)))
}
