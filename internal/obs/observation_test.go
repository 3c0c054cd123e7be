package obs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
)

func TestValidate(t *testing.T) {
	long := strings.Repeat("x", 201)
	for _, c := range []struct {
		name   string
		change func(o *obs.Observation, g *obs.Origin)
		want   string // "" means valid
	}{
		{"as it is", func(*obs.Observation, *obs.Origin) {}, ""},
		{"no origin", func(o *obs.Observation, _ *obs.Origin) { o.Origin = nil }, "source is missing"},
		{"no source", func(_ *obs.Observation, g *obs.Origin) { g.Source = "" }, "source is missing"},
		{"long source", func(_ *obs.Observation, g *obs.Origin) { g.Source = long }, "longer than 200"},
		{"long sensor", func(_ *obs.Observation, g *obs.Origin) { g.Sensor = long }, "longer than 200"},
		{"long lineage", func(_ *obs.Observation, g *obs.Origin) { g.Lineage = long }, "longer than 200"},
		{"long licence", func(_ *obs.Observation, g *obs.Origin) { g.Handling.Licence = long }, "longer than 200"},
		{"no text", func(_ *obs.Observation, g *obs.Origin) { g.Sensor = "\xff" }, "no UTF-8"},
		{"no basis", func(_ *obs.Observation, g *obs.Origin) { g.Basis = 0 }, "basis"},
		{"basis of later", func(_ *obs.Observation, g *obs.Origin) { g.Basis = 8 }, "basis"},
		{"unsettled TLP", func(_ *obs.Observation, g *obs.Origin) { g.Handling.TLP = obs.TLPUnset }, "TLP"},
		{"TLP of later", func(_ *obs.Observation, g *obs.Origin) { g.Handling.TLP = 99 }, "TLP"},
		{"PAP of later", func(_ *obs.Observation, g *obs.Origin) { g.Handling.PAP = 99 }, "PAP"},
		{"redistribution of later", func(_ *obs.Observation, g *obs.Origin) { g.Handling.Redistribution = 99 }, "redistribution"},
		{"granularity of later", func(_ *obs.Observation, g *obs.Origin) { g.Granularity = 99 }, "granularity"},
		{"kind of count of later", func(_ *obs.Observation, g *obs.Origin) { g.CountKind = 99 }, "counts"},
		{"quality of later", func(_ *obs.Observation, g *obs.Origin) { g.Quality = 99 }, "counts"},
		{"negative gap", func(_ *obs.Observation, g *obs.Origin) { g.Gap = -1 }, "gap"},
		{"kept for ever and longer", func(_ *obs.Observation, g *obs.Origin) { g.Handling.RetainUntil = 1 << 50 }, "9999"},
		{"wrong subject", func(o *obs.Observation, _ *obs.Origin) { o.Subject = o.Object }, "starts at"},
		{"wrong object", func(o *obs.Observation, _ *obs.Origin) { o.Relation = obs.NS }, "leads to"},
		{"no relation", func(o *obs.Observation, _ *obs.Origin) { o.Relation = 0 }, "unknown"},
		{"relation of later", func(o *obs.Observation, _ *obs.Origin) { o.Relation = 200 }, "unknown"},
		{"no subject", func(o *obs.Observation, _ *obs.Origin) { o.Subject = entity.Entity{} }, "starts at"},
		{"empty key", func(o *obs.Observation, _ *obs.Origin) { o.Object.Key = "" }, "empty"},
		{"backwards", func(o *obs.Observation, _ *obs.Origin) { o.First, o.Last = 20, 10 }, "lies after"},
		{"undated", func(o *obs.Observation, _ *obs.Origin) { o.First, o.Last = 0, 0 }, ""},
		{"only an end", func(o *obs.Observation, _ *obs.Origin) { o.First = 0 }, ""},
		{"before 1970", func(o *obs.Observation, _ *obs.Origin) { o.First = -20 }, ""},
		{"year 1", func(o *obs.Observation, _ *obs.Origin) { o.First = -62135596800 }, ""},
		{"year 0", func(o *obs.Observation, _ *obs.Origin) { o.First = -62135596801 }, "years 1 to 9999"},
		{"year -290000000000", func(o *obs.Observation, _ *obs.Origin) { o.First = -1 << 63 }, "years 1 to 9999"},
		{"year 10000", func(o *obs.Observation, _ *obs.Origin) { o.Last = 253402300800 }, "years 1 to 9999"},
		{"clock a day ahead", func(o *obs.Observation, _ *obs.Origin) { o.Last = now + day }, ""},
		{"seen in the future", func(o *obs.Observation, _ *obs.Origin) { o.Last = now + 3*day }, "in the future"},
		{"seen in 9999", func(o *obs.Observation, _ *obs.Origin) { o.Last = 253402300799 }, "in the future"},
		{"declared until 9999", func(o *obs.Observation, g *obs.Origin) { o.Last, g.Basis = 253402300799, obs.Declared }, ""},
		{"recorded in the future", func(o *obs.Observation, _ *obs.Origin) { o.Recorded = now + 3*day }, "recorded"},
		{"recorded before time", func(o *obs.Observation, _ *obs.Origin) { o.Recorded = -1 << 60 }, "years 1 to 9999"},
	} {
		g := obs.Origin{Source: "s", Basis: obs.Sensor}
		o := obs.Observation{
			Subject: ent(t, "domain:a.example"), Relation: obs.Resolves, Object: ent(t, "ip:192.0.2.1"), First: 1, Last: now, Recorded: now, Origin: &g,
		}
		c.change(&o, &g)
		err := o.Validate(now)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !fault.Is(err, fault.Invalid)):
			t.Errorf("%s: %v (code %s), want %q", c.name, err, fault.CodeOf(err), c.want)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, last obs.Time
		basis       obs.Basis
		want        string
	}{
		{"both", 1 * day, 2 * day, obs.Sensor, "1-2"},
		{"only first", 1 * day, 0, obs.Sensor, "1-1,>"},
		{"only last", 0, 2 * day, obs.Sensor, "2-2,<"},
		{"neither", 0, 0, obs.Sensor, "undated"},
		{"RFC 5280: no well-defined expiration", 1 * day, 253402300799, obs.Declared, "1-2932896,open"},
		{"the same of a sensor", 1 * day, 253402300799, obs.Sensor, "1-2932896"},
	} {
		o := obs.Observation{First: c.first, Last: c.last, Origin: &obs.Origin{Basis: c.basis}}
		o.Normalize()
		if got := show([]obs.Interval{{First: o.First, Last: o.Last, Flags: o.Flags}}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	o := obs.Observation{Attributes: []obs.Attribute{{Name: "b", Value: "2"}, {Name: "a", Value: "x\xffy"}, {Name: "b", Value: "1"}}}
	o.Normalize()
	if want := []obs.Attribute{{Name: "a", Value: "x\uFFFDy"}, {Name: "b", Value: "2"}, {Name: "b", Value: "1"}}; !slices.Equal(o.Attributes, want) {
		t.Errorf("attributes %+v", o.Attributes)
	}
}

// The pairs come from the model's list of relations, not from the rules.
func TestRelationsJoinTheirKinds(t *testing.T) {
	allowed := map[obs.Relation]string{
		obs.Resolves: "domain>ip domain>domain domain>fingerprint", obs.ResolvesVia: "domain>ip domain>domain", obs.PTR: "ip>domain",
		obs.NS: "domain>domain", obs.MX: "domain>domain", obs.SOARname: "domain>email", obs.SAN: "cert>domain cert>ip cert>email cert>url",
		obs.IssuedBy: "cert>org", obs.Key: "cert>spki", obs.ServedAt: "cert>ip", obs.RegistrarOf: "domain>registrar",
		obs.Registrant: "domain>email domain>phone domain>person domain>org", obs.Admin: "domain>email domain>phone domain>person domain>org",
		obs.Tech: "domain>email domain>phone domain>person domain>org", obs.Billing: "domain>email domain>phone domain>person domain>org",
		obs.AnnouncedBy: "prefix>asn", obs.InPrefix: "ip>prefix", obs.AllocatedTo: "prefix>org asn>org", obs.Geo: "ip>label prefix>label",
		obs.HostedBy: "ip>org prefix>org", obs.RedirectsTo: "domain>domain domain>url url>domain url>url", obs.UsesTracker: "domain>tracker url>tracker",
		obs.NotExist: "domain>label", obs.Alias: "cert>cert",
		obs.HasFingerprint: "domain>fingerprint ip>fingerprint url>fingerprint cert>fingerprint domain>sshkey ip>sshkey url>sshkey cert>sshkey",
	}
	for _, k := range entity.Kinds() {
		allowed[obs.ListedOn] += " " + k.String() + ">list"
		allowed[obs.ReportedAs] += " " + k.String() + ">label"
	}
	for _, k := range []string{"filehash", "fingerprint", "label", "cert", "ip"} {
		allowed[obs.CommunicatesWith] += " " + k + ">domain " + k + ">ip " + k + ">url"
	}
	if n := len(obs.Relations()); n != 28 || len(allowed) != n {
		t.Errorf("%d relations, %d in this test", n, len(allowed))
	}
	for _, r := range obs.Relations() {
		if got, ok := obs.RelationOf(r.String()); !ok || got != r {
			t.Errorf("%s is read as %s", r, got)
		}
		pairs := strings.Fields(allowed[r])
		for _, from := range append(entity.Kinds(), entity.Unknown) {
			for _, to := range append(entity.Kinds(), entity.Unknown) {
				err := r.Check(from, to)
				if want := slices.Contains(pairs, from.String()+">"+to.String()); (err == nil) != want {
					t.Errorf("%s %s %s: %v", from, r, to, err)
				}
				if err != nil && (!strings.Contains(err.Error(), r.String()) || !fault.Is(err, fault.Invalid)) {
					t.Errorf("%s %s %s: the error says %v", from, r, to, err)
				}
			}
		}
	}
	for _, name := range []string{"", "unknown", "Resolves", "resolves "} {
		if r, ok := obs.RelationOf(name); ok {
			t.Errorf("%q is the relation %s", name, r)
		}
	}
}

func TestMarkings(t *testing.T) {
	for in, want := range map[string]obs.TLP{
		"AMBER": obs.Amber, "tlp:amber+strict": obs.AmberStrict, "TLP:AMBER-STRICT": obs.AmberStrict, "amber strict": obs.AmberStrict, "TLP-RED": obs.Red,
		"white": obs.Clear, " TLP:CLEAR ": obs.Clear, "Green": obs.Green,
	} {
		if got, err := obs.ParseTLP(in); err != nil || got != want {
			t.Errorf("%q is read as %s (%v)", in, got, err)
		}
	}
	for _, in := range []string{"", "TLP:", "PINK", "AMBER++"} {
		if got, err := obs.ParseTLP(in); err == nil {
			t.Errorf("%q is read as %s", in, got)
		}
	}
	order := []obs.TLP{obs.Clear, obs.Green, obs.Amber, obs.AmberStrict, obs.Red}
	for i, reader := range order {
		for j, marked := range order {
			if reader.Allows(marked) != (j <= i) {
				t.Errorf("%s allows %s: %v", reader, marked, reader.Allows(marked))
			}
		}
	}
	for in, want := range map[string]obs.PAP{"PAP:RED": obs.PAPRed, "white": obs.PAPClear, "amber": obs.PAPAmber} {
		if got, err := obs.ParsePAP(in); err != nil || got != want {
			t.Errorf("%q is read as %s (%v)", in, got, err)
		}
	}
}

func TestOriginsHaveOneOrder(t *testing.T) {
	base := obs.Origin{Source: "s", Basis: obs.Sensor}
	changes := []func(g *obs.Origin){
		func(g *obs.Origin) { g.Source = "t" }, func(g *obs.Origin) { g.Sensor = "x" }, func(g *obs.Origin) { g.Lineage = "x" }, func(g *obs.Origin) { g.Basis = obs.Zone },
		func(g *obs.Origin) { g.Granularity = obs.Day }, func(g *obs.Origin) { g.CountKind = obs.Cumulative }, func(g *obs.Origin) { g.Quality = obs.Sampled },
		func(g *obs.Origin) { g.CountUnit = "x" }, func(g *obs.Origin) { g.Gap = 1 }, func(g *obs.Origin) { g.Handling.TLP = obs.Red }, func(g *obs.Origin) { g.Handling.PAP = obs.PAPRed },
		func(g *obs.Origin) { g.Handling.Licence = "x" }, func(g *obs.Origin) { g.Handling.Redistribution = obs.RedistributeFree },
		func(g *obs.Origin) { g.Handling.NonCommercial = true }, func(g *obs.Origin) { g.Handling.Personal = true }, func(g *obs.Origin) { g.Handling.RetainUntil = 1 },
	}
	for i, change := range changes {
		other := base
		change(&other)
		if base.Compare(&other) >= 0 || other.Compare(&base) <= 0 || other.Compare(&other) != 0 {
			t.Errorf("change %d is not seen by Compare, or backwards", i)
		}
	}
}
