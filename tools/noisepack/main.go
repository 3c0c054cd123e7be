// Command noisepack compiles MISP warninglists (CC0-1.0) and the project's own
// small lists into the pack that package noise embeds. The same input gives the
// same octets.
//
//	go run ./tools/noisepack -lists DIR
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// list is a MISP warninglist.
type list struct {
	id      string
	class   string
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Version int      `json:"version"`
	List    []string `json:"list"`
}

func main() {
	dir := flag.String("lists", "", "folder of MISP warninglists, as files lists__NAME__list.json or NAME/list.json")
	date := flag.String("date", "2026-08-20", "date of the lists")
	out := flag.String("out", "internal/noise/pack.zst", "file to write")
	flag.Parse()
	if err := run(*dir, *date, *out); err != nil {
		fmt.Fprintln(os.Stderr, "noisepack:", err)
		os.Exit(1)
	}
}

func run(dir, date, out string) error {
	if dir == "" {
		return errors.New("-lists wants the folder of the warninglists")
	}
	classes, err := readClasses("tools/noisepack/classes.txt")
	if err != nil {
		return err
	}
	lists, err := readLists(dir)
	if err != nil {
		return err
	}
	var kept []list
	var left []string
	for _, l := range lists {
		if l.class = classes.of(l.id); l.class == "" {
			left = append(left, l.id)
			continue
		}
		kept = append(kept, l)
	}
	raw := encode(kept, date)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := enc.EncodeAll(raw, nil)
	fmt.Printf("%d lists, %d octets, %d packed; left out: %s\n", len(kept), len(raw), len(packed), strings.Join(left, " "))
	return os.WriteFile(out, packed, 0o644)
}

// encode writes the pack's text form; internal/noise/decode.go reads it.
func encode(lists []list, date string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "spoor-noise\t1\t%s\n", date)
	for _, l := range lists {
		entries := clean(l.List)
		fmt.Fprintf(&b, "list\t%s\t%s\t%s\t%d\t%d\t%s\n", l.id, l.class, l.Type, l.Version, len(entries), strings.Join(strings.Fields(l.Name), " "))
		for _, e := range entries {
			b.WriteString(e + "\n")
		}
	}
	return b.Bytes()
}

// clean keeps the order, which is the rank in lists of popular names.
func clean(in []string) (out []string) {
	for _, e := range in {
		if e = strings.TrimSpace(e); e != "" && !strings.ContainsAny(e, "\n\r\t") {
			out = append(out, e)
		}
	}
	return out
}

func readLists(dir string) (out []list, err error) {
	files, _ := filepath.Glob(filepath.Join(dir, "lists__*__list.json"))
	nested, _ := filepath.Glob(filepath.Join(dir, "*", "list.json"))
	own, _ := filepath.Glob("tools/noisepack/own/*.json")
	for _, f := range append(append(files, nested...), own...) {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var l list
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		l.id = strings.TrimSuffix(filepath.Base(f), ".json")
		if l.id == "list" {
			l.id = filepath.Base(filepath.Dir(f))
		}
		l.id = strings.TrimSuffix(strings.TrimPrefix(l.id, "lists__"), "__list")
		out = append(out, l)
	}
	if len(files)+len(nested) == 0 {
		return nil, fmt.Errorf("no warninglists in %s", dir)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out, nil
}

// classes maps globs of list names to classes; an exact name goes before a glob.
type classes [][2]string

func (cs classes) of(id string) string {
	found := ""
	for _, c := range cs {
		if c[0] == id {
			return c[1]
		}
		if ok, _ := path.Match(c[0], id); ok && found == "" {
			found = c[1]
		}
	}
	return found
}

func readClasses(file string) (out classes, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line, _, _ := strings.Cut(sc.Text(), "#")
		if w := strings.Fields(line); len(w) >= 2 {
			out = append(out, [2]string{w[0], w[1]})
		}
	}
	return out, sc.Err()
}
