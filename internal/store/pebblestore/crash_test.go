package pebblestore_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/store/storetest"
)

// rowsPerBatch is how many rows each numbered batch of these tests has.
const rowsPerBatch = 7

// batch makes the n-th batch, from 1: its rows say n, and so does the cursor that
// is written with them.
func batch(n uint64) *store.Batch {
	b := &store.Batch{Run: fmt.Sprintf("run%d", n%5)}
	binary.BigEndian.PutUint64(b.Ledger[:], n)
	for i := range rowsPerBatch {
		b.Rows = append(b.Rows, storetest.Statement(fmt.Sprintf("b%d-%d.example", n, i), "192.0.2.1", 10, obs.Time(10+n)))
	}
	b.Puts = []store.Doc{{DocID: cursor, Data: []byte(strconv.FormatUint(n, 10))}}
	return b
}

var (
	cursor = store.DocID{Collection: "cursor", ID: "test"}
	hub    = entity.Entity{Kind: entity.IP, Key: "192.0.2.1"}
)

// verify opens what a crash left and demands: every acknowledged batch is there,
// each batch is there wholly or not at all, in order and with its cursor, and the
// store is consistent. It returns how many batches there are.
func verify(t testing.TB, dir string, fs vfs.FS, acked uint64) (found uint64) {
	t.Helper()
	s, err := pebblestore.Open(dir, pebblestore.Options{FS: fs, CacheSize: 1 << 20})
	if err != nil {
		t.Fatalf("after the crash: %v", err)
	}
	defer s.Close()
	found, err = intact(t.Context(), s)
	if err != nil {
		t.Fatalf("%d acknowledged: %v", acked, err)
	}
	if found < acked {
		t.Fatalf("%d batches were acknowledged, %d are there", acked, found)
	}
	return found
}

func intact(ctx context.Context, s *pebblestore.Store) (found uint64, err error) {
	per := map[string]int{}
	for row, err := range s.In(store.Everything).Neighbours(ctx, hub, store.Query{}) {
		if err != nil {
			return 0, err
		}
		n, _, _ := strings.Cut(row.Subject.Key, "-")
		per[n]++
	}
	for n := uint64(1); n <= uint64(len(per)); n++ {
		if got := per[fmt.Sprintf("b%d", n)]; got != rowsPerBatch {
			return 0, fmt.Errorf("of batch %d there are %d rows of %d", n, got, rowsPerBatch)
		}
	}
	found = uint64(len(per))
	data, err := s.Doc(ctx, cursor)
	if found > 0 && (err != nil || string(data) != strconv.FormatUint(found, 10)) {
		return 0, fmt.Errorf("the cursor says %q of %d batches, %w", data, found, err)
	}
	rep, err := s.Check(ctx)
	if err == nil && len(rep.Problems) > 0 {
		err = errors.New(rep.Problems[0])
	}
	return found, err
}

func number(env string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(env))
	if err != nil {
		return otherwise
	}
	return n
}

// crashes runs writers and takes crash states while they write. check gets each
// state with the number of batches that were acknowledged before it was taken.
func crashes(t *testing.T, states int, opt pebblestore.Options, unsynced int, check func(fs vfs.FS, acked uint64)) {
	const perWriter = 10
	for seed := uint64(0); states > 0; seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		fs := vfs.NewCrashableMem()
		opt.FS, opt.CacheSize = fs, 1<<20
		s, err := pebblestore.Open("db", opt)
		if err != nil {
			t.Fatal(err)
		}
		var acked atomic.Uint64
		wanted, done := make(chan struct{}, 16), make(chan struct{})
		go func() {
			defer close(done)
			for n := uint64(1); ; n++ {
				if _, more := <-wanted; !more {
					return
				}
				if _, err := s.Append(context.Background(), batch(n)); err != nil {
					t.Errorf("batch %d: %v", n, err)
					return
				}
				acked.Store(n)
			}
		}()
		for range min(perWriter, states) {
			some := 1 + rng.IntN(8)
			target := acked.Load() + uint64(rng.IntN(some))
			for range some {
				wanted <- struct{}{}
			}
			for acked.Load() < target {
				runtime.Gosched()
			}
			before := acked.Load()
			clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(unsynced + 1), RNG: rng})
			check(clone, before)
			states--
		}
		close(wanted)
		<-done
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCrashStates takes states of the disk that a power cut could leave, with a
// random part of what was not synced.
func TestCrashStates(t *testing.T) {
	n := 0
	crashes(t, number("SPOOR_CRASH_STATES", 200), pebblestore.Options{}, 100, func(fs vfs.FS, acked uint64) {
		verify(t, "db", fs, acked)
		n++
	})
	t.Logf("%d crash states", n)
}

// TestCrashControl proves that the test above can fail: acknowledging before
// syncing must lose acknowledged batches.
func TestCrashControl(t *testing.T) {
	lost := 0
	crashes(t, 20, pebblestore.Options{UnsafeNoSync: true}, 0, func(fs vfs.FS, acked uint64) {
		s, err := pebblestore.Open("db", pebblestore.Options{FS: fs, CacheSize: 1 << 20})
		if err != nil {
			lost++
			return
		}
		defer s.Close()
		if found, err := intact(t.Context(), s); err != nil || found < acked {
			lost++
		}
	})
	if lost == 0 {
		t.Error("without syncing nothing was lost: the crash tests prove nothing")
	}
}

// childDir makes this test binary a child that appends until it is killed.
const childDir, childFull = "SPOOR_TEST_CHILD_DIR", "SPOOR_TEST_CHILD_FULL_AFTER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child appends numbered batches and tells each one that was acknowledged.
func child(dir string) int {
	var opt pebblestore.Options
	if n, err := strconv.ParseInt(os.Getenv(childFull), 10, 64); err == nil {
		opt.FS = fullDisk(n)
	}
	s, err := pebblestore.Open(dir, opt)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	found, err := intact(context.Background(), s)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for n := found + 1; ; n++ {
		if _, err := s.Append(context.Background(), batch(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 6
		}
		fmt.Fprintln(os.Stdout, n)
	}
}

// fullDisk is a file system on which, after n writes, there is no space left.
func fullDisk(n int64) vfs.FS {
	var writes atomic.Int64
	return errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWrite && writes.Add(1) > n {
			return syscall.ENOSPC
		}
		return nil
	}))
}

// run starts a child and reads its acknowledgements until it ends, or until it is
// killed after some of them.
func run(t *testing.T, dir string, killAfter int, env ...string) (acked uint64, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childDir+"="+dir)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if acked, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		if i == killAfter {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed, or says why on stderr
	return acked, errs.String()
}

// TestKill kills a process that writes, again and again on one store.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	var last uint64
	for range number("SPOOR_CRASH_KILLS", 5) {
		acked, stderr := run(t, dir, rand.IntN(60))
		if acked <= last {
			t.Fatalf("the child got to %d after %d: %s", acked, last, stderr)
		}
		last = verify(t, dir, nil, acked)
	}
}

// TestDiskFull lets the disk fill up at different moments.
func TestDiskFull(t *testing.T) {
	for _, after := range []int{20, 100, 300} {
		dir := filepath.Join(t.TempDir(), "db")
		acked, stderr := run(t, dir, -1, fmt.Sprintf("%s=%d", childFull, after))
		if !strings.Contains(stderr, "no space left on device") {
			t.Errorf("after %d writes it says: %s", after, stderr)
		}
		verify(t, dir, nil, acked)
	}
}

// TestDamage flips octets in the store's tables: a question gets an error that
// says so, or the right answer, and never another one.
func TestDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	tables := closed(t, dir, "*.sst")
	raw, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for at := 0; at < len(raw); at += len(raw)/40 + 1 {
		broken := append([]byte(nil), raw...)
		broken[at] ^= 0x55
		if err := os.WriteFile(tables[0], broken, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := pebblestore.Open(dir, pebblestore.Options{ReadOnly: true})
		if err == nil {
			var found uint64
			if found, err = intact(t.Context(), s); err == nil && found != 50 {
				t.Errorf("octet %d: %d batches and no error", at, found)
			}
			_ = s.Close() // it may tell of the damage once more
		}
		if err != nil {
			noticed++
		}
	}
	if noticed == 0 {
		t.Error("no damage was noticed")
	}
}

func TestSecondOpener(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	s, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = pebblestore.Open(dir, pebblestore.Options{})
	if !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
		t.Errorf("second opener: %v", err)
	}
	if _, err := pebblestore.Open(filepath.Join(dir, "nothing"), pebblestore.Options{ReadOnly: true}); !fault.Is(err, fault.NotFound) {
		t.Errorf("reading where there is nothing: %v", err)
	}
}
