package eve

import (
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// tls reads a tls event: Suricata logs it from the client to the server, so that
// the destination is the one that showed the certificate.
func (d *decoder) tls(e *event) error {
	m := members(e.body)
	if m == nil {
		return fault.New(fault.Invalid, "member tls is missing")
	}
	server, err := importer.Entity(entity.IP, "member dest_ip", e.dst.Scalar())
	if err != nil {
		return err
	}
	port := []obs.Attribute{{Name: "port", Value: e.dstPort.Scalar()}}
	cert, serial := certificate(m)
	if !cert.IsZero() {
		d.emit(obs.Observation{Subject: cert, Relation: obs.ServedAt, Object: server, Attributes: port})
		d.about(cert, serial, m)
	}
	if ja3s := members(m["ja3s"]); ja3s != nil {
		if fp, err := entity.New(entity.Fingerprint, "ja3s:"+ja3s["hash"].Scalar()); err == nil {
			d.emit(obs.Observation{Subject: server, Relation: obs.HasFingerprint, Object: fp, Attributes: port})
		}
	}
	sni := m["sni"].Scalar()
	if _, err := entity.ParseAddr(sni); err == nil || sni == "" {
		return nil
	}
	host, err := importer.Entity(entity.Domain, "member sni", sni)
	if err != nil {
		return err
	}
	d.emit(obs.Observation{
		Subject: host, Relation: obs.ResolvesVia, Object: server, Attributes: []obs.Attribute{{Name: "via", Value: "sni"}},
	})
	return nil
}

// certificate is named by its SHA-1, else by issuer and serial.
func certificate(m map[string]jsonl.Value) (cert, serial entity.Entity) {
	serial = importer.SerialAlias(x509.ParseSpaced(m["issuerdn"].Scalar()).Common(), m["serial"].Scalar())
	if fp := m["fingerprint"].Scalar(); fp != "" {
		if e, err := entity.CertAlias("sha1", fp); err == nil {
			return e, serial
		}
	}
	return serial, serial
}

// about emits what the event tells of the certificate itself.
func (d *decoder) about(cert, serial entity.Entity, m map[string]jsonl.Value) {
	v := obs.Observation{Subject: cert, Origin: d.declared}
	first, _ := obs.ParseTime(m["notbefore"].Scalar())
	last, _ := obs.ParseTime(m["notafter"].Scalar())
	v.First, v.Last = importer.Validity(first, last)
	put := func(rel obs.Relation, e entity.Entity, attrs ...obs.Attribute) {
		v.Relation, v.Object, v.Attributes = rel, e, attrs
		d.rows = append(d.rows, v)
	}
	add := func(rel obs.Relation, kind entity.Kind, value string, attrs ...obs.Attribute) {
		if e, err := entity.New(kind, value); err == nil {
			put(rel, e, attrs...)
		}
	}
	if !serial.IsZero() && serial != cert {
		put(obs.Alias, serial)
	}
	subject, issuer := x509.ParseSpaced(m["subject"].Scalar()), x509.ParseSpaced(m["issuerdn"].Scalar())
	add(obs.IssuedBy, entity.Org, issuer.Authority(), obs.Attribute{Name: "issuer", Value: issuer.String()})
	if len(subject) > 1 {
		add(obs.HasFingerprint, entity.Fingerprint, "subject:"+subject.String())
	}
	seen := map[string]bool{}
	for san := range m["subjectaltname"].Elements() {
		if s := san.Scalar(); s != "" && !seen[s] {
			seen[s] = true
			add(obs.SAN, entity.Domain, s, obs.Attribute{Name: "field", Value: "san"})
		}
	}
	if cn := subject.Get("CN"); x509.IsHost(cn) && !seen[cn] {
		add(obs.SAN, entity.Domain, cn, obs.Attribute{Name: "field", Value: "cn"})
	}
}
