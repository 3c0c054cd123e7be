package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// complete tells the shells what may stand behind flags and commands. Nothing of
// it opens the store: a shell asks at every key.
func (c *command) complete(root *cobra.Command) {
	choices := map[string]func() []string{
		"as": func() (out []string) {
			for _, f := range app.Formats() {
				out = append(out, f.Name+"\t"+f.About)
			}
			return out
		},
		"relation": func() (out []string) {
			for _, r := range obs.Relations() {
				out = append(out, r.String())
			}
			return out
		},
		"kind": func() (out []string) {
			for _, k := range entity.Kinds() {
				out = append(out, k.String())
			}
			return out
		},
		"tlp":       func() []string { return []string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"} },
		"output":    func() []string { return []string{asTable, asNDJSON, asJSON, asCSV} },
		"color":     func() []string { return []string{"auto", "always", "never"} },
		"direction": func() []string { return []string{"both", "out", "in"} },
		"run":       func() []string { return []string{"last"} },
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for name, list := range choices {
			if cmd.Flags().Lookup(name) == nil && cmd.PersistentFlags().Lookup(name) == nil {
				continue
			}
			_ = cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return list(), cobra.ShellCompDirectiveNoFileComp
			})
		}
		if takesEntities(cmd) {
			cmd.ValidArgsFunction = entityWords
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// takesEntities reports whether a command's arguments are entities.
func takesEntities(cmd *cobra.Command) bool {
	_, args, _ := strings.Cut(cmd.Use, " ")
	return strings.HasPrefix(args, "ENTITY") || args == "SEED…" || args == "A B" || args == "X…"
}

// entityWords completes the kind of an entity; what follows only the user knows.
// Behind an @ comes a file.
func entityWords(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if strings.HasPrefix(begun, "@") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []string
	for _, k := range entity.Kinds() {
		out = append(out, k.String()+":")
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
