package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/noise"
)

func (c *command) noiseCommand() *cobra.Command {
	check := &cobra.Command{
		Use: "check X…", Short: "Which lists name it, and whether a pivot would follow it",
		Long: "Looks entities up in the lists of shared things: content networks, parking, sinkholes, public\n" +
			"resolvers, popular names, and your own (noise.list in the data directory). It tells what a\n" +
			"pivot makes of them by these lists; what too many names share is not followed either.",
		Example: "  spoor noise check 1.1.1.1 parkingcrew.net\n  spoor extract report.txt | spoor noise check -",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.checkNoise(cmd.Context(), args) },
	}
	lists := &cobra.Command{
		Use: "lists", Short: "The lists, with their class, date and size", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.listNoise() },
	}
	group := groupOf("noise", "Shared things that prove nothing: check, lists", check, lists)
	group.GroupID = "ask"
	return group
}

// jsonNoise is what the lists say of one entity.
type jsonNoise struct {
	Entity   string        `json:"entity"`
	Verdicts []jsonVerdict `json:"verdicts"`
	Hits     []jsonListed  `json:"hits"`
	Lists    string        `json:"lists"` // their date
}

// jsonVerdict is the class of an entity in a part that it plays, and whether a
// pivot would cross it.
type jsonVerdict struct {
	As      string `json:"as"`
	Class   string `json:"class"`
	Effect  string `json:"effect"`
	Crossed bool   `json:"crossed"`
}

type jsonListed struct {
	Class   string `json:"class"`
	List    string `json:"list"`
	Title   string `json:"title"`
	Version int    `json:"version,omitempty"`
	Entry   string `json:"entry"`
	Note    string `json:"note,omitempty"`
}

// effects in words for programs and for people.
var effects = map[noise.Effect][2]string{
	noise.Note:   {"note", "a pivot follows it; the list is shown"},
	noise.Coarse: {"coarse", "a pivot counts the class alone, and does not follow the value"},
	noise.Mask:   {"mask", "a pivot does not follow it"},
}

// rolesOf lists the parts that an entity may play.
func rolesOf(e entity.Entity) []noise.Role {
	if e.Kind == entity.Domain {
		return []noise.Role{noise.Itself, noise.NameServer, noise.MailHost}
	}
	return []noise.Role{noise.Itself}
}

func (c *command) checkNoise(ctx context.Context, args []string) error {
	pack, err := app.LoadNoise(config.Config{Data: c.data})
	if err != nil {
		return err
	}
	words, err := c.words(ctx, args)
	if err != nil {
		return err
	}
	listed := 0
	for i, w := range words {
		e, err := entity.Parse(w)
		if err != nil {
			return usage{err}
		}
		if i > 0 && c.out.people() {
			c.out.line("")
		}
		n, err := c.checkOne(pack, e)
		if err != nil {
			return err
		}
		listed += n
	}
	if listed == 0 && c.emptyIsNothing {
		return exit(exitNothing)
	}
	return nil
}

// checkOne looks one entity up and returns on how many lists it stands.
func (c *command) checkOne(pack *noise.Pack, e entity.Entity) (int, error) {
	out := jsonNoise{Entity: e.String(), Verdicts: []jsonVerdict{}, Hits: []jsonListed{}, Lists: pack.Date()}
	for _, role := range rolesOf(e) {
		best, all := pack.Verdict(e, role)
		as := string(role)
		if role == noise.Itself {
			as = "itself"
			for _, h := range all {
				l := jsonListed{string(h.Class), h.List, h.Title, h.Version, h.Entry, h.Note}
				if !slices.Contains(out.Hits, l) { // a list may name a zone and what lies below it
					out.Hits = append(out.Hits, l)
				}
			}
		}
		if n := len(out.Verdicts); n > 0 && (best.Class == noise.None || string(best.Class) == out.Verdicts[0].Class) {
			continue
		}
		effect := best.Class.Effect()
		out.Verdicts = append(out.Verdicts, jsonVerdict{as, string(best.Class), effects[effect][0], effect == noise.Note})
	}
	switch c.out.mode {
	case asTable:
		c.printNoise(e, &out)
	case asCSV:
		t := &table{cols: []column{{title: "entity"}, {title: "verdict"}, {title: "crossed"}, {title: "class"}, {title: "list"}, {title: "version"}, {title: "entry"}}}
		v := out.Verdicts[0]
		for _, h := range out.Hits {
			t.add(out.Entity, v.Class, fmt.Sprint(v.Crossed), h.Class, h.List, fmt.Sprint(h.Version), h.Entry)
		}
		if len(out.Hits) == 0 {
			t.add(out.Entity, "", "true", "", "", "", "")
		}
		return len(out.Hits), c.out.print(t, false)
	default:
		return len(out.Hits), c.out.json(out)
	}
	return len(out.Hits), nil
}

func (c *command) printNoise(e entity.Entity, n *jsonNoise) {
	p := c.out
	if len(n.Hits) == 0 {
		p.line("%s  %s", p.style(bold, p.named(e)), p.style(dim, "on no list of "+n.Lists+"; a pivot follows it unless too many names share it"))
		return
	}
	for i, v := range n.Verdicts {
		class := noise.Class(v.Class)
		effect := effects[class.Effect()][1]
		name, as := p.named(e), ""
		if i > 0 {
			name, as = strings.Repeat(" ", runes(name)), "as "+v.As+": "
		}
		if class == noise.None {
			p.line("%s  %s", p.style(bold, name), p.style(dim, "no hit counts for the name itself; a pivot follows it"))
			continue
		}
		p.line("%s  %s%s%s", p.style(bold, name), as, p.style(yellow, v.Class), p.style(dim, ", "+class.Says()+": "+effect))
	}
	t := &table{cols: []column{{}, {style: cyan}, {least: 20}, {style: dim}, {style: dim, least: 12}, {style: dim, least: 12}}}
	for _, h := range n.Hits {
		title := h.List
		if h.Title != "" {
			title += ": " + h.Title
		}
		t.add(" ", h.Class, clean(title), listVersion(h.Version), clean(h.Entry), clean(h.Note))
	}
	_ = p.print(t, true)
}

// listVersion writes a list's version, which often is a date.
func listVersion(v int) string {
	s := fmt.Sprint(v)
	switch {
	case v == 0:
		return ""
	case len(s) == 8 && s > "20000101" && s < "21000101":
		return s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	return "version " + s
}

func (c *command) listNoise() error {
	pack, err := app.LoadNoise(config.Config{Data: c.data})
	if err != nil {
		return err
	}
	t := &table{cols: []column{
		{title: "list", style: bold}, {title: "class", style: cyan}, {title: "pivot"}, {title: "version"}, {title: "entries", right: true}, {title: "title", style: dim, least: 20},
	}}
	for _, l := range pack.Lists() {
		effect := effects[l.Class.Effect()][0]
		if !c.out.people() && c.out.mode != asCSV {
			line := struct {
				List    string `json:"list"`
				Class   string `json:"class"`
				Effect  string `json:"effect"`
				Version int    `json:"version"`
				Entries int    `json:"entries"`
				Title   string `json:"title"`
			}{l.Name, string(l.Class), effect, l.Version, l.Entries, l.Title}
			if err := c.out.json(line); err != nil {
				return err
			}
			continue
		}
		entries := fmt.Sprint(l.Entries)
		if c.out.people() {
			entries = grouped(int64(l.Entries))
		}
		t.add(l.Name, string(l.Class), effect, listVersion(l.Version), entries, clean(l.Title))
	}
	if len(t.rows) == 0 {
		return nil
	}
	return c.out.print(t, false)
}
