// Package synth makes synthetic data, always the same for the same seed: the
// passive DNS of the benches, the benign population and the campaigns of the
// demo and of the evaluations. Nothing in it is real: population and campaigns
// use names and addresses that are reserved for examples (RFC 2606, RFC 6761,
// RFC 5737, RFC 2544, RFC 3849).
//
// The generators are specified here, so that figures measured on them can be
// compared over time: a change of their output is a change of the bench.
//
// The room is pure. It knows observations and nothing of stores or scores.
package synth

import (
	"bufio"
	"io"
	"math/rand/v2"
	"strconv"
)

// The bench file (WriteCOF), for n rows and a seed:
//   - PCG(seed, 0x5b00f) drives everything, in the order of the rows;
//   - there are n/4 host names under n/12 registrable names; a row's host is
//     drawn evenly (three rows of five) or by Zipf(1.15, 20);
//   - there are n/20 addresses; a row's address is drawn by Zipf(1.2, 4.5), which
//     gives the largest address 191,130 distinct names, in 277,676 rows, at
//     n = 8,000,000 and seed 1;
//   - types: A 72 %, AAAA 8 %, CNAME 8 %, NS 7 %, MX 5 %; data as a string on even
//     rows and as an array of one on odd ones; a bailiwick on three rows of four;
//   - first seen evenly over 2023 and 2024, last seen up to 400 days later, so
//     that the order of the rows is that of no member.
const (
	benchStream = 0x5b00f
	benchStart  = 1672531200 // 2023-01-01
	benchSpan   = 2 * 365 * 86400
	benchLife   = 400 * 86400
)

// WriteCOF writes n rows of passive DNS as COF NDJSON.
func WriteCOF(w io.Writer, n int, seed uint64) error {
	out := bufio.NewWriterSize(w, 1<<20)
	g := newBench(n, seed)
	for i := range n {
		g.row(out, i)
	}
	return out.Flush()
}

type bench struct {
	r              *rand.Rand
	hosts, domains int
	hostZipf       *rand.Zipf
	addrZipf       *rand.Zipf
	name, data     []byte
}

func newBench(n int, seed uint64) *bench {
	r := rand.New(rand.NewPCG(seed, benchStream))
	g := &bench{r: r, hosts: max(1, n/4), domains: max(1, n/12)}
	g.hostZipf = rand.NewZipf(r, 1.15, 20, uint64(g.hosts-1))
	g.addrZipf = rand.NewZipf(r, 1.2, 4.5, uint64(max(0, n/20-1)))
	return g
}

// row writes one line.
func (g *bench) row(out *bufio.Writer, i int) {
	host := g.r.IntN(g.hosts)
	if g.r.IntN(5) < 2 {
		host = int(g.hostZipf.Uint64())
	}
	g.name = g.appendHost(g.name[:0], host)
	typ := ""
	g.data = g.data[:0]
	switch k := g.r.IntN(100); {
	case k < 72:
		typ, g.data = "A", appendIPv4(g.data, g.addrZipf.Uint64())
	case k < 80:
		typ, g.data = "AAAA", appendIPv6(g.data, g.addrZipf.Uint64())
	case k < 88:
		typ, g.data = "CNAME", g.appendHost(g.data, int(g.hostZipf.Uint64()))
	case k < 95:
		typ, g.data = "NS", appendProvider(g.data, "ns", g.hostZipf.Uint64())
	default:
		typ, g.data = "MX", appendProvider(append(g.data, "10 "...), "mx", g.hostZipf.Uint64())
	}
	first := benchStart + g.r.Int64N(benchSpan)
	last := first + g.r.Int64N(benchLife)
	out.WriteString(`{"rrname":"`)
	out.Write(g.name)
	out.WriteString(`.","rrtype":"` + typ + `","rdata":`)
	if i%2 == 0 {
		out.WriteString(`"`)
		out.Write(g.data)
		out.WriteString(`"`)
	} else {
		out.WriteString(`["`)
		out.Write(g.data)
		out.WriteString(`"]`)
	}
	out.WriteString(`,"time_first":` + strconv.FormatInt(first, 10) + `,"time_last":` + strconv.FormatInt(last, 10))
	out.WriteString(`,"count":` + strconv.Itoa(1+g.r.IntN(500)))
	if i%4 != 0 {
		out.WriteString(`,"bailiwick":"`)
		out.Write(g.appendDomain(g.data[:0], host%g.domains))
		out.WriteString(`."`)
	}
	out.WriteString("}\n")
}

var hostLabels = []string{"", "", "www.", "mail.", "api.", "cdn.", "shop.", "m.", "static-7.", "login.", "vpn2.", "a.b."}

func (g *bench) appendHost(dst []byte, host int) []byte {
	dst = append(dst, hostLabels[(host/g.domains*5+host)%len(hostLabels)]...)
	return g.appendDomain(dst, host%g.domains)
}

var benchTLDs = []string{"com", "com", "com", "com", "com", "net", "org", "de", "ru", "xyz", "top", "co.uk", "info", "online", "shop", "com.br"}

func (g *bench) appendDomain(dst []byte, d int) []byte {
	dst = appendWord(dst, uint64(d)*2654435761+12345, 2+d%3)
	dst = strconv.AppendInt(dst, int64(d), 36)
	return append(append(dst, '.'), benchTLDs[d%len(benchTLDs)]...)
}

func appendProvider(dst []byte, label string, n uint64) []byte {
	p := n % 3000
	dst = append(dst, label...)
	dst = strconv.AppendUint(dst, n%4+1, 10)
	dst = appendWord(append(dst, '.'), p*7919+3, 3)
	return append(dst, "-dns.net"...)
}

var syllables = []string{
	"ba", "ko", "ri", "mo", "ta", "ne", "lu", "si", "vo", "da", "fe", "gi", "ha", "jo", "ka", "le",
	"mi", "no", "pa", "qui", "ra", "so", "ti", "ul", "va", "we", "xi", "yo", "za", "chi", "sta", "tren",
}

// appendWord writes a word of so many syllables; equal numbers give equal words.
func appendWord(dst []byte, n uint64, count int) []byte {
	for range count {
		dst = append(dst, syllables[n%uint64(len(syllables))]...)
		n = n/uint64(len(syllables)) + n<<7
	}
	return dst
}

// appendIPv4 writes the n-th address of 198.18.0.0/15 and the space around it: the
// benches need more than the reserved ranges hold.
func appendIPv4(dst []byte, n uint64) []byte {
	x := uint32(n)*2654435761 ^ 0x5bd1e995
	for i, b := range [4]byte{byte(11 + x>>24%180), byte(x >> 16), byte(x >> 8), byte(x)} {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(b), 10)
	}
	return dst
}

func appendIPv6(dst []byte, n uint64) []byte {
	dst = append(dst, "2001:db8:"...)
	dst = strconv.AppendUint(dst, n>>16&0xffff, 16)
	dst = append(dst, ':')
	dst = strconv.AppendUint(dst, n&0xffff, 16)
	return append(dst, "::1"...)
}
