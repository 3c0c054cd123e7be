package obs

import (
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
)

// RRType is a DNS resource record type (IANA DNS parameters). Zero means that
// the observation is no resource record.
type RRType uint16

// The types that spoor treats by name.
const (
	TypeA     RRType = 1
	TypeNS    RRType = 2
	TypeCNAME RRType = 5
	TypeSOA   RRType = 6
	TypePTR   RRType = 12
	TypeMX    RRType = 15
	TypeTXT   RRType = 16
	TypeAAAA  RRType = 28
	TypeSRV   RRType = 33
	TypeDNAME RRType = 39
	TypeSPF   RRType = 99
)

var rrNames = map[RRType]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL",
	11: "WKS", 12: "PTR", 13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB",
	19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX",
	27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 33: "SRV", 35: "NAPTR", 36: "KX", 37: "CERT",
	38: "A6", 39: "DNAME", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG",
	47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA",
	55: "HIP", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB",
	65: "HTTPS", 99: "SPF", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64",
	249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA", 260: "AMTRELAY",
	32768: "TA", 32769: "DLV",
}

var rrNumbers = func() map[string]RRType {
	m := make(map[string]RRType, len(rrNames))
	for n, s := range rrNames {
		m[s] = n
	}
	return m
}()

// String returns the type's mnemonic, or TYPE123 (RFC 3597), or "" for zero.
func (t RRType) String() string {
	if s, ok := rrNames[t]; ok || t == 0 {
		return s
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// ParseRRType reads a mnemonic in any case, TYPE123 or a bare number.
func ParseRRType(s string) (RRType, error) {
	if t, ok := rrNumbers[s]; ok {
		return t, nil
	}
	up := strings.ToUpper(strings.TrimSpace(s))
	if t, ok := rrNumbers[up]; ok {
		return t, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(up, "TYPE"), 10, 16)
	if err != nil || n == 0 {
		return 0, fault.New(fault.Invalid, "%.40q is no record type", s)
	}
	return RRType(n), nil
}
