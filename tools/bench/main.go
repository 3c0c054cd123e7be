// Command bench measures what spoor promises and prints a table with the targets,
// the machine and its load, and as last line the figures as JSON:
//
//	bench import     a COF file into a durable store, by the real binary; the index; extraction
//	bench read       one hop, a hub, a scored pivot, the start of a command
//	bench extract    indicators in generated text
//
// Rows come from the one generator (internal/synth). What a run makes is removed
// when it ends, unless it is told to keep it; read measures on the store that
// import left in the same folder, and makes it first if there is none. Nothing here
// is a test: a target that is missed is told and fails nothing.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// benches are the subcommands.
var benches = map[string]func(*bench) error{
	"import": (*bench).importing, "read": (*bench).reading, "extract": (*bench).extraction,
}

const defaultRows = 8_000_000

func run(args []string, out io.Writer) (err error) {
	if len(args) == 0 || benches[args[0]] == nil {
		return errors.New("want import, read or extract, and then flags (-h lists them)")
	}
	name := args[0]
	b := &bench{name: name, out: out, figures: map[string]float64{}}
	flags := flag.NewFlagSet("bench "+name, flag.ExitOnError)
	flags.IntVar(&b.rows, "rows", rowsOf(os.Getenv("SPOOR_BENCH_ROWS")), "rows of passive DNS; default also by SPOOR_BENCH_ROWS")
	dir := flags.String("dir", "", "folder for the file and the store (default: a temporary one)")
	flags.BoolVar(&b.keep, "keep", false, "leave the file and the store in the folder")
	flags.StringVar(&b.binary, "binary", "bin/spoor", "the program to measure")
	profile := flags.String("cpuprofile", "", "write a CPU profile of the bench itself to this file")
	_ = flags.Parse(args[1:]) // it exits on errors
	if b.rows < 1 {
		return fmt.Errorf("-rows is %d; want at least one row", b.rows)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.ctx = ctx
	if err := b.open(*dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}

	fmt.Fprintf(out, "bench %s: %d cores, load %s, %s %s/%s\n", name, runtime.NumCPU(), load(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(out, "  %-24s %12s  %-18s %s\n", "figure", "measured", "target", "")
	if err := benches[name](b); err != nil {
		return err
	}
	if len(b.missed) > 0 {
		fmt.Fprintf(out, "missed: %s (load %s at the end)\n", strings.Join(b.missed, ", "), load())
	}
	line, err := b.line(load(), commit(ctx))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", line)
	return err
}

// rowsOf reads the number of rows that the environment asks for.
func rowsOf(text string) int {
	if n, err := strconv.Atoi(strings.ReplaceAll(text, "_", "")); err == nil && n > 0 {
		return n
	}
	return defaultRows
}

// bench is one run of a bench, in one goroutine.
type bench struct {
	ctx     context.Context
	name    string
	out     io.Writer
	rows    int
	dir     string // of this number of rows
	keep    bool
	binary  string
	made    []string // what this run made, to be removed in reverse order
	figures map[string]float64
	missed  []string
}

// open finds the folder. A temporary one is made.
func (b *bench) open(dir string) error {
	if b.name == "extract" {
		return nil // it needs no folder
	}
	if dir == "" {
		temp, err := os.MkdirTemp("", "spoor-bench-")
		if err != nil {
			return err
		}
		dir = temp
		b.made = append(b.made, dir)
		if b.keep {
			fmt.Fprintf(b.out, "what is made stays in %s\n", dir)
		}
	}
	b.dir = filepath.Join(dir, strconv.Itoa(b.rows))
	return b.make(b.dir)
}

// make makes a folder, and remembers it if it wasn't there.
func (b *bench) make(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	b.made = append(b.made, dir)
	return os.MkdirAll(dir, 0o700)
}

// close removes what this run made, and nothing that was there before.
func (b *bench) close() (err error) {
	if b.keep {
		return nil
	}
	for _, path := range slices.Backward(b.made) {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// tell prints a figure with its target and keeps it. A target below zero is the
// least that is wanted, above zero the most, zero none.
func (b *bench) tell(name string, value, target float64, note string) {
	b.figures[name] = value
	text, ok := verdict(value, target)
	if !ok {
		b.missed = append(b.missed, name)
	}
	fmt.Fprintf(b.out, "  %-24s %12s  %-18s %s\n", name, number(value), text, note)
}

// verdict says how a value stands to its target.
func verdict(value, target float64) (text string, ok bool) {
	switch {
	case target == 0:
		return "", true
	case target > 0:
		text, ok = "≤ "+number(target), value <= target
	default:
		text, ok = "≥ "+number(-target), value >= -target
	}
	if !ok {
		text += "  MISSED"
	}
	return text, ok
}

func number(f float64) string {
	switch {
	case f >= 1000:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 3, 64)
}

// line returns the line that scripts read; docs/bench.md lists the figures.
func (b *bench) line(load, commit string) ([]byte, error) {
	return json.Marshal(struct {
		Name    string             `json:"name"`
		Figures map[string]float64 `json:"figures"`
		Cores   int                `json:"cores"`
		Load    string             `json:"load"`
		Commit  string             `json:"commit"`
	}{"bench-" + b.name, b.figures, runtime.NumCPU(), load, commit})
}

// load returns the machine's load over the last minute, or "?".
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(raw), " ")
	return first
}

func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

// timed runs f up to n times, as long as most allows, at least once, and returns
// the times in rising order.
func timed(n int, most time.Duration, f func(i int) error) ([]time.Duration, error) {
	var times []time.Duration
	for start := time.Now(); len(times) == 0 || len(times) < n && time.Since(start) < most; {
		began := time.Now()
		if err := f(len(times)); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times, nil
}

// median runs f n times and returns the median time in milliseconds.
func median(n int, f func(i int) error) (float64, error) {
	times, err := timed(n, time.Minute, f)
	if err != nil {
		return 0, err
	}
	return milliseconds(percentile(times, 50)), nil
}

// percentile returns the least of the sorted times that p percent of them do not
// exceed (nearest rank), and zero of none.
func percentile(times []time.Duration, p int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	rank := (len(times)*p + 99) / 100
	return times[min(max(rank, 1), len(times))-1]
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
