package entity_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// The official test vectors of the Public Suffix List.
func TestPublicSuffixVectors(t *testing.T) {
	text, err := os.ReadFile(testdata.Shared(t, "noise/psl/tests__test_psl.txt"))
	if err != nil {
		t.Fatal(err)
	}
	vector := regexp.MustCompile(`(?m)^checkPublicSuffix\('([^']*)', (?:'([^']*)'|null)\);`)
	all := vector.FindAllStringSubmatch(string(text), -1)
	// grep -c "^checkPublicSuffix('" tests__test_psl.txt
	if want := strings.Count(string(text), "\ncheckPublicSuffix('"); len(all) != want || want < 70 {
		t.Fatalf("%d vectors of %d", len(all), want)
	}
	for _, v := range all {
		name, err := entity.New(entity.Domain, v[1])
		if err != nil {
			if v[2] != "" {
				t.Errorf("%s: %v", v[1], err)
			}
			continue
		}
		got, _ := entity.Registrable(name.Key)
		want := v[2]
		if want != "" {
			e, err := entity.New(entity.Domain, want)
			if err != nil {
				t.Fatal(err)
			}
			want = e.Key
		}
		if got != want {
			t.Errorf("the registered domain of %s is %q, want %q", v[1], got, want)
		}
	}
}

func TestRegisteredDomains(t *testing.T) {
	for name, want := range map[string]string{
		"a.b.example.co.uk": "example.co.uk", "*.example.org": "example.org", "co.uk": "", "*.co.uk": "", ".": "",
		"a.github.io":    "a.github.io", // the private part of the list
		`x\.y.a.example`: "a.example", `x.y\.z.example`: `y\.z.example`, `x.y\046z.com`: `y\046z.com`, `\[.com`: `\[.com`,
	} {
		if got, ok := entity.Registrable(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	if !strings.Contains(entity.SuffixListVersion(), "publicsuffix") {
		t.Errorf("version %q", entity.SuffixListVersion())
	}
}

func TestUnder(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		want       bool
	}{
		{"a.example", "example", true},
		{"example", "example", true},
		{"anexample", "example", false},
		{"example", "a.example", false},
		{"a.example", ".", true},
		{".", ".", true},
		{".", "example", false},
		{`a\.example`, "example", false}, // one label: the dot is escaped
		{`a\\.example`, "example", true}, // two: the backslash is
	} {
		if got := entity.Under(c.name, c.zone); got != c.want {
			t.Errorf("%s under %s: %v", c.name, c.zone, got)
		}
	}
}

func TestOddAndUnicode(t *testing.T) {
	for _, c := range []struct {
		name, unicode string
		odd           bool
	}{
		{"example.org", "example.org", false},
		{"xn--bcher-kva.example", "bücher.example", false},
		{"xn--0.example", "xn--0.example", true},
		{`a\000.example`, `a\000.example`, true},
		{"_dmarc.example", "_dmarc.example", false},
	} {
		if got := entity.Unicode(c.name); got != c.unicode {
			t.Errorf("%s is shown as %s", c.name, got)
		}
		if got := entity.Odd(c.name); got != "" != c.odd {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
