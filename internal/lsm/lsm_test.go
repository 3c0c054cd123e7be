package lsm_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/lsm"
)

// written makes a database of a few rows and closes it.
func written(t *testing.T) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewMem()
	db, err := pebble.Open("db", &pebble.Options{FS: fs, Logger: lsm.Log{}})
	if err != nil {
		t.Fatal(err)
	}
	for k := range strings.FieldsSeq("a b c d") {
		if err := db.Set([]byte(k), []byte(strings.Repeat(k, 1000)), pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return fs
}

func reopen(fs vfs.FS) error {
	db, err := pebble.Open("db", &pebble.Options{FS: fs, Logger: lsm.Log{}, EventListener: lsm.Events()})
	if err != nil {
		return err
	}
	_, closer, err := db.Get([]byte("a"))
	if err == nil {
		err = closer.Close()
	}
	_ = db.Close()
	return err
}

func TestBusy(t *testing.T) {
	fs := written(t)
	db, err := pebble.Open("db", &pebble.Options{FS: fs, Logger: lsm.Log{}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := reopen(fs); err == nil || !lsm.Busy(err) || lsm.Damaged(err) {
		t.Errorf("a second opening: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	for _, ext := range []string{".sst", "MANIFEST-"} {
		fs := written(t)
		if err := reopen(fs); err != nil {
			t.Fatalf("whole: %v", err)
		}
		list, err := fs.List("db")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range list {
			if !strings.Contains(name, ext) {
				continue
			}
			f, err := fs.Create(fs.PathJoin("db", name), vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write([]byte("this is not it")); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := reopen(fs); err == nil || !lsm.Damaged(err) || lsm.Busy(err) {
			t.Errorf("broken %s: %v", ext, err)
		}
	}
}
