package synth_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/synth"
)

// Figures are compared over time: a change of what the generators write is a change
// of the bench, and needs new figures with the new hash.
func TestOutputIsGolden(t *testing.T) {
	hash := func(write func(io.Writer) error) string {
		h := sha256.New()
		if err := write(h); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(h.Sum(nil))[:16]
	}
	observations := func(seq func(func(obs.Observation) bool)) func(io.Writer) error {
		return func(w io.Writer) error {
			for o := range seq {
				b, err := o.AppendJSON(nil)
				if err != nil {
					return err
				}
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for _, c := range []struct {
		name, want string
		write      func(io.Writer) error
	}{
		{"bench", "76abddc27c618dee", func(w io.Writer) error { return synth.WriteCOF(w, 10_000, 1) }},
		{"population", "edd3e089c15afd68", observations(synth.Population(500, 1))},
		{"campaign", "5853baa00c50036d", observations(campaign.Observations(1))},
	} {
		if got := hash(c.write); got != c.want {
			t.Errorf("%s: %s, want %s; written again %s", c.name, got, c.want, hash(c.write))
		}
	}
}

var campaign = synth.Campaign{
	Name: "test-campaign", Members: 20, Registrar: "bulkreg", NS: []string{"ns1.own.example", "ns2.own.example"}, Addrs: []string{"192.0.2.1"}, CDNShare: .3,
	Issuer: "open certs initiative", Days: 90, Words: []string{"parcel", "track", "depot", "customs"}, TLD: "example", Start: synth.Now - 60*86400, Bursts: 2,
}

// benchRow is what the bench file says in a line.
type benchRow struct {
	Name string          `json:"rrname"`
	Type string          `json:"rrtype"`
	Data json.RawMessage `json:"rdata"`
}

// hub returns how many distinct names the largest address has.
func hub(t *testing.T, rows int) int {
	t.Helper()
	r, w := io.Pipe()
	go func() { w.CloseWithError(synth.WriteCOF(w, rows, 1)) }()
	names := map[string]map[string]struct{}{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"rrtype":"A"`)) {
			continue
		}
		var row benchRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		addr := strings.Trim(string(row.Data), `[]"`)
		if names[addr] == nil {
			names[addr] = map[string]struct{}{}
		}
		names[addr][row.Name] = struct{}{}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, n := range names {
		most = max(most, len(n))
	}
	return most
}

// The largest address has about 191,000 names at eight million rows (synth.WriteCOF).
// A fortieth of the rows has a little more than a fortieth of that: fewer of them
// repeat a name.
func TestBiggestHub(t *testing.T) {
	if got := hub(t, 200_000); got < 5_000 || got > 7_500 {
		t.Errorf("%d names, want about 6,000", got)
	}
}

func TestBiggestHubAtFullSize(t *testing.T) {
	if os.Getenv("SPOOR_SLOW") == "" {
		t.Skip("eight million rows; set SPOOR_SLOW=1")
	}
	if got := hub(t, 8_000_000); got != 191_130 {
		t.Errorf("%d names, want 191,130", got)
	}
}

// The population has what a real one has that misleads a pivot: a content network, a
// parking service, a privacy contact, one provider's mail, at the shares that the
// specification states.
func TestPopulationHasItsHubs(t *testing.T) {
	const names = 3_000
	units, hubs := map[string]bool{}, map[string]map[string]bool{}
	for o := range synth.Population(names, 1) {
		if o.Relation == obs.RegistrarOf {
			units[o.Subject.Key] = true
		}
		hub := ""
		switch {
		case o.Relation == obs.NS && strings.HasSuffix(o.Object.Key, "."+synth.CDN):
			hub = synth.CDN
		case o.Relation == obs.NS && strings.HasSuffix(o.Object.Key, "."+synth.Parking):
			hub = synth.Parking
		case o.Relation == obs.Registrant && o.Object.Key == synth.Privacy:
			hub = synth.Privacy
		case o.Relation == obs.MX && o.Object.Key == "mx."+synth.MailBig:
			hub = synth.MailBig
		default:
			continue
		}
		if hubs[hub] == nil {
			hubs[hub] = map[string]bool{}
		}
		hubs[hub][o.Subject.Key] = true
	}
	if len(units) != names {
		t.Errorf("%d distinct names, want %d", len(units), names)
	}
	// mail: a fifth of those that are neither behind the network nor parked
	for hub, share := range map[string]float64{synth.CDN: .27, synth.Parking: .06, synth.Privacy: .62, synth.MailBig: .2 * .67} {
		if got := float64(len(hubs[hub])) / names; got < share*.8 || got > share*1.2 {
			t.Errorf("%s: %.3f of the names, want %.3f", hub, got, share)
		}
	}
}

// reserved are the suffixes that nobody can register (RFC 2606).
var reserved = []string{".example", ".test", ".invalid"}

func isReserved(name string) bool {
	for _, suffix := range reserved {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Nothing of it can be taken for real: every name is reserved, the source says what
// it is, and each statement is one that a store takes.
func TestNothingIsReal(t *testing.T) {
	check := func(source string) func(obs.Observation) bool {
		return func(o obs.Observation) bool {
			for _, e := range []entity.Entity{o.Subject, o.Object} {
				if e.Kind == entity.Domain && !isReserved(e.Key) {
					t.Errorf("%s could be real", e)
				}
				if e.Kind == entity.IP && !strings.HasPrefix(e.Key, "198.18.") && !strings.HasPrefix(e.Key, "198.19.") && e.Key != campaign.Addrs[0] {
					t.Errorf("%s is outside what is reserved", e)
				}
				if canonical, err := entity.New(e.Kind, e.Key); err != nil || canonical != e {
					t.Errorf("%s is not canonical: %s, %v", e, canonical, err)
				}
			}
			if o.Origin.Source != source {
				t.Errorf("source %s, want %s", o.Origin.Source, source)
			}
			o.Recorded = synth.Now
			if err := o.Validate(synth.Now); err != nil {
				t.Errorf("%v: %+v", err, o)
			}
			return !t.Failed()
		}
	}
	synth.Population(500, 7)(check(synth.Source))
	campaign.Observations(7)(check(campaign.Name))
	if !strings.HasPrefix(synth.Source, "synthetic") {
		t.Errorf("the source %s does not say that it is synthetic", synth.Source)
	}
}

func TestCampaignHasItsMembers(t *testing.T) {
	want := map[string]bool{}
	for _, n := range campaign.Names(3) {
		want[n] = true
	}
	if len(want) != campaign.Members {
		t.Fatalf("%d distinct members, want %d", len(want), campaign.Members)
	}
	for o := range campaign.Observations(3) {
		if o.Relation == obs.RegistrarOf {
			if !want[o.Subject.Key] {
				t.Errorf("%s is no member", o.Subject.Key)
			}
			delete(want, o.Subject.Key)
		}
	}
	if len(want) != 0 {
		t.Errorf("nothing is said of %d members", len(want))
	}
}

func BenchmarkWriteCOF(b *testing.B) {
	for b.Loop() {
		if err := synth.WriteCOF(io.Discard, 10_000, 1); err != nil {
			b.Fatal(err)
		}
	}
}
