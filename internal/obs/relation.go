package obs

import (
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

// Relation says how a subject relates to an object. The numbers are part of the
// stored form: they are never reused or reordered.
type Relation uint8

// The relations, written subject → object.
const (
	Resolves         Relation = 1  // domain → ip, domain or rdata: a resource record, exactly as answered
	ResolvesVia      Relation = 2  // domain → ip or domain: answered through a chain whose owners are unknown
	PTR              Relation = 3  // ip → domain
	NS               Relation = 4  // domain → domain: delegated to
	MX               Relation = 5  // domain → domain: mail goes to
	SOARname         Relation = 6  // domain → email: contact in the SOA record
	SAN              Relation = 7  // cert → domain, ip or email: names that a certificate is valid for
	IssuedBy         Relation = 8  // cert → org: the issuer's name
	Key              Relation = 9  // cert → spki
	ServedAt         Relation = 10 // cert → ip: shown by a TLS server; the port is an attribute
	RegistrarOf      Relation = 11 // domain → registrar
	Registrant       Relation = 12 // domain → email, phone, person, org
	Admin            Relation = 13
	Tech             Relation = 14
	Billing          Relation = 15
	AnnouncedBy      Relation = 16 // prefix → asn
	InPrefix         Relation = 17 // ip → prefix
	AllocatedTo      Relation = 18 // prefix, asn → org
	Geo              Relation = 19 // ip, prefix → label
	HostedBy         Relation = 20 // ip, prefix → org: cloud, service, region as attributes
	ListedOn         Relation = 21 // anything → list
	HasFingerprint   Relation = 22 // domain, ip, url, cert → fingerprint, sshkey
	RedirectsTo      Relation = 23 // domain, url → domain, url
	UsesTracker      Relation = 24 // domain, url → tracker
	ReportedAs       Relation = 25 // anything → label: actor, campaign, malware, report
	CommunicatesWith Relation = 26 // file, app, malware, address → domain, ip, url
	NotExist         Relation = 27 // domain → label: NXDOMAIN, not registered; a negative fact is a fact
	Alias            Relation = 28 // cert → cert: the same certificate by another digest
)

type kindSet uint32

func kinds(ks ...entity.Kind) (s kindSet) {
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k entity.Kind) bool { return s&(1<<k) != 0 }

const anyKind kindSet = ^kindSet(1)

type relationRule struct {
	name      string
	from, to  kindSet
	fromShows string // what the error names
	toShows   string
}

var (
	kDomain  = kinds(entity.Domain)
	kContact = kinds(entity.Email, entity.Phone, entity.Person, entity.Org)
	kWeb     = kinds(entity.Domain, entity.URL)
	kNet     = kinds(entity.IP, entity.Prefix)
)

var relationRules = [...]relationRule{
	Resolves:         {"resolves", kDomain, kinds(entity.IP, entity.Domain, entity.Fingerprint), "a domain", "an ip, a domain or a fingerprint"},
	ResolvesVia:      {"resolves-via", kDomain, kinds(entity.IP, entity.Domain), "a domain", "an ip or a domain"},
	PTR:              {"ptr", kinds(entity.IP), kDomain, "an ip", "a domain"},
	NS:               {"ns", kDomain, kDomain, "a domain", "a domain"},
	MX:               {"mx", kDomain, kDomain, "a domain", "a domain"},
	SOARname:         {"soa-rname", kDomain, kinds(entity.Email), "a domain", "an email"},
	SAN:              {"san", kinds(entity.Cert), kinds(entity.Domain, entity.IP, entity.Email, entity.URL), "a cert", "a domain, an ip, an email or a url"},
	IssuedBy:         {"issued-by", kinds(entity.Cert), kinds(entity.Org), "a cert", "an org"},
	Key:              {"key", kinds(entity.Cert), kinds(entity.SPKI), "a cert", "an spki"},
	ServedAt:         {"served-at", kinds(entity.Cert), kinds(entity.IP), "a cert", "an ip"},
	RegistrarOf:      {"registrar", kDomain, kinds(entity.Registrar), "a domain", "a registrar"},
	Registrant:       {"registrant", kDomain, kContact, "a domain", "an email, phone, person or org"},
	Admin:            {"admin", kDomain, kContact, "a domain", "an email, phone, person or org"},
	Tech:             {"tech", kDomain, kContact, "a domain", "an email, phone, person or org"},
	Billing:          {"billing", kDomain, kContact, "a domain", "an email, phone, person or org"},
	AnnouncedBy:      {"announced-by", kinds(entity.Prefix), kinds(entity.ASN), "a prefix", "an asn"},
	InPrefix:         {"in-prefix", kinds(entity.IP), kinds(entity.Prefix), "an ip", "a prefix"},
	AllocatedTo:      {"allocated-to", kinds(entity.Prefix, entity.ASN), kinds(entity.Org), "a prefix or an asn", "an org"},
	Geo:              {"geo", kNet, kinds(entity.Label), "an ip or a prefix", "a label"},
	HostedBy:         {"hosted-by", kNet, kinds(entity.Org), "an ip or a prefix", "an org"},
	ListedOn:         {"listed-on", anyKind, kinds(entity.List), "anything", "a list"},
	HasFingerprint:   {"has-fingerprint", kinds(entity.Domain, entity.IP, entity.URL, entity.Cert), kinds(entity.Fingerprint, entity.SSHKey), "a domain, ip, url or cert", "a fingerprint or an sshkey"},
	RedirectsTo:      {"redirects-to", kWeb, kWeb, "a domain or a url", "a domain or a url"},
	UsesTracker:      {"uses-tracker", kWeb, kinds(entity.Tracker), "a domain or a url", "a tracker"},
	ReportedAs:       {"reported-as", anyKind, kinds(entity.Label), "anything", "a label"},
	CommunicatesWith: {"communicates-with", kinds(entity.FileHash, entity.Fingerprint, entity.Label, entity.Cert, entity.IP), kinds(entity.Domain, entity.IP, entity.URL), "a filehash, fingerprint, label, cert or ip", "a domain, an ip or a url"},
	NotExist:         {"not-exist", kDomain, kinds(entity.Label), "a domain", "a label"},
	Alias:            {"alias", kinds(entity.Cert), kinds(entity.Cert), "a cert", "a cert"},
}

// Relations lists every relation in the order of their numbers.
func Relations() []Relation {
	out := make([]Relation, 0, len(relationRules)-1)
	for r := Resolves; int(r) < len(relationRules); r++ {
		out = append(out, r)
	}
	return out
}

// String returns the relation's name, as in "resolves".
func (r Relation) String() string {
	if r == 0 || int(r) >= len(relationRules) {
		return "unknown"
	}
	return relationRules[r].name
}

// RelationOf returns the relation with that name, and whether there is one.
func RelationOf(name string) (Relation, bool) {
	for r := Resolves; int(r) < len(relationRules); r++ {
		if relationRules[r].name == name {
			return r, true
		}
	}
	return 0, false
}

// Check refuses a triple that the relation does not allow, with the reason.
func (r Relation) Check(from, to entity.Kind) error {
	if r == 0 || int(r) >= len(relationRules) {
		return fault.New(fault.Invalid, "relation %d is unknown", r)
	}
	rule := relationRules[r]
	if !rule.from.has(from) {
		return fault.New(fault.Invalid, "%s starts at %s, not at a %s", rule.name, rule.fromShows, from)
	}
	if !rule.to.has(to) {
		return fault.New(fault.Invalid, "%s leads to %s, not to a %s", rule.name, rule.toShows, to)
	}
	return nil
}
