package app_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

const (
	goodCOF = `{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"time_last":1700000100,"count":3}`
	badCOF  = `{"rrname":"a.example","rrtype":"A","rdata":"nonsense","time_first":1700000000,"time_last":1700000100,"count":3}`
)

// opened returns a spoor on an empty directory, with a clock that stands.
func opened(t *testing.T) *app.App {
	t.Helper()
	a, err := app.Open(config.Config{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	a.Now = func() time.Time { return time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC) }
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// refused puts rejects into the store, as a former decoder left them.
func refused(t *testing.T, a *app.App, list ...ingest.Reject) {
	t.Helper()
	var b store.Batch
	for _, r := range list {
		r.ID = r.Run + "/" + r.ID
		data, err := json.Marshal(&r)
		if err != nil {
			t.Fatal(err)
		}
		b.Puts = append(b.Puts, store.Doc{DocID: store.DocID{Collection: ingest.RejectCollection, ID: r.ID}, Data: data})
	}
	if _, err := a.Store.Append(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
}

// marked keeps what was said of the run that refused them.
func marked(t *testing.T, a *app.App, base string, opt ingest.Options) {
	t.Helper()
	doc, err := ingest.MarksOf(&opt, base).Doc("r")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Store.Append(t.Context(), &store.Batch{Puts: []store.Doc{doc}}); err != nil {
		t.Fatal(err)
	}
}

func cofReject(id, text string) ingest.Reject {
	return ingest.Reject{ID: id, Run: "r", File: "dir/a.json", Format: "cof", Source: "pdns", Line: 1, Reason: "old", Text: text}
}

// fates replays everything and returns what became of each.
func fates(t *testing.T, a *app.App, tlp obs.TLP) (out []app.Replayed) {
	t.Helper()
	if err := a.ReplayRejects(t.Context(), "", tlp, func(r *app.Replayed) error {
		out = append(out, *r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func rowsOf(t *testing.T, a *app.App, name string) (rows []store.Row) {
	t.Helper()
	e := entity.Entity{Kind: entity.Domain, Key: name}
	for row, err := range a.Store.In(store.Everything).Neighbours(t.Context(), e, store.Query{Atoms: true}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func left(t *testing.T, a *app.App) (list []ingest.Reject) {
	t.Helper()
	for r, err := range a.Rejects(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func TestReplayStoresWhatReadsNow(t *testing.T) {
	a := opened(t)
	refused(t, a, cofReject("1", goodCOF), cofReject("2", badCOF))
	marked(t, a, "a.json", ingest.Options{Handling: obs.Handling{TLP: obs.Red, Licence: "own"}})
	got := fates(t, a, obs.TLPUnset)
	if len(got) != 2 || got[0].Fate != app.FateStored || got[0].Observations != 1 || got[1].Fate != app.FateStill {
		t.Fatalf("%+v", got)
	}
	rows := rowsOf(t, a, "a.example")
	if len(rows) != 1 || rows[0].Count != 3 || rows[0].Origin.Source != "pdns" {
		t.Fatalf("%+v", rows)
	}
	if h := rows[0].Origin.Handling; h.TLP != obs.Red || h.Licence != "own" {
		t.Errorf("it is marked %+v, the import was RED", h)
	}
	if list := left(t, a); len(list) != 1 || list[0].ID != "r/2" {
		t.Errorf("left: %+v", list)
	}
	if got = fates(t, a, obs.TLPUnset); len(got) != 1 || len(rowsOf(t, a, "a.example")) != 1 {
		t.Errorf("again: %+v", got)
	}
	if n, err := a.Store.Retract(t.Context(), "r"); err != nil || n != 1 {
		t.Errorf("with its run %d rows are withdrawn (%v)", n, err)
	}
}

// What was imported as RED must not come back as AMBER because nobody remembers.
func TestReplayAsksForTheMarkingThatNobodyKnows(t *testing.T) {
	a := opened(t)
	refused(t, a, cofReject("1", goodCOF))
	err := a.ReplayRejects(t.Context(), "", obs.TLPUnset, func(*app.Replayed) error { return nil })
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.HintOf(err), "--tlp") {
		t.Fatalf("%v", err)
	}
	if len(rowsOf(t, a, "a.example")) != 0 {
		t.Fatal("it was stored")
	}
	if got := fates(t, a, obs.Green); len(got) != 1 || got[0].Fate != app.FateStored || rowsOf(t, a, "a.example")[0].Origin.Handling.TLP != obs.Green {
		t.Errorf("%+v", got)
	}
}

// A reader may mark a replay more strictly than the import was, never less.
func TestReplayKeepsTheStricterMarking(t *testing.T) {
	for _, c := range []struct{ imported, asked, want obs.TLP }{
		{obs.Red, obs.Clear, obs.Red}, {obs.Green, obs.Red, obs.Red}, {obs.TLPUnset, obs.TLPUnset, obs.Amber}, {obs.Clear, obs.TLPUnset, obs.Clear},
	} {
		a := opened(t)
		refused(t, a, cofReject("1", goodCOF))
		marked(t, a, "a.json", ingest.Options{Handling: obs.Handling{TLP: c.imported}})
		fates(t, a, c.asked)
		if got := rowsOf(t, a, "a.example")[0].Origin.Handling.TLP; got != c.want {
			t.Errorf("imported as %s, replayed as %s: stored as %s, want %s", c.imported, c.asked, got, c.want)
		}
	}
}

func TestReplayNeedsTheWholeRecord(t *testing.T) {
	a := opened(t)
	cut := cofReject("1", goodCOF)
	cut.Cut = 100_000
	head := cofReject("2", goodCOF+strings.Repeat(" ", 4<<10-len(goodCOF))) // what is kept of an endless line
	alone := cofReject("3", `{"type":"relationship","id":"relationship--1"}`)
	alone.Format = "stix"
	gone := cofReject("4", goodCOF)
	gone.Format = "a format that is no more"
	refused(t, a, cut, head, alone, gone)
	got := fates(t, a, obs.Amber)
	if len(got) != 4 || len(left(t, a)) != 4 || len(rowsOf(t, a, "a.example")) != 0 {
		t.Fatalf("%+v", got)
	}
	for _, r := range got {
		if r.Fate != app.FateAgain {
			t.Errorf("%s: %s", r.ID, r.Fate)
		}
	}
}

// Of a record that was refused in part the rest is stored already: its counts must
// not be added twice.
func TestReplayOfAPartAddsNothingTwice(t *testing.T) {
	a := opened(t)
	in := ingest.Source{Name: "a.csv", Base: "a.csv", Reader: strings.NewReader(table)}
	res, err := a.Import(t.Context(), in, app.ImportOptions{Format: "csv", Handling: obs.Handling{TLP: obs.TLPUnset}})
	if err != nil || res.Partial+res.Rejected == 0 {
		t.Fatalf("%+v (%v)", res, err)
	}
	before := atoms(rowsOf(t, a, "good.example"))
	for range 2 {
		for _, r := range fates(t, a, obs.Amber) {
			if r.Observations != 0 {
				t.Errorf("%+v", r)
			}
		}
	}
	if after := atoms(rowsOf(t, a, "good.example")); after != before || before == 0 {
		t.Errorf("%d statements, were %d", after, before)
	}
}

// table has a row of which a part can't be read.
const table = "domain,ip,first_seen\ngood.example,192.0.2.999,2024-01-02\n"

func atoms(rows []store.Row) (n int) {
	for i := range rows {
		n += len(rows[i].Atoms)
	}
	return n
}

func TestReplayBehindAContext(t *testing.T) {
	a := opened(t)
	r := cofReject("1", "domain,b.example,2024-01-02")
	r.Format, r.Source, r.Context = "csv", "report", []byte("type,indicator,first_seen\n")
	refused(t, a, r)
	marked(t, a, "list.csv", ingest.Options{Labels: []entity.Entity{{Kind: entity.Label, Key: "actor:bear"}}})
	fates(t, a, obs.TLPUnset)
	rows := rowsOf(t, a, "b.example")
	if len(rows) != 1 || rows[0].Object.Key != "actor:bear" {
		t.Errorf("%+v", rows)
	}
}

func TestWaiting(t *testing.T) {
	a := opened(t)
	if n, err := a.Waiting(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d edges wait at first (%v)", n, err)
	}
	in := ingest.Source{Name: "a.json", Base: "a.json", Reader: strings.NewReader(goodCOF + "\n")}
	if _, err := a.Import(t.Context(), in, app.ImportOptions{Handling: obs.Handling{TLP: obs.TLPUnset}}); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Waiting(t.Context()); n != 1 || err != nil {
		t.Errorf("%d edges wait (%v)", n, err)
	}
	if _, err := a.CatchUp(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

// An attribute of MISP is read again below the tags of its event.
func TestReplayOfAnAttributeKeepsTheTagsOfItsEvent(t *testing.T) {
	const event = `{"Event":{"info":"x","date":"2024-01-02","Orgc":{"name":"o"},"Tag":[{"name":"tlp:red"}],"Attribute":[` +
		`{"type":"domain","value":"a.example","to_ids":true},{"type":"ip-dst","value":"192.0.2.999","to_ids":true}]}}`
	a := opened(t)
	in := ingest.Source{Name: "e.json", Base: "e.json", Reader: strings.NewReader(event)}
	opt := app.ImportOptions{Handling: obs.Handling{TLP: obs.TLPUnset}}
	res, err := a.Import(t.Context(), in, opt)
	if err != nil || res.Format != "misp" || res.Rejected != 1 {
		t.Fatalf("%+v (%v)", res, err)
	}
	list := left(t, a)
	if got := fates(t, a, obs.Clear); len(got) != 1 || got[0].Fate != app.FateStill || got[0].Reason != list[0].Reason {
		t.Fatalf("%+v", got)
	}
	r := list[0]
	r.ID = strings.TrimPrefix(r.ID, r.Run+"/")
	r.Text = strings.Replace(r.Text, "192.0.2.999", "192.0.2.9", 1)
	refused(t, a, r)
	if got := fates(t, a, obs.Clear); len(got) != 1 || got[0].Fate != app.FateStored || got[0].Observations == 0 {
		t.Fatalf("%+v", got)
	}
	for row, err := range a.Store.In(store.Everything).Neighbours(t.Context(), entity.Entity{Kind: entity.IP, Key: "192.0.2.9"}, store.Query{}) {
		if err != nil || row.Origin.Handling.TLP != obs.Red {
			t.Errorf("%+v is marked %s, its event RED (%v)", row, row.Origin.Handling.TLP, err)
		}
	}
}
