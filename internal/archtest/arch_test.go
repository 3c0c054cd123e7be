// Package archtest keeps each package in its room: it reads rooms.txt and the
// import clauses of every Go file, and says what to do about an import that no
// rule allows. Only tests live here.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// file is one parsed source file that is no test.
type file struct {
	path, room string
	ast        *ast.File
	set        *token.FileSet
	lines      int
}

func TestRooms(t *testing.T) {
	files, module := sources(t), moduleName(t)
	rules := readRules(t)
	edges := map[string]map[string]bool{} // room → what it imports
	for _, f := range files {
		allow, ok := rules.of(f.room)
		if !ok {
			t.Errorf("%s: room %s is not in rooms.txt: say what it may touch", f.path, f.room)
			continue
		}
		for _, imp := range f.ast.Imports {
			path := strings.Trim(imp.Path.Value, `"`)
			name, own := strings.CutPrefix(path, module+"/")
			if !own && !strings.Contains(strings.Split(path, "/")[0], ".") && !rules.guarded(path) {
				continue // the standard library is free but for the guarded names
			}
			if edges[f.room] == nil {
				edges[f.room] = map[string]bool{}
			}
			edges[f.room][name] = true
			if !slices.ContainsFunc(allow, func(p string) bool { return matches(p, name) }) {
				t.Errorf("%s imports %s, which room %s may not touch; hand it in as a small interface, or move the line to where it belongs (allowed: %s)",
					f.path, name, f.room, strings.Join(allow, " "))
			}
		}
	}
	for _, n := range rules.never {
		if way := reach(edges, n.from, n.to, map[string]bool{}); way != nil {
			t.Errorf("%s must never reach %s: %s; it does by %s", n.from, n.to, n.why, strings.Join(way, " → "))
		}
	}
}

func TestEveryRoomSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t) {
		documented[f.room] = documented[f.room] || f.ast.Doc != nil
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment: say what the room is for and what it must not know", room)
		}
	}
}

func TestNoInitAndNoBadNames(t *testing.T) {
	bad := regexp.MustCompile(`^(util|utils|common|helper|helpers|misc|manager)$`)
	for _, f := range sources(t) {
		if bad.MatchString(f.ast.Name.Name) {
			t.Errorf("%s: package %s names nothing; call it after what is in it", f.path, f.ast.Name.Name)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init runs behind the reader's back; make a value where it is needed", f.path)
			}
		}
	}
}

// maxLines is the length from which on a file must be split, or give a reason in
// rooms.txt ("long: PATH why").
const maxLines = 600

func TestFilesFitIntoTheHead(t *testing.T) {
	rules := readRules(t)
	for _, f := range sources(t) {
		if f.lines > maxLines && !slices.Contains(rules.long, f.path) {
			t.Errorf("%s has %d lines; split it by what it does, or give the reason in rooms.txt", f.path, f.lines)
		}
	}
}

func TestSuppressionsHaveReasons(t *testing.T) {
	for _, f := range sources(t) {
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "//nolint") && !strings.Contains(c.Text, "// ") {
					t.Errorf("%s: a suppression without a reason: %s", f.set.Position(c.Pos()), c.Text)
				}
			}
		}
	}
}

func TestModulePins(t *testing.T) {
	mod := read(t, "go.mod")
	if strings.Contains(mod, "\nreplace ") {
		t.Error("go.mod replaces a module: a pin that others can't follow")
	}
	if !regexp.MustCompile(`(?m)^go 1\.\d+`).MatchString(mod) {
		t.Error("go.mod names no Go version")
	}
}

// sources parses every Go file of the module that is no test.
func sources(t *testing.T) (out []file) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "testdata" && p != filepath.Join(root, "internal", "testdata") || name == "node_modules" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		out = append(out, file{
			filepath.ToSlash(rel), filepath.ToSlash(filepath.Dir(rel)), parsed, set, set.File(parsed.Pos()).LineCount(),
		})
		return nil
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("couldn't read the sources: %v", err)
	}
	return out
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func moduleName(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`(?m)^module\s+(\S+)`).FindStringSubmatch(read(t, "go.mod"))[1]
}

// rules are what rooms.txt says.
type rules struct {
	rooms []room
	guard []string
	never []never
	long  []string
}

type room struct {
	pattern string
	allow   []string
}

type never struct{ from, to, why string }

func readRules(t *testing.T) rules {
	t.Helper()
	var out rules
	for i, line := range strings.Split(read(t, "rooms.txt"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		words := strings.Fields(rest)
		switch {
		case name == "":
			continue
		case !ok:
			t.Fatalf("rooms.txt:%d: want ROOM: WHAT IT MAY TOUCH", i+1)
		case name == "guard":
			out.guard = words
		case name == "never" && len(words) > 2:
			out.never = append(out.never, never{words[0], words[1], strings.Join(words[2:], " ")})
		case name == "long" && len(words) > 1:
			out.long = append(out.long, words[0])
		default:
			out.rooms = append(out.rooms, room{name, words})
		}
	}
	// the most particular pattern first
	slices.SortStableFunc(out.rooms, func(a, b room) int { return len(b.pattern) - len(a.pattern) })
	return out
}

func (r rules) of(name string) ([]string, bool) {
	for _, x := range r.rooms {
		if matches(x.pattern, name) {
			return x.allow, true
		}
	}
	return nil, false
}

func (r rules) guarded(path string) bool { return slices.Contains(r.guard, path) }

// matches reports whether a room's name fits a pattern: itself, * for anything, or
// NAME/... for what lies below it.
func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == prefix || strings.HasPrefix(name, prefix+"/")
	}
	return pattern == "*" || pattern == name
}

// reach finds a way from one room to something that it must not touch.
func reach(edges map[string]map[string]bool, from, to string, seen map[string]bool) []string {
	if seen[from] {
		return nil
	}
	seen[from] = true
	next := make([]string, 0, len(edges[from]))
	for n := range edges[from] {
		next = append(next, n)
	}
	slices.Sort(next)
	for _, n := range next {
		if matches(to, n) {
			return []string{from, n}
		}
		if way := reach(edges, n, to, seen); way != nil {
			return append([]string{from}, way...)
		}
	}
	return nil
}

func TestReachSeesThroughRooms(t *testing.T) {
	edges := map[string]map[string]bool{"a": {"b": true}, "b": {"c/d": true}}
	if got := fmt.Sprint(reach(edges, "a", "c/...", map[string]bool{})); got != "[a b c/d]" {
		t.Errorf("way %s", got)
	}
	if way := reach(edges, "b", "a", map[string]bool{}); way != nil {
		t.Errorf("way %v where there is none", way)
	}
}
