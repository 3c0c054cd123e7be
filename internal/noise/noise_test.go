package noise_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/noise"
	"github.com/spoor-cti/spoor/internal/testdata"
)

func load(t testing.TB) *noise.Pack {
	p, err := noise.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestVerdict(t *testing.T) {
	p := load(t)
	for in, want := range map[string]struct {
		class noise.Class
		list  string
	}{
		"ip:8.8.8.8":                       {noise.PublicDNS, "own-public-dns-v4"},
		"ip:104.16.1.1":                    {noise.CDN, "cloudflare"},
		"ip:104.21.27.14":                  {noise.CDN, "cloudflare"}, // a "sinkhole" by mistake
		"ip:106.187.96.49":                 {noise.Sinkhole, "sinkholes"},
		"ip:3.5.140.2":                     {noise.Cloud, "amazon-aws"},
		"ip:192.168.1.1":                   {noise.Private, "iana-special"},
		"ip:100.64.0.1":                    {noise.Private, "iana-special"},
		"ip:192.0.2.1":                     {noise.Documentation, "iana-special"},
		"ip:2001:db8::1":                   {noise.Documentation, "iana-special"},
		"ip:185.199.100.1":                 {noise.None, ""},
		"domain:ns1.sedoparking.com":       {noise.Popular, "tranco10k"},
		"as ns domain:ns1.sedoparking.com": {noise.Parking, "own-parking-ns"},
		"as mx domain:aspmx.l.google.com":  {noise.Mail, "own-mail-providers"},
		"domain:evil.mooo.com":             {noise.DynamicDNS, "dynamic-dns"},
		"domain:www.google.com":            {noise.Popular, "captive-portals"},
		"domain:wikipedia.org":             {noise.Popular, "alexa"},
		"domain:de.wikipedia.org":          {noise.Popular, "moz-top500"},
		"domain:evil.wordpress.com":        {noise.HostingZone, "lots-project"},
		"domain:notwikipedia.org":          {noise.None, ""},
		"domain:mailinator.com":            {noise.DisposableMail, "disposable-email"},
		"email:x@mailinator.com":           {noise.DisposableMail, "disposable-email"},
		"email:abuse@some-registrar.com":   {noise.RoleContact, "common-contact-emails"},
		"email:x@privacyguardian.org":      {noise.PrivacyContact, "own-privacy-services"},
		"email:somebody@gmail.com":         {noise.None, ""},
		"org:Domains By Proxy, LLC":        {noise.PrivacyContact, "own-privacy-services"},
		"org:Evil Corp":                    {noise.None, ""},
		"url:https://bit.ly/x":             {noise.URLShortener, "url-shortener"},
		"cert:" + strings.Repeat("0", 64):  {noise.None, ""},
	} {
		role := noise.Itself
		value := in
		if rest, ok := strings.CutPrefix(in, "as ns "); ok {
			role, value = noise.NameServer, rest
		}
		if rest, ok := strings.CutPrefix(in, "as mx "); ok {
			role, value = noise.MailHost, rest
		}
		e, err := entity.Parse(value)
		if err != nil {
			t.Fatal(err)
		}
		best, all := p.Verdict(e, role)
		if best.Class != want.class || best.List != want.list {
			t.Errorf("%s: %s by %s, want %s by %s (all: %+v)", in, best.Class, best.List, want.class, want.list, all)
		}
	}
}

func TestSinkholeInsideCDNSaysWhyItDoesNotCount(t *testing.T) {
	for _, h := range load(t).Check(entity.Entity{Kind: entity.IP, Key: "104.21.27.14"}) {
		if h.Class == noise.Sinkhole {
			if h.Note == "" {
				t.Error("the hit counts")
			}
			return
		}
	}
	t.Error("the list's hit is hidden")
}

func TestLetsNames(t *testing.T) {
	p := load(t)
	for name, want := range map[string]bool{"mooo.com": true, "000webhostapp.com": true, "wikipedia.org": false, "evil.example": false} {
		if p.LetsNames(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestEveryClassIsExplained(t *testing.T) {
	for _, l := range load(t).Lists() {
		if l.Class.Says() == "" || l.Entries == 0 {
			t.Errorf("list %s: class %q, %d entries", l.Name, l.Class, l.Entries)
		}
	}
}

// TestPackHoldsTheLists compares the number of entries of every list with its
// source, which encoding/json counts.
func TestPackHoldsTheLists(t *testing.T) {
	dir := testdata.Shared(t, "noise/misp-warninglists")
	for _, l := range load(t).Lists() {
		if strings.HasPrefix(l.Name, "own-") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, "lists__"+l.Name+"__list.json"))
		if err != nil {
			t.Fatal(err)
		}
		var src struct{ List []string }
		if err := json.Unmarshal(raw, &src); err != nil {
			t.Fatal(err)
		}
		if len(src.List) != l.Entries {
			t.Errorf("%s: %d entries, the source has %d", l.Name, l.Entries, len(src.List))
		}
	}
}

func TestDamagedPack(t *testing.T) {
	for _, in := range []string{"", "nonsense", "\x28\xb5\x2f\xfd\x00"} {
		if _, err := noise.Decode([]byte(in)); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := os.ReadFile("pack.zst")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw[:2000])
	f.Fuzz(func(_ *testing.T, in []byte) {
		if p, err := noise.Decode(in); err == nil {
			p.Check(entity.Entity{Kind: entity.IP, Key: "192.0.2.1"})
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b)
	}
}

func BenchmarkCheckIP(b *testing.B) {
	p := load(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Check(entity.Entity{Kind: entity.IP, Key: "185.199.100.1"})
	}
}

func BenchmarkCheckDomain(b *testing.B) {
	p := load(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Check(entity.Entity{Kind: entity.Domain, Key: "login.www.evil-site.example.com"})
	}
}
