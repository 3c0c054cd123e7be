package index_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// The index has no log of its own: a crash loses its latest writes, in their order.
// Whatever is left, the next Follow brings it to what a rebuilt index says.
func TestCrashLosesNothingThatFollowDoesNotBringBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		st := openStore(rt)
		defer st.Close()
		fs := vfs.NewCrashableMem()
		x := openIndex(rt, fs)
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "next") {
			case 0: // the only time at which a small index reaches the disk
				if err := x.Close(); err != nil {
					rt.Fatal(err)
				}
				x = openIndex(rt, fs)
			case 1:
				follow(rt, x, st)
			default:
				step(rt, st)
			}
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: rapid.SampledFrom([]int{0, 50, 100}).Draw(rt, "of the unsynced"),
			RNG:                 rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)),
		})
		if err := x.Close(); err != nil {
			rt.Fatal(err)
		}
		after := openIndex(rt, crashed)
		defer after.Close()
		follow(rt, after, st)
		fresh := openIndex(rt, vfs.NewMem())
		defer fresh.Close()
		follow(rt, fresh, st)
		same(rt, "after the crash", dump(rt, after), dump(rt, fresh))
	})
}

// faulty is a store whose reads fail after so many.
type faulty struct {
	store.Store
	left *int
}

var errRead = errors.New("a read failed")

func (f faulty) In(v store.View) store.Reader { return faultyReader{f.Store.In(v), f.left} }

// faultyReader offers no scan of ranges, so that every read goes through it.
type faultyReader struct {
	store.Reader
	left *int
}

func (r faultyReader) Entities(ctx context.Context, rg store.Range, after entity.Entity) iter.Seq2[entity.Entity, error] {
	if *r.left--; *r.left < 0 {
		return func(yield func(entity.Entity, error) bool) { yield(entity.Entity{}, errRead) }
	}
	return r.Reader.Entities(ctx, rg, after)
}

// Follow that broke off anywhere, also between its batches, leaves
// batches behind; following again changes none of their counts twice.
func TestFollowGoesOnAfterAFailure(t *testing.T) {
	st := openStore(t)
	defer st.Close()
	const names = 9_000 // more than two batches
	rows := make([]obs.Observation, 0, names)
	for i := range names {
		rows = append(rows, statementOf(domain(fmt.Sprintf("n%d.example", i)), obs.Resolves, entity.Entity{Kind: entity.IP, Key: fmt.Sprintf("192.0.2.%d", i%200)}, levels[i%len(levels)]))
	}
	appendRows(t, st, "1", rows...)
	x := openIndex(t, vfs.NewMem())
	defer x.Close()
	for _, reads := range []int{0, 1, 8_001, 1, 8_001} { // two reads a name; each goes on where the last stopped
		if err := x.Follow(t.Context(), faulty{st, &reads}, nil); !errors.Is(err, errRead) {
			t.Fatalf("after %d reads: %v", reads, err)
		}
		if lag, err := x.Lag(t.Context(), st); err != nil || lag.Edges != names {
			t.Errorf("a Follow that failed is not done, but the lag is %+v, %v", lag, err)
		}
	}
	follow(t, x, st)
	got := dump(t, x)
	if err := x.Rebuild(); err != nil {
		t.Fatal(err)
	}
	follow(t, x, st)
	same(t, "after failures", got, dump(t, x))
}
