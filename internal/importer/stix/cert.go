package stix

import (
	"maps"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
)

// certificate reads an x509-certificate: by which hashes it is known, who issued
// it, for whom and for how long.
func (d *decoder) certificate(o *object, is *node) error {
	subject, issuer := x509.GuessName(o.text("subject")), x509.GuessName(o.text("issuer"))
	if hashes := o.object("hashes"); hashes != nil {
		for _, algorithm := range slices.Sorted(maps.Keys(hashes.members)) {
			e, ok, err := fingerprint(algorithm, hashes.text(algorithm))
			if err != nil {
				o.note("hashes", fault.Wrap(err, fault.Invalid, "%.20s", algorithm))
			}
			if ok {
				is.things = append(is.things, thing{Entity: e})
			}
		}
	}
	if e := importer.SerialAlias(issuer.Common(), o.text("serial_number")); !e.IsZero() {
		is.things = append(is.things, thing{Entity: e})
	}
	if len(is.things) == 0 {
		return nil // what is left names no certificate
	}
	slices.SortStableFunc(is.things, func(a, b thing) int { return strength(b.Key) - strength(a.Key) })
	cert := is.things[0].Entity
	v := &statement{mark: is.mark, lineage: is.lineage}
	v.declared = true
	v.first, v.last = importer.Validity(o.time("validity_not_before"), o.time("validity_not_after"))
	for _, other := range is.things[1:] {
		d.pair(v, obs.TLPUnset, obs.Alias, cert, other.Entity)
	}
	d.issuer(v, cert, issuer, o.text("issuer"))
	if len(subject) > 1 {
		if e, err := entity.New(entity.Fingerprint, "subject:"+subject.String()); err == nil {
			d.pair(v, obs.TLPUnset, obs.HasFingerprint, cert, e)
		}
	}
	d.alternatives(o, v, cert, subject)
	return nil
}

// strength orders the ways to name a certificate, the surest last.
func strength(key string) int {
	scheme, _, _ := strings.Cut(key, ":")
	return slices.Index([]string{"serial", "md5", "sha1", "sha256"}, scheme)
}

func (d *decoder) issuer(v *statement, cert entity.Entity, dn x509.Name, whole string) {
	if e, err := entity.New(entity.Org, dn.Authority()); err == nil {
		s := *v
		s.attrs = []obs.Attribute{{Name: "issuer", Value: importer.Cut(whole, 1000)}}
		d.pair(&s, obs.TLPUnset, obs.IssuedBy, cert, e)
	}
}

// alternatives emits for what the certificate is valid: the alternative names as
// OpenSSL writes them, and the common name where it is a host.
func (d *decoder) alternatives(o *object, v *statement, cert entity.Entity, subject x509.Name) {
	seen := map[entity.Entity]bool{}
	add := func(e entity.Entity, err error, field string) {
		if err != nil || seen[e] {
			return
		}
		seen[e] = true
		s := *v
		s.attrs = []obs.Attribute{{Name: "field", Value: field}}
		d.pair(&s, obs.TLPUnset, obs.SAN, cert, e)
	}
	if ext := o.object("x509_v3_extensions"); ext != nil {
		for part := range strings.SplitSeq(ext.text("subject_alternative_name"), ",") {
			typ, value, _ := strings.Cut(strings.TrimSpace(part), ":")
			if kind, ok := alternativeKinds[strings.ToLower(typ)]; ok {
				e, err := entity.New(kind, value)
				add(e, err, "san")
			}
		}
	}
	if cn := subject.Get("CN"); x509.IsHost(cn) {
		e, err := host(cn)
		add(e, err, "cn")
	}
}

var alternativeKinds = map[string]entity.Kind{
	"dns": entity.Domain, "ip": entity.IP, "ip address": entity.IP, "email": entity.Email, "uri": entity.URL,
}
