package score

import (
	"slices"

	"github.com/spoor-cti/spoor/internal/feature"
)

// alpha says how unlike each other the members of one cluster are in a feature:
// the weight of the background in the seeds' distribution. Set by hand before any
// evaluation; all of them times 0.5 to 4 changes little (docs/scoring.md).
var alpha = map[feature.Feature]float64{
	feature.Registrar: 1, feature.NSDomain: 1, feature.ASN: 1.5, feature.Issuer: 1.5, feature.MX: 1.5,
	feature.Created: 1.5, feature.Org: 2, feature.SOA: 2, feature.Server: 2, feature.TLD: 2, feature.Validity: 2,
	feature.MailDomain: 3, feature.Country: 4, feature.Person: 4, feature.Shape: 4, feature.Net: 5, feature.IP: 5,
	feature.NSSet: 5, feature.Title: 5, feature.Redirect: 5, feature.CNAME: 5, feature.Fingerprint: 5, feature.Client: 5,
	feature.Phone: 6, feature.Email: 8, feature.Tracker: 8, feature.TXT: 8, feature.Gram: 10, feature.SPKI: 15, feature.Cert: 15,
	feature.Label: 0.05,
}

// ladders are nested values, coarsest first: a name that shares an address shares
// its network too, and that is one piece of evidence, not two.
var ladders = [][]feature.Feature{
	{feature.ASN, feature.Net, feature.IP},
	{feature.NSDomain, feature.NSSet},
	{feature.MailDomain, feature.Email},
	{feature.SPKI, feature.Cert},
}

// Groups is how many groups of features there are.
const Groups = int(feature.CNAME) + 1

// Group numbers the features from 0 below Groups: values of one group give a single
// term between them.
func Group(f feature.Feature) int {
	for _, l := range ladders {
		if slices.Contains(l, f) {
			return int(l[0])
		}
	}
	return int(f)
}

// parents gives each child the value on which it depends: a registrar's customers
// share its name servers and its privacy service by default.
var parents = map[feature.Feature]struct{ parent, pair feature.Feature }{
	feature.Org:      {feature.Registrar, feature.RegistrarOrg},
	feature.Person:   {feature.Registrar, feature.RegistrarPerson},
	feature.Phone:    {feature.Registrar, feature.RegistrarPhone},
	feature.Country:  {feature.Registrar, feature.RegistrarCountry},
	feature.NSDomain: {feature.Registrar, feature.RegistrarNSDomain},
	feature.SOA:      {feature.NSDomain, feature.NSDomainSOA},
	feature.Issuer:   {feature.ASN, feature.ASNIssuer},
	feature.Server:   {feature.ASN, feature.ASNServer},
	feature.Validity: {feature.Issuer, feature.IssuerValidity},
}

// pairPrior is the weight of the child's own share in a conditional background.
const pairPrior = 4

// plain are the features that stand for themselves, in the order of the answer.
var plain = []feature.Feature{
	feature.Registrar, feature.Org, feature.Person, feature.Phone, feature.Country, feature.SOA, feature.MX,
	feature.Issuer, feature.Validity, feature.Server, feature.TLD, feature.Shape, feature.Title, feature.Redirect,
	feature.CNAME, feature.Fingerprint, feature.Tracker, feature.Client, feature.TXT,
}

// capped are the features that make up one product that a provider sells: together
// they are worth no more than their joint rarity.
var capped = map[feature.Feature]bool{
	feature.Registrar: true, feature.Org: true, feature.Person: true, feature.Phone: true, feature.Country: true,
	feature.SOA: true, feature.Issuer: true, feature.Validity: true, feature.Server: true, feature.TLD: true,
	feature.MX: true, feature.ASN: true, feature.Net: true, feature.IP: true, feature.NSDomain: true,
}

// Crowd is how many values of one feature a name can have before each of them says
// less. A member of the cluster then has any one of a seed's many addresses with a
// probability that goes down with their number, and a candidate with many shares one
// with somebody by chance alone.
const Crowd = 16

// spread is the part of its weight that a value keeps among so many of its name.
func spread(among int) float64 { return 1 / float64(max(among-Crowd+1, 1)) }

// tolerance says how long after a value was left it still links two names, in
// days, by what the value is.
var tolerance = map[feature.Feature]float64{
	feature.Net: 7, feature.NSSet: 30, feature.NSDomain: 30, feature.MX: 30, feature.SOA: 30,
	feature.Registrar: 90, feature.Org: 90, feature.Person: 90, feature.Phone: 90, feature.Email: 90, feature.MailDomain: 90,
	feature.SPKI: 90, feature.Cert: 90,
}

// Of an address the tolerance depends on how many names it carries.
const (
	dedicatedDays  = 2
	sharedDays     = 7
	dedicatedNames = 50
)

// Thresholds in bits (docs/scoring.md): what is shown, what is asked for when
// there are fewer than three seeds, what may become a seed.
const (
	Show     Bits = 3170
	FewSeeds Bits = 6600
	Accept   Bits = 8000
)

// ExpectedCluster is how many names a cluster is expected to have: the prior is
// log2(ExpectedCluster / names).
const ExpectedCluster = 100
