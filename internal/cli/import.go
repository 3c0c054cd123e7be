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
		Example: "  spoor import dnsdb.json.gz zeek/ report.txt\n  zcat feed.gz | spoor import --as cof --source partner --tlp GREEN -",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runImport(cmd.Context(), args, &f) },
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
	for _, name := range files {
		res, err := c.importFile(ctx, a, name, f)
		if res.Received > 0 || err == nil {
			if err := c.printResult(&res); err != nil {
				return err
			}
		}
		if err != nil {
			if ctx.Err() != nil || len(files) == 1 || !goOn(err) {
				return err
			}
			c.out.failure(fault.Wrap(err, fault.CodeOf(err), "%s", name), exitPartial)
			failed = err
			continue
		}
		whole = whole && res.Whole()
	}
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

func (c *command) printResult(r *ingest.Result) error {
	if !c.out.people() {
		return c.out.json(r)
	}
	rate := ""
	if r.Seconds > 0 {
		rate = fmt.Sprintf(" in %s, %s/s", seconds(r.Seconds), grouped(int64(float64(r.Received)/r.Seconds)))
	}
	c.out.line("%s  %s  %s records%s", c.out.style(bold, r.File), c.out.style(cyan, r.Format), grouped(r.Received), c.out.style(dim, rate))
	parts := []string{c.out.style(green, grouped(r.Accepted)+" accepted") + c.out.style(dim, " as "+grouped(r.Observations)+" observations")}
	if r.Replayed > 0 {
		parts = append(parts, grouped(r.Replayed)+" known already")
	}
	if r.Rejected > 0 {
		parts = append(parts, c.out.style(yellow, grouped(r.Rejected)+" rejected"))
	}
	if r.Partial > 0 {
		parts = append(parts, c.out.style(yellow, grouped(r.Partial)+" in part"))
	}
	c.out.line("  %s", strings.Join(parts, ", "))
	if r.Incomplete != "" {
		c.out.line("  %s %s", c.out.style(yellow, "incomplete:"), clean(r.Incomplete))
	}
	if r.Rejected+r.Partial > 0 {
		c.out.line("  %s", c.out.style(dim, "why: spoor rejects list --run "+r.Run))
	}
	return nil
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
