// Package app wires the rooms together: configuration in, an open spoor out. It
// is the only room that knows the concrete store, the index, the noise pack and
// the list of formats; faces such as the command line talk to it alone.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
)

// App is an open spoor on one data directory. Close it.
type App struct {
	Store *pebblestore.Store
	Now   func() time.Time
	dir   string

	noise func() (*noise.Pack, error) // decoded when it is wanted
	index *index.Index                // nil until it is wanted
}

// lockWait is how long a reader waits for another short command to finish.
const lockWait = 2 * time.Second

// Open opens the data directory for writing, creating it if it isn't there. If
// another process holds it, the error has code Conflict.
func Open(cfg config.Config) (*App, error) { return open(cfg, pebblestore.Options{}) }

// OpenToRead opens the data directory for commands that only ask: it is quick,
// starts no work in the background, and waits a moment for another command. If
// there is no store yet, the error has code NotFound.
func OpenToRead(cfg config.Config) (*App, error) {
	began := time.Now()
	for {
		a, err := open(cfg, pebblestore.Options{ReadOnly: true})
		if !fault.Is(err, fault.Conflict) || time.Since(began) > lockWait {
			return a, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func open(cfg config.Config, opt pebblestore.Options) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	st, err := pebblestore.Open(filepath.Join(cfg.Data, "store"), opt)
	if err != nil {
		return nil, err
	}
	a := &App{Store: st, Now: time.Now, dir: cfg.Data}
	a.noise = sync.OnceValues(a.loadNoise)
	return a, nil
}

// Close releases everything that was opened.
func (a *App) Close() error {
	var err error
	if a.index != nil {
		err = a.index.Close()
	}
	return errors.Join(err, a.Store.Close())
}

// NewRun makes the id of a run: when it began and four random octets.
func (a *App) NewRun() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return a.Now().UTC().Format("20060102T150405") + "-" + hex.EncodeToString(b[:])
}

// ImportOptions are what a user says about files to import.
type ImportOptions struct {
	Format, Source, Sensor string
	Handling               obs.Handling
	Labels                 []entity.Entity
	Date                   obs.Time
	MaxRatio               int
	Progress               func(ingest.Progress)
}

// Import reads one input into the store; see ingest.Import.
func (a *App) Import(ctx context.Context, in ingest.Source, opt ImportOptions) (ingest.Result, error) {
	return ingest.Import(ctx, a.Store, in, ingest.Options{
		Formats: Formats(), Format: opt.Format, Source: opt.Source, Sensor: opt.Sensor, Handling: opt.Handling,
		Labels: opt.Labels, Date: opt.Date, MaxRatio: opt.MaxRatio, Progress: opt.Progress, Run: a.NewRun(), Now: a.Now,
	})
}

// In returns a reader of the store in a view.
func (a *App) In(v store.View) store.Reader { return a.Store.In(v) }
