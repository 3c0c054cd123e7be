package cert

import (
	"net/netip"
)

// The extensions that are read.
const (
	oidSubjectKey  = "2.5.29.14"
	oidSAN         = "2.5.29.17"
	oidConstraints = "2.5.29.19"
	oidIssuerKey   = "2.5.29.35"
	oidSCTList     = "1.3.6.1.4.1.11129.2.4.2"
	oidPoison      = "1.3.6.1.4.1.11129.2.4.3"
)

// Choices of GeneralName (RFC 5280 section 4.2.1.6).
const (
	nameEmail = contextTag + 1
	nameDNS   = contextTag + 2
	nameURI   = contextTag + 6
	nameIP    = contextTag + 7
)

// readExtension reads one extension and reports whether it is one that a log adds
// or an authority puts in for it, and that does not belong to the identity.
func (c *Certificate) readExtension(ext element) bool {
	oid, rest, err := want(ext.value, tagOID, "an extension's identifier")
	if err != nil {
		c.odd("an extension is malformed")
		return false
	}
	if e, after, err := next(rest); err == nil && e.tag == tagBool {
		rest = after
	}
	value, _, err := want(rest, tagOctets, "an extension's value")
	id := dotted(oid.value)
	if err != nil {
		c.odd("extension " + id + " is malformed")
		return false
	}
	sound := true
	switch id {
	case oidPoison:
		c.Precert = true
		return true
	case oidSCTList:
		return true
	case oidSAN:
		sound = c.readSAN(value.value)
	case oidConstraints:
		sound = c.readConstraints(value.value)
	case oidSubjectKey:
		var e element
		if e, _, err = want(value.value, tagOctets, "a key identifier"); err == nil {
			c.SubjectKey = append([]byte(nil), e.value...)
		}
		sound = err == nil
	case oidIssuerKey:
		sound = c.readIssuerKey(value.value)
	}
	if !sound {
		c.odd("extension " + id + " is malformed")
	}
	return false
}

func (c *Certificate) readSAN(b []byte) bool {
	list, _, err := want(b, tagSequence, "the names")
	if err != nil {
		return false
	}
	return each(list.value, func(e element) bool {
		switch e.tag {
		case nameDNS:
			c.DNSNames = append(c.DNSNames, text(e))
		case nameEmail:
			c.Emails = append(c.Emails, text(e))
		case nameURI:
			c.URIs = append(c.URIs, text(e))
		case nameIP:
			if ip, ok := netip.AddrFromSlice(e.value); ok {
				c.IPs = append(c.IPs, ip.Unmap())
			} else {
				c.odd("an address in the names has a wrong length")
			}
		}
		return true
	})
}

func (c *Certificate) readConstraints(b []byte) bool {
	list, _, err := want(b, tagSequence, "the basic constraints")
	if err != nil {
		return false
	}
	if e, _, err := next(list.value); err == nil && e.tag == tagBool && len(e.value) == 1 {
		c.CA = e.value[0] != 0
	}
	return true
}

func (c *Certificate) readIssuerKey(b []byte) bool {
	list, _, err := want(b, tagSequence, "the authority key identifier")
	if err != nil {
		return false
	}
	return each(list.value, func(e element) bool {
		if e.tag == contextTag {
			c.IssuerKey = append([]byte(nil), e.value...)
		}
		return true
	})
}
