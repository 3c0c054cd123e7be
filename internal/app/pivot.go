package app

import (
	"context"
	"path/filepath"

	"github.com/spoor-cti/spoor/internal/background"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/store"
)

// CatchUp opens the index of names and brings it up to the store. If it is there
// already, it is only read, so that several commands may do so at once.
func (a *App) CatchUp(ctx context.Context, progress func(index.Progress)) (*index.Index, error) {
	units, err := a.units()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(a.dir, "index")
	if a.index == nil {
		x, err := index.Open(dir, index.Options{ReadOnly: true, Units: units})
		switch {
		case err == nil:
			lag, err := x.Lag(ctx, a.Store)
			if err == nil && lag.Edges == 0 {
				a.index = x
				return x, nil
			}
			if cerr := x.Close(); err != nil || cerr != nil {
				return nil, fault.Wrap(err, fault.Unavailable, "couldn't read the index")
			}
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
		if a.index, err = index.Open(dir, index.Options{Units: units}); err != nil {
			return nil, err
		}
	}
	return a.index, a.index.Follow(ctx, a.Store, progress)
}

// Engine makes a pivot engine that sees the store in a view.
func (a *App) Engine(ctx context.Context, v store.View, progress func(index.Progress)) (*pivot.Engine, error) {
	x, err := a.CatchUp(ctx, progress)
	if err != nil {
		return nil, err
	}
	pack, err := a.Noise()
	if err != nil {
		return nil, err
	}
	units, err := a.units()
	if err != nil {
		return nil, err
	}
	table, err := background.Load()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "couldn't read the background table")
	}
	now := obs.At(a.Now())
	if v.Seen.Known() {
		now = v.Seen
	}
	return &pivot.Engine{Reader: a.Store.In(v), Names: x.In(v), Units: units, Noise: pack, Table: table, Now: now}, nil
}
