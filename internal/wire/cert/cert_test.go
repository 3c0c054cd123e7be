package cert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	stdx509 "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"

	"github.com/spoor-cti/spoor/internal/testdata"
	"github.com/spoor-cti/spoor/internal/wire/cert"
)

var (
	poison  = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}}
	sctList = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: []byte{4, 2, 0, 0}}
)

// make signs a certificate with the given extensions; everything else is equal.
func make509(t testing.TB, key *ecdsa.PrivateKey, change func(*stdx509.Certificate)) []byte {
	t.Helper()
	template := &stdx509.Certificate{
		SerialNumber: big.NewInt(0xa1), NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC),
		Subject:  pkix.Name{CommonName: "a.example", Organization: []string{"Evil, Inc"}, Country: []string{"DE"}},
		DNSNames: []string{"a.example", "*.b.example"}, EmailAddresses: []string{"m@a.example"},
		IPAddresses: []net.IP{net.ParseIP("192.0.2.1"), net.ParseIP("2001:db8::1")}, URIs: []*url.URL{{Scheme: "https", Host: "a.example"}},
		SubjectKeyId: []byte{1, 2}, BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	der, err := stdx509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParse(t *testing.T) {
	der := make509(t, newKey(t), nil)
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if c.Serial != "a1" || c.Precert || c.CA || len(c.Odd) > 0 {
		t.Errorf("serial %s, precert %v, CA %v, odd %v", c.Serial, c.Precert, c.CA, c.Odd)
	}
	if got := c.Subject.String(); got != `CN=a.example,O=Evil\, Inc,C=DE` {
		t.Errorf("subject %s", got)
	}
	if !c.NotAfter.Equal(time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC)) || c.NotBefore.Year() != 2026 {
		t.Errorf("validity %s to %s", c.NotBefore, c.NotAfter)
	}
	agree(t, "own", der, c)
}

// TestPrecertAndFinalAreOne: RFC 6962 section 3.1 takes the poison out of the one
// and the SCT list out of the other.
func TestPrecertAndFinalAreOne(t *testing.T) {
	key := newKey(t)
	with := func(extra ...pkix.Extension) *cert.Certificate {
		c, err := cert.Parse(make509(t, key, func(c *stdx509.Certificate) { c.ExtraExtensions = extra }))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	bare, pre, final := with(), with(poison), with(sctList)
	if pre.ID != final.ID || pre.ID != bare.ID {
		t.Errorf("three identities: %x %x %x", bare.ID, pre.ID, final.ID)
	}
	if !pre.Precert || final.Precert {
		t.Errorf("precertificate not told apart")
	}
	other := with(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}})
	if other.ID == pre.ID {
		t.Error("another extension must make another certificate")
	}
}

func TestNamesOfDistinction(t *testing.T) {
	want := cert.Name{{"CN", "a.example"}, {"O", "Evil, Inc"}, {"C", "DE"}}
	for _, got := range []cert.Name{
		cert.ParseName(want.String()), cert.ParseSpaced("C=DE, O=Evil, Inc, CN=a.example"),
		cert.GuessName("/C=DE/O=Evil, Inc/CN=a.example"), cert.GuessName(`CN=a.example/emailAddress=x@a.example, O=Evil\, Inc, C=DE`),
	} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v", got)
		}
	}
	if got := cert.ParseName(`CN=caf\C3\A9+OU=x`); got.Get("cn") != "café" || got.Get("OU") != "x" {
		t.Errorf("got %v", got)
	}
}

// TestFaults: what certificate authorities have got wrong is read over and named.
func TestFaults(t *testing.T) {
	der := make509(t, newKey(t), nil)
	before := []byte("260101000000Z")
	i := strings.Index(string(der), string(before))
	for _, c := range []struct{ time, odd string }{
		{"999999999999Z", "can't be read"}, {"2601010000001", "can't be read"}, {"\x00\xff0101000000Z"[:13], "can't be read"}, {"260101000000Z", ""},
	} {
		broken := append([]byte(nil), der...)
		copy(broken[i:], c.time)
		got, err := cert.Parse(broken)
		if err != nil || strings.Contains(strings.Join(got.Odd, ";"), "can't be read") != (c.odd != "") {
			t.Errorf("%q: %v %v", c.time, got, err)
		}
	}
	for n := range der {
		if _, err := cert.Parse(der[:n]); err == nil {
			t.Fatalf("cut at %d of %d octets and still a certificate", n, len(der))
		}
	}
	if _, err := cert.Parse(append(der, 0)); err == nil {
		t.Error("an octet behind the certificate is no part of it")
	}
}

// agree compares what the walk read with what crypto/x509 read, where that takes
// the certificate.
func agree(t *testing.T, name string, der []byte, c *cert.Certificate) (checked bool) {
	t.Helper()
	s, err := stdx509.ParseCertificate(der)
	if err != nil || s.Version < 3 && len(c.DNSNames) > 0 { // version 1 has no extensions, says the standard library
		return false
	}
	sameNames := len(c.DNSNames) == len(s.DNSNames) && strings.Join(c.DNSNames, ",") == strings.Join(s.DNSNames, ",")
	if !sameNames || len(c.IPs) != len(s.IPAddresses) || len(c.Emails) != len(s.EmailAddresses) || len(c.URIs) != len(s.URIs) {
		t.Errorf("%s: names %q, want %q", name, c.DNSNames, s.DNSNames)
	}
	if c.SPKI != sha256.Sum256(s.RawSubjectPublicKeyInfo) || c.Serial != s.SerialNumber.Text(16) || c.CA != s.IsCA {
		t.Errorf("%s: key, serial %s or CA %v differ", name, c.Serial, c.CA)
	}
	if !c.NotBefore.Equal(s.NotBefore) || !c.NotAfter.Equal(s.NotAfter) {
		t.Errorf("%s: validity %s to %s, want %s to %s", name, c.NotBefore, c.NotAfter, s.NotBefore, s.NotAfter)
	}
	if string(c.SubjectKey) != string(s.SubjectKeyId) || string(c.IssuerKey) != string(s.AuthorityKeyId) {
		t.Errorf("%s: key identifiers differ", name)
	}
	if got := c.Subject.Get("CN"); s.Subject.CommonName != "" && !contains(c.Subject, s.Subject.CommonName) {
		t.Errorf("%s: common name %q, want %q", name, got, s.Subject.CommonName)
	}
	return true
}

func contains(n cert.Name, cn string) bool {
	for _, a := range n {
		if a.Type == "CN" && a.Value == cn {
			return true
		}
	}
	return false
}

// realCerts are the files of the shared data with certificates in them.
func realCerts(t *testing.T) map[string][]byte {
	out := map[string][]byte{}
	for _, dir := range []string{"x509/zlint", "x509/appmattus", "ct/boulder", "hostile/x509-ctgo-invalid"} {
		for _, path := range testdata.Files(t, dir, "*.pem") {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := pem.Decode(raw); b != nil && b.Type == "CERTIFICATE" {
				out[filepath.Base(path)] = b.Bytes
			}
		}
	}
	return out
}

// TestAgainstOtherParsers reads real and faulty certificates: none that crypto/x509
// or zcrypto takes may be refused, and the values must be the same.
func TestAgainstOtherParsers(t *testing.T) {
	certs := realCerts(t)
	var checked, refusedByStd, refusedByZ int
	for name, der := range certs {
		c, err := cert.Parse(der)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if agree(t, name, der, c) {
			checked++
		} else {
			refusedByStd++
		}
		if _, err := zx509.ParseCertificate(der); err != nil {
			refusedByZ++
		}
	}
	t.Logf("%d certificates; crypto/x509 refuses %d, zcrypto %d, the walk 0; %d compared", len(certs), refusedByStd, refusedByZ, checked)
	if checked < 500 || refusedByStd == 0 {
		t.Error("the comparison compares too little")
	}
}

func TestRealPairs(t *testing.T) {
	certs := realCerts(t)
	for pair, same := range map[string]bool{"good": true, "bad": false} {
		pre, err := cert.Parse(certs["precert__testdata__"+pair+"__precert.pem"])
		if err != nil {
			t.Fatal(err)
		}
		final, err := cert.Parse(certs["precert__testdata__"+pair+"__final.pem"])
		if err != nil {
			t.Fatal(err)
		}
		if !pre.Precert || final.Precert || (pre.ID == final.ID) != same {
			t.Errorf("%s: %x and %x", pair, pre.ID, final.ID)
		}
	}
}

func FuzzParse(f *testing.F) {
	key := newKey(f)
	f.Add(make509(f, key, nil))
	f.Add(make509(f, key, func(c *stdx509.Certificate) { c.ExtraExtensions = []pkix.Extension{poison} }))
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := cert.Parse(der)
		if err != nil {
			return
		}
		_ = cert.ParseName(c.Subject.String())
		agree(t, "fuzz", der, c)
	})
}

func BenchmarkParse(b *testing.B) {
	der := make509(b, newKey(b), func(c *stdx509.Certificate) { c.ExtraExtensions = []pkix.Extension{sctList} })
	b.Run("walk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cert.Parse(der); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("peer=crypto/x509", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := stdx509.ParseCertificate(der); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("peer=zcrypto", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := zx509.ParseCertificate(der); err != nil {
				b.Fatal(err)
			}
		}
	})
}
