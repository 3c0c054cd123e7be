// Command bench measures what spoor promises and prints a table with the targets,
// the machine and its load, and as last line the figures as JSON:
//
//	bench import    a COF file into a durable store, by the real binary; the index; extraction
//	bench read      one hop, a hub, a scored pivot, the start of a command
//
// Both use the one generator (internal/synth) and the same folder: read measures
// on the store that import left there, and makes it first if there is none.
// Nothing here is a test: a target that is missed is told and fails nothing.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench import|read [-rows n] [-dir folder]")
		os.Exit(2)
	}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	b := &bench{ctx: context.Background(), figures: map[string]float64{}}
	flags.IntVar(&b.rows, "rows", 8_000_000, "rows of passive DNS")
	flags.StringVar(&b.dir, "dir", ".cache/bench", "folder for the file and the store")
	flags.StringVar(&b.binary, "binary", "bin/spoor", "the program to measure")
	_ = flags.Parse(os.Args[2:]) // it exits on errors
	b.dir = filepath.Join(b.dir, fmt.Sprint(b.rows))
	run, ok := map[string]func(*bench) error{"import": (*bench).importing, "read": (*bench).reading}[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "there is no bench %q\n", os.Args[1])
		os.Exit(2)
	}
	fmt.Printf("bench %s: %d cores, load %s, %s, %d rows\n", os.Args[1], runtime.NumCPU(), load(), runtime.Version(), b.rows)
	if err := run(b); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	b.line(os.Args[1])
}

// bench is one run of a bench.
type bench struct {
	ctx     context.Context
	rows    int
	dir     string // of this number of rows
	binary  string
	figures map[string]float64
}

// tell prints a figure with its target and keeps it. A target below zero is the
// least that is wanted, above zero the most, zero none.
func (b *bench) tell(name string, value, target float64, note string) {
	b.figures[name] = value
	verdict := ""
	switch {
	case target > 0 && value <= target:
		verdict = fmt.Sprintf("wanted ≤ %s", number(target))
	case target > 0:
		verdict = fmt.Sprintf("MISSED ≤ %s", number(target))
	case target < 0 && value >= -target:
		verdict = fmt.Sprintf("wanted ≥ %s", number(-target))
	case target < 0:
		verdict = fmt.Sprintf("MISSED ≥ %s", number(-target))
	}
	fmt.Printf("  %-22s %12s  %-18s %s\n", name, number(value), verdict, note)
}

func number(f float64) string {
	switch {
	case f >= 1000:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.3f", f)
}

// line prints the line that scripts read (figures as in docs/bench.md).
func (b *bench) line(name string) {
	out, err := json.Marshal(struct {
		Name    string             `json:"name"`
		Figures map[string]float64 `json:"figures"`
		Cores   int                `json:"cores"`
		Load    string             `json:"load"`
		Commit  string             `json:"commit"`
	}{"bench-" + name, b.figures, runtime.NumCPU(), load(), commit()})
	if err != nil {
		panic(err) // numbers and strings always marshal
	}
	fmt.Println(string(out))
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

func commit() string {
	out, err := exec.CommandContext(context.Background(), "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

// median runs f n times and returns the median time in milliseconds.
func median(n int, f func(i int) error) (float64, error) {
	times := make([]time.Duration, n)
	for i := range times {
		began := time.Now()
		if err := f(i); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	return milliseconds(middle(times)), nil
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
