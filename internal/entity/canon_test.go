package entity_test

import (
	"os"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/testdata"
)

const (
	sha256Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sha1Hex   = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	md5Hex    = "d41d8cd98f00b204e9800998ecf8427e"
)

// Every row is one thing in several spellings; the first is its key.
func TestSpellingsOfOneThingGiveOneKey(t *testing.T) {
	for _, c := range []struct {
		kind      entity.Kind
		spellings []string
	}{
		{entity.Domain, []string{"www.example.org", "WWW.Example.ORG.", " www.example.org ", "www.example.org\r\n", "www。example．org", "www.ＥＸＡＭＰＬＥ.org"}},
		{entity.Domain, []string{"xn--bcher-kva.example", "bücher.example", "BÜCHER.example", "XN--BCHER-KVA.example.", "bu\u0308cher.example", `b\195\188cher.example`}},
		{entity.Domain, []string{"xn--fa-hia.example", "faß.example"}}, // IDNA2008: ß is a letter of its own
		{entity.Domain, []string{"xn--e1afmkfd.xn--p1ai", "пример.рф"}},
		{entity.Domain, []string{"."}},
		{entity.Domain, []string{"_dmarc.example.org", "_DMARC.example.org"}},
		{entity.Domain, []string{"*.example.org"}},
		{entity.Domain, []string{`a\.b.example`, `a\046b.example`, `A\.B.example.`}},
		{entity.Domain, []string{`a\\.example`, `a\092.example`, `a\\.example.`}},
		{entity.Domain, []string{`example.a\\`, `example.a\\.`}},
		{entity.Domain, []string{`a\032b\000.example`, "a b\x00.example"}},
		{entity.Domain, []string{`\195\164_b.example`, "ä_b.example"}}, // IDNA refuses it
		{entity.Domain, []string{`\255\254.example`, "\xff\xfe.example"}},
		{entity.Domain, []string{`a\[.\]b.example`, "a[.]b.example"}},
		{entity.Domain, []string{strings.Repeat("a", 63) + ".example", strings.Repeat("A", 63) + ".example"}},
		{entity.IP, []string{"192.0.2.1", " 192.0.2.1\n", "::ffff:192.0.2.1", "::FFFF:c000:201", "[::ffff:192.0.2.1]"}},
		{entity.IP, []string{"2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]", "2001:db8::1%eth0"}},
		{entity.IP, []string{"::"}},
		{entity.Prefix, []string{"192.0.2.0/24", "192.0.2.77/24", "::ffff:192.0.2.0/120"}},
		{entity.Prefix, []string{"2001:db8::/32", "2001:DB8:ffff::/32"}},
		{entity.Prefix, []string{"0.0.0.0/0"}},
		{entity.Prefix, []string{"::/0"}},
		{entity.ASN, []string{"64496", "AS64496", "as 64496", " 064496 "}},
		{entity.ASN, []string{"4294967295"}},
		{entity.ASN, []string{"0"}},
		{entity.Cert, []string{sha256Hex, strings.ToUpper(sha256Hex), colons(sha256Hex)}},
		{entity.Cert, []string{"sha1:" + sha1Hex, "SHA1:" + colons(sha1Hex)}},
		{entity.Cert, []string{"md5:" + md5Hex}},
		{entity.Cert, []string{"sha256:" + sha256Hex}},
		{entity.Cert, []string{"serial:example ca/12ab", "serial:Example  CA/00:12:AB", "SERIAL:example ca/0x12ab", "serial:example ca/12 ab "}},
		{entity.Cert, []string{"serial:x/0", "serial:X/00", "serial:x/0x0"}},
		{entity.Cert, []string{"serial:a b/c", "serial:a／b/c", "serial:a／b/0c"}},
		{entity.SPKI, []string{sha256Hex, strings.ToUpper(sha256Hex)}},
		{entity.FileHash, []string{md5Hex, strings.ToUpper(md5Hex)}},
		{entity.FileHash, []string{sha1Hex}},
		{entity.Email, []string{"user@example.org", " User@EXAMPLE.org ", "<user@example.org>", "mailto:user@example.org.", "mailto:mailto:user@example.org"}},
		{entity.Email, []string{"ǰ@xn--bcher-kva.example", "J\u030c@bücher.example", "j\u030c@BÜCHER.example"}},
		{entity.Phone, []string{"+4930123456", "+49 (0)30 123456", "0049-30/123.456", "tel:+49 30 123456", "+49.30123456", "(+49) 30 123456", "+4930123456x99", "+4930123456;ext=99"}},
		{entity.Phone, []string{"030123456", "030 123-456"}},
		{entity.Person, []string{"jörg müller", "Jörg  MÜLLER", "\tJo\u0308rg\u00a0Müller\n"}},
		{entity.Org, []string{"strasse ag", "Straße AG", "STRASSE AG", "ＳＴＲＡＳＳＥ ＡＧ"}},
		{entity.Org, []string{"ᎠᏲ", "ꭰᏺ"}}, // Cherokee folds to capitals
		{entity.Registrar, []string{"iana:292", "292", "IANA: 0292", "２９２"}},
		{entity.Registrar, []string{"markmonitor inc.", "MarkMonitor Inc."}},
		{entity.URL, []string{"http://example.org/A?b=C", "HTTP://EXAMPLE.org:80/A?b=C", "http://example.org.:080/A?b=C"}},
		{entity.URL, []string{"https://example.org/", "https://Example.org", "https://example.org:443"}},
		{entity.URL, []string{"https://example.org:8443/x"}},
		{entity.URL, []string{"http://[2001:db8::1]:8080/", "http://[2001:DB8:0::1]:8080"}},
		{entity.URL, []string{"http://192.0.2.1/", "http://[::ffff:192.0.2.1]/"}},
		{entity.URL, []string{"http://xn--bcher-kva.example/", "http://bücher.example/"}},
		{entity.URL, []string{"http://%C3%A4_b.example/", "http://ä_b.example/"}},
		{entity.URL, []string{"http://example.org/?q=%E3%80%80", "http://example.org/?q=\u3000#", "http://example.org/?q=\u3000#\n"}},
		{entity.URL, []string{"http://example.org/a%20b", "http://example.org/a b"}},
		{entity.Fingerprint, []string{"jarm:2ad2ad", "JARM: 2AD2AD"}},
		{entity.Fingerprint, []string{"title:Sign In", "Title:  Sign\n In "}},
		{entity.Fingerprint, []string{"favicon-mmh3:-123", " favicon-mmh3 : -123"}},
		{entity.Fingerprint, []string{"x:ǰ", "x:J\u030c", "X:ǰ"}},
		{entity.Tracker, []string{"UA-1234-1", "ua-1234-1", " UA-1234-1 "}},
		{entity.SSHKey, []string{"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}},
		{entity.SSHKey, []string{"md5:" + md5Hex, colons(md5Hex), "MD5:" + colons(md5Hex)}},
		{entity.Label, []string{"actor:lazarus group", "Actor: Lazarus  Group"}},
		{entity.Label, []string{"tag:phishing", "Phishing", "TAG:phishing"}},
		{entity.Label, []string{"tag:x:y", "x:y"}},
		{entity.List, []string{"top 1000", " Top\u30001000"}},
	} {
		for i, s := range c.spellings {
			e, err := entity.New(c.kind, s)
			if err != nil {
				t.Errorf("%s %q: %v", c.kind, s, err)
				continue
			}
			if e.Key != c.spellings[0] {
				t.Errorf("%s %q has the key %q, %q has %q", c.kind, s, e.Key, c.spellings[0], c.spellings[0])
			}
			if i == 0 {
				checkEntity(t, e)
			}
		}
	}
}

func colons(hex string) string {
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex[i : i+2]))
	}
	return b.String()
}

func TestWhatNamesNothingIsRefused(t *testing.T) {
	long := strings.Repeat("a", 64)
	for kind, values := range map[entity.Kind][]string{
		entity.Domain: {
			"", " ", "..", "a..b", ".a", "。", long + ".example", strings.Repeat("abcdefghi.", 26) + "example",
			`a\`, `a\25`, `a\256.example`, `a\2x5.example`,
		},
		entity.IP:          {"", "192.0.2", "192.0.2.256", "192.0.2.01", "a.example", ":::"},
		entity.Prefix:      {"", "192.0.2.0", "192.0.2.0/33", "192.0.2.0/-1", "fe80::%eth0/64"},
		entity.ASN:         {"", "AS", "-1", "4294967296", "64496.1x"},
		entity.Cert:        {"", sha1Hex, sha256Hex[1:], "g" + sha256Hex[1:], "sha1:" + sha256Hex, "crc:00", "serial:x", "serial:/1", "serial:x/" + strings.Repeat("1", 257)},
		entity.SPKI:        {"", sha1Hex},
		entity.FileHash:    {"", "00", sha256Hex + "0"},
		entity.Email:       {"", "@", "a@", "@a.example", "a b@a.example", "a@b@c.example", strings.Repeat("a", 257) + "@a.example"},
		entity.Phone:       {"", "1234", "+1", "one two three", "ȺȺȺȺȺȺȺx", "123456789012345678901"},
		entity.Person:      {"", " \t\u00a0", strings.Repeat("a", 1025)},
		entity.URL:         {"", "a.example", "http://", "http:///x", "http://a.example:99999/", `http://a"b.example/`, "http://a[.]b.example/", "http://a b.example/", "http://\x00.example/", "http://a.example/" + strings.Repeat("a", 8192)},
		entity.Fingerprint: {"", "jarm", "jarm:", ":x", "ja rm:x", "ja\u0301rm:x", "x:" + strings.Repeat("a", 2049)},
		entity.Tracker:     {"", "a b", strings.Repeat("a", 129)},
		entity.SSHKey:      {"", "SHA256:", "SHA256:abc", "SHA256: not base64 !", "md5:00"},
		entity.Label:       {"", "actor:", ":"},
	} {
		for _, s := range values {
			e, err := entity.New(kind, s)
			switch {
			case kind == entity.Label && s == ":" && err == nil: // a tag that is a colon
			case err == nil:
				t.Errorf("%s %.60q was taken as %.60q", kind, s, e.Key)
			case !fault.Is(err, fault.Invalid):
				t.Errorf("%s %.60q: code %s", kind, s, fault.CodeOf(err))
			case len(err.Error()) > 300:
				t.Errorf("%s: the error repeats %d octets of the input", kind, len(err.Error()))
			}
		}
	}
	for _, k := range []entity.Kind{entity.Unknown, 19, 255} {
		if _, err := entity.New(k, "x"); !fault.Is(err, fault.Invalid) {
			t.Errorf("kind %d: %v", k, err)
		}
	}
}

func TestErrorsShowNoControlCharacters(t *testing.T) {
	for _, s := range []string{"a\x1b[31mb\x00", "a\u202ecom.exe", "\u009b31mx", "x\x7f"} {
		_, err := entity.New(entity.IP, s)
		if err == nil {
			t.Fatalf("%q is an address", s)
		}
		if strings.ContainsAny(err.Error(), "\x00\x1b\x7f\u202e\u009b") {
			t.Errorf("the error shows a steering character: %q", err.Error())
		}
	}
}

func TestKindsHaveTheirNames(t *testing.T) {
	if n := len(entity.Kinds()); n != 18 {
		t.Errorf("%d kinds", n)
	}
	for _, k := range entity.Kinds() {
		if got, ok := entity.KindOf(k.String()); !ok || got != k {
			t.Errorf("kind %d is written %q and read as %d", k, k, got)
		}
	}
	if _, ok := entity.KindOf("unknown"); ok {
		t.Error("there is a kind unknown")
	}
	if entity.Kind(200).String() != "unknown" {
		t.Error("a kind without a name has one")
	}
}

// The strings come from minimaxir/big-list-of-naughty-strings.
func TestNaughtyStringsAreNamesOrRefused(t *testing.T) {
	files := testdata.Files(t, "hostile/naughty-strings", "*")
	n := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			n++
			for _, k := range entity.Kinds() {
				if e, err := entity.New(k, line); err == nil {
					checkEntity(t, e)
				}
			}
			for _, e := range entity.Guess(line) {
				checkEntity(t, e)
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d strings", n)
	}
}

func TestNamesFromTheWire(t *testing.T) {
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{nil, "."},
		{[]string{"WWW", "Example"}, "www.example"},
		{[]string{"a.b", "example"}, `a\.b.example`},
		{[]string{" a ", "example"}, `\032a\032.example`},
		{[]string{"\x00\xff", "example"}, `\000\255.example`},
		{[]string{"ü", "example"}, "xn--tda.example"},
	} {
		labels := make([][]byte, 0, len(c.labels))
		for _, l := range c.labels {
			labels = append(labels, []byte(l))
		}
		e, err := entity.NameFromWire(labels)
		if err != nil || e.Key != c.want {
			t.Errorf("%q: %q, %v", c.labels, e.Key, err)
		}
		checkEntity(t, e)
	}
	if _, err := entity.NameFromWire([][]byte{nil}); err == nil {
		t.Error("an empty label was taken")
	}
}

func TestCertificatesAreKnownByAliases(t *testing.T) {
	a, err := entity.CertAlias("sha1", strings.ToUpper(sha1Hex))
	if err != nil || !entity.IsCertAlias(a) || a.Key != "sha1:"+sha1Hex {
		t.Errorf("%v, %v", a, err)
	}
	c, err := entity.New(entity.Cert, sha256Hex)
	if err != nil || entity.IsCertAlias(c) {
		t.Errorf("%v is an alias (%v)", c, err)
	}
}

func TestURLsLeadToTheirHosts(t *testing.T) {
	for url, want := range map[string]string{
		"http://www.example.org:8080/x": "domain:www.example.org", "http://192.0.2.1/": "ip:192.0.2.1",
		"http://[2001:db8::1]/": "ip:2001:db8::1", "http://%C3%A4_b.example/": `domain:\195\164_b.example`,
		"http://u:p@a.example/": "domain:a.example",
	} {
		if h, ok := entity.HostOf(url); !ok || h.String() != want {
			t.Errorf("%s leads to %s", url, h)
		}
	}
	for _, url := range []string{"", "http://", "::", "http://%zz/"} {
		if h, ok := entity.HostOf(url); ok {
			t.Errorf("%q leads to %s", url, h)
		}
	}
}
