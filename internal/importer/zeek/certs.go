package zeek

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
)

// ssl reads a line of ssl.log: which certificate a server showed, for which name
// it was asked, and how it speaks.
func (d *decoder) ssl(f fields) error {
	addr := f.get("id.resp_h")
	if addr == "" {
		return nil
	}
	server, err := importer.Entity(entity.IP, "column id.resp_h", addr)
	if err != nil {
		return err
	}
	port := []obs.Attribute{{Name: "port", Value: f.get("id.resp_p")}}
	if chain := f.list("cert_chain_fps"); len(chain) > 0 && chain[0] != "" {
		cert, err := alias(chain[0])
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "column cert_chain_fps")
		}
		d.emit(obs.Observation{Subject: cert, Relation: obs.ServedAt, Object: server, Attributes: port})
	}
	for _, column := range []string{"ja3s", "ja4s"} {
		if v := f.get(column); v != "" {
			if e, err := entity.New(entity.Fingerprint, column+":"+v); err == nil {
				d.emit(obs.Observation{Subject: server, Relation: obs.HasFingerprint, Object: e, Attributes: port})
			}
		}
	}
	name := f.get("server_name")
	if name == "" || isAddr(name) {
		return nil
	}
	host, err := importer.Entity(entity.Domain, "column server_name", name)
	if err != nil {
		return err
	}
	d.emit(obs.Observation{
		Subject: host, Relation: obs.ResolvesVia, Object: server, Attributes: []obs.Attribute{{Name: "via", Value: "sni"}},
	})
	return nil
}

// alias makes a certificate of a fingerprint, by its length.
func alias(fp string) (entity.Entity, error) {
	fp = strings.ReplaceAll(fp, ":", "")
	scheme, ok := map[int]string{64: "sha256", 40: "sha1", 32: "md5"}[len(fp)]
	if !ok {
		return entity.Entity{}, fault.New(fault.Invalid, "%.70q is no fingerprint", fp)
	}
	return entity.CertAlias(scheme, fp)
}

// x509 reads a line of x509.log.
func (d *decoder) x509(f fields) error {
	subject, issuer := x509.ParseName(f.get("certificate.subject")), x509.ParseName(f.get("certificate.issuer"))
	serial := importer.SerialAlias(issuer.Common(), f.get("certificate.serial"))
	cert := serial
	if fp := f.get("fingerprint"); fp != "" {
		var err error
		if cert, err = alias(fp); err != nil {
			return fault.Wrap(err, fault.Invalid, "column fingerprint")
		}
	}
	if cert.IsZero() {
		return fault.New(fault.Invalid, "the certificate has neither fingerprint nor serial")
	}
	v := d.validity(f)
	if !serial.IsZero() && serial != cert {
		d.declare(v, cert, obs.Alias, serial)
	}
	d.issuer(v, cert, issuer, f.get("certificate.issuer"))
	if len(subject) > 1 {
		if e, err := entity.New(entity.Fingerprint, "subject:"+text(f.get("certificate.subject"))); err == nil {
			d.declare(v, cert, obs.HasFingerprint, e)
		}
	}
	return d.names(v, cert, f, subject)
}

// validity reads when the certificate is valid; without it nothing is dated.
func (d *decoder) validity(f fields) (o obs.Observation) {
	for _, t := range []struct {
		column string
		to     *obs.Time
	}{{"certificate.not_valid_before", &o.First}, {"certificate.not_valid_after", &o.Last}} {
		s := f.get(t.column)
		if at, err := obs.ParseEpoch(s); err == nil {
			*t.to = at
		} else if at, err := obs.ParseTime(s); err == nil {
			*t.to = at
		}
	}
	o.First, o.Last = importer.Validity(o.First, o.Last)
	o.Origin = d.declared
	return o
}

func (d *decoder) declare(v obs.Observation, cert entity.Entity, rel obs.Relation, to entity.Entity, attrs ...obs.Attribute) {
	v.Subject, v.Relation, v.Object, v.Attributes = cert, rel, to, attrs
	d.rows = append(d.rows, v)
}

func (d *decoder) issuer(v obs.Observation, cert entity.Entity, dn x509.Name, whole string) {
	if e, err := entity.New(entity.Org, dn.Authority()); err == nil {
		d.declare(v, cert, obs.IssuedBy, e, obs.Attribute{Name: "issuer", Value: text(whole)})
	}
}

// names emits what the certificate is valid for: its SAN, and the common name
// where it looks like a host that the SAN lacks.
func (d *decoder) names(v obs.Observation, cert entity.Entity, f fields, subject x509.Name) error {
	var failed error
	seen := map[entity.Entity]bool{}
	add := func(kind entity.Kind, value, field string) {
		e, err := entity.New(kind, value)
		if err != nil {
			failed = fault.Wrap(err, fault.Invalid, "column %s", field)
			return
		}
		if !seen[e] {
			seen[e] = true
			d.declare(v, cert, obs.SAN, e, obs.Attribute{Name: "field", Value: field})
		}
	}
	for _, san := range []struct {
		column string
		kind   entity.Kind
	}{{"san.dns", entity.Domain}, {"san.ip", entity.IP}, {"san.email", entity.Email}} {
		for _, value := range f.list(san.column) {
			if value != "" {
				add(san.kind, value, san.column)
			}
		}
	}
	switch cn := subject.Get("CN"); {
	case isAddr(cn):
		add(entity.IP, cn, "cn")
	case x509.IsHost(cn):
		add(entity.Domain, cn, "cn")
	}
	return failed
}

// knownCerts reads a line of known_certs.log: a server's certificate by issuer and
// serial.
func (d *decoder) knownCerts(f fields) error {
	server, err := importer.Entity(entity.IP, "column host", f.get("host"))
	if err != nil {
		return err
	}
	issuer := x509.ParseName(f.get("issuer_subject"))
	cert := importer.SerialAlias(issuer.Common(), f.get("serial"))
	if cert.IsZero() {
		return nil
	}
	d.emit(obs.Observation{
		Subject: cert, Relation: obs.ServedAt, Object: server, Attributes: []obs.Attribute{{Name: "port", Value: f.get("port_num")}},
	})
	subject := x509.ParseName(f.get("subject"))
	v := obs.Observation{First: d.at, Last: d.at, Flags: obs.FirstBound | obs.LastBound, Origin: d.declared}
	d.issuer(v, cert, issuer, f.get("issuer_subject"))
	if cn := subject.Get("CN"); x509.IsHost(cn) {
		if e, err := entity.New(entity.Domain, cn); err == nil {
			d.declare(v, cert, obs.SAN, e, obs.Attribute{Name: "field", Value: "cn"})
		}
	}
	return nil
}
