package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/klauspost/compress/zstd"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/cof"
	"github.com/spoor-cti/spoor/internal/importer/csvlist"
	"github.com/spoor-cti/spoor/internal/importer/prose"
	"github.com/spoor-cti/spoor/internal/importer/spoorjson"
	"github.com/spoor-cti/spoor/internal/importer/zeek"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
)

var formats = importer.Registry{spoorjson.Format, cof.COF, zeek.Format, csvlist.Format, prose.Format}

var began = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// bench is a store in memory and a number of imports into it.
type bench struct {
	*pebblestore.Store
	t    testing.TB
	runs int
}

func open(t testing.TB) *bench {
	t.Helper()
	s, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{Store: s, t: t}
}

func (b *bench) options() ingest.Options {
	b.runs++
	return ingest.Options{
		Formats: formats, Run: fmt.Sprintf("run-%d", b.runs), Handling: obs.Handling{TLP: obs.TLPUnset},
		Now: func() time.Time { return began },
	}
}

// imports reads r, and checks that its books are exact.
func (b *bench) imports(base string, r io.Reader, change ...func(*ingest.Options)) (ingest.Result, error) {
	b.t.Helper()
	opt := b.options()
	for _, c := range change {
		c(&opt)
	}
	res, err := ingest.Import(context.Background(), b.Store, ingest.Source{Name: "dir/" + base, Base: base, Reader: r}, opt)
	if res.Received != res.Accepted+res.Replayed+res.Rejected {
		b.t.Errorf("received %d is not accepted %d + replayed %d + rejected %d", res.Received, res.Accepted, res.Replayed, res.Rejected)
	}
	if n := int64(len(b.rejects(opt.Run))); n != res.Rejected+res.Partial {
		b.t.Errorf("%d rejects are kept of %d and %d parts", n, res.Rejected, res.Partial)
	}
	return res, err
}

// takes is imports for an input that is read to its end.
func (b *bench) takes(base, text string, change ...func(*ingest.Options)) ingest.Result {
	b.t.Helper()
	res, err := b.imports(base, strings.NewReader(text), change...)
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

func as(format string) func(*ingest.Options) { return func(o *ingest.Options) { o.Format = format } }

func (b *bench) rejects(run string) (out []ingest.Reject) {
	b.t.Helper()
	for d, err := range b.Documents(context.Background(), ingest.RejectCollection, run+"/", "") {
		if err != nil {
			b.t.Fatal(err)
		}
		var r ingest.Reject
		if err := json.Unmarshal(d.Data, &r); err != nil || r.ID != d.ID {
			b.t.Fatalf("reject %s: %v", d.ID, err)
		}
		out = append(out, r)
	}
	return out
}

// dump is all that can be read about the names of example.com and 192.0.2.0/24.
func (b *bench) dump() string {
	b.t.Helper()
	var out strings.Builder
	for _, rg := range []store.Range{{Zone: "example.com"}, {Prefix: netip.MustParsePrefix("192.0.2.0/24")}} {
		for e, err := range b.In(store.Everything).Entities(context.Background(), rg, zero) {
			if err != nil {
				b.t.Fatal(err)
			}
			for r, err := range b.In(store.Everything).Neighbours(context.Background(), e, store.Query{Atoms: true}) {
				if err != nil {
					b.t.Fatal(err)
				}
				fmt.Fprintf(&out, "%s %s %s %s %+v %+v %v %d %+v\n", r.Subject, r.Relation, r.Object, r.RRType, *r.Origin, r.Intervals, r.HasCount, r.Count, r.Atoms)
			}
		}
	}
	return out.String()
}

// edges is the number of rows that chunks have touched so far.
func (b *bench) edges() uint64 {
	h, err := b.Head(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return h.Edges
}

// cofLines writes n lines of COF, the first with the number from.
func cofLines(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, `{"rrname":"n%d.example.com","rrtype":"A","rdata":"192.0.2.%d","time_first":1700000000,"time_last":%d,"count":%d}`+"\n", i, i%250, 1700000000+i, i+1)
	}
	return b.String()
}

func TestBooksAreExact(t *testing.T) {
	b := open(t)
	text := cofLines(0, 12_000) + "{broken\n" + cofLines(12_000, 3) + `{"rrname":"x.example.com","rrtype":"A","rdata":"no address","time_first":1,"time_last":2}` + "\n\n" +
		`{"rrname":"y.example.com","rrtype":"A","rdata":["192.0.2.1","no address"],"time_first":1,"time_last":2}` + "\n" +
		`{"rrname":"z.example.com","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":9999999999}` + "\n"
	res := b.takes("a.jsonl", text)
	want := ingest.Result{File: "dir/a.jsonl", Format: "cof", Source: "pdns", Received: 12_007, Accepted: 12_004, Rejected: 3, Partial: 1, Observations: 12_004, Run: "run-1"}
	if res != want {
		t.Errorf("%+v, want %+v", res, want)
	}
	if res.Whole() {
		t.Error("an input with rejects counts as whole")
	}
	var lines []int64
	for _, r := range b.rejects("run-1") {
		lines = append(lines, r.Line)
	}
	if !slices.Equal(lines, []int64{12_001, 12_005, 12_007, 12_008}) {
		t.Errorf("rejects of the lines %v", lines)
	}
	data, err := b.Doc(context.Background(), store.DocID{Collection: ingest.RunCollection, ID: "run-1"})
	if err != nil || !bytes.Contains(data, []byte(`"received":12007`)) || !bytes.Contains(data, []byte(`"recorded":"2026-11-24T00:00:00Z"`)) {
		t.Errorf("the run is kept as %s (%v)", data, err)
	}
	before, edges := b.dump(), b.edges()
	again := b.takes("b.jsonl", text)
	if again.Replayed != 12_007 || again.Accepted+again.Rejected+again.Observations+again.Partial != 0 {
		t.Errorf("the same again: %+v", again)
	}
	if b.dump() != before || b.edges() != edges {
		t.Error("the same input again changed what is read")
	}
	// another source, sensor or marking says something else
	for i, change := range []func(*ingest.Options){
		func(o *ingest.Options) { o.Source = "other" }, func(o *ingest.Options) { o.Sensor = "other" }, func(o *ingest.Options) { o.Handling.TLP = obs.Red },
	} {
		if res := b.takes("a.jsonl", text, change); res.Replayed != 0 || res.Accepted != 12_004 {
			t.Errorf("change %d: %+v", i, res)
		}
	}
}

func packed(t testing.TB, kind, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch kind {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return []byte(text)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressedOrNotItIsTheSame(t *testing.T) {
	text := cofLines(0, 25_000)
	kinds := []string{"plain", "gzip", "zstd"}
	var dumps []string
	for i := range kinds {
		b := open(t)
		for j := range kinds {
			res, err := b.imports("a.jsonl", bytes.NewReader(packed(t, kinds[(i+j)%3], text)))
			want := ingest.Result{Accepted: 25_000}
			if j > 0 {
				want = ingest.Result{Replayed: 25_000}
			}
			if err != nil || res.Accepted != want.Accepted || res.Replayed != want.Replayed || !res.Whole() {
				t.Errorf("%s after %d others: %+v (%v)", kinds[(i+j)%3], j, res, err)
			}
		}
		dumps = append(dumps, b.dump())
	}
	if dumps[0] != dumps[1] || dumps[1] != dumps[2] || !strings.Contains(dumps[0], "n24999.example.com") {
		t.Error("compression changes what is read")
	}
	// two gzip members, as logrotate makes them, are one input
	b := open(t)
	two := append(packed(t, "gzip", cofLines(0, 10)), packed(t, "gzip", cofLines(10, 10))...)
	if res, err := b.imports("a.jsonl.gz", bytes.NewReader(two)); err != nil || res.Accepted != 20 {
		t.Errorf("two members: %+v (%v)", res, err)
	}
}

func TestOfAGrowingLogOnlyTheNewIsStored(t *testing.T) {
	for _, c := range []struct {
		name, base, head string
		lines            func(from, n int) string
	}{
		{"NDJSON", "a.jsonl", "", cofLines},
		{"CSV with a header", "a.csv", "domain,ip,first_seen\n", func(from, n int) string {
			var b strings.Builder
			for i := from; i < from+n; i++ {
				fmt.Fprintf(&b, "n%d.example.com,192.0.2.%d,2024-01-02\n", i, i%250)
			}
			return b.String()
		}},
		{"Zeek with a header", "dns.log", zeekHead, func(from, n int) string {
			var b strings.Builder
			for i := from; i < from+n; i++ {
				fmt.Fprintf(&b, "1700000000.%d\tC1\t192.0.2.%d\tn%d.example.com\tA\t192.0.2.7\t60.0\n", i, i%250, i)
			}
			return b.String()
		}},
		{"always the same line", "a.jsonl", "", func(_, n int) string { return strings.Repeat(cofLines(7, 1), n) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			steps := []int{3, 1, 500, 9_600, 0, 2, 20_000}
			at := 0
			for _, n := range steps {
				res := b.takes(c.base, c.head+c.lines(0, at+n))
				if res.Accepted != int64(n) || res.Replayed != int64(at) || res.Rejected != 0 {
					t.Errorf("from %d to %d lines: %+v", at, at+n, res)
				}
				at += n
			}
			// Everything at once gives the same answers, when each atom is a sum.
			whole := open(t)
			if res := whole.takes(c.base, c.head+c.lines(0, at)); res.Accepted != int64(at) {
				t.Errorf("at once: %+v", res)
			}
		})
	}
}

const zeekHead = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2023-11-14-22-13-20\n" +
	"#fields\tts\tuid\tid.resp_h\tquery\tqtype_name\tanswers\tTTLs\n#types\ttime\tstring\taddr\tstring\tstring\tvector[string]\tvector[interval]\n"

// A log may be read while its last line is being written.
func TestAHalfWrittenLineIsReadAgain(t *testing.T) {
	b := open(t)
	text := cofLines(0, 600)
	half := text[:len(text)-40]
	res := b.takes("a.jsonl", half)
	if res.Accepted != 599 || res.Rejected != 1 {
		t.Errorf("with half a line: %+v", res)
	}
	if res := b.takes("a.jsonl", half); res.Replayed != 600 || res.Accepted+res.Rejected != 0 {
		t.Errorf("the same again: %+v", res)
	}
	if res := b.takes("a.jsonl", text+cofLines(600, 10)); res.Replayed != 599 || res.Accepted != 11 || res.Rejected != 0 {
		t.Errorf("whole and grown: %+v", res)
	}
	// as long as the half one, with another end: nothing to be recognised but the beginning
	if res := b.takes("a.jsonl", half[:len(half)-5]); res.Replayed != 599 || res.Rejected != 1 {
		t.Errorf("another half: %+v", res)
	}
	// exactly one chunk, and the line feed of its last line is missing
	full := strings.TrimSuffix(cofLines(50_000, 10_000), "\n")
	if res := b.takes("b.jsonl", full); res.Accepted != 10_000 {
		t.Errorf("a chunk without a line feed: %+v", res)
	}
	if res := b.takes("b.jsonl", full+"\n"+cofLines(60_000, 1)); res.Replayed != 10_000 || res.Accepted != 1 {
		t.Errorf("and grown: %+v", res)
	}
}

// Daily lists often begin with the same line and are equally long.
func TestInputsThatBeginAlikeAreToldApart(t *testing.T) {
	b := open(t)
	days := make([]string, 3)
	for i := range days {
		days[i] = cofLines(0, 1) + cofLines(10*(i+1), 5)
		if res := b.takes("a.jsonl", days[i]); res.Accepted != 6 {
			t.Errorf("day %d: %+v", i, res)
		}
	}
	for i := range days {
		if res := b.takes("a.jsonl", days[i]+cofLines(1000*(i+1), 2)); res.Accepted != 2 || res.Replayed != 6 {
			t.Errorf("day %d, grown: %+v", i, res)
		}
	}
	if res := b.takes("a.jsonl", strings.TrimSuffix(days[0], "5}\n")); res.Replayed != 0 && res.Replayed != 5 || res.Rejected != 1 {
		t.Errorf("as many records, but cut: %+v", res)
	}
}

func TestACutInputKeepsWhatCameBefore(t *testing.T) {
	text := cofLines(0, 30_000)
	for _, kind := range []string{"gzip", "zstd"} {
		t.Run(kind, func(t *testing.T) {
			b := open(t)
			z := packed(t, kind, text)
			res, err := b.imports("a.jsonl", bytes.NewReader(z[:len(z)*2/3]))
			if err != nil || res.Incomplete == "" || res.Whole() {
				t.Fatalf("cut: %+v (%v)", res, err)
			}
			if res.Accepted < 10_000 || !strings.Contains(b.dump(), fmt.Sprintf("n%d.example.com", res.Accepted-2)) {
				t.Errorf("of the cut input %d records are stored", res.Accepted)
			}
			kept := res.Accepted
			whole, err := b.imports("a.jsonl", bytes.NewReader(z))
			if err != nil || whole.Replayed < kept-1 || whole.Replayed+whole.Accepted != 30_000 {
				t.Errorf("the whole input after the cut one with %d: %+v (%v)", kept, whole, err)
			}
			if _, err := b.imports("a.jsonl", bytes.NewReader(z[:3])); err == nil {
				t.Error("three octets were taken")
			}
			damaged := slices.Clone(z)
			for i := len(z) / 2; i < len(z)/2+50; i++ {
				damaged[i] ^= 0x55
			}
			// What stands behind the damage may be lost, but is never silently so.
			if res, err := b.imports("a.jsonl", bytes.NewReader(damaged)); err == nil && res.Whole() {
				t.Errorf("damaged: %+v", res)
			}
		})
	}
	b := open(t)
	if res, err := b.imports("a.jsonl", io.MultiReader(strings.NewReader(text), failing{})); err != nil || res.Accepted != 30_000 || !strings.Contains(res.Incomplete, "disk on fire") {
		t.Errorf("a reader that fails: %+v (%v)", res, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestRejectsAreKeptAndCanBeReadAgain(t *testing.T) {
	b := open(t)
	table := "type,indicator,first_seen\ndomain,good.example.com,2024-01-02\nip,\"192.0.2.999\",2024-01-02\n\ndomain,bad\xff\x00 name.,2024-01-02\nip,192.0.2.7,2024-99-99\n"
	res := b.takes("a.csv", table, func(o *ingest.Options) { o.Sensor, o.Format = "s1", "csv" })
	all := b.rejects("run-1")
	if res.Format != "csv" || int64(len(all)) != res.Rejected+res.Partial || len(all) < 2 {
		t.Fatalf("%+v: %+v", res, all)
	}
	for _, r := range all {
		if r.Run != "run-1" || r.File != "dir/a.csv" || r.Format != "csv" || r.Version != csvlist.Format.Version || r.Source != res.Source || r.Sensor != "s1" || r.Reason == "" {
			t.Errorf("a reject without its origin: %+v", r)
		}
		if got := table[r.Offset : int(r.Offset)+len(r.Octets())]; got != string(r.Octets()) {
			t.Errorf("at octet %d stands %q, the reject has %q", r.Offset, got, r.Octets())
		}
		if want := int64(strings.Count(table[:r.Offset], "\n") + 1); r.Line != want {
			t.Errorf("line %d, want %d", r.Line, want)
		}
		if string(r.Context) != "type,indicator,first_seen\n" {
			t.Errorf("context %q", r.Context)
		}
		// alone, it is rejected for the same reason
		again := open(t)
		text := string(r.Context) + string(r.Octets()) + "\n"
		res := again.takes("r.csv", text, as(r.Format))
		if got := again.rejects("run-1"); res.Received != 1 || len(got) != 1 || got[0].Reason != r.Reason {
			t.Errorf("read again: %+v, %+v, was %+v", res, got, r)
		}
	}
	if r := all[0]; r.Text == "" || r.Raw != nil || !strings.Contains(r.Reason, "192.0.2.999") {
		t.Errorf("a reject that is text: %+v", r)
	}
	if !slices.ContainsFunc(all, func(r ingest.Reject) bool { return bytes.Contains(r.Raw, []byte("bad\xff\x00 name")) }) {
		t.Errorf("no reject keeps its octets: %+v", all)
	}
}

func TestOfLongRejectsABeginningIsKept(t *testing.T) {
	b := open(t)
	long := `{"rrname":"` + strings.Repeat("\x01", 200_000) + "\n"
	b.takes("a.jsonl", cofLines(0, 2)+long+`{"`+strings.Repeat("x", 100_000)+"\":1}\n", as("cof"))
	all := b.rejects("run-1")
	if len(all) != 2 {
		t.Fatalf("%d rejects", len(all))
	}
	if r := all[0]; r.Cut != len(long)-1 || len(r.Octets()) != 64<<10 || !strings.HasPrefix(long, string(r.Octets())) {
		t.Errorf("%d of %d octets are kept, cut %d", len(r.Octets()), len(long), r.Cut)
	}
	for _, r := range all {
		if len(r.Reason) > 4<<10 {
			t.Errorf("a reason of %d octets", len(r.Reason))
		}
	}
	// a header so long that it can't be kept with every row
	header := "domain,ip," + strings.Repeat("x", 70<<10) + "\n"
	c := open(t)
	c.takes("a.csv", header+"..,192.0.2.1,\n..,192.0.2.2,\n", as("csv"))
	for _, r := range c.rejects("run-1") {
		if r.Context != nil || r.Cut == 0 {
			t.Errorf("a reject with a context of %d octets, cut %d", len(r.Context), r.Cut)
		}
	}
}

func TestAFormatThatDoesNotFit(t *testing.T) {
	b := open(t)
	res, err := b.imports("a.jsonl", strings.NewReader(strings.Repeat("this is no JSON\n", 50_000)), as("cof"))
	if !fault.Is(err, fault.Format) || !strings.Contains(err.Error(), "10000 records") || res.Received != 10_000 || res.Rejected != 10_000 {
		t.Errorf("%+v (%v)", res, err)
	}
	if h := fault.HintOf(err); !strings.Contains(h, "--as") {
		t.Errorf("hint %q", h)
	}
	if res, err := b.imports("a.jsonl", strings.NewReader(cofLines(0, 1)+strings.Repeat("nor is this\n", 20_000)), as("cof")); err != nil || res.Accepted != 1 || res.Rejected != 20_000 {
		t.Errorf("one good line: %+v (%v)", res, err)
	}
	if _, err := b.imports("a", strings.NewReader("x"), as("nonsense")); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.HintOf(err), "cof") {
		t.Errorf("no such format: %v", err)
	}
	if _, err := b.imports("a", strings.NewReader("")); !fault.Is(err, fault.Format) {
		t.Errorf("empty: %v", err)
	}
	if res, err := b.imports("a", strings.NewReader(""), as("cof")); err != nil || res.Received != 0 {
		t.Errorf("empty, but named: %+v (%v)", res, err)
	}
	if _, err := b.imports("a", strings.NewReader("\x00\x01\x02\x03")); !fault.Is(err, fault.Format) {
		t.Errorf("octets: %v", err)
	}
	newer := `{"type":"spoor-observations","version":2}` + "\n{}\n"
	if res, err := b.imports("a", strings.NewReader(newer)); !fault.Is(err, fault.Format) || res.Received != 0 {
		t.Errorf("a newer form: %+v (%v)", res, err)
	}
}

func TestProgressIsTold(t *testing.T) {
	b := open(t)
	text := cofLines(0, 30_000)
	var told []ingest.Progress
	clock := began
	b.takes("a.jsonl", text, func(o *ingest.Options) {
		o.Progress = func(p ingest.Progress) { told = append(told, p) }
		o.Now = func() time.Time { clock = clock.Add(60 * time.Millisecond); return clock }
	})
	if len(told) != 15 { // asked 30 times, every second time 100 ms have passed
		t.Errorf("told %d times", len(told))
	}
	for i, p := range told {
		if p.Octets > int64(len(text)) || p.Records > 30_000 || i > 0 && (p.Records <= told[i-1].Records || p.Octets < told[i-1].Octets) {
			t.Errorf("progress %d: %+v", i, p)
		}
	}
}

// ender cancels after so many octets and then goes on without an end.
type ender struct {
	r      io.Reader
	cancel func()
}

func (e *ender) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err == io.EOF {
		e.cancel()
		return copy(p, cofLines(0, 1)), nil
	}
	return n, err
}

func TestACancelledImportStops(t *testing.T) {
	b := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	res, err := ingest.Import(ctx, b.Store, ingest.Source{Name: "a", Base: "a", Reader: &ender{strings.NewReader(cofLines(0, 40_000)), cancel}}, b.options())
	if !errors.Is(err, context.Canceled) || res.Rejected != 0 || res.Received != res.Accepted {
		t.Errorf("%+v (%v)", res, err)
	}
	if got := int64(strings.Count(b.dump(), " resolves ")); got < res.Accepted {
		t.Errorf("%d accepted, %d rows are there", res.Accepted, got)
	}
	cancel()
	if res, err := ingest.Import(ctx, b.Store, ingest.Source{Name: "a", Base: "a", Reader: strings.NewReader(cofLines(0, 10))}, b.options()); !errors.Is(err, context.Canceled) || res.Received != 0 {
		t.Errorf("cancelled before: %+v (%v)", res, err)
	}
}

// failingStore fails at one of its appends.
type failingStore struct {
	ingest.Store
	fails, appends int
}

func (s *failingStore) Append(ctx context.Context, b *store.Batch) (store.Receipt, error) {
	s.appends++
	if s.appends == s.fails {
		return store.Receipt{}, fault.New(fault.Unavailable, "no space left")
	}
	return s.Store.Append(ctx, b)
}

func TestAFailingStoreCountsNothingThatItHasNot(t *testing.T) {
	text := cofLines(0, 9_999) + "broken\n" + cofLines(10_000, 40_000)
	for fails := 1; fails <= 5; fails++ {
		b := open(t)
		res, err := ingest.Import(context.Background(), &failingStore{Store: b.Store, fails: fails}, ingest.Source{Name: "a", Base: "a", Reader: strings.NewReader(text)}, b.options())
		if !fault.Is(err, fault.Unavailable) || errors.Is(err, context.Canceled) || res.Incomplete != "" {
			t.Errorf("append %d: %v", fails, err)
		}
		if want := int64(fails-1) * 10_000; res.Received != want || b.edges() != uint64(res.Observations) || int64(len(b.rejects("run-1"))) != res.Rejected {
			t.Errorf("append %d: %+v, want %d received; %d rows are there", fails, res, want, b.edges())
		}
		again := b.takes("a", text)
		if again.Replayed != res.Received || again.Received != 50_000 {
			t.Errorf("after append %d failed: %+v", fails, again)
		}
	}
	b := open(t)
	res, err := ingest.Import(context.Background(), &failingStore{Store: b.Store, fails: 6}, ingest.Source{Name: "a", Base: "a", Reader: strings.NewReader(text)}, b.options())
	if !fault.Is(err, fault.Unavailable) || res.Received != 50_000 { // only the account of the run is missing
		t.Errorf("the last append: %+v (%v)", res, err)
	}
}

func TestObservationsOfAProgram(t *testing.T) {
	b := open(t)
	good := obs.Observation{Subject: ent(t, "domain:a.example.com"), Relation: obs.Resolves, Object: ent(t, "ip:192.0.2.1"), First: 1, Origin: &obs.Origin{Source: "s", Basis: obs.Sensor}}
	seq := func(bad int) func(func(obs.Observation) bool) {
		return func(yield func(obs.Observation) bool) {
			for i := range 10_005 {
				o := good
				if i == bad {
					o.Relation = obs.NS
				}
				if !yield(o) {
					return
				}
			}
		}
	}
	if n, err := ingest.Observations(context.Background(), b.Store, seq(-1), "r", began); err != nil || n != 10_005 || b.edges() != 2 {
		t.Errorf("%d, %d rows (%v)", n, b.edges(), err)
	}
	if n, err := ingest.Observations(context.Background(), b.Store, seq(7), "r", began); !fault.Is(err, fault.Internal) || n != 7 {
		t.Errorf("%d (%v)", n, err)
	}
	if n, err := ingest.Observations(context.Background(), b.Store, func(func(obs.Observation) bool) {}, "r", began); err != nil || n != 0 {
		t.Errorf("nothing: %d (%v)", n, err)
	}
}
