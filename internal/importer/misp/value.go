package misp

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// kinds says what the value of an attribute type names. A type that is not here
// names nothing that spoor relates (a registry key, an account, a comment), or
// somebody who was attacked (email-dst, target-machine).
var kinds = map[string]entity.Kind{
	"domain": entity.Domain, "hostname": entity.Domain, "ip-src": entity.IP, "ip-dst": entity.IP, "ip": entity.IP, "url": entity.URL, "uri": entity.URL,
	"email": entity.Email, "email-src": entity.Email, "email-reply-to": entity.Email, "whois-registrant-email": entity.Email, "dns-soa-email": entity.Email,
	"whois-registrant-phone": entity.Phone, "phone-number": entity.Phone, "whois-registrant-name": entity.Person, "whois-registrant-org": entity.Org,
	"whois-registrar": entity.Registrar, "AS": entity.ASN,
	"md5": entity.FileHash, "sha1": entity.FileHash, "sha224": entity.FileHash, "sha256": entity.FileHash, "sha384": entity.FileHash, "sha512": entity.FileHash,
	"x509-fingerprint-sha256": entity.Cert, "x509-fingerprint-sha1": entity.Cert, "x509-fingerprint-md5": entity.Cert,
	"ja3-fingerprint-md5": entity.Fingerprint, "jarm-fingerprint": entity.Fingerprint, "favicon-mmh3": entity.Fingerprint,
	"hassh-md5": entity.Fingerprint, "hasshserver-md5": entity.Fingerprint, "ssh-fingerprint": entity.SSHKey,
}

// prefixes are what stands before the value in an entity's key.
var prefixes = map[string]string{
	"x509-fingerprint-sha256": "sha256:", "x509-fingerprint-sha1": "sha1:", "x509-fingerprint-md5": "md5:",
	"ja3-fingerprint-md5": "ja3:", "jarm-fingerprint": "jarm:", "favicon-mmh3": "favicon:",
	"hassh-md5": "hassh:", "hasshserver-md5": "hasshserver:",
}

// values reads what the value of a type names: of composite types, as in
// "domain|ip", more than one thing. The error tells of the first part that can't
// be read.
func values(typ, value string) (found []entity.Entity, port string, err error) {
	if typ == "malware-sample" { // a file's name and digest, with the file beside it
		typ = "filename|md5"
	}
	types, parts, err := split(typ, value)
	for i, t := range types {
		if i >= len(parts) {
			break
		}
		if t == "port" {
			port = importer.Cut(strings.TrimSpace(parts[i]), 20)
		}
		e, ok, failed := named(t, parts[i])
		if err == nil {
			err = failed
		}
		if ok {
			found = append(found, e)
		}
	}
	return found, port, err
}

// split divides a composite type and its value. A bar in the name of a file is
// part of it; a port may stand behind a colon.
func split(typ, value string) (types, parts []string, err error) {
	first, second, composite := strings.Cut(typ, "|")
	if !composite {
		return []string{typ}, []string{value}, nil
	}
	types = []string{first, second}
	i := strings.IndexByte(value, '|')
	if first == "filename" {
		i = strings.LastIndexByte(value, '|')
	}
	if i < 0 && second == "port" {
		i = strings.LastIndexByte(value, ':')
	}
	switch {
	case i >= 0:
		return types, []string{value[:i], value[i+1:]}, nil
	case kinds[first] == 0 && kinds[second] == 0:
		return nil, nil, nil // it names nothing anyway
	}
	return types, []string{value}, fault.New(fault.Invalid, "%.60q has one part, want two with | between them", value)
}

// named reads a value of a type. ok is false for a type that names nothing.
func named(typ, value string) (e entity.Entity, ok bool, err error) {
	kind, ok := kinds[typ]
	if !ok {
		return e, false, nil
	}
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return e, false, fault.New(fault.Invalid, "the value is missing or empty")
	case typ == "uri" && !strings.Contains(value, "://"):
		return e, false, nil // a path alone
	case kind == entity.Domain:
		e, err = host(value)
	case kind == entity.IP:
		e, err = extract.Address(entity.Refang(value))
	case kind == entity.URL:
		e, err = web(value)
	case kind == entity.Email:
		e, err = mailbox(value)
	default: // written as it is
		if withheld(typ, value) {
			return e, false, nil
		}
		e, err = entity.New(kind, prefixes[typ]+value)
	}
	return e, err == nil && !(kind == entity.Email && withheld(typ, e.Key)), err
}

// host reads a domain. People put addresses and URLs there too.
func host(s string) (entity.Entity, error) {
	s = entity.Refang(s)
	if n := len(s); n > 0 && (s[n-1] >= '0' && s[n-1] <= '9' || strings.Contains(s, ":")) { // no name ends like this
		if e, err := entity.New(entity.IP, s); err == nil {
			return e, nil
		}
	}
	if !strings.ContainsAny(s, " \t/:@[](){}<>\"'") && strings.Contains(strings.TrimSuffix(s, "."), ".") {
		return entity.New(entity.Domain, s)
	}
	if e, ok := extract.Single(s, entity.Domain, entity.IP, entity.URL); ok {
		return e, nil
	}
	return entity.Entity{}, fault.New(fault.Invalid, "%.60q is no domain", s)
}

// web reads a URL. People put domains and addresses there too; with a path behind
// it, a browser would take one as a URL.
func web(s string) (entity.Entity, error) {
	s = entity.Refang(s)
	if !strings.Contains(s, "://") {
		if e, ok := extract.Single(s, entity.URL, entity.Domain, entity.IP); ok {
			return e, nil
		}
		if host, _, slash := strings.Cut(s, "/"); slash && strings.Contains(host, ".") {
			s = "http://" + s
		}
	}
	e, err := entity.New(entity.URL, s)
	if err != nil {
		if e, ok := extract.Single(s, entity.URL, entity.Domain, entity.IP); ok {
			return e, nil
		}
	}
	return e, err
}

func mailbox(s string) (entity.Entity, error) {
	e, err := entity.New(entity.Email, entity.Refang(s))
	if err == nil && !strings.ContainsAny(e.Key, `\[]()`) {
		return e, nil
	}
	if e, ok := extract.Single(s, entity.Email); ok {
		return e, nil
	}
	return entity.Entity{}, fault.New(fault.Invalid, "%.60q is no mail address", s)
}

// withheld reports whether what should be a registrant says that it isn't told: it
// must not become an entity, which would relate all that is withheld. Privacy
// services are named, and stay: who knows noise knows them.
func withheld(typ, value string) bool {
	if !strings.HasPrefix(typ, "whois-registrant-") {
		return false
	}
	value = strings.ToLower(value)
	for _, sign := range []string{"redacted", "not disclosed", "withheld", "data protected", "statutory masking", "gdpr"} {
		if strings.Contains(value, sign) {
			return true
		}
	}
	return value == "n/a" || value == "none" || value == "unknown" || value == "-"
}
