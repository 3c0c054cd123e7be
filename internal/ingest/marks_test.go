package ingest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/ingest"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// What was said of an import is kept with what it refused, in one batch, and gives
// the same options again; of an import that refused nothing nothing is kept.
func TestMarksAreKeptWithRejects(t *testing.T) {
	said := ingest.Options{
		Handling: obs.Handling{TLP: obs.Red, Licence: "own"}, Date: 1_700_000_000, Labels: []entity.Entity{{Kind: entity.Label, Key: "actor:bear"}},
	}
	mark := func(o *ingest.Options) { o.Handling, o.Date, o.Labels = said.Handling, said.Date, said.Labels }
	for text, refused := range map[string]bool{cofLines(0, 3): false, cofLines(0, 3) + "{\n": true} {
		b := open(t)
		if res, err := b.imports("a.jsonl", strings.NewReader(text), mark); err != nil || (res.Rejected > 0) != refused {
			t.Fatalf("%+v (%v)", res, err)
		}
		data, err := b.Doc(t.Context(), store.DocID{Collection: ingest.MarksCollection, ID: "run-1"})
		if !refused {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("nothing was refused, and marks are kept: %s (%v)", data, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := ingest.MarksOf(&said, "a.jsonl").Doc("run-1")
		if err != nil || string(data) != string(want.Data) {
			t.Errorf("%s, want %s (%v)", data, want.Data, err)
		}
	}
	var again ingest.Options
	if err := ingest.MarksOf(&said, "").Apply(&again); err != nil || !reflect.DeepEqual(again, said) {
		t.Errorf("%+v, want %+v (%v)", again, said, err)
	}
}

func TestRejectIDs(t *testing.T) {
	for long, short := range map[string]string{"run/0000000007": "run/7", "run/0000000120": "run/120", "run/12345678901": "run/12345678901"} {
		if got := ingest.LongID(short); got != long {
			t.Errorf("%s: %s, want %s", short, got, long)
		}
		if got := ingest.ShortID(long); got != short {
			t.Errorf("%s: %s, want %s", long, got, short)
		}
	}
}
