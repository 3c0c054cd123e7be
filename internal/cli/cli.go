// Package cli is spoor's command line: one command a file, results on stdout and
// nothing else there, progress and notes on stderr, for people on a terminal and
// as NDJSON everywhere else. Its contract with scripts is docs/cli.md.
//
// The room turns arguments into calls of app and answers into text. It must not
// know of stores' engines, formats or scoring.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// Streams are the command's ends: tests hand in buffers.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal config.Terminal
}

// OS returns the process' own streams.
func OS() Streams {
	return Streams{os.Stdin, os.Stdout, os.Stderr, config.ReadTerminal()}
}

// Exit statuses, a contract with scripts.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitNothing     = 3 // nothing found, and the command was asked to tell (-e)
	exitPartial     = 4 // a part of the input or of the sources was refused
	exitDenied      = 5
	exitStore       = 6 // the store is in use, damaged or unreachable
	exitInterrupted = 130
)

// exit is an error that only sets the status: what there is to say was said.
type exit int

func (e exit) Error() string { return "" }

// usage is an error in how the command was called.
type usage struct{ error }

// Unwrap lets the error's code and hint be found.
func (u usage) Unwrap() error { return u.error }

// Main runs one command and returns the exit status.
func Main(ctx context.Context, version string, args []string, s Streams) int {
	return run(ctx, version, args, s, time.Now)
}

// run is Main with the clock handed in.
func run(ctx context.Context, version string, args []string, s Streams, now func() time.Time) int {
	c := &command{Streams: s, version: version, now: now}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if cerr := c.close(); err == nil {
		err = cerr
	}
	if c.out != nil {
		c.out.end(err != nil && err.Error() != "")
	}
	return c.report(ctx, err)
}

// status maps an error to the exit status.
func status(ctx context.Context, err error) int {
	var e exit
	var u usage
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return int(e)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &u):
		return exitUsage
	}
	switch fault.CodeOf(err) {
	case fault.Denied:
		return exitDenied
	case fault.Conflict, fault.Corrupt, fault.Unavailable:
		return exitStore
	case fault.Quota:
		return exitPartial
	}
	return exitError
}

// command is one run of the command line: its flags, and the spoor that it
// opened, if it needed one.
type command struct {
	Streams
	version string
	now     func() time.Time
	view    store.View // of the reader, by the flags

	data, color, output  string
	json, quiet, verbose bool
	tlp, asOf, known     string
	defang, noDefang     bool
	emptyIsNothing       bool // -e
	opened               *app.App
	out                  *printer
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "spoor",
		Short: "Track adversary infrastructure: from a few bad indicators to the rest, with reasons",
		Long: "spoor keeps passive DNS, certificates, registrations and reports as one graph with time,\n" +
			"and follows known-bad indicators through what they share, scored and explained.\n\n" +
			"First steps:  spoor demo              a ready case and its story\n" +
			"              spoor import FILE…      your own exports, logs, lists and reports\n" +
			"              spoor pivot SEED…       what belongs to these indicators, and why",
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.prepare() },
		Args:              func(cmd *cobra.Command, args []string) error { return unknown(cmd, args) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f := root.PersistentFlags()
	f.StringVar(&c.data, "data", "", "data directory (default $XDG_DATA_HOME/spoor)")
	f.BoolVar(&c.json, "json", false, "one JSON object a line, as in a pipe")
	f.StringVarP(&c.output, "output", "o", "", "table, json, ndjson or csv (default table on a terminal, else ndjson)")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "no progress and no notes")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "more notes")
	f.StringVar(&c.color, "color", "auto", "auto, always or never")
	f.StringVar(&c.tlp, "tlp", "", "what this reader may see, or how imports are marked: CLEAR … RED")
	f.StringVar(&c.asOf, "as-of", "", "what was true at a time: 2024-05-03, 2024-05, 7d")
	f.StringVar(&c.known, "known", "", "what we knew at a time")
	f.BoolVar(&c.defang, "defang", false, "write indicators as evil[.]example")
	f.BoolVar(&c.noDefang, "no-defang", false, "write indicators as they are")
	f.BoolVarP(&c.emptyIsNothing, "exit-status", "e", false, "exit with 3 if nothing was found")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.AddGroup(
		&cobra.Group{ID: "ask", Title: "Ask:"}, &cobra.Group{ID: "fill", Title: "Fill:"}, &cobra.Group{ID: "keep", Title: "Keep:"},
	)
	root.SetHelpCommandGroupID("keep")
	root.SetCompletionCommandGroupID("keep")
	for _, cmd := range c.commands() {
		argumentErrors(cmd)
		root.AddCommand(cmd)
	}
	root.AddCommand(topics()...)
	c.complete(root)
	return root
}

// argumentErrors makes wrong arguments of a command and of those below it errors
// in usage.
func argumentErrors(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		argumentErrors(sub)
	}
	args := cmd.Args
	if args == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, list []string) error {
		if err := args(cmd, list); err != nil {
			return usage{err}
		}
		return nil
	}
}

// unknown refuses a command that isn't there, and names those that look like it.
func unknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	err := fault.New(fault.Invalid, "there is no command %q", strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "spoor")+" "+args[0]))
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return usage{err.Hinted("did you mean: %s", strings.Join(like, ", "))}
	}
	return usage{err.Hinted("see `%s --help`", cmd.CommandPath())}
}

// groupOf is a command that only has others below it.
func groupOf(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: unknown,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(below...)
	return cmd
}

// commands lists the commands, each made in a file of its own.
func (c *command) commands() []*cobra.Command {
	return []*cobra.Command{
		c.importCommand(), c.rejectsCommand(), c.extractCommand(),
		c.pivotCommand(), c.whyCommand(), c.showCommand(), c.neighboursCommand(), c.timelineCommand(), c.noiseCommand(),
		c.demoCommand(), c.storeCommand(), c.versionCommand(),
	}
}

// prepare runs before every command.
func (c *command) prepare() error {
	out, err := newPrinter(c)
	c.out = out
	if err != nil {
		return err
	}
	c.view, err = c.readView(c.now()) // wrong flags are told before a store is looked for
	return err
}

// spoor opens the data directory for writing.
func (c *command) spoor() (*app.App, error) { return c.openWith(app.Open) }

// reading opens the data directory for asking.
func (c *command) reading() (*app.App, error) { return c.openWith(app.OpenToRead) }

func (c *command) openWith(open func(config.Config) (*app.App, error)) (*app.App, error) {
	if c.opened != nil {
		return c.opened, nil
	}
	a, err := open(config.Config{Data: c.data})
	if err != nil {
		return nil, err
	}
	a.Now, c.opened = c.now, a
	return a, nil
}

func (c *command) close() error {
	if c.opened == nil {
		return nil
	}
	return c.opened.Close()
}

// readView makes the reader's view of the flags.
func (c *command) readView(now time.Time) (store.View, error) {
	v := store.Everything
	if c.tlp != "" {
		t, err := obs.ParseTLP(c.tlp)
		if err != nil {
			return v, usage{err}
		}
		v.Clearance = t
	}
	for _, t := range []struct {
		flag, value string
		to          *obs.Time
	}{{"--as-of", c.asOf, &v.Seen}, {"--known", c.known, &v.Known}} {
		if t.value == "" {
			continue
		}
		at, err := parseMoment(t.value, now)
		if err != nil {
			return v, usage{fault.Wrap(err, fault.Invalid, "%s", t.flag)}
		}
		*t.to = at
	}
	return v, nil
}

// report writes an error for the reader and returns the exit status.
func (c *command) report(ctx context.Context, err error) int {
	code := status(ctx, err)
	if err == nil || err.Error() == "" {
		return code
	}
	if c.out == nil {
		c.out = &printer{c: c}
	}
	c.out.failure(err, code)
	return code
}
