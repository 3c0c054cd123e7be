package stix_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/stix"
)

func BenchmarkDecode(b *testing.B) {
	objects := []string{object("malware 1", `"name":"M"`)}
	for i := range 2000 {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		objects = append(objects, indicator(id, fmt.Sprintf("[domain-name:value='a%d.example']", i), ""), relation("indicator--"+id, "indicates", "malware--1"))
	}
	in := []byte(bundle(objects...))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		importertest.Decode(b, stix.Format, in)
	}
}

// FuzzSTIX reads anything as an input and as a pattern.
func FuzzSTIX(f *testing.F) {
	f.Add([]byte(bundle(indicator("1", "[domain-name:value='a.example' AND NOT url:value IN ('http://b.example/')] FOLLOWEDBY [file:hashes.'MD5'='x'] WITHIN 5 SECONDS", ""),
		object("malware 1", `"name":"M","sample_refs":["file--1"]`), relation("indicator--1", "indicates", "malware--1"))))
	f.Add([]byte(bundle(object("observed-data 1", `"number_observed":7,"objects":{"0":{"type":"domain-name","value":"a.example","resolves_to_refs":["1"]},"1":{"type":"ipv4-addr","value":"192.0.2.1"}}`),
		object("x509-certificate 1", `"issuer":"/CN=x","serial_number":"1","subject":"CN=a.example, O=y"`), object("report 1", `"name":"R","object_refs":["observed-data--1","report--1"]`))))
	f.Add([]byte("[{\"type\":\"marking-definition\",\"id\":\"marking-definition--1\",\"definition\":{\"tlp\":\"red\"}}\n{}]x"))
	f.Add([]byte(`[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR (a:b.'c'[*].d != t'2024' AND EXISTS e:f)] REPEATS 2 TIMES`))
	f.Fuzz(func(t *testing.T, in []byte) {
		check(t, "input", in)
		if all, err := stix.Comparisons(string(in)); err == nil && len(all) == 0 {
			t.Error("a pattern without comparisons")
		}
		check(t, "pattern", []byte(indicator("1", string(bytes.ToValidUTF8(in, nil)), "")))
	})
}
