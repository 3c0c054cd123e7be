// Package demo holds the case that ships with spoor: a fictitious phishing
// campaign planted in a synthetic benign population, with the network, parking
// and privacy services that such a population has, and a part of the real
// stalkerware indicators by AssoEchap (CC BY 4.0).
//
// It is data and what it takes to make it; it must not know how it is loaded or
// told.
package demo

import (
	_ "embed" // the stalkerware relations
	"fmt"
	"iter"
	"strings"

	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/synth"
)

// Names is the size of the benign population.
const Names = 100_000

const seed = 20261001

// Stalkerware is a part of the indicators by AssoEchap
// (https://github.com/AssoEchap/stalkerware-indicators), CC BY 4.0, as of
// 2026-06-21, in spoor's NDJSON form.
//
//go:embed stalkerware.ndjson
var Stalkerware []byte

// Credit names the source of the real part.
const Credit = "stalkerware indicators by AssoEchap, CC BY 4.0"

// Campaign is the fictitious case: forty names that copy parcel services.
var campaign = synth.Campaign{
	Name: "sensor-quay", Members: 40, Registrar: "kiwi domains", NS: []string{"ns1.quaywater.example", "ns2.quaywater.example"},
	Addrs: []string{"192.0.2.17", "192.0.2.18", "203.0.113.9"}, CDNShare: .2, Issuer: "open certs initiative", Days: 90, Keys: 4,
	SOA: "ops@quaywater.example", Words: []string{"harbour", "parcel", "customs", "delivery", "track", "depot", "address", "express"},
	TLD: "example", Start: synth.Now - 120*86400, Bursts: 4, Tracker: "G-QUAY0417",
}

// Background yields the benign population.
func Background() iter.Seq[obs.Observation] { return synth.Population(Names, seed) }

// Case yields what is known of the fictitious campaign.
func Case() iter.Seq[obs.Observation] { return campaign.Observations(seed) }

// Members lists the campaign's names: the truth to compare with.
func Members() []string { return campaign.Names(seed) }

// Seeds are the three indicators of the fictitious report.
func Seeds() []string { return Members()[:3] }

// RealSeeds are three names of one real stalkerware family.
func RealSeeds() []string { return []string{"copy9.com", "thetruthspy.com", "ispyoo.com"} }

// NoiseLists classifies the population's fictitious providers, as the public lists
// classify the real ones.
func NoiseLists() []byte {
	var b strings.Builder
	b.WriteString("spoor-noise\t1\t2026-10-01\n")
	list := func(name, class, typ, title string, entries ...string) {
		fmt.Fprintf(&b, "list\t%s\t%s\t%s\t1\t%d\t%s\n%s\n", name, class, typ, len(entries), title, strings.Join(entries, "\n"))
	}
	list("demo-cdn", "cdn", "cidr", "addresses of the fictitious content network", "198.18.0.0/22")
	list("demo-cdn-ns", "cdn", "hostname", "name servers of the fictitious content network", synth.CDN)
	list("demo-parking", "parking", "cidr", "addresses of the fictitious parking service", "198.18.4.0/24")
	list("demo-parking-ns", "parking", "hostname", "name servers of the fictitious parking service", synth.Parking)
	list("demo-privacy", "privacy-contact", "string", "the fictitious privacy service", synth.Privacy)
	list("demo-mail", "mail", "hostname", "the fictitious mail provider", synth.MailBig, "postbox.example")
	return []byte(b.String())
}
