package cli

import (
	"runtime"

	"github.com/spf13/cobra"
)

func (c *command) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", GroupID: "keep", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if c.out.people() {
				c.out.line("spoor %s  %s  %s/%s", c.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return nil
			}
			return c.out.json(map[string]string{"version": c.version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
		},
	}
}
