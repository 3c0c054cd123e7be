// Command testsummary reads the output of `go test -json` and prints what a person
// wants of it: failures in full, one line for what was skipped for want of real
// data, and the totals. It exits with 1 if anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// noData begins the message with which a test skips itself where the shared real
// data is absent (internal/testdata).
const noData = "real data not present"

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string
	Elapsed                       float64
}

// tally is what is known of a run.
type tally struct {
	output                map[string][]string // by package and test
	failed                []string
	passed, skipped, data int
	packages              map[string]float64
	badPackages           []string
	builds                []string
}

func main() {
	t := &tally{output: map[string][]string{}, packages: map[string]float64{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	t.print(os.Stdout)
	if len(t.failed)+len(t.badPackages) > 0 || len(t.packages) == 0 {
		os.Exit(1)
	}
}

func (t *tally) read(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				t.builds = append(t.builds, string(line)) // the compiler speaks plain text
			} else {
				t.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "build-output":
		t.builds = append(t.builds, e.Output)
	case "pass", "fail", "skip":
		t.end(e, key)
	}
}

func (t *tally) end(e event, key string) {
	if e.Test == "" {
		t.packages[e.Package] = e.Elapsed
		if e.Action == "fail" {
			t.badPackages = append(t.badPackages, e.Package)
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "fail":
		t.failed = append(t.failed, key)
	case "skip":
		t.skipped++
		if strings.Contains(strings.Join(t.output[key], ""), noData) {
			t.data++
		}
	}
}

func (t *tally) print(w io.Writer) {
	for _, key := range t.failed {
		fmt.Fprintf(w, "FAIL %s\n%s\n", key, strings.Join(t.output[key], ""))
	}
	for _, p := range t.badPackages {
		if len(t.failed) == 0 {
			fmt.Fprintf(w, "FAIL %s\n%s", p, strings.Join(t.output[p+" "], ""))
		}
	}
	for _, b := range t.builds {
		fmt.Fprint(w, b)
	}
	slow := make([]string, 0, len(t.packages))
	for p := range t.packages {
		slow = append(slow, p)
	}
	sort.Slice(slow, func(i, j int) bool { return t.packages[slow[i]] > t.packages[slow[j]] })
	for _, p := range slow[:min(3, len(slow))] {
		fmt.Fprintf(w, "slowest: %5.1f s %s\n", t.packages[p], p)
	}
	fmt.Fprintf(w, "data tests skipped: %d\n", t.data)
	fmt.Fprintf(w, "%d packages: %d tests passed, %d failed, %d skipped\n", len(t.packages), t.passed, len(t.failed), t.skipped)
}
