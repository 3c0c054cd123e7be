package pebblestore_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/store/storetest"
)

// filled opens a store in memory with n batches.
func filled(t *testing.T, fs vfs.FS, n uint64) *pebblestore.Store {
	t.Helper()
	s, err := pebblestore.Open("db", pebblestore.Options{FS: fs, CacheSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= n; i++ {
		if _, err := s.Append(t.Context(), batch(i)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestBackupAndRestore(t *testing.T) {
	fs := vfs.NewMem()
	s := filled(t, fs, 5)
	rep, err := s.Backup(t.Context(), "backup")
	if err != nil || rep.Rows != 5*rowsPerBatch || rep.Chunks != 5 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if _, err := s.Append(t.Context(), batch(6)); err != nil { // not in the backup
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), "backup"); !fault.Is(err, fault.Conflict) {
		t.Errorf("into a backup: %v", err)
	}
	if _, err := pebblestore.Restore(t.Context(), "backup", "db", pebblestore.Options{FS: fs}); !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
		t.Errorf("over a store: %v", err)
	}
	if _, err := pebblestore.Restore(t.Context(), "db", "other", pebblestore.Options{FS: fs}); !fault.Is(err, fault.Conflict) {
		t.Errorf("of a store that is in use: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a backup can be restored more than once
		rep, err = pebblestore.Restore(t.Context(), "backup", "new", pebblestore.Options{FS: fs})
		if err != nil || rep.Rows != 5*rowsPerBatch {
			t.Fatalf("%+v, %v", rep, err)
		}
		if found := verify(t, "new", fs, 5); found != 5 {
			t.Errorf("%d batches", found)
		}
		if err := fs.RemoveAll("new"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBackupBesideWriters: a backup holds a beginning of what is being written,
// batch by batch.
func TestBackupBesideWriters(t *testing.T) {
	fs := vfs.NewMem()
	s := filled(t, fs, 3)
	defer s.Close()
	done := make(chan error)
	stop := make(chan struct{})
	go func() {
		for n := uint64(4); ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if _, err := s.Append(context.Background(), batch(n)); err != nil {
				done <- err
				return
			}
		}
	}()
	_, err := s.Backup(t.Context(), "backup")
	close(stop)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	verify(t, "backup", fs, 3)
}

// TestBackupInterrupted: what a cancelled or damaged copy leaves is never taken for
// a backup.
func TestBackupInterrupted(t *testing.T) {
	fs := vfs.NewMem()
	s := filled(t, fs, 200)
	defer s.Close()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(done, "backup"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := pebblestore.Restore(t.Context(), "backup", "new", pebblestore.Options{FS: fs}); !fault.Is(err, fault.NotFound) {
		t.Errorf("restore of nothing: %v", err)
	}
	if _, err := s.Backup(t.Context(), "backup"); err != nil {
		t.Fatal(err)
	}
	if _, err := pebblestore.Restore(done, "backup", "new", pebblestore.Options{FS: fs}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := fs.Stat("new"); err == nil {
		t.Error("a cancelled restore left something behind")
	}
}

func TestStats(t *testing.T) {
	fs := vfs.NewMem()
	s := filled(t, fs, 4)
	defer s.Close()
	if _, err := s.Append(t.Context(), &store.Batch{Run: "other", Rows: []obs.Observation{
		storetest.Statement("b1-0.example", "192.0.2.9", 0, 0), // undated
		{
			Subject:  entity.Entity{Kind: entity.Domain, Key: "b1-0.example"},
			Relation: obs.Resolves,
			Object:   entity.Entity{Kind: entity.Domain, Key: "b2-0.example"},
			RRType:   obs.TypeCNAME, First: 5, Last: 6, Recorded: 2000,
			Origin: &obs.Origin{Source: "another", Basis: obs.Sensor},
		},
	}}); err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	if st.Schema != pebblestore.SchemaVersion || st.Format == 0 || st.Chunks != 5 || st.Touched != 4*rowsPerBatch+2 || st.Origins != 2 || st.Disk == 0 {
		t.Errorf("%+v", st)
	}
	c, err := s.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Rows != 4*rowsPerBatch+2 || c.Edges != c.Rows || c.Atoms != c.Rows || c.First != 5 || c.Last != 14 || c.Learned != 2000 {
		t.Errorf("%+v", c)
	}
	if want := map[entity.Kind]int64{entity.Domain: 4 * rowsPerBatch, entity.IP: 2}; !maps.Equal(c.Entities, want) {
		t.Errorf("entities %v, want %v", c.Entities, want)
	}
	if c.Sources["another"] != 1 || len(c.Sources) != 2 {
		t.Errorf("sources %v", c.Sources)
	}
	if _, err := s.Retract(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	if c, err = s.Count(t.Context()); err != nil || c.Rows != 4*rowsPerBatch || c.Entities[entity.IP] != 1 {
		t.Errorf("after a retraction: %+v, %v", c, err)
	}
}

// TestNewerSchema: a store that a later spoor wrote is refused before anything is
// read from it, and stays as it is.
func TestNewerSchema(t *testing.T) {
	fs := vfs.NewMem()
	if err := filled(t, fs, 1).Close(); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]fault.Code{"99": fault.Conflict, "?": fault.Corrupt} {
		setSchema(t, fs, value)
		for _, readOnly := range []bool{true, false} {
			_, err := pebblestore.Open("db", pebblestore.Options{FS: fs, ReadOnly: readOnly})
			if !fault.Is(err, want) || fault.HintOf(err) == "" {
				t.Errorf("schema %s: %v, hint %q", value, err, fault.HintOf(err))
			}
		}
	}
	setSchema(t, fs, "1")
	verify(t, "db", fs, 1)
}

// setSchema writes a schema version behind the store's back.
func setSchema(t *testing.T, fs vfs.FS, value string) {
	t.Helper()
	db, err := pebble.Open("db", &pebble.Options{
		FS: fs, Merger: &pebble.Merger{Name: "spoor.atoms.v1", Merge: pebble.DefaultMerger.Merge}, FormatMajorVersion: pebble.FormatNewest, Logger: silent{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set([]byte("\x00schema"), []byte(value), pebble.Sync), db.Close()); err != nil {
		t.Fatal(err)
	}
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}

func TestReadOnly(t *testing.T) {
	fs := vfs.NewMem()
	if err := filled(t, fs, 2).Close(); err != nil {
		t.Fatal(err)
	}
	s, err := pebblestore.Open("db", pebblestore.Options{FS: fs, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := intact(t.Context(), s); err != nil || found != 2 {
		t.Errorf("%d batches, %v", found, err)
	}
	if _, err := s.Append(t.Context(), batch(3)); err == nil {
		t.Error("a store that is open for reading takes a batch")
	}
	if _, err := s.Retract(t.Context(), "run1"); err == nil {
		t.Error("a store that is open for reading takes a retraction")
	}
	if _, err := s.Backup(t.Context(), "backup"); err == nil {
		t.Error("a store that is open for reading makes a backup")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	verify(t, "db", fs, 2)
}
