package stix

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
)

// thing is an entity that an object stands for.
type thing struct {
	entity.Entity
	part bool // one of several conditions that hold together: alone it proves little
}

// host reads the value of a domain name. Producers put addresses there too.
func host(s string) (entity.Entity, error) {
	s = strings.TrimSpace(s)
	if n := len(s); n > 0 && (s[n-1] >= '0' && s[n-1] <= '9' || strings.Contains(s, ":")) { // no name ends like this
		if e, err := address(s); err == nil {
			return e, nil
		}
	}
	if !strings.ContainsAny(s, " \t/:@[](){}<>\"'") && strings.Contains(strings.TrimSuffix(s, "."), ".") {
		return entity.New(entity.Domain, s)
	}
	if e, ok := extract.Single(s, entity.Domain, entity.IP); ok {
		return e, nil
	}
	return entity.Entity{}, fault.New(fault.Invalid, "%.60q is no domain", s)
}

// address reads the value of an address object, which may be a prefix.
func address(s string) (entity.Entity, error) { return extract.Address(strings.TrimSpace(s)) }

// web reads the value of a URL object.
func web(s string) (entity.Entity, error) {
	e, err := entity.New(entity.URL, s)
	if err == nil && !strings.HasPrefix(e.Key, "hx") {
		return e, nil
	}
	clean := entity.Refang(s)
	if !strings.Contains(clean, "://") && strings.Contains(clean, "/") {
		clean = "http://" + clean // a browser would take it so
	}
	if e, err := entity.New(entity.URL, clean); err == nil {
		return e, nil
	}
	if e, ok := extract.Single(s, entity.URL, entity.Domain, entity.IP); ok {
		return e, nil
	}
	return e, err
}

func mailbox(s string) (entity.Entity, error) {
	e, err := entity.New(entity.Email, s)
	if err == nil && !strings.ContainsAny(e.Key, `\[]()`) {
		return e, nil
	}
	if e, ok := extract.Single(s, entity.Email); ok {
		return e, nil
	}
	return e, fault.New(fault.Invalid, "%.60q is no mail address", s)
}

// hashNames are the algorithms of the hash vocabulary by which a file is known,
// folded to letters and digits; others (ssdeep, TLSH) say what it resembles.
var hashNames = map[string]bool{"md5": true, "sha1": true, "sha224": true, "sha256": true, "sha384": true, "sha512": true}

// foldHash folds the name of a hash algorithm: producers write SHA-256, SHA256
// and sha256.
func foldHash(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", "'", "", `"`, "").Replace(name))
}

// digest reads a hash of a file. ok is false for an algorithm that names no file.
func digest(algorithm, s string) (e entity.Entity, ok bool, err error) {
	if !hashNames[foldHash(algorithm)] {
		return e, false, nil
	}
	e, err = entity.New(entity.FileHash, s)
	return e, err == nil, err
}

// fingerprint reads a hash of a certificate.
func fingerprint(algorithm, s string) (e entity.Entity, ok bool, err error) {
	switch a := foldHash(algorithm); a {
	case "md5", "sha1", "sha256":
		e, err = entity.CertAlias(a, s)
		return e, err == nil, err
	}
	return e, false, nil
}
