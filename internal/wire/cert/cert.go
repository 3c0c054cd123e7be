// Package cert reads X.509 certificates and precertificates (RFC 5280, RFC 6962)
// by one walk over their DER. It is lenient where certificate authorities err:
// what common parsers refuse (a malformed extension, a negative serial, bad
// times) is noted in Odd, and the rest is read. An adversary's certificate is
// worth reading above all when it is faulty.
//
// The room checks no signature and no trust, and must not know of observations.
package cert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"

	"github.com/spoor-cti/spoor/internal/fault"
)

// Certificate is what a certificate says.
type Certificate struct {
	// ID is the SHA-256 of the TBSCertificate without poison and SCT list. A
	// precertificate and its final certificate have the same one (RFC 6962 3.1).
	ID      [32]byte
	Precert bool // it carries the poison extension

	Serial              string // lower hex, without leading zeros; "-" in front of a negative one
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time // zero if it can't be read
	SPKI                [32]byte  // SHA-256 of the SubjectPublicKeyInfo

	DNSNames, Emails, URIs []string // of the subject alternative name, as they stand there
	IPs                    []netip.Addr
	SubjectKey, IssuerKey  []byte // key identifiers; nil if there are none
	CA                     bool

	Odd []string // faults that were read over
}

func (c *Certificate) odd(what string) { c.Odd = append(c.Odd, what) }

// Parse reads one certificate in DER, of which nothing is kept. What follows the
// certificate in der is an error, as is one without issuer, validity, subject and key.
func Parse(der []byte) (*Certificate, error) {
	whole, rest, err := want(der, tagSequence, "the certificate")
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fault.New(fault.Invalid, "%d octets follow the certificate", len(rest))
	}
	tbs, rest, err := want(whole.value, tagSequence, "the TBSCertificate")
	if err != nil {
		return nil, err
	}
	c := &Certificate{}
	if len(rest) == 0 {
		c.odd("signature missing")
	}
	return c, c.readTBS(tbs)
}

// Size returns how long the certificate at the beginning of b claims to be,
// whether or not b holds all of it; ok is false if b does not begin like one.
func Size(b []byte) (n int, ok bool) {
	head, size, ok := header(b)
	if !ok || b[0] != tagSequence {
		return 0, false
	}
	inner, innerSize, ok := header(b[head:])
	return head + size, ok && b[head] == tagSequence && inner+innerSize <= size
}

// readTBS reads the fields in their order (RFC 5280 section 4.1).
func (c *Certificate) readTBS(tbs element) error {
	b := tbs.value
	if e, rest, err := next(b); err == nil && e.tag == nestedTag {
		b = rest // the version says nothing that the rest doesn't show
	}
	serial, b, err := next(b)
	if err != nil || len(serial.value) == 0 {
		return fault.New(fault.Invalid, "the serial number is missing")
	}
	c.readSerial(serial)
	if _, b, err = next(b); err != nil {
		return fault.New(fault.Invalid, "the signature algorithm is missing")
	}
	var sound bool
	issuer, b, err := want(b, tagSequence, "the issuer")
	if err != nil {
		return err
	}
	if c.Issuer, sound = readName(issuer.value); !sound {
		c.odd("issuer malformed")
	}
	validity, b, err := want(b, tagSequence, "the validity")
	if err != nil {
		return err
	}
	c.readValidity(validity)
	subject, b, err := want(b, tagSequence, "the subject")
	if err != nil {
		return err
	}
	if c.Subject, sound = readName(subject.value); !sound {
		c.odd("subject malformed")
	}
	key, b, err := want(b, tagSequence, "the public key")
	if err != nil {
		return err
	}
	c.SPKI = sha256.Sum256(key.whole)
	c.readRest(tbs, b)
	return nil
}

// readRest reads what follows the key: unique identifiers and extensions, and
// hashes the TBSCertificate without the two extensions of RFC 6962.
func (c *Certificate) readRest(tbs element, b []byte) {
	fields := tbs.value[:len(tbs.value)-len(b)]
	var kept [][]byte
	var after []byte
	cut := false
	sound := each(b, func(e element) bool {
		if e.tag != nestedTag+3 {
			return true
		}
		list, _, err := want(e.value, tagSequence, "the extensions")
		if err != nil {
			return false
		}
		fields = tbs.value[:len(tbs.value)-len(b)+bytesBefore(b, e.whole)]
		after = b[bytesBefore(b, e.whole)+len(e.whole):]
		ok := each(list.value, func(ext element) bool {
			if c.readExtension(ext) {
				cut = true
			} else {
				kept = append(kept, ext.whole)
			}
			return true
		})
		if !ok {
			c.odd("extensions malformed")
			cut = false
		}
		return true
	})
	if !sound {
		c.odd("the end of the TBSCertificate is malformed")
	}
	if !cut {
		c.ID = sha256.Sum256(tbs.whole)
		return
	}
	parts := [][]byte{fields}
	if len(kept) > 0 {
		parts = append(parts, wrap(nestedTag+3, wrap(tagSequence, kept...)))
	}
	c.ID = sha256.Sum256(wrap(tagSequence, append(parts, after)...))
}

// bytesBefore returns where part, a slice of b, begins in it.
func bytesBefore(b, part []byte) int { return cap(b) - cap(part) }

func (c *Certificate) readSerial(e element) {
	v := e.value
	if e.tag != tagInteger {
		c.odd("serial number is no integer")
	}
	if v[0]&0x80 != 0 {
		c.odd("serial number is negative")
		c.Serial = "-"
		v = negate(v)
	}
	for len(v) > 1 && v[0] == 0 {
		v = v[1:]
	}
	s := hex.EncodeToString(v)
	if len(s) > 1 && s[0] == '0' {
		s = s[1:]
	}
	c.Serial += s
}

// negate returns the amount of a negative integer in two's complement.
func negate(v []byte) []byte {
	out := slices.Clone(v)
	carry := true
	for i, o := range slices.Backward(out) {
		out[i] = ^o
		if carry {
			out[i]++
			carry = out[i] == 0
		}
	}
	return out
}

func (c *Certificate) readValidity(e element) {
	times := []*time.Time{&c.NotBefore, &c.NotAfter}
	i := 0
	each(e.value, func(t element) bool {
		if i == len(times) {
			return false
		}
		var ok bool
		if *times[i], ok = readTime(t); !ok {
			c.odd("a validity time can't be read: " + printable(t.value))
		}
		i++
		return true
	})
	if i < len(times) {
		c.odd("validity malformed")
	}
	if !c.NotBefore.IsZero() && !c.NotAfter.IsZero() && c.NotAfter.Before(c.NotBefore) {
		c.odd("it ends before it begins")
	}
}

func printable(b []byte) string { return string(bytes.ToValidUTF8(b[:min(len(b), 32)], []byte("?"))) }

// readTime reads UTCTime and GeneralizedTime, also without seconds and with a zone.
func readTime(e element) (time.Time, bool) {
	s := string(e.value)
	layouts := []string{"20060102150405Z0700", "200601021504Z0700", "20060102150405.999Z0700"}
	if e.tag == tagUTCTime {
		if len(s) < 2 {
			return time.Time{}, false
		}
		century := "20"
		if s[0] >= '5' { // RFC 5280 section 4.1.2.5.1
			century = "19"
		}
		s = century + s
	} else if e.tag != tagGeneralized {
		return time.Time{}, false
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
