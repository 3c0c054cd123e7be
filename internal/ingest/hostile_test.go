package ingest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/testdata"
)

var zero entity.Entity

func ent(t testing.TB, s string) entity.Entity {
	t.Helper()
	e, err := entity.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// growth returns by how many octets f makes the heap that the process holds grow.
// It collects often, so that what is measured is need and not laziness.
func growth(t *testing.T, f func()) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	debug.FreeOSMemory()
	held := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapSys - m.HeapReleased
	}
	before := held()
	f()
	return max(held(), before) - before
}

func TestALineOfAGigabyteIsOneReject(t *testing.T) {
	b := open(t)
	var res ingest.Result
	var err error
	in := io.MultiReader(strings.NewReader(cofLines(0, 3)+`{"rrname":"`), importertest.Fill('x', 1<<30), strings.NewReader("\"}\n"+cofLines(3, 4)))
	grown := growth(t, func() { res, err = b.imports("a.jsonl", in) })
	if err != nil || res.Received != 8 || res.Accepted != 7 || res.Rejected != 1 {
		t.Fatalf("%+v (%v)", res, err)
	}
	if grown > 64<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
	r := b.rejects("run-1")[0]
	if r.Line != 4 || !strings.Contains(r.Reason, "1073741838 octets") || !strings.HasPrefix(r.Text, `{"rrname":"xxx`) || len(r.Text) > 64<<10 {
		t.Errorf("line %d: %s, %d octets kept", r.Line, r.Reason, len(r.Text))
	}
}

func TestABombIsRefused(t *testing.T) {
	for name, text := range map[string]string{"one line": strings.Repeat("0", 1<<20), "empty lines": strings.Repeat(strings.Repeat(" ", 4095)+"\n", 256)} {
		t.Run(name, func(t *testing.T) {
			bomb := func(head string) []byte {
				var out bytes.Buffer
				z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 400 {
					if i > 0 {
						head = text
					}
					if _, err := io.WriteString(z, head); err != nil {
						t.Fatal(err)
					}
				}
				if err := z.Close(); err != nil {
					t.Fatal(err)
				}
				return out.Bytes()
			}
			ratio := func(o *ingest.Options) { o.MaxRatio = 50 }
			packed := bomb(cofLines(0, 3))
			b := open(t)
			var res ingest.Result
			var err error
			grown := growth(t, func() { res, err = b.imports("a.jsonl.gz", bytes.NewReader(packed), ratio) })
			if err != nil || !strings.Contains(res.Incomplete, "decompression bomb") || res.Accepted != 3 {
				t.Errorf("%+v (%v)", res, err)
			}
			if grown > 64<<20 {
				t.Errorf("memory grew by %d MB", grown>>20)
			}
			if _, err := b.imports("b.jsonl.gz", bytes.NewReader(bomb(text)), ratio, as("cof")); !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
				t.Errorf("nothing but a bomb: %v", err)
			}
		})
	}
	// A short, very regular log is none.
	b := open(t)
	regular := strings.Repeat(cofLines(7, 1), 20_000)
	if res, err := b.imports("a.jsonl.gz", bytes.NewReader(packed(t, "gzip", regular)), func(o *ingest.Options) { o.MaxRatio = 2 }); err != nil || res.Accepted != 20_000 {
		t.Errorf("a regular log: %+v (%v)", res, err)
	}
}

// grep -c . and grep -vc '^,*.$' say: 1,048,575 records, 1,025,265 of them empty.
func TestAMillionEmptyRows(t *testing.T) {
	for _, f := range testdata.Files(t, "hostile/csv-million-empty-rows", "*") {
		in, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		b := open(t)
		var res ingest.Result
		grown := growth(t, func() { res, err = b.imports("a.csv", in, as("csv")) })
		if err != nil || res.Accepted == 0 || res.Received > 1_048_575 {
			t.Errorf("%+v (%v)", res, err)
		}
		if grown > 128<<20 {
			t.Errorf("memory grew by %d MB", grown>>20)
		}
	}
	b := open(t)
	text := "domain,ip\n" + strings.Repeat(",\n", 1_000_000) + "a.example.com,192.0.2.1\n"
	if res := b.takes("a.csv", text); res.Received != 1 || res.Accepted != 1 {
		t.Errorf("%+v", res)
	}
}

func TestNamesThatSteerATerminalAreStoredOrKept(t *testing.T) {
	b := open(t)
	names := []string{`a\u0000b.example.com`, `\u202eexe.example.com`, `\u001b[31m.example.com`, `\ud800.example.com`, "\xff\xfe.example.com", strings.Repeat("a", 300), "..", ""}
	var text strings.Builder
	for _, n := range names {
		fmt.Fprintf(&text, `{"rrname":"%s","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"time_last":1700000001}`+"\n", n)
	}
	res := b.takes("a.jsonl", text.String(), as("cof"))
	if res.Received != int64(len(names)) || res.Rejected < 3 {
		t.Errorf("%+v", res)
	}
	dump := b.dump()
	if !strings.Contains(dump, `domain:a\000b.example.com`) || strings.ContainsAny(dump, "\x00\x1b\u202e") {
		t.Errorf("stored as %s", dump)
	}
	for _, r := range b.rejects("run-1") {
		if strings.ContainsAny(r.Reason, "\x00\x1b\u202e") {
			t.Errorf("the reason shows a steering character: %q", r.Reason)
		}
	}
}

func TestImpossibleTimesAreRejected(t *testing.T) {
	b := open(t)
	var text strings.Builder
	for _, span := range [][2]string{
		{"1700000000", "1700000001"},
		{"-1", "1700000001"},
		{"-62135596801", "1"},
		{"1700000000", "253402300799"},
		{"1700000000", "253402300800"},
		{"1700000000", "99999999999999999999"},
		{"1700000001", "1700000000"},
		{"0", "0"},
	} {
		fmt.Fprintf(&text, `{"rrname":"a.example.com","rrtype":"A","rdata":"192.0.2.1","time_first":%s,"time_last":%s}`+"\n", span[0], span[1])
	}
	res := b.takes("a.jsonl", text.String(), as("cof"))
	if res.Received != 8 || res.Rejected < 5 || res.Accepted < 1 {
		t.Errorf("%+v: %+v", res, b.rejects("run-1"))
	}
}
