package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
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
	words, err := c.words(args)
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
func (c *command) words(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		var text []byte
		var err error
		switch {
		case arg == "-":
			text, err = io.ReadAll(io.LimitReader(c.In, maxText))
		case strings.HasPrefix(arg, "@"):
			if text, err = os.ReadFile(arg[1:]); err != nil {
				err = fileError(err)
			}
		default:
			out = append(out, arg)
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, indicators(text)...)
	}
	return out, nil
}

// maxText is how much text is read for indicators given on standard input.
const maxText = 64 << 20

// indicators lists what a text names, one a line.
func indicators(text []byte) (out []string) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
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
