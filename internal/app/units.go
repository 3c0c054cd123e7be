package app

import (
	"os"
	"path/filepath"

	"github.com/spoor-cti/spoor/internal/collect"

	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/noise"
)

// ownLists is the file in the data directory with a team's own noise lists.
const ownLists = "noise.list"

// Noise returns the lists of shared things: the embedded pack and the team's own.
func (a *App) Noise() (*noise.Pack, error) { return a.noise() }

// LoadNoise is Noise without a store.
func LoadNoise(cfg config.Config) (*noise.Pack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return (&App{dir: cfg.Data}).loadNoise()
}

func (a *App) loadNoise() (*noise.Pack, error) {
	p, err := noise.Load()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(a.dir, ownLists))
	if os.IsNotExist(err) {
		return p, nil
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't read %s", ownLists)
	}
	return p, p.Extend(text)
}

// WriteNoise keeps a team's own noise lists beside the store.
func (a *App) WriteNoise(text []byte) error {
	err := os.WriteFile(filepath.Join(a.dir, ownLists), text, 0o600)
	return fault.Wrap(err, fault.Unavailable, "couldn't write %s", ownLists)
}

// units tells which names let the names below them to others.
func (a *App) units() (collect.Units, error) {
	p, err := a.Noise()
	if err != nil {
		return collect.Units{}, err
	}
	return collect.Units{Shared: p.LetsNames, Version: "noise " + p.Date()}, nil
}
