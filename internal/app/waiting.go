package app

import (
	"context"
	"path/filepath"

	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/noise"
)

// Waiting returns how many edges the index of names has still to take in, which
// it does at the next pivot.
func (a *App) Waiting(ctx context.Context) (uint64, error) {
	units, err := a.units()
	if err != nil {
		return 0, err
	}
	x, err := index.Open(filepath.Join(a.dir, indexDir), index.Options{ReadOnly: true, Units: units})
	if fault.Is(err, fault.NotFound) {
		head, err := a.Store.Head(ctx)
		return head.Edges, err
	}
	if err != nil {
		return 0, err
	}
	lag, err := x.Lag(ctx, a.Store)
	if cerr := x.Close(); err == nil {
		err = cerr
	}
	return lag.Edges, err
}

// LoadNoise returns the lists of shared things without opening the store: the
// embedded pack, and the team's own lists in the data directory.
func LoadNoise(cfg config.Config) (*noise.Pack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return (&App{dir: cfg.Data}).loadNoise()
}
