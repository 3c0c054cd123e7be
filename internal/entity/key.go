package entity

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strconv"
)

// The binary key is the canonical order of entities on every backend: domains
// sort by reversed labels, so that a zone is a prefix; addresses sort as
// octets, so that a prefix is a range. It is self-delimiting.
const (
	end      = 0x00 // ends a text
	labelSep = 0x01 // between reversed labels: below every octet of a label
	escape   = 0x02 // before an octet 0x00, 0x01 or 0x02, which is then shifted by 0x10
)

// ErrKey is returned for octets that are no binary key.
var ErrKey = errors.New("entity: malformed binary key")

// AppendBinary appends e's binary key to dst. e must be canonical.
func AppendBinary(dst []byte, e Entity) []byte {
	dst = append(dst, byte(e.Kind))
	switch e.Kind {
	case Domain:
		return append(appendReversed(dst, e.Key), end)
	case IP:
		a, err := netip.ParseAddr(e.Key)
		if err != nil {
			return append(dst, end)
		}
		return appendAddr(dst, a)
	case Prefix:
		p, err := netip.ParsePrefix(e.Key)
		if err != nil {
			return append(dst, end)
		}
		return append(appendAddr(dst, p.Addr()), byte(p.Bits()))
	case ASN:
		n, _ := strconv.ParseUint(e.Key, 10, 32)
		return binary.BigEndian.AppendUint32(dst, uint32(n))
	case Cert, SPKI, FileHash:
		return appendDigest(dst, e.Key)
	default:
		return append(appendEscaped(dst, e.Key), end)
	}
}

// ZonePrefix returns the octets with which the binary key of zone and of every
// name below it begins; the octet after them is 0x00 for the zone itself and
// 0x01 for a name below it.
func ZonePrefix(zone string) []byte {
	dst := []byte{byte(Domain)}
	if zone == "." {
		return dst
	}
	return appendReversed(dst, zone)
}

// AddrRange returns the first and last binary keys of the addresses in p.
func AddrRange(p netip.Prefix) (first, last []byte) {
	p = p.Masked()
	first = appendAddr([]byte{byte(IP)}, p.Addr())
	last = bytes.Clone(first)
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		last[2+bit/8] |= 0x80 >> (bit % 8)
	}
	return first, last
}

func appendAddr(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return append(append(dst, 4), b[:]...)
	}
	b := a.As16()
	return append(append(dst, 6), b[:]...)
}

// appendDigest writes hex digests as octets with their length before them, and
// other text (certificate aliases) after a zero.
func appendDigest(dst []byte, s string) []byte {
	n := len(dst)
	dst = append(dst, byte(len(s)/2))
	out, err := hex.AppendDecode(dst, []byte(s))
	if err != nil || len(s)/2 > 64 {
		dst = append(dst[:n], 0)
		return append(appendEscaped(dst, s), end)
	}
	return out
}

func appendEscaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] <= escape {
			dst = append(dst, escape, s[i]+0x10)
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}

// appendReversed writes a domain's labels in reverse order.
func appendReversed(dst []byte, name string) []byte {
	if name == "." {
		return dst
	}
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' {
			return appendReversedOdd(dst, name)
		}
	}
	for stop := len(name); ; {
		start := stop
		for start > 0 && name[start-1] != '.' {
			start--
		}
		dst = append(dst, name[start:stop]...)
		if start == 0 {
			return dst
		}
		dst = append(dst, labelSep)
		stop = start - 1
	}
}

func appendReversedOdd(dst []byte, name string) []byte {
	labels, err := splitLabels(name)
	if err != nil {
		return dst
	}
	for i, label := range slices.Backward(labels) {
		dst = appendEscaped(dst, string(label))
		if i > 0 {
			dst = append(dst, labelSep)
		}
	}
	return dst
}

// DecodeBinary reads one binary key from the front of b and returns the entity
// and what follows it.
func DecodeBinary(b []byte) (Entity, []byte, error) {
	if len(b) < 2 {
		return Entity{}, nil, ErrKey
	}
	kind, b := Kind(b[0]), b[1:]
	switch kind {
	case Domain:
		text, rest, err := cutText(b)
		if err != nil {
			return Entity{}, nil, err
		}
		return Entity{Domain, reverseLabels(text)}, rest, nil
	case IP:
		a, rest, err := cutAddr(b)
		if err != nil {
			return Entity{}, nil, err
		}
		return Entity{IP, a.String()}, rest, nil
	case Prefix:
		a, rest, err := cutAddr(b)
		if err != nil || len(rest) < 1 || int(rest[0]) > a.BitLen() {
			return Entity{}, nil, ErrKey
		}
		return Entity{Prefix, netip.PrefixFrom(a, int(rest[0])).String()}, rest[1:], nil
	case ASN:
		if len(b) < 4 {
			return Entity{}, nil, ErrKey
		}
		return Entity{ASN, strconv.FormatUint(uint64(binary.BigEndian.Uint32(b)), 10)}, b[4:], nil
	case Cert, SPKI, FileHash:
		return cutDigest(kind, b)
	}
	if int(kind) >= len(kindNames) || kind == Unknown {
		return Entity{}, nil, ErrKey
	}
	text, rest, err := cutText(b)
	if err != nil {
		return Entity{}, nil, err
	}
	return Entity{kind, string(unescape(text))}, rest, nil
}

// SkipBinary returns the length of the binary key at the front of b, without
// decoding it.
func SkipBinary(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, ErrKey
	}
	n := 0
	switch Kind(b[0]) {
	case IP:
		n = 1 + addrLen(b[1])
	case Prefix:
		n = 2 + addrLen(b[1])
	case ASN:
		n = 5
	case Cert, SPKI, FileHash:
		if n = 2 + int(b[1]); n == 2 {
			n = textEnd(b, 2)
		}
	default:
		n = textEnd(b, 1)
	}
	if n < 2 || n > len(b) {
		return 0, ErrKey
	}
	return n, nil
}

func addrLen(family byte) int {
	if family == 4 {
		return 5
	}
	return 17
}

// textEnd returns where the text that starts at from ends, its end octet
// included, or 0.
func textEnd(b []byte, from int) int {
	i := bytes.IndexByte(b[from:], end)
	if i < 0 {
		return 0
	}
	return from + i + 1
}

func cutText(b []byte) (text, rest []byte, err error) {
	before, after, ok := bytes.Cut(b, []byte{end})
	if !ok {
		return nil, nil, ErrKey
	}
	return before, after, nil
}

func cutAddr(b []byte) (netip.Addr, []byte, error) {
	switch {
	case len(b) >= 5 && b[0] == 4:
		return netip.AddrFrom4([4]byte(b[1:5])), b[5:], nil
	case len(b) >= 17 && b[0] == 6:
		return netip.AddrFrom16([16]byte(b[1:17])), b[17:], nil
	}
	return netip.Addr{}, nil, ErrKey
}

func cutDigest(kind Kind, b []byte) (Entity, []byte, error) {
	if n := int(b[0]); n > 0 {
		if len(b) < 1+n {
			return Entity{}, nil, ErrKey
		}
		return Entity{kind, hex.EncodeToString(b[1 : 1+n])}, b[1+n:], nil
	}
	text, rest, err := cutText(b[1:])
	if err != nil {
		return Entity{}, nil, err
	}
	return Entity{kind, string(unescape(text))}, rest, nil
}

func unescape(b []byte) []byte {
	if bytes.IndexByte(b, escape) < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == escape && i+1 < len(b) {
			i++
			out = append(out, b[i]-0x10)
			continue
		}
		out = append(out, b[i])
	}
	return out
}

// reverseLabels turns the reversed labels of a binary key into a domain's key.
func reverseLabels(b []byte) string {
	if len(b) == 0 {
		return "."
	}
	out := make([]byte, 0, len(b)+8)
	for stop := len(b); ; {
		start := bytes.LastIndexByte(b[:stop], labelSep) + 1
		label := b[start:stop]
		if isPlain(label) {
			out = append(out, label...)
		} else {
			out = appendLabel(out, unescape(label))
		}
		if start == 0 {
			return string(out)
		}
		out = append(out, '.')
		stop = start - 1
	}
}

func isPlain(b []byte) bool {
	for _, c := range b {
		if !plainOctet(c) {
			return false
		}
	}
	return true
}
