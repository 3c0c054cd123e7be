package cli

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
)

func (c *command) rejectsCommand() *cobra.Command {
	var run string
	var limit int
	var acceptPartial bool
	list := &cobra.Command{
		Use: "list [RUN]", Short: "What was refused, where, and how often for which reason",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				run = args[0]
			}
			return c.listRejects(cmd.Context(), run, limit)
		},
	}
	list.Flags().IntVarP(&limit, "limit", "n", 0, "most records to print (default 50 on a terminal, else all)")
	show := &cobra.Command{
		Use: "show ID…", Short: "One refused record as it stood in its file, with its reason",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.showRejects(cmd.Context(), args) },
	}
	replay := &cobra.Command{
		Use: "replay [RUN]", Short: "Read what was refused again, and store what reads now",
		Long: "Reads the kept records again with this version's decoders. What reads now is stored under\n" +
			"the run that refused it, marked as that run was, and is no reject any more. Records of which\n" +
			"only a part is kept, and those that mean nothing alone, ask for their file to be imported again.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				run = args[0]
			}
			return c.replayRejects(cmd.Context(), run, acceptPartial)
		},
	}
	replay.Flags().BoolVar(&acceptPartial, "accept-partial", false, "exit with 0 though something is still refused")
	for _, cmd := range []*cobra.Command{list, replay} {
		cmd.Flags().StringVar(&run, "run", "", "only of this import; last: of the latest (default: of all)")
	}
	group := groupOf("rejects", "What imports refused, and why: list, show, replay", list, show, replay)
	group.GroupID = "fill"
	group.Example = "  spoor rejects list --run last\n  spoor rejects show last/3\n  spoor rejects replay"
	return group
}

// jsonReject is a refused record in JSON, without what stood before it.
type jsonReject struct {
	Type string `json:"type"`
	ingest.Reject
}

// reasonCount is how often something was refused for a reason.
type reasonCount struct {
	Format string `json:"format"`
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

type rejectSummary struct {
	Type    string        `json:"type"`
	Rejects int64         `json:"rejects"`
	Runs    int           `json:"runs"`
	Reasons []reasonCount `json:"reasons"`
}

// reasons counts rejects by what is common to their reasons.
type reasons struct {
	counts map[[2]string]int64
	total  int64
	runs   int
	run    string
}

// mostReasons bounds how many reasons are told apart.
const mostReasons = 500

func (rs *reasons) add(r *ingest.Reject) {
	if r.Run != rs.run {
		rs.run = r.Run
		rs.runs++
	}
	rs.total++
	key := [2]string{r.Format, reasonKind(r.Reason)}
	if rs.counts == nil {
		rs.counts = map[[2]string]int64{}
	}
	if _, ok := rs.counts[key]; !ok && len(rs.counts) >= mostReasons {
		key = [2]string{"", "other reasons"}
	}
	rs.counts[key]++
}

func (rs *reasons) list() []reasonCount {
	out := []reasonCount{}
	for key, n := range rs.counts {
		out = append(out, reasonCount{key[0], key[1], n})
	}
	slices.SortFunc(out, func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Format, b.Format), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

var (
	quotedPart = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?|'[^']*'`)
	numberPart = regexp.MustCompile(`[0-9]+(?:[.,:-][0-9]+)*`)
)

// reasonKind takes out of a reason what differs from record to record.
func reasonKind(reason string) string {
	reason, _, _ = strings.Cut(reason, "\n")
	reason = quotedPart.ReplaceAllString(reason, "…")
	reason = numberPart.ReplaceAllString(reason, "N")
	return clean(cut(reason, 160))
}

// position says where in its file a record stands.
func position(r *ingest.Reject) string {
	if r.Line > 0 {
		return fmt.Sprintf("line %d", r.Line)
	}
	return fmt.Sprintf("octet %d", r.Offset)
}

func (c *command) listRejects(ctx context.Context, run string, limit int) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	if run, err = a.FindRun(ctx, run); err != nil {
		return err
	}
	if limit == 0 && c.out.people() {
		limit = 50
	}
	var rs reasons
	t := &table{cols: []column{
		{title: "id"}, {title: "file", least: 16, flow: keepEnd}, {title: "at"}, {title: "format", style: cyan}, {title: "reason", least: 36, flow: wrapWords}, {title: "record", style: dim, least: 16},
	}}
	if c.out.mode == asCSV {
		t.cols = []column{
			{title: "id"}, {title: "file"}, {title: "line"}, {title: "offset"}, {title: "format"}, {title: "source"}, {title: "partial"}, {title: "reason"}, {title: "record"},
		}
	}
	for r, err := range a.Rejects(ctx, run) {
		if err != nil {
			return err
		}
		rs.add(&r)
		if limit > 0 && rs.total > int64(limit) {
			continue
		}
		if err := c.listReject(t, &r); err != nil {
			return err
		}
	}
	if rs.total == 0 {
		c.out.note("nothing is refused")
		if c.emptyIsNothing {
			return exit(exitNothing)
		}
	}
	return c.endRejects(t, &rs)
}

// listReject puts one reject into the table, or writes it.
func (c *command) listReject(t *table, r *ingest.Reject) error {
	record := strings.TrimSpace(clean(cut(string(r.Octets()), 200)))
	switch {
	case c.out.people():
		reason, _, _ := strings.Cut(r.Reason, "\n")
		if r.Partial {
			reason = "in part: " + reason
		}
		t.add(ingest.ShortID(r.ID), clean(r.File), position(r), r.Format, clean(cut(reason, 300)), record)
	case c.out.mode == asCSV:
		t.add(r.ID, clean(r.File), fmt.Sprint(r.Line), fmt.Sprint(r.Offset), r.Format, clean(r.Source), fmt.Sprint(r.Partial), clean(r.Reason), record)
	default:
		j := jsonReject{"reject", *r}
		j.Context = nil
		return c.out.json(j)
	}
	return nil
}

func (c *command) endRejects(t *table, rs *reasons) error {
	switch {
	case c.out.mode == asCSV:
		return c.out.print(t, false)
	case !c.out.people():
		return c.out.json(rejectSummary{"summary", rs.total, rs.runs, rs.list()})
	case rs.total == 0:
		return nil
	}
	if err := c.out.print(t, false); err != nil {
		return err
	}
	if n := rs.total - int64(len(t.rows)); n > 0 {
		c.out.line("%s", c.out.style(dim, fmt.Sprintf("… %s more: --limit %d", grouped(n), rs.total)))
	}
	c.out.line("")
	c.out.line("%s", c.out.style(bold, grouped(rs.total)+" refused in "+plural(rs.runs, "import")+", by reason"))
	sums := &table{cols: []column{{right: true, style: bold}, {style: cyan}, {least: 40, flow: wrapWords}}}
	for _, r := range rs.list() {
		sums.add(grouped(r.Count), r.Format, r.Reason)
	}
	return c.out.print(sums, true)
}

// findReject reads RUN/NUMBER, with or without zeros; the run may be "last".
func (c *command) findReject(ctx context.Context, a *app.App, arg string) (ingest.Reject, error) {
	run, n, ok := strings.Cut(arg, "/")
	if !ok || n == "" {
		return ingest.Reject{}, usage{fault.New(fault.Invalid, "%q is no id of a reject", arg).Hinted("want RUN/NUMBER as in `spoor rejects list`, or last/NUMBER")}
	}
	if run == "last" {
		var err error
		if run, err = a.FindRun(ctx, run); err != nil {
			return ingest.Reject{}, err
		}
	}
	return a.Reject(ctx, ingest.LongID(run+"/"+n))
}

func (c *command) showRejects(ctx context.Context, args []string) error {
	a, err := c.reading()
	if err != nil {
		return err
	}
	for i, arg := range args {
		r, err := c.findReject(ctx, a, arg)
		if err != nil {
			return err
		}
		if !c.out.people() {
			if err := c.out.json(jsonReject{"reject", r}); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			c.out.line("")
		}
		c.showReject(&r)
	}
	return nil
}

func (c *command) showReject(r *ingest.Reject) {
	part := ""
	if r.Partial {
		part = c.out.style(dim, "  (the rest of the record is stored)")
	}
	reason := strings.Split(r.Reason, "\n")
	list := []measure{
		{"file", clean(r.File) + ", " + position(r)},
		{"octet", grouped(r.Offset)},
		{"format", fmt.Sprintf("%s, decoder version %d", r.Format, r.Version)},
		{"source", clean(strings.TrimSuffix(r.Source+"/"+r.Sensor, "/"))},
		{"reason", c.out.style(yellow, clean(reason[0])) + part},
	}
	for _, more := range reason[1:] {
		list = append(list, measure{"", c.out.style(yellow, clean(more))})
	}
	if r.Cut > 0 {
		list = append(list, measure{"kept", fmt.Sprintf("%s of %s octets; import the file again to replay it", grouped(int64(len(r.Octets()))), grouped(int64(r.Cut)))})
	}
	c.measures("reject "+ingest.ShortID(r.ID), list)
	if len(r.Context) > 0 {
		c.octets("what stands before it", r.Context)
	}
	c.octets("record", r.Octets())
}

// shownOctets is how much of a record is printed for people.
const shownOctets = 4 << 10

// octets prints a part of a file: as text, or as a dump if it is none.
func (c *command) octets(title string, b []byte) {
	c.out.line("  %s", c.out.style(dim, title))
	left := max(0, len(b)-shownOctets)
	b = b[:len(b)-left]
	text := string(b)
	if strings.ContainsRune(strings.ToValidUTF8(text, "\x00"), 0) {
		text = hex.Dump(b[:min(len(b), 512)])
	}
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		c.out.line("    %s", clean(strings.TrimRight(line, "\r\n")))
	}
	if left > 0 {
		c.out.line("    %s", c.out.style(dim, fmt.Sprintf("… %s octets more, with --json", grouped(int64(left)))))
	}
}

// replayed is one reject's fate in JSON.
type replayed struct {
	Type         string   `json:"type"`
	ID           string   `json:"id"`
	File         string   `json:"file"`
	Line         int64    `json:"line,omitempty"`
	Offset       int64    `json:"offset"`
	Fate         app.Fate `json:"fate"`
	Observations int      `json:"observations"`
	Reason       string   `json:"reason,omitempty"`
}

type replaySummary struct {
	Type         string   `json:"type"`
	Tried        int64    `json:"tried"`
	Stored       int64    `json:"stored"`
	Part         int64    `json:"in_part"`
	Rejected     int64    `json:"rejected"`
	Again        int64    `json:"import_again"`
	Observations int64    `json:"observations"`
	Files        []string `json:"files"` // to be imported again
}

func (s *replaySummary) add(re *app.Replayed) {
	s.Tried++
	s.Observations += int64(re.Observations)
	switch re.Fate {
	case app.FateStored:
		s.Stored++
	case app.FatePart:
		s.Part++
	case app.FateStill:
		s.Rejected++
	case app.FateAgain:
		s.Again++
		if !slices.Contains(s.Files, re.File) && len(s.Files) < 100 {
			s.Files = append(s.Files, re.File)
		}
	}
}

func (c *command) replayRejects(ctx context.Context, run string, acceptPartial bool) error {
	tlp := obs.TLPUnset
	if c.tlp != "" {
		var err error
		if tlp, err = obs.ParseTLP(c.tlp); err != nil {
			return usage{err}
		}
	}
	a, err := c.openWith(app.OpenToChange)
	if err != nil {
		return err
	}
	if run, err = a.FindRun(ctx, run); err != nil {
		return err
	}
	sum := replaySummary{Type: "summary", Files: []string{}}
	err = a.ReplayRejects(ctx, run, tlp, func(re *app.Replayed) error {
		sum.add(re)
		if c.out.people() {
			if c.verbose || re.Fate == app.FatePart {
				c.out.line("%s  %s, %s: %s", ingest.ShortID(re.ID), clean(re.File), position(&re.Reject), re.Fate)
			}
			return nil
		}
		j := replayed{"replayed", re.ID, re.File, re.Line, re.Offset, re.Fate, re.Observations, re.Reason}
		if re.Fate == app.FateStored {
			j.Reason = ""
		}
		return c.out.json(j)
	})
	if err != nil {
		return err
	}
	if c.out.people() {
		c.printReplay(&sum)
	} else if err := c.out.json(sum); err != nil {
		return err
	}
	if sum.Part+sum.Rejected+sum.Again > 0 && !acceptPartial {
		return exit(exitPartial)
	}
	return nil
}

func (c *command) printReplay(s *replaySummary) {
	p := c.out
	if s.Tried == 0 {
		p.note("nothing is refused")
		return
	}
	gain := p.style(yellow, "nothing more reads now")
	if s.Observations+s.Stored > 0 {
		gain = p.style(green, grouped(s.Stored)+" stored") + " as " + plural(int(s.Observations), "observation")
	}
	p.line("%s read again: %s", p.style(bold, grouped(s.Tried)), gain)
	for _, l := range []struct {
		n    int64
		what string
	}{
		{s.Part, "stored in part; the reason for the rest is kept"},
		{s.Rejected, "refused as before"},
		{s.Again, "not kept whole, or meaning nothing alone"},
	} {
		if l.n > 0 {
			p.line("  %s %s", p.style(yellow, grouped(l.n)), l.what)
		}
	}
	for _, f := range s.Files {
		p.line("  import again: %s", clean(f))
	}
}
