package misp

import (
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// passiveDNS reads an object whose parts are named after the members of the Common
// Output Format. Its count is over the whole interval, and its times may be of a
// sensor's clock, of a zone file's, or of both.
func (r *reading) passiveDNS(o *object) {
	typ, err := obs.ParseRRType(o.one("rrtype"))
	if err != nil {
		r.fail(fault.Wrap(err, fault.Invalid, "relation rrtype"))
		return
	}
	v := obs.Observation{RRType: typ}
	if s := o.one("count"); s != "" {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
		if err != nil {
			r.fail(fault.New(fault.Invalid, "relation count: %.40q is no number of sightings", s))
		}
		v.HasCount, v.Count = err == nil, n
	}
	if s := o.one("bailiwick"); s != "" {
		e, err := importer.Entity(entity.Domain, "relation bailiwick", s)
		r.fail(err)
		v.Bailiwick = e.Key
	}
	sensor := span{r.milli(o, "time_first"), r.milli(o, "time_last")}
	zone := span{r.time(o, "zone_time_first"), r.time(o, "zone_time_last")}
	data := o.all("rdata")
	if len(data) == 0 {
		r.fail(fault.New(fault.Invalid, "relation rdata is missing"))
	}
	k := originKey{cumulative: true, sensor: importer.Cut(o.one("sensor_id"), obs.MaxOriginText)}
	for _, text := range data {
		if sensor.known() || !zone.known() {
			k.basis, v.First, v.Last = obs.Sensor, sensor.first, sensor.last
			r.answer(v, o.one("rrname"), text, o.one("origin"), k)
		}
		if zone.known() {
			k.basis, v.First, v.Last = obs.Zone, zone.first, zone.last
			r.answer(v, o.one("rrname"), text, o.one("origin"), k)
		}
	}
}

// milli reads a time that may stand there in milliseconds instead.
func (r *reading) milli(o *object, relation string) obs.Time {
	if t := r.time(o, relation); t.Known() {
		return t
	}
	s := strings.TrimSpace(o.one(relation + "_ms"))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		s = strconv.FormatInt(n/1000, 10)
	}
	t, err := moment(s)
	r.fail(fault.Wrap(err, fault.Invalid, "relation %s_ms", relation))
	return t
}

// answer states one resource record.
func (r *reading) answer(v obs.Observation, rrname, text, origin string, k originKey) {
	owner, err := importer.Entity(entity.Domain, "relation rrname", rrname)
	if err != nil {
		r.fail(err)
		return
	}
	s, ok, err := rdata.Map(owner, v.RRType, text)
	r.fail(fault.Wrap(err, fault.Invalid, "data of the %s record", v.RRType))
	if err != nil || !ok {
		return
	}
	v.Subject, v.Relation, v.Object, v.Attributes = s.Subject, s.Relation, s.Object, s.Attributes
	if origin != "" {
		v.Attributes = append(v.Attributes, obs.Attribute{Name: "origin", Value: importer.Cut(origin, 500)})
	}
	r.add(v, k)
}

// recordTypes are the parts of a dns-record with their types.
var recordTypes = []struct {
	relation string
	typ      obs.RRType
}{
	{"a-record", obs.TypeA},
	{"aaaa-record", obs.TypeAAAA},
	{"cname-record", obs.TypeCNAME},
	{"ns-record", obs.TypeNS},
	{"txt-record", obs.TypeTXT},
	{"mx-record", obs.TypeMX},
}

// dnsRecord reads the records of one name.
func (r *reading) dnsRecord(o *object) {
	for _, rr := range recordTypes {
		for _, text := range o.all(rr.relation) {
			if rr.typ == obs.TypeMX && !strings.Contains(strings.TrimSpace(text), " ") {
				text = "0 " + text // the template has no preference
			}
			v := obs.Observation{RRType: rr.typ, First: r.own.first, Last: r.own.last}
			r.answer(v, o.one("queried-domain"), text, "", originKey{basis: obs.Asserted})
		}
	}
}
