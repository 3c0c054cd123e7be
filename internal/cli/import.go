package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
)

// importFlags are the flags of `spoor import`.
type importFlags struct {
	as, source, sensor, licence, date string
	labels                            []string
	acceptPartial                     bool
	maxRatio                          int
	opt                               app.ImportOptions
}

func (c *command) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use: "import [flags] FILE…", GroupID: "fill", Short: "Read files of any known format into the store",
		Long: "Reads files, folders or standard input (-), plain, gzip or zstd; the format is found by\n" +
			"content. What can't be read is kept with its reason (spoor rejects). Importing the same\n" +
			"again, or a log that has grown, changes nothing twice.",
		Example: "  spoor import dnsdb.json.gz zeek/ report.txt\n  zcat feed.gz | spoor import --as cof --source partner --tlp GREEN -\n" +
			"  spoor import --label actor:bear --date 2024-05-03 report.txt",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.runImport(cmd.Context(), args, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.as, "as", "", "format, instead of finding it by content")
	fl.StringVar(&f.source, "source", "", "name of the source (default: the format's)")
	fl.StringVar(&f.sensor, "sensor", "", "name of the sensor")
	fl.StringVar(&f.licence, "licence", "", "licence of the data")
	fl.StringSliceVar(&f.labels, "label", nil, "what lists and reports name: actor:X, campaign:X, malware:X")
	fl.StringVar(&f.date, "date", "", "date of a report that gives none itself")
	fl.BoolVar(&f.acceptPartial, "accept-partial", false, "exit with 0 though a part was refused")
	fl.IntVar(&f.maxRatio, "max-ratio", 0, "most that compressed input may unfold (default 500)")
	return cmd
}

// options checks the flags.
func (f *importFlags) options(c *command) error {
	f.opt = app.ImportOptions{Format: f.as, Source: f.source, Sensor: f.sensor, MaxRatio: f.maxRatio}
	f.opt.Handling = obs.Handling{TLP: obs.TLPUnset, Licence: f.licence}
	var err error
	if c.tlp != "" {
		if f.opt.Handling.TLP, err = obs.ParseTLP(c.tlp); err != nil {
			return usage{err}
		}
	}
	if f.date != "" {
		if f.opt.Date, err = obs.ParseTime(f.date); err != nil {
			return usage{err}
		}
	}
	for _, l := range f.labels {
		e, err := entity.New(entity.Label, l)
		if err != nil {
			return usage{err}
		}
		f.opt.Labels = append(f.opt.Labels, e)
	}
	if f.as != "" {
		if _, err := app.Formats().ByName(f.as); err != nil {
			return usage{err}
		}
	}
	return nil
}

func (c *command) runImport(ctx context.Context, args []string, f *importFlags) error {
	if err := f.options(c); err != nil {
		return err
	}
	files, err := expand(args)
	if err != nil {
		return err
	}
	a, err := c.spoor()
	if err != nil {
		return err
	}
	whole := true
	var failed error
	var sum ingest.Result
	for _, name := range files {
		res, err := c.importFile(ctx, a, name, f)
		if res.Received > 0 || err == nil {
			addResult(&sum, &res)
			if err := c.printResult(&res); err != nil {
				return err
			}
		}
		if err != nil {
			if ctx.Err() != nil || len(files) == 1 || !goOn(err) {
				return err
			}
			if !strings.Contains(err.Error(), name) {
				err = fault.Wrap(err, fault.CodeOf(err), "%s", name)
			}
			c.out.failure(err, exitPartial)
			failed = err
			continue
		}
		whole = whole && res.Whole()
	}
	c.summary(ctx, a, &sum, len(files))
	if (!whole || failed != nil) && !f.acceptPartial {
		return exit(exitPartial)
	}
	return nil
}

// goOn reports whether the next file may fare better.
func goOn(err error) bool {
	c := fault.CodeOf(err)
	return c == fault.Format || c == fault.Invalid || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// importFile imports one file, or standard input.
func (c *command) importFile(ctx context.Context, a *app.App, name string, f *importFlags) (ingest.Result, error) {
	in := ingest.Source{Name: name, Base: filepath.Base(name), Reader: c.In}
	var size int64
	if name == "-" {
		in.Base = ""
		in.Reader = newInterruptible(ctx, c.In)
		c.noteWaiting()
	} else {
		file, err := os.Open(name)
		if err != nil {
			return ingest.Result{File: name}, fileError(err)
		}
		defer file.Close()
		if st, err := file.Stat(); err == nil {
			size = st.Size()
		}
		in.Reader = io.Reader(file)
	}
	bar := c.newBar(name, size)
	defer bar.done()
	opt := f.opt
	opt.Progress = func(p ingest.Progress) { bar.show(p.Octets, p.Records) }
	return a.Import(ctx, in, opt)
}

func fileError(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return &fault.Error{Code: fault.NotFound, What: "couldn't open " + path.Path, Cause: path.Err}
	}
	return err
}

// expand replaces folders by the files in them, without hidden ones.
func expand(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		st, err := os.Stat(arg)
		if arg == "-" || err != nil || !st.IsDir() {
			out = append(out, arg) // a missing file is told when its turn comes
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if name := d.Name(); strings.HasPrefix(name, ".") && path != arg {
				if d.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if d.Type().IsRegular() {
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			return nil, fileError(err)
		}
	}
	return out, nil
}

// printResult tells the account of one file, in a line.
func (c *command) printResult(r *ingest.Result) error {
	p := c.out
	switch {
	case p.mode == asCSV:
		t := &table{cols: []column{
			{title: "file"},
			{title: "format"},
			{title: "source"},
			{title: "received"},
			{title: "accepted"},
			{title: "replayed"},
			{title: "rejected"},
			{title: "partial"},
			{title: "observations"},
			{title: "seconds"},
			{title: "incomplete"},
			{title: "run"},
		}}
		t.add(r.File, r.Format, r.Source, fmt.Sprint(r.Received), fmt.Sprint(r.Accepted), fmt.Sprint(r.Replayed), fmt.Sprint(r.Rejected),
			fmt.Sprint(r.Partial), fmt.Sprint(r.Observations), fmt.Sprint(r.Seconds), clean(r.Incomplete), r.Run)
		return p.print(t, false)
	case !p.people():
		return p.json(r)
	}
	p.line("%s  %s  %s", p.style(bold, clean(r.File)), p.style(cyan, r.Format), c.account(r))
	if r.Incomplete != "" {
		p.line("  %s %s", p.style(yellow, "incomplete:"), clean(r.Incomplete))
	}
	if r.Rejected+r.Partial > 0 {
		p.line("  %s", p.style(dim, "why: spoor rejects list --run "+r.Run))
	}
	return nil
}

// account says in one line what became of the records.
func (c *command) account(r *ingest.Result) string {
	p := c.out
	parts := []string{plural(int(r.Received), "record")}
	switch {
	case r.Accepted > 0 && r.Observations == 0:
		parts = append(parts, p.style(yellow, "nothing to store in them"))
	case r.Accepted > 0:
		parts = append(parts, p.style(green, grouped(r.Accepted)+" accepted")+p.style(dim, " as "+plural(int(r.Observations), "observation")))
	}
	if r.Replayed > 0 {
		parts = append(parts, grouped(r.Replayed)+" known already")
	}
	if r.Rejected > 0 {
		parts = append(parts, p.style(yellow, grouped(r.Rejected)+" rejected"))
	}
	if r.Partial > 0 {
		parts = append(parts, p.style(yellow, grouped(r.Partial)+" in part"))
	}
	took := ""
	if r.Seconds >= 1 {
		took = p.style(dim, fmt.Sprintf("  %s, %s/s", seconds(r.Seconds), grouped(int64(float64(r.Received)/r.Seconds))))
	}
	return strings.Join(parts, ", ") + took
}

func addResult(sum, r *ingest.Result) {
	sum.Received += r.Received
	sum.Accepted += r.Accepted
	sum.Replayed += r.Replayed
	sum.Rejected += r.Rejected
	sum.Partial += r.Partial
	sum.Observations += r.Observations
	sum.Seconds += r.Seconds
}

// summary tells a person the sum of several files, and that the index of names
// is behind: what was imported is in `show` at once, and in `pivot` after it.
func (c *command) summary(ctx context.Context, a *app.App, sum *ingest.Result, files int) {
	if !c.out.people() || c.quiet {
		return
	}
	if files > 1 {
		c.out.line("%s  %s", c.out.style(bold, plural(files, "file")), c.account(sum))
	}
	if n, err := a.Waiting(ctx); err == nil && n > 0 { // only a hint: an index that can't be read tells so itself
		c.out.note("%s wait for the index of names, which catches up at the next pivot", plural(int(n), "edge"))
	}
}

// seconds writes a duration for people.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// grouped writes a number with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
