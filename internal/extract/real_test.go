package extract_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// TestRealLists counts distinct indicators in lists as vendors publish them. The
// expected numbers were counted without spoor, in Python: domains as distinct
// first CSV fields (or lines) that match ^[A-Za-z0-9_.-]+\.[A-Za-z]{2,}$ after
// [.] was undone; addresses by (?<![\d.])(\d{1,3}\.){3}\d{1,3}(?![\d.]); digests
// by runs of 32, 40 or 64 hexadecimal digits; URLs by h(xx|tt)ps?://\S+; in the
// Iran lists by the column "Type". Where ours differ, the reason stands beside.
func TestRealLists(t *testing.T) {
	for file, want := range map[string]map[string]int{
		"SolarStorm__IOCs":                      {"domain": 19, "filehash": 11},
		"Gamaredon__Gamaredon_IoCs_DEC2022.txt": {"domain": 596, "ip": 18, "url": 17, "filehash": 241},
		"Gamaredon__Gamaredon_IoCs_JAN2022.txt": {"domain": 707, "ip": 215, "filehash": 82},
		"magnitude__magek_domains.txt":          {"domain": 6089},
		"notepadcase__Domain_listing.txt":       {"domain": 2612 - 1}, // one line ends in a TLD that doesn't exist
		"silverterrier__domains.csv":            {"domain": 2577},     // 2576 and one with blanks behind it
		"diamondfox__diamondfox_panels.txt":     {"url": 889, "filehash": 842},
		"keybase__keybase_ioc.csv":              {"url": 173, "filehash": 320},
		"venomrat_iocs.csv":                     {"domain": 13, "ip": 177, "url": 12, "filehash": 308},
		"iran_linked_operators__APT33.csv":      {"domain": 26, "ip": 21, "filehash": 39 - 1 + 8}, // one MD5 lacks a digit
		"iran_linked_operators__DarkHydrus.csv": {"domain": 53, "ip": 2, "filehash": 32},
		"iran_linked_operators__MagicHound.csv": {"domain": 13, "ip": 9, "filehash": 55},
		"iran_linked_operators__OilRig.csv":     {"domain": 25, "ip": 12, "filehash": 57},
		"iran_linked_operators__Shamoon.csv":    {"filehash": 29},
		"bitter__iocs.csv":                      {"domain": 33, "ip": 1, "filehash": 3 * 85},
	} {
		text, err := os.ReadFile(testdata.Shared(t, "campaigns/unit42-lists/"+file))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		seen := map[entity.Entity]bool{}
		extract.Scan(text, func(h extract.Hit) bool {
			if !seen[h.Entity] {
				seen[h.Entity] = true
				got[h.Entity.Kind.String()]++
			}
			return true
		})
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
	}
}

// TestNaughtyStrings reads strings that break programs, alone and inside an
// indicator: what is found must read back to itself.
func TestNaughtyStrings(t *testing.T) {
	text, err := os.ReadFile(testdata.Shared(t, "hostile/naughty-strings/blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	if err := json.Unmarshal(text, &lines); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		for _, in := range []string{line, "http://evil.example/" + line, line + ".evil.example", line + "@evil.example"} {
			for _, h := range extract.All([]byte(in)) {
				if again, err := entity.Parse(h.Entity.String()); err != nil || again != h.Entity {
					t.Errorf("%q: %v reads back as %v, %v", in, h.Entity, again, err)
				}
			}
		}
	}
}
