package obs

import (
	"strconv"
	"strings"
	"time"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Time is a moment in seconds since 1970-01-01 UTC. Zero means unknown: sources
// that write 0 mean "we don't know", and no sensor saw anything in that second.
type Time int64

// The years 1 to 9999, the range that RFC 3339 can write.
const (
	minTime Time = -62135596800
	maxTime Time = 253402300799
)

// At returns t as a Time, to the second.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.Unix())
}

// Std returns t as a time.Time in UTC; the zero time.Time if t is unknown.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}

// Known reports whether t is a known moment.
func (t Time) Known() bool { return t != 0 }

// String returns t in RFC 3339, or "" if it is unknown.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(time.RFC3339)
}

// Date returns t's day as 2006-01-02, or "?" if it is unknown.
func (t Time) Date() string {
	if t == 0 {
		return "?"
	}
	return t.Std().Format(time.DateOnly)
}

var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04",
	"2006-01-02 15:04", time.DateOnly, "2006-01", "2006",
}

// ParseTime reads RFC 3339 and its usual cuts (a date, a month, a year; UTC is
// meant where no zone is given). It does not read bare epoch numbers.
func ParseTime(s string) (Time, error) {
	s = strings.TrimSpace(s)
	for _, l := range timeLayouts {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		if zone, _ := t.Zone(); strings.HasSuffix(l, "MST") && zone != "UTC" && zone != "GMT" {
			break // the same letters mean several zones, and the package knows only the machine's own
		}
		u := Time(t.Unix())
		if u < minTime || u > maxTime {
			break
		}
		return u, nil
	}
	return 0, fault.New(fault.Invalid, "%.40q is no time", s).
		Hinted("write it as 2024-05-03T10:00:00Z, 2024-05-03 or 2024-05")
}

// ParseEpoch reads seconds since 1970, with an optional fraction, which is cut.
func ParseEpoch(s string) (Time, error) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(s), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	for i := 0; err == nil && i < len(frac); i++ {
		if frac[i] < '0' || frac[i] > '9' {
			err = strconv.ErrSyntax
		}
	}
	if err != nil {
		return 0, fault.New(fault.Invalid, "%.40q is no time in seconds", s)
	}
	return CheckEpoch(n)
}

// CheckEpoch accepts n as seconds since 1970 if its year can be written.
func CheckEpoch(n int64) (Time, error) {
	if t := Time(n); t >= 0 && t <= maxTime {
		return t, nil
	}
	return 0, fault.New(fault.Invalid, "time %d is before 1970 or after the year 9999", n)
}

// Granularity says how exact the times of an observation are.
type Granularity uint8

// The granularities. The zero value is the second.
const (
	Second Granularity = iota
	Hour
	Day
	Month
)

var granularityNames = [...]string{Second: "1s", Hour: "1h", Day: "1d", Month: "1mo"}

// String returns "1s", "1h", "1d" or "1mo".
func (g Granularity) String() string { return granularityNames[min(int(g), len(granularityNames)-1)] }

// Slack returns how many seconds a stated time may lie before the true one.
func (g Granularity) Slack() Time {
	return [...]Time{Second: 0, Hour: 3599, Day: 86399, Month: 31*86400 - 1}[min(int(g), int(Month))]
}
