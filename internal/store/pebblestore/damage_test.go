package pebblestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
)

// TestDamageIsNamed: whatever part of the store is broken, whoever opens or asks it
// gets an error with a code and a sentence that says what to do.
func TestDamageIsNamed(t *testing.T) {
	cut := func(raw []byte) []byte { return raw[:len(raw)/2] }
	zero := func(raw []byte) []byte {
		clear(raw[len(raw)/4 : len(raw)/2])
		return raw
	}
	none := func([]byte) []byte { return nil }
	for _, c := range []struct {
		name, files string
		change      func([]byte) []byte
	}{
		{"a cut table", "*.sst", cut},
		{"a table with a hole", "*.sst", zero},
		{"an empty table", "*.sst", none},
		{"a missing table", "*.sst", nil},
		{"a manifest with a hole", "MANIFEST-*", zero},
		{"an empty manifest", "MANIFEST-*", none},
		{"a missing manifest", "MANIFEST-*", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			broken(t, dir, c.files, c.change)
			s, err := pebblestore.Open(dir, pebblestore.Options{ReadOnly: true})
			if err == nil {
				_, err = intact(t.Context(), s)
				_ = s.Close() // it may tell of the damage once more
			}
			if !fault.Is(err, fault.Corrupt) || fault.HintOf(err) == "" {
				t.Errorf("code %s, hint %q: %v", fault.CodeOf(err), fault.HintOf(err), err)
			}
		})
	}
}

// closed makes a store of 50 batches, closes it, and returns those of its files that
// match.
func closed(t *testing.T, dir, files string) []string {
	t.Helper()
	s, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(1); n <= 50; n++ {
		if _, err := s.Append(t.Context(), batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(dir, files))
	if err != nil || len(list) == 0 {
		t.Fatalf("no %s: %v", files, err)
	}
	return list
}

// broken makes a store and changes those of its files that match; nil removes them.
func broken(t *testing.T, dir, files string, change func([]byte) []byte) {
	t.Helper()
	for _, name := range closed(t, dir, files) {
		if change == nil {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, change(raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
