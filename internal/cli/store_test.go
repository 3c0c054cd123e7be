package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs one command on a data directory and reads its first answer.
func call(t *testing.T, data string, args ...string) (answer map[string]any, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = Main(t.Context(), "test", append([]string{"--data", data, "--json"}, args...), Streams{strings.NewReader(""), &out, &errs, Streams{}.Terminal})
	if out.Len() > 0 {
		if err := json.NewDecoder(&out).Decode(&answer); err != nil {
			t.Fatalf("%v: %q is no JSON: %v", args, out.String(), err)
		}
	}
	return answer, errs.String(), status
}

// imported makes a data directory with two files in it and returns the run of each.
func imported(t *testing.T) (data, file string, runs []string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	for i, text := range []string{
		`{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"time_last":1700000100,"count":3}
{"rrname":"b.example","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"time_last":1700000100,"count":3}
`,
		`{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000100,"count":3}
`,
	} {
		file = filepath.Join(t.TempDir(), "input.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		answer, stderr, status := call(t, data, "import", file)
		if status != exitDone || answer["accepted"] != float64(2-i) {
			t.Fatalf("import: %v %s, status %d", answer, stderr, status)
		}
		runs = append(runs, answer["run"].(string))
	}
	return data, file, runs
}

func TestStoreCheckAndStats(t *testing.T) {
	data, _, _ := imported(t)
	answer, stderr, status := call(t, data, "store", "check")
	if status != exitDone || answer["ok"] != true || answer["rows"] != 2.0 || answer["chunks"] != 2.0 {
		t.Errorf("check: %v %s, status %d", answer, stderr, status)
	}
	answer, stderr, status = call(t, data, "store", "stats")
	if status != exitDone || answer["rows"] != 2.0 || answer["atoms"] != 3.0 || answer["oldest"] != "2020-09-13T12:26:40Z" {
		t.Errorf("stats: %v %s, status %d", answer, stderr, status)
	}
	if kinds, _ := answer["entities"].(map[string]any); kinds["domain"] != 2.0 || kinds["ip"] != 1.0 {
		t.Errorf("entities: %v", answer["entities"])
	}
	if answer, _, _ = call(t, data, "store", "stats", "--quick"); answer["rows"] != nil || answer["chunks"] != 2.0 {
		t.Errorf("quick stats: %v", answer)
	}
}

func TestStoreBackupRestore(t *testing.T) {
	data, _, _ := imported(t)
	lists := filepath.Join(data, "noise.list")
	if err := os.WriteFile(lists, []byte("# own lists\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	backup, other := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "other")
	if answer, stderr, status := call(t, data, "store", "backup", backup); status != exitDone || answer["rows"] != 2.0 || answer["verified"] != true {
		t.Fatalf("backup: %v %s, status %d", answer, stderr, status)
	}
	if _, stderr, status := call(t, data, "store", "backup", backup); status != exitStore || !strings.Contains(stderr, "not empty") {
		t.Errorf("into a backup: %s, status %d", stderr, status)
	}
	if _, stderr, status := call(t, data, "store", "restore", backup); status != exitStore || !strings.Contains(stderr, "--data") {
		t.Errorf("over a store: %s, status %d", stderr, status)
	}
	if answer, stderr, status := call(t, other, "store", "restore", backup); status != exitDone || answer["rows"] != 2.0 {
		t.Fatalf("restore: %v %s, status %d", answer, stderr, status)
	}
	if text, err := os.ReadFile(filepath.Join(other, "noise.list")); err != nil || string(text) != "# own lists\n" {
		t.Errorf("own lists: %q, %v", text, err)
	}
	if answer, _, status := call(t, other, "show", "a.example"); status != exitDone || answer == nil {
		t.Errorf("show: %v, status %d", answer, status)
	}
	if _, stderr, status := call(t, other, "store", "restore", t.TempDir()); status != exitError || !strings.Contains(stderr, "no backup") {
		t.Errorf("restore of nothing: %s, status %d", stderr, status)
	}
}

func TestStoreRetract(t *testing.T) {
	data, file, runs := imported(t)
	answer, stderr, status := call(t, data, "store", "retract", runs[1])
	if status != exitDone || answer["rows"] != 1.0 || answer["run"] != runs[1] || answer["file"] != file {
		t.Errorf("retract: %v %s, status %d", answer, stderr, status)
	}
	if answer, _, _ = call(t, data, "store", "stats"); answer["rows"] != 2.0 || answer["atoms"] != 2.0 {
		t.Errorf("left: %v", answer)
	}
	if answer, _, status = call(t, data, "store", "retract", runs[1]); status != exitDone || answer["rows"] != 0.0 {
		t.Errorf("a second time: %v, status %d", answer, status)
	}
	if _, stderr, status = call(t, data, "store", "retract", "nonsense"); status != exitError || !strings.Contains(stderr, "no run") {
		t.Errorf("a run that never was: %s, status %d", stderr, status)
	}
	if answer, _, _ = call(t, data, "import", file); answer["accepted"] != 1.0 || answer["replayed"] != 0.0 {
		t.Errorf("imported again: %v", answer)
	}
	if answer, _, _ = call(t, data, "store", "check"); answer["ok"] != true || answer["atoms"] != 3.0 {
		t.Errorf("check: %v", answer)
	}
}

func TestStoreReindex(t *testing.T) {
	data, _, _ := imported(t)
	for range 2 {
		if answer, stderr, status := call(t, data, "store", "reindex"); status != exitDone || answer["names"] != 2.0 {
			t.Errorf("reindex: %v %s, status %d", answer, stderr, status)
		}
	}
}

// TestDamagedIndex: whoever needs it is told what to do, and that helps.
func TestDamagedIndex(t *testing.T) {
	data, _, _ := imported(t)
	if _, stderr, status := call(t, data, "store", "reindex"); status != exitDone {
		t.Fatal(stderr)
	}
	tables, err := filepath.Glob(filepath.Join(data, "index", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables of the index: %v", err)
	}
	for _, f := range tables {
		if err := os.WriteFile(f, []byte("not a table"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, stderr, status := call(t, data, "pivot", "a.example"); status == exitDone || !strings.Contains(stderr, "spoor store reindex") {
		t.Errorf("status %d, %s", status, stderr)
	}
	if _, stderr, status := call(t, data, "store", "reindex"); status != exitDone {
		t.Errorf("reindex: %s", stderr)
	}
	if _, stderr, status := call(t, data, "pivot", "a.example"); status != exitDone {
		t.Errorf("after it: status %d, %s", status, stderr)
	}
}

// TestStoreIsNotMade: looking after a store that isn't there doesn't make one.
func TestStoreIsNotMade(t *testing.T) {
	for _, args := range [][]string{{"check"}, {"stats"}, {"backup", "x"}, {"retract", "r"}, {"reindex"}} {
		data := filepath.Join(t.TempDir(), "data")
		_, stderr, status := call(t, data, append([]string{"store"}, args...)...)
		if status != exitError || !strings.Contains(stderr, "not_found") {
			t.Errorf("%v: %s, status %d", args, stderr, status)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%v made a data directory", args)
		}
	}
	if _, _, status := call(t, t.TempDir(), "store", "backup"); status != exitUsage {
		t.Errorf("backup without a directory: status %d", status)
	}
}
