package noise

// Class says what a shared thing is. Names are stable; they appear in answers.
type Class string

// The classes.
const (
	None           Class = ""
	CDN            Class = "cdn"
	Cloud          Class = "cloud"
	SharedHosting  Class = "shared-hosting"
	HostingZone    Class = "hosting-zone"
	DynamicDNS     Class = "dynamic-dns"
	Parking        Class = "parking"
	Sinkhole       Class = "sinkhole"
	PublicDNS      Class = "public-dns"
	Private        Class = "private"
	Documentation  Class = "documentation"
	Proxy          Class = "proxy"
	Mail           Class = "mail"
	SaaS           Class = "saas"
	DisposableMail Class = "disposable-mail"
	PrivacyContact Class = "privacy-contact"
	RoleContact    Class = "role-contact"
	URLShortener   Class = "url-shortener"
	PKI            Class = "pki"
	Scanner        Class = "scanner"
	Popular        Class = "popular"
)

// Effect is what a pivot does with a value of a class, before any counting: the
// class covers the case that the store's sample is small.
type Effect uint8

// The effects.
const (
	Note   Effect = iota // shown; the value counts as it is
	Coarse               // counts only as "parked at X": the class in place of the value
	Mask                 // does not count and is not followed: as if it was not observed
)

// rule is what is known of a class.
type rule struct {
	rank   int // of several hits the highest is the verdict
	effect Effect
	says   string
}

// rules by class. What says most about why things share a value ranks highest: a
// sinkhole inside a cloud is a sinkhole.
var rules = map[Class]rule{
	Private:        {20, Mask, "an address that isn't routed: everybody has it"},
	Sinkhole:       {19, Mask, "where seized or blocked names lead"},
	PublicDNS:      {18, Mask, "a public resolver"},
	Parking:        {17, Coarse, "serves parked names"},
	CDN:            {16, Mask, "a front end that serves unrelated sites"},
	SharedHosting:  {15, Mask, "hosts thousands of customers"},
	PrivacyContact: {14, Mask, "stands in for registrants"},
	RoleContact:    {13, Mask, "a role, not a registrant"},
	DisposableMail: {8, Note, "mailboxes for anybody"},
	Mail:           {11, Mask, "mail for anybody"},
	DynamicDNS:     {12, Note, "lets names to anybody"},
	HostingZone:    {9, Note, "anybody can put pages there"},
	URLShortener:   {10, Note, "links that lead elsewhere"},
	SaaS:           {7, Mask, "one operator's service with unrelated customers"},
	Proxy:          {6, Mask, "where users come out, not where they host"},
	PKI:            {5, Note, "revocation service of an issuer"},
	Scanner:        {4, Note, "scans the Internet"},
	Popular:        {3, Note, "among the most visited names"},
	Cloud:          {2, Note, "an address that a tenant holds for himself"},
	Documentation:  {1, Note, "reserved for examples"},
}

// Effect returns what a pivot does with values of the class.
func (c Class) Effect() Effect { return rules[c].effect }

// Says returns the class' meaning in a few words.
func (c Class) Says() string { return rules[c].says }

// Known reports whether c is a class.
func (c Class) Known() bool { _, ok := rules[c]; return ok }

// Role is the part that a value plays where it was seen. A provider of name
// servers says nothing about a site on its own name.
type Role string

// The roles.
const (
	Itself     Role = ""
	NameServer Role = "name servers"
	MailHost   Role = "mail exchangers"
)

// roleOf returns the role for which a class' hit on a domain counts.
func roleOf(c Class) Role {
	switch c {
	case Parking:
		return NameServer
	case Mail, SaaS:
		return MailHost
	}
	return Itself
}
