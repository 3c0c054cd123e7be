package obs_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2024-05-03T10:00:00Z":        "2024-05-03T10:00:00Z",
		"2024-05-03T10:00:00.999Z":    "2024-05-03T10:00:00Z",
		"2024-05-03T12:00:00+02:00":   "2024-05-03T10:00:00Z",
		"2024-05-03 12:00:00+02:00":   "2024-05-03T10:00:00Z",
		"2024-05-03T10:00:00":         "2024-05-03T10:00:00Z",
		"2024-05-03 10:00:00":         "2024-05-03T10:00:00Z",
		"2024-05-03 10:00:00.25":      "2024-05-03T10:00:00Z",
		"2024-05-03 10:00:00 UTC":     "2024-05-03T10:00:00Z",
		"2024-05-03 10:00:00 GMT":     "2024-05-03T10:00:00Z",
		"2024-05-03 12:00:00 +0200":   "2024-05-03T10:00:00Z",
		"2024-05-03T10:00":            "2024-05-03T10:00:00Z",
		" 2024-05-03 ":                "2024-05-03T00:00:00Z",
		"2024-02":                     "2024-02-01T00:00:00Z",
		"2024":                        "2024-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z":        "0001-01-01T00:00:00Z",
		"0001":                        "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z":        "9999-12-31T23:59:59Z",
		"9999":                        "9999-01-01T00:00:00Z",
		"1969-12-31T23:59:59Z":        "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00Z":        "", // zero means unknown
		"9999-12-31T23:59:59.5-00:00": "9999-12-31T23:59:59Z",
	} {
		if got, err := obs.ParseTime(in); err != nil || got.String() != want {
			t.Errorf("%s is read as %s (%v), want %s", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "now", "0000", "0000-01-01", "0000-12-31T23:59:59Z", "-0001-01-01", "-2024", "10000-01-01", "99999", "2024-13-01", "2024-02-30", "2024-05-03T25:00:00Z",
		"9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", // a moment outside the years that can be written
		"1714730400", "03.05.2024", "2024-05-03 10:00:00 EST", "2024-05-03 10:00:00 CET", // several zones have these letters
		"2024-05-03T10:00:00Zx", "2024-05-03\x00",
	} {
		if got, err := obs.ParseTime(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is read as %s (%v)", in, got, err)
		}
	}
}

func TestParseEpoch(t *testing.T) {
	for in, want := range map[string]obs.Time{
		"0": 0, "1": 1, "1714730400": 1714730400, " 1714730400 ": 1714730400, "1714730400.999": 1714730400, "1714730400.": 1714730400, "253402300799": 253402300799,
	} {
		if got, err := obs.ParseEpoch(in); err != nil || got != want {
			t.Errorf("%q is read as %d (%v)", in, got, err)
		}
	}
	for _, in := range []string{"", ".", ".5", "-1", "-62135596800", "253402300800", "1714730400000", "9223372036854775808", "1e9", "1.x", "1.-5", "1.5.5", "0x10", "NaN"} {
		if got, err := obs.ParseEpoch(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is read as %d (%v)", in, got, err)
		}
	}
	for _, n := range []int64{-1, 253402300800, 1 << 62, -1 << 63} {
		if _, err := obs.CheckEpoch(n); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestTimesAreWrittenAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := obs.Time(rapid.Int64Range(-62135596800, 253402300799).Filter(func(n int64) bool { return n != 0 }).Draw(t, "seconds"))
		if got, err := obs.ParseTime(v.String()); err != nil || got != v {
			t.Fatalf("%s is read as %s (%v)", v, got, err)
		}
		if v != -62135596800 && obs.At(v.Std()) != v { // the zero time.Time is unknown
			t.Fatalf("%s becomes %s", v, obs.At(v.Std()))
		}
	})
	var unknown obs.Time
	if unknown.String() != "" || unknown.Date() != "?" || unknown.Known() || !unknown.Std().IsZero() || obs.At(time.Time{}) != 0 {
		t.Error("the unknown time is shown as a time")
	}
}

func TestRecordTypes(t *testing.T) {
	for in, want := range map[string]obs.RRType{"A": 1, "aaaa": 28, " ns ": 2, "TYPE65280": 65280, "type1": 1, "257": 257, "CAA": 257, "65535": 65535} {
		if got, err := obs.ParseRRType(in); err != nil || got != want {
			t.Errorf("%q is read as %s (%v)", in, got, err)
		}
	}
	for _, in := range []string{"", "0", "TYPE0", "65536", "TYPE-1", "TYPETYPE1", "NONSENSE", "A B"} {
		if got, err := obs.ParseRRType(in); err == nil {
			t.Errorf("%q is read as %s", in, got)
		}
	}
	for n := range 65536 {
		if typ := obs.RRType(n); n > 0 {
			if got, err := obs.ParseRRType(typ.String()); err != nil || got != typ {
				t.Fatalf("%d is written %s and read as %d (%v)", n, typ, got, err)
			}
		}
	}
}
