package misp

import (
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
)

// system states who holds an autonomous system and what it announces.
func (r *reading) system(o *object) {
	for _, asn := range r.things(o, "AS", "asn") {
		for _, part := range []string{"organization", "name", "description"} { // the template knew only the last of them once
			e, err := entity.New(entity.Org, o.one(part))
			if err == nil {
				r.add(obs.Observation{Subject: asn, Relation: obs.AllocatedTo, Object: e, First: r.own.first, Last: r.own.last}, originKey{basis: obs.Asserted})
				break
			}
		}
		for _, e := range r.things(o, "ip-src", "subnet-announced") {
			if e.Kind != entity.Prefix {
				r.fail(fault.New(fault.Invalid, "relation subnet-announced: %s is no prefix", e.Key))
				continue
			}
			r.add(obs.Observation{Subject: e, Relation: obs.AnnouncedBy, Object: asn, First: r.own.first, Last: r.own.last}, originKey{basis: obs.Asserted})
		}
	}
}

// connection states who talked to whom. The side that begins may be a victim's:
// whether it is an indicator, its part says.
func (r *reading) connection(o *object) {
	var attrs []obs.Attribute
	for _, f := range []struct {
		name  string
		parts []string
	}{{"port", []string{"dst-port"}}, {"protocol", []string{"layer7-protocol", "layer4-protocol", "layer3-protocol"}}} {
		if value := strings.TrimSpace(o.one(f.parts...)); value != "" {
			attrs = append(attrs, obs.Attribute{Name: f.name, Value: importer.Cut(value, 100)})
		}
	}
	seen, err := span{r.time(o, "first-packet-seen"), r.time(o, "last-packet-seen")}.or(r.own).checked()
	r.fail(err)
	to := r.things(o, "ip-dst", "ip-dst")
	to = append(to, r.things(o, "hostname", "hostname-dst")...)
	for _, from := range r.things(o, "ip-src", "ip-src") {
		for _, e := range to {
			v := obs.Observation{Subject: from, Relation: obs.CommunicatesWith, Object: e, First: seen.first, Last: seen.last, Attributes: attrs}
			if v.Relation.Check(from.Kind, e.Kind) == nil && !r.more { // a prefix talks to nobody
				r.add(v, originKey{basis: obs.Asserted})
			}
		}
	}
}
