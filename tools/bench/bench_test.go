package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/synth"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	var hundred []time.Duration
	for i := 1; i <= 100; i++ {
		hundred = append(hundred, time.Duration(i))
	}
	for _, c := range []struct {
		times []time.Duration
		p     int
		want  time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 0, 7},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{1, 2}, 50, 1},
		{[]time.Duration{1, 2, 9}, 50, 2},
		{[]time.Duration{1, 2, 9}, 95, 9},
		{hundred, 50, 50},
		{hundred, 95, 95},
		{hundred, 100, 100},
	} {
		if got := percentile(c.times, c.p); got != c.want {
			t.Errorf("percentile(%d times, %d) = %d, want %d", len(c.times), c.p, got, c.want)
		}
	}
}

func TestTargetsAreLeastOrMost(t *testing.T) {
	for _, c := range []struct {
		value, target float64
		text          string
		ok            bool
	}{
		{5, 0, "", true},
		{0.15, 0.15, "≤ 0.150", true},
		{0.16, 0.15, "≤ 0.150  MISSED", false},
		{120_000, -120_000, "≥ 120000", true},
		{119_999, -120_000, "≥ 120000  MISSED", false},
	} {
		if text, ok := verdict(c.value, c.target); text != c.text || ok != c.ok {
			t.Errorf("verdict(%v, %v) = %q, %v, want %q, %v", c.value, c.target, text, ok, c.text, c.ok)
		}
	}
}

func TestMissedTargetsAreTold(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out, figures: map[string]float64{}}
	b.tell("quick_ms", 1, 2, "")
	b.tell("slow_ms", 3, 2, "of a snail")
	if len(b.missed) != 1 || b.missed[0] != "slow_ms" || strings.Count(out.String(), "MISSED") != 1 {
		t.Errorf("missed %v, table\n%s", b.missed, out.String())
	}
}

func TestLineIsWhatScriptsRead(t *testing.T) {
	b := &bench{name: "read", figures: map[string]float64{"hop_p50_ms": 0.25, "hub1000_p50_ms": 1}}
	line, err := b.line("1.50", "abc1234")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil || bytes.Contains(line, []byte("\n")) {
		t.Fatalf("%s: %v", line, err)
	}
	for _, member := range []string{`"name":"bench-read"`, `"figures":{"hop_p50_ms":0.25,"hub1000_p50_ms":1}`, `"load":"1.50"`, `"commit":"abc1234"`} {
		if !bytes.Contains(line, []byte(member)) {
			t.Errorf("%s lacks %s", line, member)
		}
	}
	if cores, _ := got["cores"].(float64); cores < 1 || len(got) != 5 {
		t.Errorf("%s", line)
	}
}

func TestRowsOfTheEnvironment(t *testing.T) {
	for text, want := range map[string]int{"": defaultRows, "1_000_000": 1_000_000, "5": 5, "-5": defaultRows, "many": defaultRows} {
		if got := rowsOf(text); got != want {
			t.Errorf("rowsOf(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestEveryLineOfTheGeneratorGivesTwoRows(t *testing.T) {
	var file bytes.Buffer
	if err := synth.WriteCOF(&file, 2000, 1); err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file.Bytes()) {
		there, back, ok := pairsOf(line)
		if !ok || bytes.Count(there.key, nil0) != 3 || bytes.Count(back.key, nil0) != 3 || len(there.value) != 16 || bytes.ContainsAny(there.key, `"[]{}`) {
			t.Fatalf("%s gives %q and %q (%v)", line, there.key, back.key, ok)
		}
	}
	if _, _, ok := pairsOf([]byte(`{"rrname":"a.example."}`)); ok {
		t.Error("a line without data was taken")
	}
}

func TestTextIsTheSameForTheSameSeedAndHasIndicators(t *testing.T) {
	one := text(100_000, listWords, 1)
	if !bytes.Equal(one, text(100_000, listWords, 1)) || bytes.Equal(one, text(100_000, listWords, 2)) || len(one) != 100_000 {
		t.Error("the text doesn't depend on its seed alone")
	}
	dense, thin := len(extract.All(one)), len(extract.All(text(100_000, proseWords, 1)))
	if dense < 1000 || thin < 200 || thin > dense/3 {
		t.Errorf("%d indicators in the list, %d in the prose", dense, thin)
	}
}

func TestOnlyWhatARunMadeIsRemoved(t *testing.T) {
	dir := t.TempDir()
	b := &bench{ctx: context.Background(), name: "import", out: &bytes.Buffer{}, rows: 10}
	theirs := filepath.Join(dir, "10", "theirs")
	if err := os.MkdirAll(theirs, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.open(dir); err != nil {
		t.Fatal(err)
	}
	if err := b.generate(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(b.file()); err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(b.file()); err == nil {
		t.Error("the file is still there")
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error("what was there before is gone")
	}
}
