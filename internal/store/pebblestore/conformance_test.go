package pebblestore_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) store.Store {
		s, err := pebblestore.Open("db", pebblestore.Options{FS: vfs.NewMem(), CacheSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
