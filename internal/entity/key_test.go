package entity_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/entity"
)

// checkEntity holds what is true of every entity: its key is canonical, its text
// and its binary key read back to the same, and its text is UTF-8.
func checkEntity(t interface{ Errorf(string, ...any) }, e entity.Entity) {
	again, err := entity.New(e.Kind, e.Key)
	if err != nil || again != e {
		t.Errorf("the key %q of a %s becomes %q (%v)", e.Key, e.Kind, again.Key, err)
	}
	if again, err = entity.Parse(e.String()); err != nil || again != e {
		t.Errorf("%q is read as %q (%v)", e.String(), again.String(), err)
	}
	if !utf8.ValidString(e.Key) || e.Key == "" {
		t.Errorf("the key %q of a %s is empty or no UTF-8", e.Key, e.Kind)
	}
	b := entity.AppendBinary([]byte("before"), e)[len("before"):]
	tail := []byte{0, 1, 2, 0xff}
	got, rest, err := entity.DecodeBinary(append(bytes.Clone(b), tail...))
	if err != nil || got != e || !bytes.Equal(rest, tail) {
		t.Errorf("the binary key of %q is decoded as %q, rest %x (%v)", e, got, rest, err)
	}
	if n, err := entity.SkipBinary(append(bytes.Clone(b), tail...)); err != nil || n != len(b) {
		t.Errorf("the binary key of %q has %d octets, %d are skipped (%v)", e, len(b), n, err)
	}
	for i := range b {
		if n, err := entity.SkipBinary(b[:i]); err == nil && n > i {
			t.Errorf("%d octets of a key of %q count as %d", i, e, n)
		}
	}
	e.Defanged()
}

// raw makes values that may become an entity of the kind, the usual and the odd.
func raw(k entity.Kind) *rapid.Generator[string] {
	hexOf := func(n int) *rapid.Generator[string] {
		return rapid.Map(rapid.SliceOfN(rapid.Byte(), n, n), func(b []byte) string { return fmt.Sprintf("%x", b) })
	}
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9 .:/@-]{1,30}`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) string { return string(b) }))
	host := rapid.OneOf(rapid.StringMatching(`([a-z0-9_-]{1,8}\.){0,4}[a-z]{1,6}`), rapid.StringMatching(`(\\[0-2][0-4][0-9]|\\[.x]|[A-Za-z!\[(]){1,9}\.example`),
		rapid.Map(rapid.StringN(1, 12, 40), func(s string) string { return s + ".example" }))
	addr := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return a.String() }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return a.String() }))
	prefix := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%s/%d", addr.Draw(t, "addr"), rapid.IntRange(0, 128).Draw(t, "bits"))
	})
	join := func(sep string, a, b *rapid.Generator[string]) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string { return a.Draw(t, "a") + sep + b.Draw(t, "b") })
	}
	switch k {
	case entity.Domain:
		return rapid.OneOf(host, text)
	case entity.IP:
		return addr
	case entity.Prefix:
		return prefix
	case entity.ASN:
		return rapid.Map(rapid.Uint32(), func(n uint32) string { return fmt.Sprint(n) })
	case entity.Cert:
		return rapid.OneOf(hexOf(32), join("", rapid.Just("sha1:"), hexOf(20)), join("", rapid.Just("serial:"), join("/", text, text)))
	case entity.SPKI:
		return hexOf(32)
	case entity.FileHash:
		return rapid.OneOf(hexOf(16), hexOf(20), hexOf(32), hexOf(64))
	case entity.Email:
		return join("@", text, host)
	case entity.Phone:
		return rapid.StringMatching(`\+?[0-9 ()./-]{5,18}`)
	case entity.URL:
		return rapid.OneOf(join("", rapid.Just("http://"), join("/", host, text)), join("", rapid.Just("https://"), join("/?", addr, text)), join("", rapid.Just("HTTP://a.example/?"), join("#", text, text)))
	case entity.Fingerprint:
		return join(":", rapid.StringMatching(`[a-z0-9-]{1,9}|title`), text)
	case entity.SSHKey:
		return rapid.OneOf(join("", rapid.Just("md5:"), hexOf(16)), join("", rapid.Just("SHA256:"), rapid.StringMatching(`[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]`)))
	}
	return text
}

// anyEntity draws entities of every kind.
func anyEntity() *rapid.Generator[entity.Entity] {
	return rapid.Custom(func(t *rapid.T) entity.Entity {
		k := rapid.SampledFrom(entity.Kinds()).Draw(t, "kind")
		for range 20 {
			if e, err := entity.New(k, raw(k).Draw(t, "raw")); err == nil {
				return e
			}
		}
		e, err := entity.New(entity.Domain, "a.example")
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}

func TestEveryEntityReadsBack(t *testing.T) {
	for _, k := range entity.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			made := 0
			rapid.Check(t, func(t *rapid.T) {
				e, err := entity.New(k, raw(k).Draw(t, "raw"))
				if err != nil {
					return
				}
				made++
				checkEntity(t, e)
			})
			if made < 20 {
				t.Errorf("only %d values became a %s", made, k)
			}
		})
	}
}

func TestDefangedNamesReadBack(t *testing.T) {
	kinds := []entity.Kind{entity.Domain, entity.IP, entity.Prefix}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		e, err := entity.New(k, raw(k).Draw(t, "raw"))
		if err != nil || k == entity.Domain && strings.Trim(e.Key, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") != "" { // no host name
			return
		}
		again, err := entity.Parse(k.String() + ":" + e.Defanged())
		if err != nil || again != e {
			t.Fatalf("%s is defanged as %s and read as %s (%v)", e, e.Defanged(), again, err)
		}
	})
}

// Two entities have one binary key only if they are the same, and no key is the
// beginning of another: rows are made of keys one behind the other.
func TestBinaryKeysAreDistinctAndSelfDelimiting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyEntity().Draw(t, "a"), anyEntity().Draw(t, "b")
		ka, kb := entity.AppendBinary(nil, a), entity.AppendBinary(nil, b)
		if a != b && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
			t.Fatalf("the keys of %q and %q run together: %x, %x", a, b, ka, kb)
		}
		one, rest, err := entity.DecodeBinary(append(ka, kb...))
		if err != nil || one != a {
			t.Fatalf("%q is decoded as %q (%v)", a, one, err)
		}
		if two, _, err := entity.DecodeBinary(rest); err != nil || two != b {
			t.Fatalf("%q is decoded as %q (%v)", b, two, err)
		}
	})
}

func TestAZoneIsAPrefixOfBinaryKeys(t *testing.T) {
	// few labels, so that names often lie below each other
	label := rapid.SampledFrom([]string{"a", "b", "ab", `a\.b`, `\000`, `\001`, `\002x`, "a-", `\255`, `\\`})
	name := rapid.Map(rapid.SliceOfN(label, 1, 4), func(l []string) string { return strings.Join(l, ".") })
	rapid.Check(t, func(t *rapid.T) {
		n, err := entity.New(entity.Domain, name.Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		z, err := entity.New(entity.Domain, rapid.OneOf(name, rapid.Just(".")).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		key, prefix := entity.AppendBinary(nil, n), entity.ZonePrefix(z.Key)
		rest, has := bytes.CutPrefix(key, prefix)
		in := has && (z.Key == "." || len(rest) > 0 && rest[0] <= 1)
		if want := entity.Under(n.Key, z.Key); in != want {
			t.Fatalf("%s under %s: by key %v, by name %v (%x, %x)", n.Key, z.Key, in, want, key, prefix)
		}
		if upper := append(bytes.Clone(prefix), 2); z.Key != "." && has && (bytes.Compare(key, upper) < 0) != entity.Under(n.Key, z.Key) {
			t.Fatalf("%s doesn't lie in the range of %s", n.Key, z.Key)
		}
	})
}

func TestAPrefixIsARangeOfBinaryKeys(t *testing.T) {
	addr := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) netip.Addr { a, _ := netip.AddrFromSlice(b); return a }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) netip.Addr { a, _ := netip.AddrFromSlice(b); return a.Unmap() }))
	key := func(a netip.Addr) []byte {
		return entity.AppendBinary(nil, entity.Entity{Kind: entity.IP, Key: a.String()})
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := addr.Draw(t, "a"), addr.Draw(t, "b")
		if got, want := bytes.Compare(key(a), key(b)), cmp.Compare(a.Compare(b), 0); got != want {
			t.Fatalf("keys of %s and %s compare as %d, addresses as %d", a, b, got, want)
		}
		p := netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
		if rapid.Bool().Draw(t, "near") { // an address of the same prefix, or just outside
			b = lastOf(p)
			if rapid.Bool().Draw(t, "behind") && b.Next().IsValid() {
				b = b.Next()
			}
		}
		first, last := entity.AddrRange(p)
		in := bytes.Compare(first, key(b)) <= 0 && bytes.Compare(key(b), last) <= 0
		if in != p.Contains(b) {
			t.Fatalf("%s in %s: by key %v", b, p, in)
		}
	})
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestNamesSortByZone(t *testing.T) {
	names := []string{".", "com", "a.com", "b.a.com", "b.com", "a-b.com", "com-x", "org"}
	want := []string{".", "com", "a.com", "b.a.com", "a-b.com", "b.com", "com-x", "org"}
	slices.SortFunc(names, func(a, b string) int {
		return bytes.Compare(entity.AppendBinary(nil, entity.Entity{Kind: entity.Domain, Key: a}), entity.AppendBinary(nil, entity.Entity{Kind: entity.Domain, Key: b}))
	})
	if !slices.Equal(names, want) {
		t.Errorf("sorted %v, want %v", names, want)
	}
}

func TestDamagedBinaryKeysAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": nil, "kind alone": {1}, "unknown kind": {0, 'a', 0}, "kind of later": {19, 'a', 0},
		"name without end": {1, 'a'}, "short address": {2, 4, 1, 2, 3}, "strange family": {2, 9, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"prefix without length": {3, 4, 1, 2, 3, 4}, "prefix too long": {3, 4, 1, 2, 3, 4, 33}, "short number": {4, 0, 0, 1},
		"short digest": {5, 32, 1, 2}, "alias without end": {5, 0, 'a'}, "text without end": {7, 'a'},
	} {
		if e, _, err := entity.DecodeBinary(b); err == nil || !e.IsZero() {
			t.Errorf("%s: decoded as %q (%v)", name, e, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"evil[.]example", "hxxps://evil[.]example:8443/a?b#c", "192.0.2.0/24", "user[at]evil.example", "AS64496", sha256Hex,
		`domain:a\.b\000.example`, "label:actor:x", "phone:ȺȺȺȺȺȺȺx", "url:http://a/?q=\u3000#", "cert:serial:a／b/0c", "registrar:２９２",
		"fingerprint:x:J\u030c", "email:mailto:mailto:a@b", "org:İ\u00a8\x00", "sshkey:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := entity.Parse(s); err == nil {
			checkEntity(t, e)
		}
		for _, e := range entity.Guess(s) {
			checkEntity(t, e)
		}
		for _, k := range entity.Kinds() {
			e, err := entity.New(k, s)
			if err != nil {
				continue
			}
			checkEntity(t, e)
			if k == entity.Domain {
				entity.Odd(e.Key)
				entity.Unicode(e.Key)
				if r, ok := entity.Registrable(e.Key); ok && !entity.Under(strings.TrimPrefix(e.Key, "*."), r) {
					t.Errorf("the registered domain of %q is %q", e.Key, r)
				}
			}
		}
	})
}

func FuzzDecodeBinary(f *testing.F) {
	for _, s := range []string{"domain:www.example.org", `domain:a\.\000.example`, "ip:192.0.2.1", "ip:2001:db8::1", "prefix:192.0.2.0/24", "asn:1", "cert:" + sha256Hex, "cert:sha1:" + sha1Hex, "org:a\x01b\x00"} {
		e, err := entity.Parse(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(entity.AppendBinary(nil, e))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, skipErr := entity.SkipBinary(b)
		if skipErr == nil && (n < 2 || n > len(b)) {
			t.Fatalf("%d of %d octets skipped", n, len(b))
		}
		e, rest, err := entity.DecodeBinary(b)
		if err != nil {
			return
		}
		if skipErr != nil || n != len(b)-len(rest) {
			t.Fatalf("decoding takes %d octets, skipping %d (%v)", len(b)-len(rest), n, skipErr)
		}
		if c, err := entity.New(e.Kind, e.Key); err != nil || c != e {
			return // octets that no key has
		}
		if again, _, err := entity.DecodeBinary(entity.AppendBinary(nil, e)); err != nil || again != e {
			t.Fatalf("%q becomes %q (%v)", e, again, err)
		}
	})
}

func BenchmarkNewDomain(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := entity.New(entity.Domain, "www.sub.example.org"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendBinary(b *testing.B) {
	e := entity.Entity{Kind: entity.Domain, Key: "www.sub.example.org"}
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = entity.AppendBinary(buf[:0], e)
	}
}
