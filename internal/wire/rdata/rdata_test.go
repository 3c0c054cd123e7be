package rdata_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

func TestMap(t *testing.T) {
	long := strings.Repeat("x", 2000)
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(long)))
	for _, c := range []struct{ owner, typ, text, want string }{
		{"a.example", "A", "192.0.2.1", "domain:a.example resolves ip:192.0.2.1"},
		{"a.example", "AAAA", "2001:DB8::1", "domain:a.example resolves ip:2001:db8::1"},
		{"a.example", "AAAA", "::ffff:192.0.2.1", "domain:a.example resolves ip:192.0.2.1"},
		{"a.example", "A", "2001:db8::1", "error"},
		{"a.example", "A", "not an address", "error"},
		{"a.example", "CNAME", "B.Example.", "domain:a.example resolves domain:b.example"},
		{"a.example", "NS", "ns1.b.example.", "domain:a.example ns domain:ns1.b.example"},
		{"a.example", "MX", "10 mail.b.example.", "domain:a.example mx domain:mail.b.example preference=10"},
		{"a.example", "MX", "mail.b.example.", "domain:a.example mx domain:mail.b.example"},
		{"a.example", "MX", "0 .", "nothing"},
		{"a.example", "MX", "1 2 3", "error"},
		{"1.2.0.192.in-addr.arpa", "PTR", "a.example.", "ip:192.0.2.1 ptr domain:a.example"},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "a.example.", "ip:2001:db8::1 ptr domain:a.example"},
		{"2.0.192.in-addr.arpa", "PTR", "a.example.", "domain:2.0.192.in-addr.arpa resolves domain:a.example"},
		{"a.example", "SOA", "ns1.b.example. host\\.master.b.example. 2024010101 7200 3600 1209600 300", "domain:a.example soa-rname email:host.master@b.example mname=ns1.b.example serial=2024010101"},
		{"a.example", "SOA", "ns1.b.example. admin@b.example 1 2 3 4 5", "domain:a.example soa-rname email:admin@b.example mname=ns1.b.example serial=1"},
		{"a.example", "SOA", ". nobody.invalid. 1 2 3 4 5", "nothing"},
		{"a.example", "SOA", ". . 1 2 3 4 5", "nothing"},
		{"a.example", "SOA", "ns1", "error"},
		{"_sip._udp.a.example", "SRV", "10 5 5060 sip.b.example.", "domain:_sip._udp.a.example resolves domain:sip.b.example port=5060 priority=10 weight=5"},
		{"a.example", "SRV", "0 0 0 .", "nothing"},
		{"a.example", "TXT", `"v=spf1 " "-all\"" "\233"`, "domain:a.example resolves fingerprint:txt:v=spf1 -all\"\uFFFD"},
		{"a.example", "TXT", "plain text", "domain:a.example resolves fingerprint:txt:plain text"},
		{"a.example", "TXT", `""`, "nothing"},
		{"a.example", "TXT", long, "domain:a.example resolves fingerprint:txt-sha256:" + digest + " text=" + long[:1500]},
		{"a.example", "HTTPS", "1 . alpn=h3", "domain:a.example resolves fingerprint:rdata:1 . alpn=h3"},
		{"a.example", "HTTPS", "0 svc.b.example. alpn=h3", "domain:a.example resolves domain:svc.b.example params=alpn=h3 priority=0"},
		{"a.example", "CAA", `0 issue "ca.example"`, `domain:a.example resolves fingerprint:rdata:0 issue "ca.example"`},
	} {
		typ, err := obs.ParseRRType(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		owner, err := entity.New(entity.Domain, c.owner)
		if err != nil {
			t.Fatal(err)
		}
		s, ok, err := rdata.Map(owner, typ, c.text)
		got := "nothing"
		switch {
		case err != nil:
			got = "error"
		case ok:
			got = s.Subject.String() + " " + s.Relation.String() + " " + s.Object.String()
			for _, a := range s.Attributes {
				got += " " + a.Name + "=" + a.Value
			}
			if err := s.Relation.Check(s.Subject.Kind, s.Object.Kind); err != nil {
				t.Errorf("%s %s: %v", c.typ, c.text, err)
			}
		}
		if got != c.want {
			t.Errorf("%s %s %.60s:\n got %.200s\nwant %.200s", c.owner, c.typ, c.text, got, c.want)
		}
	}
}

func FuzzMap(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "10 mail.b.example.", `"a" "b\"`, "ns. a\\.b.c. 1", "0 0 0 ."} {
		f.Add(uint16(1), s)
		f.Add(uint16(15), s)
		f.Add(uint16(16), s)
	}
	owner := entity.Entity{Kind: entity.Domain, Key: "a.example"}
	f.Fuzz(func(t *testing.T, typ uint16, text string) {
		s, ok, err := rdata.Map(owner, obs.RRType(typ), text)
		if !ok || err != nil {
			return
		}
		if err := s.Relation.Check(s.Subject.Kind, s.Object.Kind); err != nil {
			t.Fatal(err)
		}
		if again, err := entity.Parse(s.Object.String()); err != nil || again != s.Object {
			t.Fatalf("%v is not canonical: %v, %v", s.Object, again, err)
		}
	})
}

func BenchmarkMapA(b *testing.B) {
	owner := entity.Entity{Kind: entity.Domain, Key: "a.example"}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := rdata.Map(owner, obs.TypeA, "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
