// Package config finds out where spoor keeps its things and what its
// environment wants. It is one of the two rooms that may read the environment.
package config

import (
	"os"
	"path/filepath"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Config is what a command needs to know before it starts.
type Config struct {
	Data string // directory of the store; "": DefaultData
}

// Validate tells what is wrong with the configuration and fills in defaults.
func (c *Config) Validate() error {
	if c.Data != "" {
		return nil
	}
	dir, err := DefaultData()
	c.Data = dir
	return err
}

// DefaultData returns $XDG_DATA_HOME/spoor, or ~/.local/share/spoor (XDG Base
// Directory Specification).
func DefaultData() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "spoor"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "couldn't tell where to keep data")
	}
	return filepath.Join(home, ".local", "share", "spoor"), nil
}

// Terminal is what the environment says about the terminal.
type Terminal struct {
	NoColor    bool // NO_COLOR is set and not empty (no-color.org), or TERM is dumb
	ForceColor bool // CLICOLOR_FORCE is set and not 0
}

// ReadTerminal reads the environment.
func ReadTerminal() Terminal {
	force := os.Getenv("CLICOLOR_FORCE")
	return Terminal{
		NoColor:    os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
		ForceColor: force != "" && force != "0",
	}
}
