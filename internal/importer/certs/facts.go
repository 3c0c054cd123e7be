package certs

import (
	"crypto/sha1" //nolint:gosec // a name that other sources use for certificates, not a protection
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
)

// record reads one certificate and hands it on.
func (d *decoder) record(rec importer.Record, der []byte) error {
	c, err := x509.Parse(der)
	if err != nil {
		rec.Err = fault.Wrap(err, fault.Invalid, "couldn't read the certificate")
		return d.out.Record(rec)
	}
	d.rows = d.rows[:0]
	id, err := entity.New(entity.Cert, hex.EncodeToString(c.ID[:]))
	if err != nil {
		return err
	}
	whole := sha256.Sum256(der)
	rec.Original, rec.Named = der, id.Key+"/"+hex.EncodeToString(whole[:])
	rec.Err = d.facts(id, c, der)
	rec.Observations = d.rows
	return d.out.Record(rec)
}

// facts emits what the certificate says. The error tells which names of it could
// not be read.
func (d *decoder) facts(id entity.Entity, c *x509.Certificate, der []byte) error {
	v := obs.Observation{Subject: id, Origin: d.declared}
	v.First, v.Last = importer.Validity(obs.At(c.NotBefore), obs.At(c.NotAfter))
	add := func(rel obs.Relation, e entity.Entity, attrs ...obs.Attribute) {
		v.Relation, v.Object, v.Attributes = rel, e, attrs
		d.rows = append(d.rows, v)
	}
	for _, e := range aliases(c, der) {
		add(obs.Alias, e)
	}
	if e, err := entity.New(entity.Org, c.Issuer.Authority()); err == nil {
		add(obs.IssuedBy, e, about(c)...)
	}
	if e, err := entity.New(entity.SPKI, hex.EncodeToString(c.SPKI[:])); err == nil {
		add(obs.Key, e)
	}
	if len(c.Subject) > 1 { // a lone common name says no more than the name does
		if e, err := entity.New(entity.Fingerprint, "subject:"+c.Subject.String()); err == nil {
			add(obs.HasFingerprint, e)
		}
	}
	return names(c, add)
}

// aliases lists the names under which other sources know the certificate. Those
// of a precertificate are its own; the two meet in the ID.
func aliases(c *x509.Certificate, der []byte) (out []entity.Entity) {
	long, short := sha256.Sum256(der), sha1.Sum(der) //nolint:gosec // see the import
	for scheme, digest := range map[string][]byte{"sha256": long[:], "sha1": short[:]} {
		if e, err := entity.CertAlias(scheme, hex.EncodeToString(digest)); err == nil {
			out = append(out, e)
		}
	}
	if len(out) == 2 && out[0].Key > out[1].Key {
		out[0], out[1] = out[1], out[0]
	}
	if e := importer.SerialAlias(c.Issuer.Common(), c.Serial); !e.IsZero() {
		out = append(out, e)
	}
	return out
}

// about are the attributes of the certificate as a whole.
func about(c *x509.Certificate) []obs.Attribute {
	attrs := []obs.Attribute{{Name: "issuer", Value: short(c.Issuer.String())}}
	if len(c.Odd) > 0 {
		attrs = append(attrs, obs.Attribute{Name: "odd", Value: short(strings.Join(c.Odd, "; "))})
	}
	if len(c.IssuerKey) > 0 {
		attrs = append(attrs, obs.Attribute{Name: "issuer-key-id", Value: short(hex.EncodeToString(c.IssuerKey))})
	}
	if c.CA {
		attrs = append(attrs, obs.Attribute{Name: "ca", Value: "true"})
	}
	return attrs
}

// short bounds an attribute's value: a name may be megabytes.
func short(s string) string {
	const most = 1024
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// names emits what the certificate is valid for: its alternative names, and the
// common name where that is a host.
func names(c *x509.Certificate, add func(obs.Relation, entity.Entity, ...obs.Attribute)) error {
	var failed error
	seen := map[entity.Entity]bool{}
	put := func(kind entity.Kind, value, field string) {
		e, err := entity.New(kind, value)
		if err != nil {
			if failed == nil {
				failed = fault.Wrap(err, fault.Invalid, "name in %s", field)
			}
			return
		}
		if !seen[e] {
			seen[e] = true
			add(obs.SAN, e, obs.Attribute{Name: "field", Value: field})
		}
	}
	for _, n := range c.DNSNames {
		put(entity.Domain, n, "san")
	}
	for _, ip := range c.IPs {
		put(entity.IP, ip.String(), "san")
	}
	for _, m := range c.Emails {
		put(entity.Email, m, "san")
	}
	for _, u := range c.URIs {
		if strings.Contains(u, "://") { // also names of other schemes stand there, such as urn: and spiffe ids
			put(entity.URL, u, "san")
		}
	}
	cn := c.Subject.Get("CN")
	if _, err := entity.ParseAddr(cn); err == nil {
		put(entity.IP, cn, "cn")
	} else if x509.IsHost(cn) {
		put(entity.Domain, cn, "cn")
	}
	return failed
}
