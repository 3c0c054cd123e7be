package demo_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/demo"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/synth"
)

// The seeds of the fictitious report are members, and the case speaks of all members.
func TestCase(t *testing.T) {
	members := demo.Members()
	for _, s := range demo.Seeds() {
		if !slices.Contains(members, s) {
			t.Errorf("seed %s is no member", s)
		}
	}
	said := map[string]bool{}
	for o := range demo.Case() {
		said[o.Subject.Key] = true
	}
	for _, m := range members {
		if !said[m] || !strings.HasSuffix(m, ".example") {
			t.Errorf("%s: spoken of %v", m, said[m])
		}
	}
}

// No benign name of the population is a member by chance.
func TestBackgroundHasNoMember(t *testing.T) {
	n := 0
	for o := range demo.Background() {
		if o.Relation == obs.RegistrarOf {
			if n++; slices.Contains(demo.Members(), o.Subject.Key) {
				t.Errorf("%s is benign and a member", o.Subject.Key)
			}
		}
		if n == 20_000 {
			break
		}
	}
}

// Each line of the real part is one that the store takes, and carries its licence.
func TestStalkerware(t *testing.T) {
	var d obs.Decoder
	lines := bytes.Split(bytes.TrimSpace(demo.Stalkerware), []byte("\n"))
	found := map[string]bool{}
	for i, line := range lines[1:] { // behind the header
		o, err := d.Decode(line)
		if err != nil {
			t.Fatalf("line %d: %v", i+2, err)
		}
		if !strings.HasPrefix(o.Origin.Handling.Licence, "CC-BY-4.0") || o.Origin.Handling.Redistribution != obs.RedistributeAttribution {
			t.Errorf("line %d: licence %q", i+2, o.Origin.Handling.Licence)
		}
		found[o.Subject.Key], found[o.Object.Key] = true, true
	}
	for _, s := range demo.RealSeeds() {
		if !found[s] {
			t.Errorf("nothing is said of %s", s)
		}
	}
}

func TestNoiseListsNameTheProviders(t *testing.T) {
	p, err := noise.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Extend(demo.NoiseLists()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		e    entity.Entity
		as   noise.Role
		want noise.Class
	}{
		{entity.Entity{Kind: entity.IP, Key: "198.18.1.7"}, noise.Itself, noise.CDN},
		{entity.Entity{Kind: entity.IP, Key: "198.18.4.2"}, noise.Itself, noise.Parking},
		{entity.Entity{Kind: entity.Domain, Key: synth.CDN}, noise.NameServer, noise.CDN},
		{entity.Entity{Kind: entity.Domain, Key: synth.Parking}, noise.NameServer, noise.Parking},
		{entity.Entity{Kind: entity.Org, Key: synth.Privacy}, noise.Itself, noise.PrivacyContact},
		{entity.Entity{Kind: entity.Domain, Key: synth.MailBig}, noise.MailHost, noise.Mail},
	} {
		if h, _ := p.Verdict(c.e, c.as); h.Class != c.want {
			t.Errorf("%s as %q: %s, want %s", c.e, c.as, h.Class, c.want)
		}
	}
}
