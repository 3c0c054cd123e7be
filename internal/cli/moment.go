package cli

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-cti/spoor/internal/obs"
)

var ago = regexp.MustCompile(`^(\d{1,6})(s|m|h|d|w|mo|y)$`)

// parseMoment reads a time as people give it: RFC 3339; a date, month or year,
// which mean their last second; or so long ago (90s, 12h, 7d, 4w, 3mo, 2y).
func parseMoment(s string, now time.Time) (obs.Time, error) {
	s = strings.TrimSpace(s)
	if m := ago.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, err
		}
		switch m[2] {
		case "mo":
			return obs.At(now.AddDate(0, -n, 0)), nil
		case "y":
			return obs.At(now.AddDate(-n, 0, 0)), nil
		}
		unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
		return obs.At(now.Add(-time.Duration(n) * unit)), nil
	}
	t, err := obs.ParseTime(s)
	if err != nil {
		return 0, err
	}
	switch len(s) {
	case len("2024"):
		t = obs.At(t.Std().AddDate(1, 0, 0)) - 1
	case len("2024-05"):
		t = obs.At(t.Std().AddDate(0, 1, 0)) - 1
	case len("2024-05-03"):
		t += 86399
	}
	return t, nil
}
