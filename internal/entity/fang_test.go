package entity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
)

func TestPastedFormsAreRefanged(t *testing.T) {
	for in, want := range map[string]string{
		"evil[.]example":                      "domain:evil.example",
		"evil(dot)example":                    "domain:evil.example",
		"evil{.}example,":                     "domain:evil.example",
		"evil [dot] example":                  "domain:evil.example",
		`evil\.example`:                       "domain:evil.example",
		"\u200bevil\u200d.example\ufeff":      "domain:evil.example",
		"“evil.example”":                      "domain:evil.example",
		"evil.example:8080":                   "domain:evil.example",
		"домен[.]рф":                          "domain:xn--d1acufc.xn--p1ai",
		"192[.]0[.]2[.]1":                     "ip:192.0.2.1",
		"192.0.2[.]1:443":                     "ip:192.0.2.1",
		"2001[:]db8[:][:]1":                   "ip:2001:db8::1",
		"192[.]0[.]2[.]0/24":                  "prefix:192.0.2.0/24",
		"AS64496":                             "asn:64496",
		"user[at]evil[.]example":              "email:user@evil.example",
		"user[@]evil.example":                 "email:user@evil.example",
		"hxxps[://]evil[.]example/a.php?b":    "url:https://evil.example/a.php?b",
		"hXXp://192.0.2[.]1/x":                "url:http://192.0.2.1/x",
		"meow://evil.example/x":               "url:http://evil.example/x",
		"evil[.]example/x":                    "url:http://evil.example/x",
		"https://evil.example":                "domain:evil.example",
		"domain:evil[.]example":               "domain:evil.example",
		"DOMAIN:Evil[.]Example":               "domain:evil.example",
		"url:hxxp://evil[.]example/":          "url:http://evil.example/",
		"ip:192[.]0[.]2[.]1":                  "ip:192.0.2.1",
		"email:a[@]evil[.]example":            "email:a@evil.example",
		`domain:a\[.\]b.example`:              `domain:a\[.\]b.example`, // a key stays what it is
		`org:"Acme" [.] Co`:                   `org:"acme" [.] co`,
		`org:"acme" [.] co`:                   `org:"acme" [.] co`,
		"label:actor:APT (at) large":          "label:actor:apt (at) large",
		"filehash:" + strings.ToUpper(md5Hex): "filehash:" + md5Hex,
	} {
		e, err := entity.Parse(in)
		if err != nil || e.String() != want {
			t.Errorf("%q is read as %s (%v), want %s", in, e, err, want)
		}
	}
	for _, s := range []string{"", " ", "hello", "1.2.3", "192.0.2.256", "evil.example.7/x", "://", "http://", "a b c", "domain:", "ip:x", "\u202e", "evil.example\u202e"} {
		if e, err := entity.Parse(s); err == nil {
			t.Errorf("%q is read as %s", s, e)
		}
	}
}

func TestADigestHasSeveralReadings(t *testing.T) {
	var kinds []string
	for _, e := range entity.Guess(strings.ToUpper(sha256Hex)) {
		kinds = append(kinds, e.String()[:strings.Index(e.String(), ":")])
		checkEntity(t, e)
	}
	if want := []string{"filehash", "cert", "cert", "spki"}; !slices.Equal(kinds, want) {
		t.Errorf("readings %v, want %v", kinds, want)
	}
	if got := entity.Guess("https://a.example/"); len(got) != 2 || got[0].Kind != entity.Domain || got[1].Kind != entity.URL {
		t.Errorf("readings %v", got)
	}
}

func TestDefangedFormsAreNoLinksAndReadBack(t *testing.T) {
	for in, want := range map[string]string{
		"domain:a.example": "a[.]example", "ip:192.0.2.1": "192[.]0[.]2[.]1", "ip:2001:db8::1": "2001[:]db8[:][:]1",
		"prefix:192.0.2.0/24": "192[.]0[.]2[.]0/24", "email:u@a.example": "u[@]a[.]example",
		"url:https://a.example:8443/x.php?y=z": "hxxps://a[.]example:8443/x.php?y=z", "url:ftp://a.example/": "ftp://a[.]example/",
		"url:http://192.0.2.1": "hxxp://192[.]0[.]2[.]1/", "org:a.b": "a.b",
	} {
		e, err := entity.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		d := e.Defanged()
		if d != want {
			t.Errorf("%s is defanged as %s, want %s", in, d, want)
		}
		if again, err := entity.Parse(e.Kind.String() + ":" + d); err != nil || again != e {
			t.Errorf("%s is read back as %s (%v)", d, again, err)
		}
	}
}
