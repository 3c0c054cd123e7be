package cli

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/extract"
)

func (c *command) extractCommand() *cobra.Command {
	return &cobra.Command{
		Use: "extract [FILE…]", GroupID: "fill", Short: "Indicators in any text, defanged or not; nothing is stored",
		Example: "  spoor extract report.txt\n  curl … | spoor extract | spoor pivot -",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"-"}
			}
			for _, name := range args {
				if err := c.extract(name); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// found is one indicator as extract writes it for programs.
type found struct {
	Entity string `json:"entity"`
	Host   string `json:"host,omitempty"`
	File   string `json:"file"`
}

// extract writes what one file names, each indicator once, in its order.
func (c *command) extract(name string) (err error) {
	in := c.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fileError(err)
		}
		defer f.Close()
		in = f
	}
	seen := map[string]bool{}
	var failed error
	err = extract.ScanReader(in, func(h extract.Hit) bool {
		key := h.Entity.String()
		if seen[key] || len(seen) >= mostSeen {
			return true
		}
		seen[key] = true
		if c.out.people() {
			c.out.line("%s", c.out.named(h.Entity))
			return true
		}
		out := found{Entity: key, File: name}
		if !h.Host.IsZero() {
			out.Host = h.Host.String()
		}
		failed = c.out.json(out)
		return failed == nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(seen) >= mostSeen {
		c.out.note("%s: only the first %s indicators are shown", name, grouped(mostSeen))
	}
	return errors.Join(err, failed)
}

// mostSeen bounds what is remembered of one file.
const mostSeen = 1_000_000
