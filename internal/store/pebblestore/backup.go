package pebblestore

import (
	"context"
	"errors"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/fault"
)

// unfinished ends the name of a directory that a backup or a restore is still
// writing. It gets its name when it has been verified, so that a directory with
// the name that was asked for is always whole.
const unfinished = ".unfinished"

// Backup writes a copy of the store as it is now into dir, which must be empty
// or not there, reads the whole copy back and reports what is in it. Others may
// read and append meanwhile; a store that is open for reading only can't be
// copied. On one file system the copy shares its tables with the store: they
// never change, but a broken disk takes both.
func (s *Store) Backup(ctx context.Context, dir string) (*Report, error) {
	if err := wantEmpty(s.fs, dir, "back up into an empty directory"); err != nil {
		return nil, err
	}
	if s.readOnly {
		return nil, fault.New(fault.Internal, "a store that is open for reading can't be backed up")
	}
	part := dir + unfinished
	if err := s.fs.RemoveAll(part); err != nil { // of a backup that was interrupted
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't clear %s", part)
	}
	if err := s.db.Checkpoint(part, pebble.WithFlushedWAL()); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't copy the store to %s", dir)
	}
	return settle(ctx, s.fs, part, dir)
}

// Restore copies the backup in from to dir, which must be empty or not there,
// and verifies the copy. It does not change the backup.
func Restore(ctx context.Context, from, dir string, opt Options) (rep *Report, err error) {
	fs := opt.FS
	if fs == nil {
		fs = vfs.Default
	}
	if desc, err := pebble.Peek(from, fs); err != nil || !desc.Exists {
		return nil, fault.New(fault.NotFound, "there is no backup in %s", from)
	}
	if err := wantEmpty(fs, dir, "move the old store away first, or name another directory with --data"); err != nil {
		return nil, err
	}
	if _, err := fs.Stat(fs.PathJoin(from, lockName)); err == nil { // no backup but a store, which somebody may be writing
		lock, err := pebble.LockDirectory(from, fs)
		if err != nil {
			return nil, openError(from, err)
		}
		defer func() { err = errors.Join(err, engineError(lock.Close())) }()
	}
	part := dir + unfinished
	if err := fs.RemoveAll(part); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "couldn't clear %s", part)
	}
	skip := func(path string) bool { return ctx.Err() != nil || fs.PathBase(path) == lockName }
	_, err = vfs.Clone(fs, fs, from, part, vfs.CloneSync, vfs.CloneSkip(skip))
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "couldn't copy the backup to %s", dir), fs.RemoveAll(part))
	}
	return settle(ctx, fs, part, dir)
}

// lockName is the file by which a process holds a store.
const lockName = "LOCK"

// wantEmpty refuses a directory that has something in it.
func wantEmpty(fs vfs.FS, dir, hint string) error {
	list, err := fs.List(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "couldn't look into %s", dir)
	case len(list) == 0:
		return nil
	}
	return fault.New(fault.Conflict, "%s is not empty", dir).Hinted("%s", hint)
}

// settle verifies the store in part and then gives it its name. What is damaged
// is removed.
func settle(ctx context.Context, fs vfs.FS, part, dir string) (*Report, error) {
	rep, err := verifyCopy(ctx, fs, part)
	if err != nil {
		return rep, errors.Join(err, fs.RemoveAll(part))
	}
	if err := fs.RemoveAll(dir); err != nil { // an empty directory
		return rep, fault.Wrap(err, fault.Unavailable, "couldn't replace %s", dir)
	}
	if err := fs.Rename(part, dir); err != nil {
		return rep, fault.Wrap(err, fault.Unavailable, "couldn't name the copy %s", dir)
	}
	return rep, fault.Wrap(syncDir(fs, fs.PathDir(dir)), fault.Unavailable, "couldn't make %s durable", dir)
}

// verifyCopy reads everything that is in a copy.
func verifyCopy(ctx context.Context, fs vfs.FS, dir string) (*Report, error) {
	s, err := Open(dir, Options{FS: fs, ReadOnly: true, CacheSize: 8 << 20})
	if err != nil {
		return nil, err
	}
	rep, err := s.Check(ctx)
	if err == nil && len(rep.Problems) > 0 {
		err = fault.New(fault.Corrupt, "the copy has %d problems, the first: %s", len(rep.Problems), rep.Problems[0])
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return rep, err
	}
	return rep, fault.Wrap(fs.Remove(fs.PathJoin(dir, lockName)), fault.Unavailable, "couldn't remove the copy's lock")
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
