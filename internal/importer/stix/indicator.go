package stix

import (
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
)

// maxThings is how many things one indicator may stand for.
const maxThings = 10_000

// reader makes an entity of a value that a pattern compares with.
type reader func(value string) (entity.Entity, error)

// paths are the object paths whose values are things that we keep. File names,
// registry keys, mutexes and the like are sound, but no infrastructure.
var paths = map[string]reader{
	"domain-name:value":                  host,
	"domain-name:resolves_to_refs.value": host,
	"ipv4-addr:value":                    address,
	"ipv6-addr:value":                    address,
	"url:value":                          web,
	"email-addr:value":                   mailbox,
	"email-message:from_ref.value":       mailbox,
	"email-message:sender_ref.value":     mailbox,
	"network-traffic:dst_ref.value":      host,
	"network-traffic:src_ref.value":      host,
	"autonomous-system:number":           asn,
	"app:id":                             app, // custom, but what mobile forensics (MVT) goes by
}

const (
	fileHash    = "file:hashes."
	certHash    = "x509-certificate:hashes."
	certSerial  = "x509-certificate:serial_number"
	certIssuer  = "x509-certificate:issuer"
	resolvesTo  = "domain-name:resolves_to_refs.value"
	domainValue = "domain-name:value"
)

func asn(s string) (entity.Entity, error) { return entity.New(entity.ASN, s) }

func app(s string) (entity.Entity, error) { return entity.New(entity.Fingerprint, "package:"+s) }

// finding is what an indicator's pattern amounts to.
type finding struct {
	things []thing
	pairs  [][2]entity.Entity // a domain and what it resolves to, by the pattern
	groups map[int]*company
	failed error // the first part that gives nothing, though it is about what we keep
}

// find reads a pattern. The error is for one that can't be read at all.
func find(pattern string) (f finding, err error) {
	all, err := parsePattern(pattern)
	if err != nil {
		return f, err
	}
	f.groups = companies(all)
	for i := range all {
		f.take(&all[i])
	}
	return f, nil
}

// take takes in one comparison.
func (f *finding) take(c *comparison) {
	if c.path == certSerial {
		f.serial(c)
		return
	}
	read := readerOf(c.path)
	if read == nil {
		return
	}
	if !c.plain() {
		f.fail(fault.New(fault.Invalid, "%s tells of no single value, so nothing is taken from it", describe(c)))
		return
	}
	for _, v := range c.values {
		e, err := read(v)
		switch {
		case err != nil:
			f.fail(fault.Wrap(err, fault.Invalid, "%s", c.path))
		case c.op != "ISSUBSET" || e.Kind == entity.Prefix || e.Kind == entity.IP:
			f.add(thing{e, f.isPart(c)})
		}
	}
	if c.path == resolvesTo {
		f.resolve(c)
	}
}

// describe names a comparison as it stands in the pattern.
func describe(c *comparison) string {
	if c.not {
		return c.path + " with NOT"
	}
	return c.path + " with " + c.op
}

// readerOf returns how the values of a path are read, or nil if it is about
// nothing that we keep.
func readerOf(path string) reader {
	var read func(algorithm, s string) (entity.Entity, bool, error)
	algorithm, isFile := strings.CutPrefix(path, fileHash)
	isCert := false
	switch {
	case isFile && hashNames[foldHash(algorithm)]:
		read = digest
	case !isFile:
		if algorithm, isCert = strings.CutPrefix(path, certHash); !isCert {
			return paths[path]
		}
		read = fingerprint
	default:
		return nil
	}
	return func(s string) (entity.Entity, error) {
		e, ok, err := read(algorithm, s)
		if err == nil && !ok {
			err = fault.New(fault.Invalid, "%.20q is no hash by which certificates are known", algorithm)
		}
		return e, err
	}
}

// company is what is said of the comparisons that hold together.
type company struct {
	path   string // of the first
	mixed  bool   // there is another path
	issuer string // of a certificate
	owners []string
}

// companies gathers the comparisons that hold together. What kind of address
// something is says nothing more than the address does.
func companies(all []comparison) map[int]*company {
	out := map[int]*company{}
	for i := range all {
		c := &all[i]
		if c.group == 0 || strings.HasSuffix(c.path, "_ref.type") {
			continue
		}
		g := out[c.group]
		if g == nil {
			g = &company{path: c.path}
			out[c.group] = g
		}
		g.mixed = g.mixed || c.path != g.path
		switch {
		case c.path == certIssuer && c.op == "=" && !c.not:
			g.issuer = c.values[0]
		case c.path == domainValue && c.plain():
			g.owners = append(g.owners, c.values...)
		}
	}
	return out
}

// isPart reports whether a comparison holds only together with others, so that
// its value alone is a weak indicator. A hash needs no company.
func (f *finding) isPart(c *comparison) bool {
	if strings.HasPrefix(c.path, fileHash) || strings.HasPrefix(c.path, certHash) {
		return false
	}
	g := f.groups[c.group]
	return g != nil && g.mixed
}

func (f *finding) add(t thing) {
	switch {
	case slices.ContainsFunc(f.things[max(0, len(f.things)-16):], func(o thing) bool { return o.Entity == t.Entity }):
	case len(f.things) >= maxThings:
		f.fail(fault.New(fault.Invalid, "the pattern names more than %d values; the rest is left out", maxThings))
	default:
		t.Key = strings.Clone(t.Key) // it is remembered, and the pattern must not be with it
		f.things = append(f.things, t)
	}
}

func (f *finding) fail(err error) {
	if f.failed == nil {
		f.failed = err
	}
}

// serial makes a certificate of its serial number and the issuer beside it.
func (f *finding) serial(c *comparison) {
	g := f.groups[c.group]
	if g == nil || g.issuer == "" || !c.plain() {
		f.fail(fault.New(fault.Invalid, "%s names no certificate without = and the issuer beside it", certSerial))
		return
	}
	for _, v := range c.values {
		if e := importer.SerialAlias(x509.GuessName(g.issuer).Common(), v); !e.IsZero() {
			f.add(thing{e, false})
		}
	}
}

// resolve pairs the one domain of a group with an address to which the pattern
// says that it resolves.
func (f *finding) resolve(c *comparison) {
	g := f.groups[c.group]
	if g == nil || len(g.owners) != 1 || len(c.values) != 1 || !c.plain() {
		return
	}
	from, err := host(g.owners[0])
	to, err2 := host(c.values[0])
	if err == nil && err2 == nil {
		f.pairs = append(f.pairs, [2]entity.Entity{from, to})
	}
}

// indicatorTypes is the vocabulary of both versions; STIX 2.0 has it in labels,
// among anything else.
var indicatorTypes = map[string]bool{
	"anomalous-activity": true, "anonymization": true, "benign": true, "compromised": true, "malicious-activity": true, "attribution": true,
}

// maxTypes is how many types of one indicator become labels.
const maxTypes = 8

// labelsOf returns under which labels an indicator's things are reported: its
// types and what the user says of the input, else the report that the input is.
func (d *decoder) labelsOf(o *object) []entity.Entity {
	out := slices.Clone(d.in.Labels)
	add := func(typ string) {
		e, err := entity.New(entity.Label, "tag:"+typ)
		if err == nil && len(typ) <= 64 && typ != "unknown" && !slices.Contains(out, e) && len(out) < len(d.in.Labels)+maxTypes {
			out = append(out, e)
		}
	}
	for _, typ := range o.texts("indicator_types") {
		add(typ)
	}
	for _, typ := range o.texts("labels") {
		if indicatorTypes[typ] {
			add(typ)
		}
	}
	if len(out) == 0 {
		return d.in.Report()
	}
	return out
}

// indicator reads an indicator: what its pattern finds is reported under its
// types, and under whatever relationships and reports say of it.
func (d *decoder) indicator(o *object) error {
	is := node{role: indicator, mark: d.marks.of(o), lineage: d.lineage(o), when: d.validity(o)}
	self := ref{keyOf(o.id), indicator}
	if language := o.text("pattern_type"); language != "" && !strings.EqualFold(language, "stix") {
		d.define(self, is) // a YARA or Sigma rule: what it is based on may still be named
		return nil
	}
	pattern, err := o.need("pattern")
	if err != nil {
		return err
	}
	f, err := find(pattern)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "member pattern")
	}
	if f.failed != nil {
		o.note("pattern", f.failed)
	}
	is.things = f.things
	d.define(self, is)
	own := &statement{span: *is.when, exact: true, mark: is.mark, lineage: is.lineage}
	for _, l := range d.labelsOf(o) {
		d.claim(self, claim{statement: own, label: l, ends: obs.TLPUnset})
	}
	then := &statement{span: bound(is.when.first), mark: is.mark, lineage: is.lineage}
	for _, p := range f.pairs { // how long an indicator is valid isn't how long a name resolves
		d.pair(then, obs.TLPUnset, obs.Resolves, p[0], p[1])
	}
	return nil
}

// validity reads for how long an indicator is valid. An end is a promise and may
// lie in the future; so the interval is then a declared one, as that of a
// certificate, and not one in which something was seen.
func (d *decoder) validity(o *object) *span {
	s := span{first: o.time("valid_from"), last: o.time("valid_until")}
	if !s.first.Known() {
		s.first = o.time("created")
	}
	switch {
	case s.last.Known():
		s.declared = true
	case s.first.Known():
		s.last, s.flags = s.first, obs.OpenEnded
	}
	return &s
}
