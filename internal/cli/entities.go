package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/store"
)

// asked is an entity that a user named, with how it was written.
type asked struct {
	entity.Entity
	known bool // the store has rows of it that the reader may see
}

// entities reads arguments as entities: as they are, from a file with @FILE, or
// from standard input with "-", in any pasted form. What can be read in several
// ways is taken as the first that the store knows.
func (c *command) entities(ctx context.Context, r store.Reader, args []string) ([]asked, error) {
	words, err := c.words(ctx, args)
	if err != nil {
		return nil, err
	}
	var out []asked
	seen := map[entity.Entity]bool{}
	for _, w := range words {
		e, err := c.choose(ctx, r, w)
		if err != nil {
			return nil, err
		}
		if !seen[e.Entity] {
			seen[e.Entity] = true
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, usage{fault.New(fault.Invalid, "there is no indicator in the input")}
	}
	return out, nil
}

// words expands @FILE and "-".
func (c *command) words(ctx context.Context, args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		var text []byte
		var err error
		switch {
		case arg == "-":
			c.noteWaiting()
			text, err = readText(newInterruptible(ctx, c.In), "standard input")
		case strings.HasPrefix(arg, "@"):
			var f *os.File
			if f, err = os.Open(arg[1:]); err == nil {
				text, err = readText(f, arg[1:])
				f.Close()
			} else {
				err = fileError(err)
			}
		default:
			out = append(out, arg)
			continue
		}
		if err != nil {
			return nil, err
		}
		found := indicators(text)
		if len(found) == 0 {
			return nil, usage{fault.New(fault.Invalid, "there is no indicator in %s", arg)}
		}
		out = append(out, found...)
	}
	return out, nil
}

// maxText is how much text is read for indicators.
const maxText = 64 << 20

func readText(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "couldn't read %s", name)
	}
	if len(text) > maxText {
		return nil, fault.New(fault.Invalid, "%s is longer than %d MB", name, maxText>>20).
			Hinted("take the indicators out first: spoor extract FILE > indicators")
	}
	return text, nil
}

// indicators lists what a text names, each once: a list with one indicator a line,
// what another spoor command wrote, or any prose.
func indicators(text []byte) (out []string) {
	seen := map[string]bool{}
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '{':
			for _, w := range fromJSON(line) {
				add(w)
			}
		case isWord(line):
			add(line)
		default:
			extract.Scan([]byte(line), func(h extract.Hit) bool {
				add(h.Entity.String())
				return true
			})
		}
	}
	return out
}

// isWord reports whether a line is one indicator and nothing else.
func isWord(line string) bool {
	kind, rest, ok := strings.Cut(line, ":")
	if ok && isKind(kind) {
		if rest == "" || rest[0] == ' ' { // "Email: see below" stands in prose
			return false
		}
	} else if strings.ContainsAny(line, " \t,;|<>\"") {
		return false
	}
	_, err := entity.Parse(line)
	return err == nil
}

// fromJSON takes the entity out of a line that a spoor command wrote; of any other
// object, what its text names.
func fromJSON(line string) (out []string) {
	var j struct{ Type, Entity string }
	if err := json.Unmarshal([]byte(line), &j); err == nil {
		switch j.Type {
		case "summary", "skipped", "more":
			return nil // what a pivot did not follow is no seed
		}
		if _, err := entity.Parse(j.Entity); err == nil {
			return []string{j.Entity}
		}
	}
	extract.Scan([]byte(line), func(h extract.Hit) bool {
		out = append(out, h.Entity.String())
		return true
	})
	return out
}

// choose reads one word. A certificate's fingerprint becomes the certificate.
func (c *command) choose(ctx context.Context, r store.Reader, word string) (asked, error) {
	first, err := entity.Parse(word)
	if err != nil {
		return asked{}, usage{err}
	}
	readings := []entity.Entity{first}
	if kind, _, ok := strings.Cut(word, ":"); !ok || !isKind(kind) {
		readings = entity.Guess(word)
	}
	for _, e := range readings {
		has, err := hasRows(ctx, r, e)
		if err != nil {
			return asked{}, err
		}
		if has {
			return asked{e, true}, nil
		}
	}
	return asked{Entity: first}, nil
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	if strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-:/@+%,", r) || r > 0x9f)
	}) < 0 {
		return clean(s)
	}
	return "'" + strings.ReplaceAll(clean(s), "'", `'\''`) + "'"
}

func isKind(s string) bool {
	_, ok := entity.KindOf(strings.ToLower(strings.TrimSpace(s)))
	return ok
}

func hasRows(ctx context.Context, r store.Reader, e entity.Entity) (bool, error) {
	for _, err := range r.Neighbours(ctx, e, store.Query{}) {
		return err == nil, err
	}
	return false, nil
}
