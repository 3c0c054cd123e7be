package certs_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/certs"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/testdata"
)

// own is a self-signed certificate made for this test (P-256, serial a1, valid in
// 2026, CN=a.example, O="Evil, Inc"); the digests in
// ownFacts are those that openssl and sha256sum give.
const own = `-----BEGIN CERTIFICATE-----
MIIBajCCARGgAwIBAgICAKEwCgYIKoZIzj0EAwIwKDESMBAGA1UEChMJRXZpbCwg
SW5jMRIwEAYDVQQDEwlhLmV4YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNMjYwMzAx
MDAwMDAwWjAoMRIwEAYDVQQKEwlFdmlsLCBJbmMxEjAQBgNVBAMTCWEuZXhhbXBs
ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNV5yDQZVzRZ+JeCdjCyt5RrDd2I
GQ1XOFPg1/FZz+DljU9ncQK1NAk+vjZahgW4Van3MSWV9vvQY0q7DiELY8OjKzAp
MCcGA1UdEQQgMB6CCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWHBMAAAgEwCgYIKoZI
zj0EAwIDRwAwRAIgA+3F3Z0JwjvXvnYXflYB9VfmaH/q0p/ulEC1Qbi8dXsCIG6b
+kX1rM6EjXihP1bGT2JAeZCldmcK34YW+bCg46V5
-----END CERTIFICATE-----
`

const ownFacts = `cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 alias cert:sha1:b8adc7a88575aa90a92bbc4b89ec32572b0d4f46 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 alias cert:sha256:43f9433c58813e8485cad789f3a87266921fd9d41febb4a8e3ed0ee8074097c2 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 alias cert:serial:a.example/a1 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 issued-by org:evil, inc 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z issuer="CN=a.example,O=Evil\\, Inc" [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 key spki:fafd198eb84e3d0d2c02c81da39bf4f889ee1e416786acfb40a93a5b6d924523 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 has-fingerprint fingerprint:subject:cn=a.example,o=evil\, inc 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 san domain:a.example 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z field="san" [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 san domain:*.b.example 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z field="san" [certificates declared]
cert:e894ad2d567d7e5f1afe9eb0401f0074ba5eb4b0d694f61060fa540cb7b3a6a2 san ip:192.0.2.1 2026-01-01T00:00:00Z..2026-03-01T00:00:00Z field="san" [certificates declared]`

func TestPEM(t *testing.T) {
	key := "-----BEGIN PRIVATE KEY-----\nc2VjcmV0IHNlY3JldCBzZWNyZXQ=\n-----END PRIVATE KEY-----\n"
	for _, c := range []struct {
		name, in          string
		records, rejected int
		want              string
	}{
		{"one", own, 1, 0, ownFacts},
		{"text around it, CRLF", "Certificate:\n  Data: x\n" + strings.ReplaceAll(own, "\n", "\r\n") + "trailing\n", 1, 0, ownFacts},
		{"trusted", strings.ReplaceAll(own, "CERTIFICATE", "TRUSTED CERTIFICATE"), 1, 0, ownFacts},
		{"a key in the chain file", key + own, 2, 1, ownFacts + "\n! 1: a block \"PRIVATE KEY\" is no certificate; its content is not kept"},
		{"no base64", strings.Replace(own, "MI", "?I", 1) + own, 2, 1, ownFacts + "\n! 1: the block is no base64: illegal base64 data at input byte 0"},
		{"no certificate inside", "-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n", 1, 1, "! 1: couldn't read the certificate: the TBSCertificate is missing or malformed"},
		{"a block inside a block", "-----BEGIN CERTIFICATE-----\nMAMB\n" + own, 2, 1, ownFacts + "\n! 1: a block begins before the one before it ended"},
	} {
		r := importertest.Run(t, certs.Format, []byte(c.in))
		if got := body(r); got != c.want || r.Records != c.records || r.Rejected != c.rejected || r.Incomplete != "" || r.Err != nil {
			t.Errorf("%s: %d records, %d rejected, %v\n got %s\nwant %s", c.name, r.Records, r.Rejected, r.Err, got, c.want)
		}
	}
	cut := importertest.Run(t, certs.Format, []byte(own+own[:200]))
	if cut.Incomplete == "" || cut.Records != 2 || cut.Rejected != 1 {
		t.Errorf("cut: %s", cut)
	}
}

func body(r *importertest.Result) string {
	out := strings.Join(r.Lines, "\n")
	for _, l := range r.Reasons {
		out = strings.TrimPrefix(out+"\n! "+l, "\n")
	}
	return out
}

func TestDER(t *testing.T) {
	block, _ := pem.Decode([]byte(own))
	der := block.Bytes
	for _, c := range []struct {
		name              string
		in                []byte
		records, rejected int
		incomplete        bool
	}{
		{"one", der, 1, 0, false},
		{"two", append(bytes.Clone(der), der...), 2, 0, false},
		{"cut", der[:len(der)-1], 1, 1, true},
		{"something behind", append(bytes.Clone(der), "junk"...), 2, 1, false},
		{"claims a gigabyte", append([]byte{0x30, 0x84, 0x40, 0, 0, 0}, der...), 1, 1, false},
	} {
		r := importertest.Run(t, certs.Format, c.in)
		if r.Records != c.records || r.Rejected != c.rejected || (r.Incomplete != "") != c.incomplete || r.Err != nil {
			t.Errorf("%s: %s", c.name, r)
		}
	}
	if got := body(importertest.Run(t, certs.Format, der)); got != ownFacts {
		t.Errorf("DER says other things than PEM: %s", got)
	}
}

func TestKeptAndDetected(t *testing.T) {
	block, _ := pem.Decode([]byte(own))
	for _, in := range [][]byte{[]byte(own), block.Bytes, []byte("Certificate:\n    Data:\n" + own)} {
		if f, err := (importer.Registry{certs.Format}).Detect(importer.Head{Data: in, Whole: true}); err != nil || f != certs.Format {
			t.Errorf("not recognised: %.20q", in)
		}
		k := &keeper{}
		if err := certs.Format.Decode(t.Context(), &importer.Input{Reader: bytes.NewReader(in), Source: "x"}, k); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(k.original, block.Bytes) || k.named == "" {
			t.Errorf("the DER is not kept: %q, %d octets", k.named, len(k.original))
		}
	}
	if c := certs.Format.Detect(importer.Head{Data: []byte("0,1,2\n"), Whole: true}); c != importer.No {
		t.Error("text that begins with a zero is taken for DER")
	}
}

type keeper struct {
	original []byte
	named    string
}

func (*keeper) Context([]byte)    {}
func (*keeper) Incomplete(string) {}
func (k *keeper) Record(r importer.Record) error {
	k.original, k.named = bytes.Clone(r.Original), r.Named
	return nil
}

// TestRealFiles: the number of records is that of BEGIN lines
// (grep -c -e '-----BEGIN' FILE), those taken that of BEGIN CERTIFICATE, all of
// which the walk can read; a name in a faulty certificate may be refused.
func TestRealFiles(t *testing.T) {
	for _, dir := range []string{"x509/zlint", "x509/appmattus", "ct/boulder", "hostile/x509-ctgo-invalid"} {
		for _, path := range testdata.Files(t, dir, "*.pem") {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			begins := bytes.Count(raw, []byte("-----BEGIN "))
			others := begins - bytes.Count(raw, []byte("-----BEGIN CERTIFICATE-----"))
			r := importertest.Run(t, certs.Format, raw)
			if r.Records != begins || r.Rejected != others || r.Err != nil || r.Incomplete != "" {
				t.Errorf("%s: %d records, want %d; %d rejected, want %d; %v", filepath.Base(path), r.Records, begins, r.Rejected, others, r.Reasons)
			}
		}
	}
}

// TestHostileFiles: each is one record, read or refused.
func TestHostileFiles(t *testing.T) {
	read := 0
	for _, path := range testdata.Files(t, "hostile/openssl-fuzz", "*") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := importertest.Run(t, certs.Format, raw)
		if r.Err != nil {
			t.Errorf("%s: %v", filepath.Base(path), r.Err)
		}
		if len(r.Lines) > 0 {
			read++
		}
	}
	t.Logf("%d read", read)
}

func FuzzCerts(f *testing.F) {
	f.Add([]byte(own))
	block, _ := pem.Decode([]byte(own))
	f.Add(block.Bytes)
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, certs.Format, in) })
}
