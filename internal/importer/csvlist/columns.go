package csvlist

import (
	"bytes"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
)

// role is what a column holds.
type role uint8

const (
	ignored  role = iota
	text          // anything: indicators are looked for
	typed         // a value whose kind another column names
	typeName      // the kind of the typed value
	first
	last
	note    // kept as an attribute
	malware // labels
	actor
	campaign
	tag
	rrname // passive DNS
	rrtype
	rrdata
	count
	bailiwick
	single // a value of one kind, see column.kind
	file   // digest of a file
)

// column is what the header says of one column.
type column struct {
	role role
	kind entity.Kind
	name string
}

// names maps header cells, folded to letters and digits, to columns. Vendors'
// spellings, not a standard: what is not here is searched for indicators if it
// holds text, which costs little.
var names = map[string]column{
	"type": {role: typeName}, "entitytype": {role: typeName}, "indicatortype": {role: typeName}, "ioctype": {role: typeName}, "kind": {role: typeName},
	"indicator": {role: typed}, "value": {role: typed}, "ioc": {role: typed}, "iocs": {role: typed}, "observable": {role: typed}, "indicatorvalue": {role: typed},
	"domain": {role: single, kind: entity.Domain}, "domains": {role: single, kind: entity.Domain}, "hostname": {role: single, kind: entity.Domain},
	"host": {role: text}, "fqdn": {role: single, kind: entity.Domain}, "domainname": {role: single, kind: entity.Domain},
	"ip": {role: single, kind: entity.IP}, "ipaddress": {role: single, kind: entity.IP}, "ipv4": {role: single, kind: entity.IP},
	"ipv6": {role: single, kind: entity.IP}, "ipaddr": {role: single, kind: entity.IP}, "address": {role: text},
	"asn": {role: single, kind: entity.ASN}, "email": {role: single, kind: entity.Email}, "url": {role: single, kind: entity.URL}, "urls": {role: single, kind: entity.URL},
	"md5": {role: file}, "sha1": {role: file}, "sha256": {role: file}, "sha512": {role: file}, "hash": {role: file}, "filehash": {role: file},
	"sha256hash": {role: file}, "md5hash": {role: file}, "sha1hash": {role: file},
	"firstseen": {role: first}, "timefirst": {role: first}, "first": {role: first}, "startdate": {role: first}, "firstobserved": {role: first},
	"detecteddate": {role: first}, "date": {role: first}, "detected": {role: first}, "dateadded": {role: first}, "timestamp": {role: first}, "created": {role: first},
	"lastseen": {role: last}, "timelast": {role: last}, "last": {role: last}, "enddate": {role: last}, "lastobserved": {role: last},
	"description": {role: note}, "notes": {role: note}, "note": {role: note}, "comment": {role: note}, "comments": {role: note}, "domainuse": {role: note}, "name": {role: note},
	"malware": {role: malware}, "family": {role: malware}, "malwarefamily": {role: malware}, "app": {role: malware},
	"actor": {role: actor}, "threatactor": {role: actor}, "group": {role: actor}, "campaign": {role: campaign},
	"classification": {role: tag}, "category": {role: tag}, "threattype": {role: tag}, "tag": {role: tag},
	"rrname": {role: rrname}, "rrtype": {role: rrtype}, "rdata": {role: rrdata}, "count": {role: count}, "bailiwick": {role: bailiwick},
}

// fold keeps the letters and digits of a header cell, in lower case.
func fold(cell []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, string(cell))
}

// header reads the first record as a header. ok is false if it names no column
// that could hold an indicator.
func header(cells [][]byte) (cols []column, ok bool) {
	titles, promising := 0, false
	for i, c := range cells {
		if i == 0 {
			c = bytes.TrimPrefix(c, []byte("\xef\xbb\xbf"))
		}
		title := strings.TrimSpace(string(c))
		col, known := names[fold(c)]
		if !known || strings.HasPrefix(title, "#") {
			col = column{role: text}
		}
		col.name = title
		cols = append(cols, col)
		switch col.role {
		case typed, single, file, rrname, rrdata:
			ok = true
		case text:
			promising = promising || promises(title)
		}
		if title != "" {
			titles++
		}
	}
	return cols, ok || promising && titles > 1 // one title alone may be that of a list in prose
}

// promises reports whether a title that we don't know announces indicators, as
// "C2 Server" does; a sentence is no title.
func promises(title string) bool {
	words := strings.Fields(strings.ToLower(title))
	if len(words) > 4 || strings.HasPrefix(title, "#") {
		return false
	}
	for _, w := range words {
		switch w {
		case "c2", "c&c", "url", "urls", "domain", "domains", "indicator", "indicators", "server", "servers":
			return true
		}
	}
	return false
}

// kindOf maps a vendor's name of an indicator type to a kind; ok is false for
// types that are no infrastructure.
func kindOf(cell []byte) (k entity.Kind, known bool) {
	k, known = kindNames[fold(cell)]
	return k, known
}

var kindNames = map[string]entity.Kind{
	"domain": entity.Domain, "hostname": entity.Domain, "fqdn": entity.Domain, "domainname": entity.Domain, "host": entity.Domain,
	"ip": entity.IP, "ipaddress": entity.IP, "ipv4": entity.IP, "ipv6": entity.IP, "ipdst": entity.IP, "ipsrc": entity.IP, "ipv4addr": entity.IP, "ipv6addr": entity.IP,
	"cidr": entity.Prefix, "subnet": entity.Prefix, "asn": entity.ASN, "as": entity.ASN,
	"url": entity.URL, "uri": entity.URL, "email": entity.Email, "emailaddress": entity.Email, "emailaddr": entity.Email,
	"md5": entity.FileHash, "sha1": entity.FileHash, "sha256": entity.FileHash, "sha512": entity.FileHash, "hash": entity.FileHash,
	"file": entity.FileHash, "filehash": entity.FileHash, "filehashmd5": entity.FileHash, "filehashsha1": entity.FileHash, "filehashsha256": entity.FileHash,
}
