package index_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/index"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/synth"
)

// populated is a store with so many synthetic names.
func populated(b *testing.B, names int) *pebblestore.Store {
	b.Helper()
	st := openStore(b)
	batch := store.Batch{Run: "1"}
	for o := range synth.Population(names, 1) {
		o.Recorded = synth.Now
		batch.Rows = append(batch.Rows, o)
	}
	if _, err := st.Append(b.Context(), &batch); err != nil {
		b.Fatal(err)
	}
	return st
}

// BenchmarkBuild makes the index of 2,000 names, about eleven rows each.
func BenchmarkBuild(b *testing.B) {
	const names = 2_000
	st := populated(b, names)
	defer st.Close()
	for b.Loop() {
		x := openIndex(b, vfs.NewMem())
		follow(b, x, st)
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(names*b.N)/b.Elapsed().Seconds(), "names/s")
}

// followed is a store of 2,000 names with its index.
func followed(b *testing.B) (*pebblestore.Store, *index.Index) {
	st := populated(b, 2_000)
	b.Cleanup(func() { _ = st.Close() })
	x := openIndex(b, vfs.NewMem())
	b.Cleanup(func() { _ = x.Close() })
	follow(b, x, st)
	return st, x
}

// BenchmarkUpdate brings the index up to a store in which one name has changed.
func BenchmarkUpdate(b *testing.B) {
	st, x := followed(b)
	rows := []obs.Observation{statementOf(domain("new.example"), obs.Resolves, ip1, obs.Clear)}
	n := 0
	for b.Loop() {
		n++
		rows[0].Count, rows[0].HasCount = uint64(n), true
		if _, err := st.Append(b.Context(), &store.Batch{Run: "2", Rows: rows}); err != nil {
			b.Fatal(err)
		}
		follow(b, x, st)
	}
}

func BenchmarkCount(b *testing.B) {
	_, x := followed(b)
	cdn := feature.KeyOf(feature.NSDomain, synth.CDN)
	for b.Loop() {
		if c, err := counts(x, cdn, obs.Red); err != nil || c == (counted{}) {
			b.Fatal(c, err)
		}
	}
}
