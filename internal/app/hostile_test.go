package app_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// goodLines are records of the formats in which every line stands for itself: one
// behind a hostile file must still be stored.
var goodLines = map[string]string{
	"spoor":      `{"subject":"domain:good.example","relation":"resolves","object":"ip:192.0.2.1","basis":"sensor","source":"s"}`,
	"cof":        `{"rrname":"good.example","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"time_last":1700000001}`,
	"eve":        `{"timestamp":"2024-05-03T10:00:00.000000+0000","event_type":"dns","dns":{"type":"answer","rcode":"NOERROR","rrname":"good.example","rrtype":"A","ttl":300,"rdata":"192.0.2.1"}}`,
	"passivedns": "1341087126.346912||10.9.8.7||192.0.2.53||IN||good.example.||A||192.0.2.1||46587||5",
	"text":       "good.example",
}

type hostileFile struct {
	name string
	data []byte
}

func hostileFiles(t *testing.T) (out []hostileFile) {
	t.Helper()
	root := testdata.Shared(t, "hostile")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(root, p)
		out = append(out, hostileFile{filepath.ToSlash(name), data})
		return err
	})
	if err != nil || len(out) < 900 { // find ../shared/data/hostile -type f | wc -l
		t.Fatalf("%d files (%v)", len(out), err)
	}
	return out
}

func memory(t *testing.T) *pebblestore.Store {
	t.Helper()
	s, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), CacheSize: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// take imports data as the format, or as what it looks like, and checks the books.
func take(t *testing.T, s *pebblestore.Store, format, run, name string, in io.Reader) (ingest.Result, error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s as %q: panic: %v", name, format, p)
		}
	}()
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	res, err := ingest.Import(context.Background(), s, ingest.Source{Name: name, Base: filepath.Base(name), Reader: in}, ingest.Options{
		Formats: app.Formats(), Format: format, Run: run + "/" + name, Handling: obs.Handling{TLP: obs.TLPUnset}, Now: func() time.Time { return now },
	})
	if res.Received != res.Accepted+res.Replayed+res.Rejected {
		t.Errorf("%s as %q: received %d, accepted %d, replayed %d, rejected %d", name, format, res.Received, res.Accepted, res.Replayed, res.Rejected)
	}
	kept := int64(0)
	for _, err := range s.Documents(context.Background(), ingest.RejectCollection, run+"/"+name+"/", "") {
		if err != nil {
			t.Fatal(err)
		}
		kept++
	}
	if kept != res.Rejected+res.Partial {
		t.Errorf("%s as %q: %d rejects kept of %d and %d parts", name, format, kept, res.Rejected, res.Partial)
	}
	return res, err
}

// Every format, and the one that the content suggests, over every hostile file.
func TestHostileFiles(t *testing.T) {
	files := hostileFiles(t)
	names := []string{""}
	for _, f := range app.Formats() {
		names = append(names, f.Name)
	}
	for _, format := range names {
		t.Run("as "+format, func(t *testing.T) {
			t.Parallel()
			s := memory(t)
			var received int64
			for _, f := range files {
				res, _ := take(t, s, format, "1", f.name, bytes.NewReader(f.data))
				received += res.Received
				if format != "" {
					continue
				}
				again, err := take(t, s, format, "2", f.name, bytes.NewReader(f.data))
				if again.Accepted != 0 || again.Rejected != 0 || again.Received != res.Received {
					t.Errorf("%s: again: %+v, at first %+v (%v)", f.name, again, res, err)
				}
			}
			if report, err := s.Check(context.Background()); err != nil || len(report.Problems) > 0 {
				t.Errorf("the store is damaged: %+v (%v)", report, err)
			}
			if received == 0 && format != "misp" { // of which there is no file
				t.Error("no record in any file")
			}
		})
	}
}

func TestTheGoodRestOfHostileFilesIsStored(t *testing.T) {
	files := hostileFiles(t)
	for format, line := range goodLines {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := memory(t)
			for _, f := range files {
				if len(f.data) > 1<<20 || bytes.HasPrefix(f.data, []byte{0x1f, 0x8b}) { // a long one is refused as another format
					continue
				}
				text := append(append([]byte(line+"\n"), f.data...), []byte("\n"+line+"\n")...)
				res, err := take(t, s, format, "1", f.name, bytes.NewReader(text))
				if err != nil || res.Accepted+res.Replayed < 2 {
					t.Errorf("%s: %+v (%v)", f.name, res, err)
				}
			}
		})
	}
}

// No format holds a record without an end in memory.
func TestEndlessRecordsTakeBoundedMemory(t *testing.T) {
	const size = 8 << 20
	begins := []string{"", `{"`, `[{"a":"`, `{"type":"bundle","id":"bundle--1","objects":[{"id":"`, `{"Event":{"info":"`, "domain,note\na.example,\"", "-----BEGIN CERTIFICATE-----\n", "\x30\x84\x10\x00\x00\x00", "#separator \\x09\n#fields\t"}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for _, f := range app.Formats() {
		for _, begin := range begins {
			for _, octet := range []byte{'x', '['} {
				if octet == '[' && begin != "" {
					continue
				}
				s := memory(t)
				debug.FreeOSMemory()
				before := held()
				_, _ = take(t, s, f.Name, "1", "endless", io.MultiReader(strings.NewReader(begin), importertest.Fill(octet, size)))
				if grown := held() - min(held(), before); grown > 64<<20+4*size {
					t.Errorf("%s, %q and then %q: memory grew by %d MB", f.Name, begin, octet, grown>>20)
				}
			}
		}
	}
}

func held() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}

func TestFormatsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range app.Formats() {
		if seen[f.Name] || f.Name == "" || f.Version < 1 || f.About == "" || f.Source == "" || f.Detect == nil || f.Decode == nil {
			t.Errorf("format %q is incomplete or there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Detect(importer.Head{Whole: true}) != importer.No {
			t.Errorf("%s claims the empty input", f.Name)
		}
	}
}
