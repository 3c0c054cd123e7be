package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
)

// The parts of a data directory. A backup has the same ones but for the index,
// which can be derived again.
const (
	storeDir = "store"
	indexDir = "index"
)

// OpenToChange opens a data directory that is there already for writing. If there
// is no store yet, the error has code NotFound.
func OpenToChange(cfg config.Config) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, storeDir)); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there is no store in %s yet", cfg.Data).
			Hinted("fill one first: spoor import FILE…, or spoor demo")
	}
	return Open(cfg)
}

// Dir returns the data directory.
func (a *App) Dir() string { return a.dir }

// Backup copies the store and the team's own lists into dir, which must be empty
// or not there, and reads the copy back.
func (a *App) Backup(ctx context.Context, dir string) (*pebblestore.Report, error) {
	if err := wantEmpty(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't make %s", dir)
	}
	if err := copyLists(a.dir, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	rep, err := a.Store.Backup(ctx, filepath.Join(dir, storeDir))
	if err != nil {
		return rep, errors.Join(err, os.RemoveAll(dir))
	}
	return rep, nil
}

// Restore brings a backup back into the data directory, which must not have a
// store yet, and verifies it. Another index that is there is dropped.
func Restore(ctx context.Context, cfg config.Config, from string) (*pebblestore.Report, string, error) {
	if err := cfg.Validate(); err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(filepath.Join(from, storeDir)); err != nil {
		return nil, cfg.Data, fault.New(fault.NotFound, "there is no backup in %s", from).
			Hinted("name the directory that `spoor store backup` wrote")
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, cfg.Data, fault.Wrap(err, fault.Unavailable, "couldn't make %s", cfg.Data)
	}
	rep, err := pebblestore.Restore(ctx, filepath.Join(from, storeDir), filepath.Join(cfg.Data, storeDir), pebblestore.Options{})
	if err != nil {
		return rep, cfg.Data, err
	}
	if err := os.RemoveAll(filepath.Join(cfg.Data, indexDir)); err != nil {
		return rep, cfg.Data, fault.Wrap(err, fault.Unavailable, "couldn't remove the old index")
	}
	return rep, cfg.Data, copyLists(from, cfg.Data)
}

// wantEmpty refuses a directory that has something in it.
func wantEmpty(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(list) == 0:
		return nil
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "couldn't look into %s", dir)
	}
	return fault.New(fault.Conflict, "%s is not empty", dir).Hinted("name a directory that is empty or not there yet")
}

// copyLists copies the team's own lists, if there are any; lists that are there
// already stay.
func copyLists(from, to string) error {
	text, err := os.ReadFile(filepath.Join(from, ownLists))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "couldn't read %s", ownLists)
	}
	f, err := os.OpenFile(filepath.Join(to, ownLists), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	return fault.Wrap(err, fault.Unavailable, "couldn't write %s", ownLists)
}

// Retraction is what a retraction did.
type Retraction struct {
	Run      string `json:"run"`
	Rows     int    `json:"rows"` // of the store from which something was withdrawn
	File     string `json:"file,omitempty"`
	Source   string `json:"source,omitempty"`
	Recorded string `json:"recorded,omitempty"`
}

// Retract withdraws what a run stored. The account of the run and what it refused
// stay. A run that nobody knows gives code NotFound.
func (a *App) Retract(ctx context.Context, run string) (Retraction, error) {
	out := Retraction{Run: run}
	data, err := a.Store.Doc(ctx, store.DocID{Collection: ingest.RunCollection, ID: run})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return out, err
	}
	known := err == nil
	if known {
		if err := json.Unmarshal(data, &out); err != nil {
			return out, fault.Wrap(err, fault.Corrupt, "couldn't read the account of run %s", run)
		}
	}
	n, err := a.Store.Retract(ctx, run)
	out.Run, out.Rows = run, n
	if err == nil && n == 0 && !known {
		return out, fault.New(fault.NotFound, "there is no run %s", run).Hinted("`spoor import` tells each run's id")
	}
	return out, err
}

// Reindex drops the index of names and derives it again from the store. It returns
// the number of names.
func (a *App) Reindex(ctx context.Context, progress func(index.Progress)) (int64, error) {
	units, err := a.units()
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(a.dir, indexDir)
	x, err := index.Open(dir, index.Options{Units: units}) // nobody else may hold it
	if err == nil {
		err = x.Close()
	}
	if fault.Is(err, fault.Conflict) {
		return 0, err
	}
	if err := os.RemoveAll(dir); err != nil { // what can't be opened can still be dropped
		return 0, fault.Wrap(err, fault.Unavailable, "couldn't remove the old index")
	}
	if x, err = a.CatchUp(ctx, progress); err != nil {
		return 0, err
	}
	return x.In(store.Everything).Names()
}
