package extract_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
)

func TestScan(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// domains
		{"evil.com", "domain:evil.com"},
		{"See evil.com, www.Bad-Site.co.uk; and a_b.example.org.", "domain:evil.com domain:www.bad-site.co.uk domain:a_b.example.org"},
		{"evil[.]com evil(.)com evil{.}com evil[dot]com evil(DOT)com evil[d0t]com evil\\.com", "domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com"},
		{"evil [.] com, evil (dot) com and evil dot com here", "domain:evil.com domain:evil.com domain:evil.com"},
		{"connect the dot product", ""},
		{"a.b[.com", "domain:a.b.com"},
		{"ev\u200bil.co\u00adm and evil。com", "domain:evil.com domain:evil.com"},
		{"münchen.de and xn--mnchen-3ya.de", "domain:xn--mnchen-3ya.de domain:xn--mnchen-3ya.de"},
		{"evil.com:8080 C2:evil.com domain:evil.com:443", "domain:evil.com domain:evil.com domain:evil.com"},
		{"'evil.com' \"evil.com\" <evil.com> (evil.com) [evil.com] evil.com? **evil.com**", "domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com domain:evil.com"},
		{"x=evil.com&y=1", "domain:evil.com"},
		{"abcdefgh.onion evil.example", "domain:abcdefgh.onion domain:evil.example"},
		{"unknown.tldxyz [unknown[.]tldxyz]", "domain:unknown.tldxyz"},
		{"- evil.com\n* evil.net\n1. evil.org", "domain:evil.com domain:evil.net domain:evil.org"},
		// not domains
		{"run install.sh, script.py, readme.md, lib.so, x.zip and ntertmgr32.exe", ""},
		{"install.sh\n\"x.zip\",y\n", "domain:install.sh domain:x.zip"},
		{"x[.]zip www.x.zip x.zip/path", "domain:x.zip domain:www.x.zip url:http://x.zip/path"},
		{"e.g. i.e. a.m. U.S. etc. and so on...", ""},
		{"They went away.It was late. ASP.NET and VB.NET", ""},
		{"the app com.apple.mail and org.foo.bar.app", ""},
		{"evil.COM EVIL.COM", "domain:evil.com domain:evil.com"},
		{".com co.uk", ""},
		{"a..b.com -.com", ""},
		// addresses
		{"192.0.2.1, 192.0.2[.]2 192[.]0[.]2[.]3:8080 [2001:db8::1]:443 2001:DB8::2", "ip:192.0.2.1 ip:192.0.2.2 ip:192.0.2.3 ip:2001:db8::1 ip:2001:db8::2"},
		{"192.0.2.0/24 2001:db8::/32 192.0.2.1/login", "prefix:192.0.2.0/24 prefix:2001:db8::/32 url:http://192.0.2.1/login"},
		{"version 1.2.3.4, v1.2.3.4, 1.2.3.4.5, 1.2.3, 01.02.03.04, 999.1.1.1", ""},
		{"12:30:45 and 00:11:22:33:44:55 and 00:11:22:33:44:55:66:77 ::", ""},
		{"::1 fe80::1%eth0 10.0.0.1 127.0.0.1", "ip:::1 ip:fe80::1 ip:10.0.0.1 ip:127.0.0.1"},
		{"::ffff:192.0.2.1", "ip:192.0.2.1"},
		// URLs
		{"http://evil.com hxxps://evil[.]com/a/b?x=1&y=2#z HXXP://1.2.3[.]4:8080/x", "url:http://evil.com/ url:https://evil.com/a/b?x=1&y=2#z url:http://1.2.3.4:8080/x"},
		{"h**p://evil.com/x hxxp[:]//evil.com/y http[://]evil.com/z meow://evil.com/w", "url:http://evil.com/x url:http://evil.com/y url:http://evil.com/z url:http://evil.com/w"},
		{"(see https://evil.com/a_(b)). <a href=\"http://evil.com/q?a=b\">", "url:https://evil.com/a_(b) url:http://evil.com/q?a=b"},
		{"url=http://evil.com/x,http://evil.net/y", "url:http://evil.com/x,http://evil.net/y"},
		{"http://localhost/x http://intranet/ foo://evil.com/x", "url:http://evil.com/x"},
		{"tcp://192.0.2.1:4444 https://user:pw@evil.com/", "url:tcp://192.0.2.1:4444/ url:https://user:pw@evil.com/"},
		{"evil.com/path/a.php?x=1, and/or either/or.", "url:http://evil.com/path/a.php?x=1"},
		{"http://evil.com/„quoted” “http://evil.com/b”", "url:http://evil.com/ url:http://evil.com/b"},
		{"hxxp://evil.com/REDACTED@adm.example.org", "url:http://evil.com/REDACTED@adm.example.org"},
		// mail
		{"bob@evil.com, Bob@Evil[.]com bob[at]evil[.]com bob (at) evil (dot) com mailto:x@evil.com <y@evil.com>", "email:bob@evil.com email:bob@evil.com email:bob@evil.com email:bob@evil.com email:x@evil.com email:y@evil.com"},
		{"root@192.0.2.1 @handle user@localhost a@b", "ip:192.0.2.1"},
		// the rest
		{"d41d8cd98f00b204e9800998ecf8427e DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "filehash:d41d8cd98f00b204e9800998ecf8427e filehash:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,x", "filehash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09", "filehash:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"AS64500 ASAP AS as64500 ASN", "asn:64500"},
		{"", ""},
		{"plain prose without anything in it", ""},
		{"\x00\xff\xfe binary \x80\x81", ""},
	} {
		var got []string
		extract.Scan([]byte(c.in), func(h extract.Hit) bool {
			got = append(got, h.Entity.String())
			if h.Raw != c.in[h.Start:h.End] {
				t.Errorf("%q: raw %q, but the text has %q", c.in, h.Raw, c.in[h.Start:h.End])
			}
			return true
		})
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.in, s, c.want)
		}
	}
}

func TestScanTellsWhere(t *testing.T) {
	text := "C2 at hxxps://evil[.]example/x, mail bob[at]evil.example and (192.0.2.1:80)."
	for i, want := range []struct {
		raw, host string
		defanged  bool
	}{
		{"hxxps://evil[.]example/x,", "domain:evil.example", true},
		{"bob[at]evil.example", "domain:evil.example", true},
		{"192.0.2.1", "unknown:", false},
	} {
		h := extract.All([]byte(text))[i]
		if strings.TrimRight(h.Raw, ",") != strings.TrimRight(want.raw, ",") || h.Host.String() != want.host || h.Defanged != want.defanged {
			t.Errorf("hit %d: %q, host %s, defanged %v, want %+v", i, h.Raw, h.Host, h.Defanged, want)
		}
	}
}

func TestScanStops(t *testing.T) {
	n := 0
	extract.Scan([]byte("a.com b.com c.com"), func(extract.Hit) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("%d hits after stopping at the second", n)
	}
}

func TestScanReader(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < 3<<20; i++ {
		b.WriteString("some words before evil")
		b.WriteString(strings.Repeat("x", i%40))
		b.WriteString(".com and after\n")
	}
	text := b.String()
	want := extract.All([]byte(text))
	i := 0
	err := extract.ScanReader(strings.NewReader(text), func(h extract.Hit) bool {
		if h != want[i] {
			t.Fatalf("hit %d: %+v, want %+v", i, h, want[i])
		}
		i++
		return true
	})
	if err != nil || i != len(want) {
		t.Errorf("%d hits, want %d, %v", i, len(want), err)
	}
}

func TestScanAllocatesNothingWithoutHits(t *testing.T) {
	text := []byte(strings.Repeat("Plain prose, with figures (42), dates 2024-05-03 and words and/or more. ", 50))
	if n := testing.AllocsPerRun(20, func() {
		extract.Scan(text, func(extract.Hit) bool { t.Fatal("a hit"); return false })
	}); n > 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestScanIsLinear feeds text that invites a scanner to look twice. A quadratic
// one would need hours, so that there is no need for a clock.
func TestScanIsLinear(_ *testing.T) {
	for _, unit := range []string{
		"a:", "a.", "a@", "[.]", "(", "http://", "hxxp", "::", "a/", "\\.", " dot ", "h**p://", "a.com:", "1.", "ev.com/(", "\u200b", "[", "é.", " ", "a dot com ",
	} {
		extract.Scan([]byte(strings.Repeat(unit, 1<<20/len(unit))), func(extract.Hit) bool { return true })
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"evil[.]com hxxps://evil[.]com/x?y=(z) bob[at]evil[.]com 192.0.2[.]1:80 [2001:db8::1]:443",
		"h**p://a.com/ AS64500 d41d8cd98f00b204e9800998ecf8427e evil dot com \u200b。", "[[[(((.com@@@:::///",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		extract.Scan([]byte(text), func(h extract.Hit) bool {
			if h.Start < end || h.End <= h.Start || h.Raw != text[h.Start:h.End] {
				t.Fatalf("hit %+v after %d", h, end)
			}
			end = h.End
			if again, err := entity.Parse(h.Entity.String()); err != nil || again != h.Entity {
				t.Fatalf("%v doesn't read back: %v, %v", h.Entity, again, err)
			}
			return true
		})
	})
}

func BenchmarkScan(b *testing.B) {
	prose := strings.Repeat("The group used several servers for command and control during the spring of 2024, and moved on (see below) once the first report came out. ", 6)
	text := []byte(strings.Repeat(prose+"\nevil-domain-4821[.]com\nhxxps://login.bad-site[.]net/a/b.php?x=1\n198.51.100.17:8443, d41d8cd98f00b204e9800998ecf8427e\n", 200))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		extract.Scan(text, func(extract.Hit) bool { n++; return true })
	}
	if n == 0 {
		b.Fatal("no hits")
	}
}
