package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/synth"
)

func (b *bench) file() string { return filepath.Join(b.dir, "rows.ndjson") }
func (b *bench) data() string { return filepath.Join(b.dir, "data") }

// generate writes the bench file if it isn't there. Half a file stands under
// another name.
func (b *bench) generate() error {
	if _, err := os.Stat(b.file()); err == nil {
		return nil
	}
	b.made = append(b.made, b.file(), b.file()+".new")
	f, err := os.Create(b.file() + ".new")
	if err != nil {
		return err
	}
	err = synth.WriteCOF(f, b.rows, 1)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(b.file()+".new", b.file())
}

// importing measures the way from a file to the durable store, as a user goes it.
func (b *bench) importing() error {
	if err := b.fresh(); err != nil {
		return err
	}
	if err := b.index(); err != nil {
		return err
	}
	if err := b.alone(); err != nil {
		return err
	}
	return b.extraction()
}

// fresh fills a new store with the binary. The system counts the peak of a process
// from that of the one that starts it, so this comes first, while the bench is small.
func (b *bench) fresh() error {
	if err := b.generate(); err != nil {
		return err
	}
	if _, err := os.Stat(b.data()); err != nil {
		b.made = append(b.made, b.data())
	}
	if err := os.RemoveAll(b.data()); err != nil {
		return err
	}
	cmd := exec.CommandContext(b.ctx, b.binary, "--data", b.data(), "--quiet", "import", b.file())
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("couldn't import: %w", err), os.RemoveAll(b.data())) // half a store would be read later
	}
	took := time.Since(began)
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.tell("rows_per_s", float64(b.rows)/took.Seconds(), -120_000,
		fmt.Sprintf("%d rows, the whole process, synced: %.1f s, of which %.1f cores were used", b.rows, took.Seconds(), used.Seconds()/took.Seconds()))
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.tell("peak_rss_mb", float64(ru.Maxrss)/1024, 400, "of that process")
	}
	size, err := sizeOf(filepath.Join(b.data(), "store"))
	if err != nil {
		return err
	}
	logs, err := filepath.Glob(filepath.Join(b.data(), "store", "*.log"))
	if err != nil {
		return err
	}
	var log float64
	for _, path := range logs {
		part, err := sizeOf(path)
		if err != nil {
			return err
		}
		log += part
	}
	b.tell("bytes_per_row", size/float64(b.rows), 160, "on disk, both directions, feed and ledger, without derived data")
	b.tell("log_mb", log/1e6, 0, "part of it that doesn't grow with the rows: the engine's logs")
	return nil
}

// index derives what pivoting needs, which a user pays at the first question. Its
// size is that of the closed index: an open one holds much in memory.
func (b *bench) index() error {
	a, err := app.OpenToRead(config.Config{Data: b.data()})
	if err != nil {
		return err
	}
	began := time.Now()
	_, err = a.CatchUp(b.ctx, nil)
	took := time.Since(began).Seconds()
	if err := errors.Join(err, a.Close()); err != nil {
		return err
	}
	b.tell("indexed_rows_per_s", float64(b.rows)/took, 0, "derived data, from start to no lag")
	b.tell("index_lag_s", took, 0, "what the first pivot after the import waits for")
	size, err := sizeOf(filepath.Join(b.data(), "index"))
	b.tell("index_bytes_per_row", size/float64(b.rows), 0, "on disk")
	return err
}

func sizeOf(dir string) (float64, error) {
	var total float64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += float64(info.Size())
		}
		return err
	})
	return total, err
}

// sample reads every n-th line of the bench file.
func (b *bench) sample(n int, line func([]byte) bool) error {
	f, err := os.Open(b.file())
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for i := 0; s.Scan(); i++ {
		if i%n == 0 && !line(s.Bytes()) {
			return nil
		}
	}
	return s.Err()
}
