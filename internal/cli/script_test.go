package cli_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/cli"
	"github.com/spoor-cti/spoor/internal/config"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

// TestMain makes the test binary the spoor that the scripts run: another process,
// with the clock that $NOW says.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spoor": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		now := time.Now
		if s := os.Getenv("NOW"); s != "" {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				panic(err)
			}
			now = func() time.Time { return at }
		}
		code := cli.Run(ctx, "v1.2.3", os.Args[1:], cli.OS(), now)
		stop()
		os.Exit(code)
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NOW", "2026-01-10T12:00:00Z")
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, ".data"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			return cond == "long" && os.Getenv("SPOOR_LONG") != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "stable": stable, "hold": hold, "long": long,
		},
	})
}

// status runs a command and wants an exit status: status 4 spoor import …
func status(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: status NUMBER COMMAND…")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

var (
	runID = regexp.MustCompile(`\b\d{8}T\d{6}-[0-9a-f]{8}\b`)
	cwd   = regexp.MustCompile(`(/[^\s"]*)?/script-[a-z-]+/`)
)

// stable writes what the last command printed to a file, with the ids of runs,
// which are random, written as RUN: stable stdout FILE
func stable(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stable stdout|stderr FILE")
	}
	text := runID.ReplaceAllString(ts.ReadFile(args[0]), "RUN")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(cwd.ReplaceAllString(text, "WORK/")), 0o600))
}

// hold keeps the store in a data directory open until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold DATA")
	}
	a, err := app.Open(config.Config{Data: ts.MkAbs(args[0])})
	ts.Check(err)
	ts.Defer(func() { ts.Check(a.Close()) })
}

// long writes a text of so many megabytes with an indicator at its end.
func long(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: long MEGABYTES FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := strings.Repeat("no indicator here, ", n<<20/19) + "\n" + strings.Repeat("x", 2<<20) + "\nhxxps://evil[.]example/path\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
