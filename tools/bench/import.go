package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/synth"
)

func (b *bench) file() string { return filepath.Join(b.dir, "rows.ndjson") }
func (b *bench) data() string { return filepath.Join(b.dir, "data") }

// generate writes the bench file if it isn't there.
func (b *bench) generate() error {
	if _, err := os.Stat(b.file()); err == nil {
		return nil
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	f, err := os.Create(b.file() + ".new")
	if err != nil {
		return err
	}
	if err := synth.WriteCOF(f, b.rows, 1); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(b.file()+".new", b.file())
}

// importing measures the way from a file to the durable store, as a user goes it.
func (b *bench) importing() error {
	if err := b.generate(); err != nil {
		return err
	}
	if err := os.RemoveAll(b.data()); err != nil {
		return err
	}
	cmd := exec.CommandContext(b.ctx, b.binary, "--data", b.data(), "--quiet", "import", b.file())
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("couldn't import: %w", err)
	}
	took := time.Since(began).Seconds()
	b.tell("rows_per_s", float64(b.rows)/took, -120_000, fmt.Sprintf("%s import, %.1f s", b.binary, took))
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.tell("peak_rss_mb", float64(ru.Maxrss)/1024, 400, "")
	}
	size, err := sizeOf(filepath.Join(b.data(), "store"))
	if err != nil {
		return err
	}
	b.tell("bytes_per_row", size/float64(b.rows), 160, "both directions, without derived data")
	if err := b.index(); err != nil {
		return err
	}
	b.extraction()
	return nil
}

// index derives what pivoting needs, which a user pays at the first question.
func (b *bench) index() error {
	a, err := app.OpenToRead(config.Config{Data: b.data()})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // it was only read
	began := time.Now()
	if _, err := a.CatchUp(b.ctx, nil); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	b.tell("indexed_rows_per_s", float64(b.rows)/took, 0, "derived data, at the first pivot")
	b.tell("index_lag_s", took, 0, "")
	size, err := sizeOf(filepath.Join(b.data(), "index"))
	b.tell("index_bytes_per_row", size/float64(b.rows), 0, "")
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

// indicator is what people write when they need an extractor: the peer.
var indicator = regexp.MustCompile(`(?i)\b(?:h(?:tt|xx)ps?://[^\s"'<>]+|(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}|[a-f0-9]{64}|[a-f0-9]{40}|[a-f0-9]{32}|(?:[a-z0-9-]+(?:\.|\[\.\]))+[a-z]{2,})\b`)

// extraction measures the extractor on one core, on text such as reports have.
func (b *bench) extraction() {
	const part = `The actor moved to 192[.]0[.]2[.]17 in June and registered delivery-parcel-22[.]example through the
same reseller as before. Victims were sent hxxps://track.delivery-parcel-22[.]example/p/0417?id=8 in short messages;
the page loads its kit from cdn.example.com and posts to 203.0.113.9:8443. We attribute this with moderate confidence.
SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, contact ops@quaywater.example (see section 3.2).
`
	text := []byte(strings.Repeat(part, 8<<20/len(part)))
	hits := 0
	began := time.Now()
	extract.Scan(text, func(extract.Hit) bool { hits++; return true })
	own := float64(len(text)) / 1e6 / time.Since(began).Seconds()
	began = time.Now()
	peer := len(indicator.FindAllIndex(text, -1))
	other := float64(len(text)) / 1e6 / time.Since(began).Seconds()
	b.tell("extract_mb_per_s", own, -50, fmt.Sprintf("one core, %d indicators", hits))
	b.tell("peer_regexp_mb_per_s", other, 0, fmt.Sprintf("one regular expression in the same run, %d hits", peer))
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
