package background_test

import (
	"testing"

	"github.com/spoor-cti/spoor/internal/background"
)

func TestTable(t *testing.T) {
	b, err := background.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		feature string
		parts   []string
		want    float64
	}{
		{"tld", []string{"com"}, 440_000},
		{"issuer", []string{"let's encrypt"}, 550_000},
		{"registrar+organisation", []string{"iana:146", "domains by proxy, llc"}, 90_000},
		{"tld", []string{"example"}, 0},
		{"ip", []string{"192.0.2.1"}, 0},
	} {
		if got := b.Count(c.feature, c.parts...); got != c.want {
			t.Errorf("%s %v: %v, want %v", c.feature, c.parts, got, c.want)
		}
	}
}
