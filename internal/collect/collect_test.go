package collect_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/spoor-cti/spoor/internal/collect"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
	"github.com/spoor-cti/spoor/internal/store/pebblestore"
	"github.com/spoor-cti/spoor/internal/synth"
)

const day = 86400

type fataler interface{ Fatalf(string, ...any) }

func openStore(t fataler) *pebblestore.Store {
	st, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), CacheSize: 1 << 20})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return st
}

// stored puts each observation into a batch of its own.
func stored(t testing.TB, rows ...obs.Observation) *pebblestore.Store {
	t.Helper()
	st := openStore(t)
	t.Cleanup(func() { _ = st.Close() })
	for _, o := range rows {
		if _, err := st.Append(t.Context(), &store.Batch{Run: "1", Rows: []obs.Observation{o}}); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// say makes an observation of "SUBJECT RELATION OBJECT", seen on the days from 10 to
// 20 by a sensor.
func say(t testing.TB, text string, change ...func(*obs.Observation)) obs.Observation {
	t.Helper()
	part := strings.SplitN(text, " ", 3)
	subject, err := entity.Parse(part[0])
	if err != nil {
		t.Fatal(err)
	}
	object, err := entity.Parse(part[2])
	if err != nil {
		t.Fatal(err)
	}
	rel, ok := obs.RelationOf(part[1])
	if !ok {
		t.Fatalf("%s is no relation", part[1])
	}
	o := obs.Observation{
		Subject: subject, Relation: rel, Object: object, First: 10 * day, Last: 20 * day, Recorded: 100 * day,
		Origin: &obs.Origin{Source: "s", Basis: obs.Sensor, Handling: obs.Handling{TLP: obs.Clear}},
	}
	for _, f := range change {
		f(&o)
	}
	o.Normalize()
	if err := o.Validate(100 * day); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

// from changes the origin of a statement.
func from(source string, basis obs.Basis) func(*obs.Observation) {
	return func(o *obs.Observation) {
		g := *o.Origin
		g.Source, g.Basis = source, basis
		o.Origin = &g
	}
}

// during changes the days.
func during(first, last obs.Time) func(*obs.Observation) {
	return func(o *obs.Observation) { o.First, o.Last = first*day, last*day }
}

func with(attributes ...obs.Attribute) func(*obs.Observation) {
	return func(o *obs.Observation) { o.Attributes = attributes }
}

// features writes a row's values as "feature=text", those of the name itself apart.
func features(r *feature.Row) string {
	var out []string
	for _, v := range r.Values {
		if v.Feature != feature.TLD && v.Feature != feature.Shape {
			out = append(out, v.Feature.String()+"="+v.Text)
		}
	}
	return strings.Join(out, ", ")
}

func read(t testing.TB, st *pebblestore.Store, v store.View, unit string) *feature.Row {
	t.Helper()
	r, err := collect.Units{}.Collect(t.Context(), st.In(v), unit)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	digest = strings.Repeat("a1", 32)
	spki   = strings.Repeat("d4", 32)
	sha1   = "sha1:" + strings.Repeat("b2", 20)
)

func TestWhatRowsSayOfAName(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []obs.Observation
		want string
	}{
		{"nothing", nil, ""},
		{"an address and its network", []obs.Observation{say(t, "domain:x.test resolves ip:192.0.2.7")}, "ip=192.0.2.7, net=192.0.2.0/24"},
		{"IPv6 by its /48", []obs.Observation{say(t, "domain:x.test resolves ip:2001:db8:1:2::7")}, "ip=2001:db8:1:2::7, net=2001:db8:1::/48"},
		{"of a host below it", []obs.Observation{say(t, "domain:a.b.x.test resolves ip:192.0.2.7")}, "ip=192.0.2.7, net=192.0.2.0/24"},
		{"of another name", []obs.Observation{say(t, "domain:xx.test resolves ip:192.0.2.7"), say(t, "domain:x.test.example resolves ip:192.0.2.7")}, ""},
		{"an alias elsewhere, by its registered name", []obs.Observation{say(t, "domain:www.x.test resolves domain:edge.cdn.example")}, "cname=cdn.example"},
		{"an alias at home says nothing", []obs.Observation{say(t, "domain:www.x.test resolves domain:x.test")}, ""},
		{
			"name servers: their domains, and the set",
			[]obs.Observation{say(t, "domain:x.test ns domain:ns2.dns.example"), say(t, "domain:x.test ns domain:ns1.dns.example")},
			"ns-set=ns1.dns.example ns2.dns.example, ns-domain=dns.example",
		},
		{
			"the set is of the last thirty days, the domains of all",
			[]obs.Observation{
				say(t, "domain:x.test ns domain:ns.old.example", during(1, 5)), say(t, "domain:x.test ns domain:ns1.dns.example", during(1, 40)),
				say(t, "domain:x.test ns domain:ns2.dns.example", during(1, 11)),
			},
			"ns-set=ns1.dns.example ns2.dns.example, ns-domain=dns.example, ns-domain=old.example",
		},
		{"the set is the name's own", []obs.Observation{say(t, "domain:sub.x.test ns domain:ns.dns.example")}, "ns-domain=dns.example"},
		{"mail exchangers by their registered names", []obs.Observation{say(t, "domain:x.test mx domain:mx1.mail.example"), say(t, "domain:x.test mx domain:mx2.mail.example")}, "mx=mail.example"},
		{"the SOA's contact", []obs.Observation{say(t, "domain:x.test soa-rname email:ops@dns.example")}, "soa-contact=ops@dns.example"},
		{"a registrar", []obs.Observation{say(t, "domain:x.test registrar registrar:iana:146")}, "registrar=iana:146"},
		{
			"contacts",
			[]obs.Observation{
				say(t, "domain:x.test registrant org:ACME Ltd"), say(t, "domain:x.test admin person:Jo Doe"), say(t, "domain:x.test registrant phone:+4930123456"),
				say(t, "domain:x.test registrant email:jo@mail.example"), say(t, "domain:x.test tech email:tech@provider.example"),
			},
			"organisation=acme ltd, person=jo doe, email=jo@mail.example, mail-domain=mail.example, phone=+4930123456",
		},
		{"a country of a contact", []obs.Observation{say(t, "domain:x.test registrant org:acme", with(obs.Attribute{Name: "country", Value: "DE"}))}, "organisation=acme, country=de"},
		{
			"what is withheld is no value",
			[]obs.Observation{
				say(t, "domain:x.test registrant org:acme", with(
					obs.Attribute{Name: "country", State: obs.Redacted, Reason: "REDACTED FOR PRIVACY"}, obs.Attribute{Name: "email", State: obs.ProxyService, Reason: "veil"})),
				say(t, "domain:x.test admin org:acme", with(obs.Attribute{Name: "country", State: obs.Absent}), from("s2", obs.Declared)),
				say(t, "domain:x.test registrant org:acme", with(obs.Attribute{Name: "country", State: obs.RedactedByGuess, Value: "XX"}), from("s3", obs.Declared)),
			},
			"organisation=acme",
		},
		{
			"fingerprints by their kind",
			[]obs.Observation{
				say(t, "domain:x.test has-fingerprint fingerprint:title:Sign In"), say(t, "domain:x.test has-fingerprint fingerprint:server:nginx"),
				say(t, "domain:x.test has-fingerprint fingerprint:jarm:27d40d"), say(t, "domain:x.test uses-tracker tracker:UA-1-1"),
			},
			"title=Sign In, server=nginx, fingerprint=jarm:27d40d, tracker=UA-1-1",
		},
		{"a redirect, by its registered name", []obs.Observation{say(t, "domain:x.test redirects-to url:https://www.goal.example/a")}, "redirect=goal.example"},
		{"a redirect at home", []obs.Observation{say(t, "domain:x.test redirects-to url:https://www.x.test/a")}, ""},
		{"what reports say", []obs.Observation{say(t, "domain:x.test reported-as label:malware:evil"), say(t, "label:malware:worse communicates-with domain:c2.x.test")}, "reported-as=malware:evil, reported-as=malware:worse"},
		{"who talks to it", []obs.Observation{say(t, "filehash:"+strings.Repeat("0f", 32)+" communicates-with domain:x.test")}, "client=filehash:" + strings.Repeat("0f", 32)},
		{
			"a certificate with its key, issuer and length of life",
			[]obs.Observation{
				say(t, "cert:"+digest+" san domain:*.x.test", during(10, 100)), say(t, "cert:"+digest+" key spki:"+spki, during(10, 100)),
				say(t, "cert:"+digest+" issued-by org:open ca", during(10, 100)),
			},
			"certificate=" + digest + ", key=" + spki + ", issuer=open ca, validity=90",
		},
		{
			"a fingerprint of a certificate is the certificate",
			[]obs.Observation{
				say(t, "cert:"+sha1+" san domain:x.test"), say(t, "cert:"+digest+" san domain:www.x.test"), say(t, "cert:"+digest+" alias cert:"+sha1),
				say(t, "cert:"+digest+" key spki:"+spki), say(t, "cert:"+sha1+" issued-by org:open ca", during(10, 100)),
			},
			"certificate=" + digest + ", key=" + spki + ", issuer=open ca, validity=90",
		},
		{"a fingerprint that nobody resolved stands for itself", []obs.Observation{say(t, "cert:"+sha1+" san domain:x.test")}, "certificate=" + sha1},
		{
			"the length of life is that of the latest certificate",
			[]obs.Observation{
				say(t, "cert:"+digest+" san domain:x.test", during(1, 91)), say(t, "cert:"+digest+" issued-by org:open ca", during(1, 91)),
				say(t, "cert:"+sha1+" san domain:x.test", during(2, 49)), say(t, "cert:"+sha1+" issued-by org:open ca", during(2, 49)),
			},
			"certificate=" + digest + ", certificate=" + sha1 + ", issuer=open ca, validity=47",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := features(read(t, stored(t, c.rows...), store.Everything, "x.test")); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTheNameItself(t *testing.T) {
	r := read(t, stored(t), store.Everything, "verify-48.co.uk")
	if r.Rows != 0 || r.Of(feature.TLD)[0].Text != "uk" || r.Of(feature.Shape)[0].Text != "l2-d2" {
		t.Errorf("%+v", r)
	}
}

// The registration that holds is the latest that somebody declares; a date that is
// only a bound, or that a sensor gives, is none.
func TestRegistration(t *testing.T) {
	st := stored(
		t, say(t, "domain:x.test registrar registrar:iana:1", from("r1", obs.Declared), during(5, 370)),
		say(t, "domain:x.test registrar registrar:iana:2", from("r2", obs.Declared), during(30, 395)),
		say(t, "domain:x.test registrar registrar:iana:3", during(60, 61)),
		say(t, "domain:x.test registrar registrar:iana:4", from("r4", obs.Declared), during(70, 90), func(o *obs.Observation) { o.Flags = obs.FirstBound }),
	)
	r := read(t, st, store.Everything, "x.test")
	if r.Created != 30*day || r.CreatedRow == nil || r.CreatedRow.Object.Key != "iana:2" {
		t.Errorf("created %s by %+v", r.Created, r.CreatedRow)
	}
	if r := read(t, st, store.View{Clearance: obs.Red, Sources: []string{"r4"}}, "x.test"); r.Created.Known() {
		t.Errorf("a bound became a registration: %s", r.Created)
	}
}

// A value knows when it held, how far it can be trusted, how many say so
// independently, and the rows.
func TestWhatStandsBehindAValue(t *testing.T) {
	lineage := func(l string) func(*obs.Observation) {
		return func(o *obs.Observation) { o.Origin.Lineage = l }
	}
	st := stored(
		t, say(t, "domain:x.test resolves ip:192.0.2.7", from("s1", obs.Sensor), during(10, 20)),
		say(t, "domain:www.x.test resolves ip:192.0.2.7", from("s2", obs.Sensor), lineage("s1"), during(15, 25)), // a reseller of s1
		say(t, "domain:x.test resolves ip:192.0.2.7", from("s3", obs.Probe), during(40, 41)),
	)
	v := read(t, st, store.Everything, "x.test").Of(feature.IP)[0]
	if want := []feature.Span{{First: 10 * day, Last: 25 * day}, {First: 40 * day, Last: 41 * day}}; !slices.Equal(v.Spans, want) {
		t.Errorf("held %v, want %v", v.Spans, want)
	}
	if v.Lineages != 2 || v.Reliable != collect.Reliability(obs.Probe) || len(v.Rows) != 3 {
		t.Errorf("%d lineages, reliable %v, %d rows", v.Lineages, v.Reliable, len(v.Rows))
	}
}

func TestTheViewIsTheReaders(t *testing.T) {
	st := stored(
		t, say(t, "domain:x.test resolves ip:192.0.2.7"),
		say(t, "domain:x.test resolves ip:192.0.2.8", func(o *obs.Observation) { o.Recorded = 50 * day }),
		say(t, "domain:x.test resolves ip:192.0.2.9", during(30, 31)),
		say(t, "domain:x.test ns domain:ns.dns.example", func(o *obs.Observation) { o.Origin.Handling.TLP = obs.Red }),
	)
	for _, c := range []struct {
		name string
		view store.View
		want int
		rows int
	}{
		{"everything", store.Everything, 6, 4}, // three addresses, one network, name servers and their set
		{"below RED", store.View{Clearance: obs.Amber}, 4, 3},
		{"known by day 60", store.View{Clearance: obs.Red, Clock: obs.Clock{Known: 60 * day}}, 2, 1},
		{"on day 15", store.View{Clearance: obs.Amber, Clock: obs.Clock{Seen: 15 * day}}, 3, 2},
	} {
		r := read(t, st, c.view, "x.test")
		if got := len(r.Values) - 2; got != c.want || r.Rows != c.rows { // TLD and shape are always there
			t.Errorf("%s: %d values of %d rows, want %d of %d: %s", c.name, got, r.Rows, c.want, c.rows, features(r))
		}
	}
}

// Which levels the rows have, those of the certificates included: counts go by it.
func TestLevelsOfRows(t *testing.T) {
	marked := func(l obs.TLP) func(*obs.Observation) {
		return func(o *obs.Observation) { o.Origin.Handling.TLP = l }
	}
	st := stored(
		t, say(t, "cert:"+sha1+" san domain:x.test", marked(obs.Green)), say(t, "cert:"+digest+" alias cert:"+sha1, marked(obs.Amber)),
		say(t, "cert:"+digest+" key spki:"+spki, marked(obs.Red)),
	)
	if got, want := read(t, st, store.Everything, "x.test").Levels, (feature.Levels{1: true, 2: true, 4: true}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// A name with very many rows says what its first rows say, and that there are more.
func TestTooManyRowsAreCut(t *testing.T) {
	b := store.Batch{Run: "1"}
	for i := range 4_100 {
		b.Rows = append(b.Rows, say(t, fmt.Sprintf("domain:h%d.x.test resolves ip:192.0.2.7", i)))
	}
	st := stored(t)
	if _, err := st.Append(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	r := read(t, st, store.Everything, "x.test")
	if !r.Cut || len(r.Of(feature.IP)) != 1 || len(r.Of(feature.IP)[0].Rows) != 12 {
		t.Errorf("cut %v, %d values, %d rows named", r.Cut, len(r.Values), len(r.Of(feature.IP)[0].Rows))
	}
}

// Of very many certificates the latest count.
func TestTooManyCertificatesAreCut(t *testing.T) {
	var rows []obs.Observation
	for i := range 70 {
		rows = append(rows, say(t, fmt.Sprintf("cert:%064x san domain:x.test", i), during(obs.Time(i+1), obs.Time(i+20))))
	}
	r := read(t, stored(t, rows...), store.Everything, "x.test")
	certs := r.Of(feature.Cert)
	if !r.Cut || len(certs) != 64 || certs[0].Text != fmt.Sprintf("%064x", 6) {
		t.Errorf("cut %v, %d certificates from %s", r.Cut, len(certs), certs[0].Text)
	}
}

func TestUnits(t *testing.T) {
	u := collect.Units{Shared: func(r string) bool { return r == "let.example" }}
	for host, want := range map[string]string{
		"a.b.x.test": "x.test", "x.co.uk": "x.co.uk", "www.x.co.uk": "x.co.uk", "co.uk": "",
		"let.example": "let.example", "me.let.example": "me.let.example", "www.me.let.example": "me.let.example",
	} {
		got, ok := u.Of(host)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v, want %q", host, got, ok, want)
		}
	}
}

// In a shared zone each tenant stands for himself, and the provider's own name for
// the provider alone.
func TestTenantsOfASharedZone(t *testing.T) {
	st := stored(
		t, say(t, "domain:let.example resolves ip:192.0.2.1"), say(t, "domain:me.let.example resolves ip:192.0.2.2"),
		say(t, "domain:www.me.let.example resolves ip:192.0.2.3"), say(t, "domain:you.let.example resolves ip:192.0.2.4"),
	)
	u := collect.Units{Shared: func(r string) bool { return r == "let.example" }}
	for unit, want := range map[string]string{
		"let.example": "ip=192.0.2.1, net=192.0.2.0/24", "me.let.example": "ip=192.0.2.2, ip=192.0.2.3, net=192.0.2.0/24", "you.let.example": "ip=192.0.2.4, net=192.0.2.0/24",
	} {
		r, err := u.Collect(t.Context(), st.In(store.Everything), unit)
		if err != nil || features(r) != want {
			t.Errorf("%s: %s, want %s, %v", unit, features(r), want, err)
		}
	}
}

// What is learned in another order, or in other portions, gives the same features.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	all := []obs.Observation{
		say(t, "domain:x.test resolves ip:192.0.2.7"), say(t, "domain:x.test resolves ip:192.0.2.7", during(18, 60)), say(t, "domain:www.x.test resolves ip:192.0.2.7", from("s2", obs.Probe)),
		say(t, "domain:x.test ns domain:ns1.dns.example", during(1, 30)), say(t, "domain:x.test ns domain:ns2.dns.example"), say(t, "domain:x.test ns domain:ns2.dns.example", from("s2", obs.Zone)),
		say(t, "domain:x.test registrar registrar:iana:1", from("r1", obs.Declared)), say(t, "domain:x.test registrar registrar:iana:1", from("r2", obs.Declared)),
		say(t, "cert:"+sha1+" san domain:x.test"), say(t, "cert:"+digest+" san domain:x.test"), say(t, "cert:"+digest+" alias cert:"+sha1),
		say(t, "cert:"+digest+" issued-by org:open ca"), say(t, "cert:"+sha1+" issued-by org:open ca", during(10, 60)),
	}
	want := read(t, stored(t, all...), store.Everything, "x.test")
	rapid.Check(t, func(rt *rapid.T) {
		st := openStore(rt)
		defer st.Close()
		rest := rapid.Permutation(all).Draw(rt, "order")
		for len(rest) > 0 {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "portion")
			if _, err := st.Append(t.Context(), &store.Batch{Run: "1", Rows: rest[:n]}); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		if got := read(t, st, store.Everything, "x.test"); !reflect.DeepEqual(got, want) {
			rt.Fatalf("%+v\nwant %+v", got, want)
		}
	})
}

// Many units read together give what each of them gives alone.
func TestCollectMany(t *testing.T) {
	st := stored(
		t, say(t, "domain:x.test resolves ip:192.0.2.7"), say(t, "cert:"+digest+" san domain:x.test"), say(t, "cert:"+digest+" san domain:y.test"),
		say(t, "cert:"+digest+" key spki:"+spki),
	)
	units := []string{"x.test", "y.test", "z.test"}
	var got []*feature.Row
	err := collect.Units{}.CollectMany(t.Context(), st.In(store.Everything), units, func(r *feature.Row) error {
		got = append(got, r)
		return nil
	})
	if err != nil || len(got) != len(units) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, unit := range units {
		if want := read(t, st, store.Everything, unit); !reflect.DeepEqual(got[i], want) {
			t.Errorf("%s: %+v, alone %+v", unit, got[i], want)
		}
	}
}

// What an entity that is no name lends to a pivot.
func TestOther(t *testing.T) {
	st := stored(t, say(t, "cert:"+digest+" key spki:"+spki), say(t, "cert:"+digest+" issued-by org:open ca", during(10, 100)), say(t, "cert:"+digest+" alias cert:"+sha1))
	cert := "certificate=" + digest + ", key=" + spki + ", issuer=open ca, validity=90"
	for text, want := range map[string]string{
		"ip:192.0.2.7": "ip=192.0.2.7, net=192.0.2.0/24", "cert:" + digest: cert, "cert:" + sha1: cert, "email:a@b.example": "email=a@b.example",
		"org:acme": "organisation=acme", "fingerprint:title:hello": "title=hello", "fingerprint:jarm:27d": "fingerprint=jarm:27d", "label:malware:evil": "reported-as=malware:evil",
		"asn:64500": "asn=64500", "list:x": "", "filehash:" + strings.Repeat("0f", 32): "client=filehash:" + strings.Repeat("0f", 32),
	} {
		e, err := entity.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := collect.Other(t.Context(), st.In(store.Everything), e)
		if err != nil || features(r) != want {
			t.Errorf("%s: %s, want %s, %v", text, features(r), want, err)
		}
	}
}

// BenchmarkCollect reads one name with about eleven rows.
func BenchmarkCollect(b *testing.B) {
	st := openStore(b)
	defer st.Close()
	batch := store.Batch{Run: "1"}
	var unit string
	for o := range synth.Population(1_000, 1) {
		o.Recorded = synth.Now
		batch.Rows = append(batch.Rows, o)
		if o.Relation == obs.MX {
			unit = o.Subject.Key
		}
	}
	if _, err := st.Append(b.Context(), &batch); err != nil {
		b.Fatal(err)
	}
	r := st.In(store.Everything)
	for b.Loop() {
		if _, err := (collect.Units{}).Collect(b.Context(), r, unit); err != nil {
			b.Fatal(err)
		}
	}
}
