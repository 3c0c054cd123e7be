package app

import (
	"context"
	"errors"
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
	if a.index == nil {
		x, lag, err := a.lookAt(ctx)
		switch {
		case err == nil && lag.Edges == 0:
			a.index = x
			return x, nil
		case err == nil:
			if err := x.Close(); err != nil {
				return nil, err
			}
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
		units, err := a.units()
		if err != nil {
			return nil, err
		}
		if a.index, err = index.Open(filepath.Join(a.dir, indexDir), index.Options{Units: units}); err != nil {
			return nil, err
		}
	}
	return a.index, a.index.Follow(ctx, a.Store, progress)
}

// lookAt opens the index of names to read, and tells how far it is behind the store.
// If there is none that could be read, the error has code NotFound.
func (a *App) lookAt(ctx context.Context) (*index.Index, index.Lag, error) {
	units, err := a.units()
	if err != nil {
		return nil, index.Lag{}, err
	}
	x, err := index.Open(filepath.Join(a.dir, indexDir), index.Options{ReadOnly: true, Units: units})
	if err != nil {
		return nil, index.Lag{}, err
	}
	lag, err := x.Lag(ctx, a.Store)
	if err != nil {
		return nil, lag, errors.Join(fault.Wrap(err, fault.Unavailable, "couldn't read the index"), x.Close())
	}
	return x, lag, nil
}

// Waiting returns how many edges the index of names has still to take in, which
// it does at the next pivot.
func (a *App) Waiting(ctx context.Context) (uint64, error) {
	x, lag, err := a.lookAt(ctx)
	if fault.Is(err, fault.NotFound) {
		head, err := a.Store.Head(ctx)
		return head.Edges, err
	}
	if err != nil {
		return 0, err
	}
	return lag.Edges, x.Close()
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
