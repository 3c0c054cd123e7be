package misp

import (
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// galaxies says what the clusters of a galaxy are. Techniques, sectors and
// countries say how or whom, not who, and are no labels.
var galaxies = map[string]string{
	"threat-actor": "actor", "microsoft-activity-group": "actor", "mitre-intrusion-set": "actor", "mitre-enterprise-attack-intrusion-set": "actor",
	"mitre-mobile-attack-intrusion-set": "actor", "360net-threat-actor": "actor", "producer": "actor",
	"campaign": "campaign", "mitre-campaign": "campaign",
	"malpedia": "malware", "ransomware": "malware", "tool": "malware", "rat": "malware", "stealer": "malware", "botnet": "malware", "banker": "malware",
	"backdoor": "malware", "android": "malware", "exploit-kit": "malware", "tds": "malware", "cryptominers": "malware", "stalkerware": "malware",
	"mitre-malware": "malware", "mitre-tool": "malware", "mitre-enterprise-attack-malware": "malware", "mitre-mobile-attack-malware": "malware",
	"surveillance-vendor": "actor",
}

// reported returns the labels under which an indicator is reported: the galaxies of
// its tags and the user's labels, and if there are none of his, the event.
func (r *reading) reported() []entity.Entity {
	if r.labels != nil {
		return r.labels
	}
	r.labels = slices.Clone(r.e.d.in.Labels)
	if len(r.labels) == 0 {
		if e, err := entity.New(entity.Label, "report:"+strings.TrimSpace(r.e.info)); err == nil && strings.TrimSpace(r.e.info) != "" {
			r.labels = append(r.labels, e)
		} else {
			r.labels = slices.Clone(r.e.d.in.Report())
		}
	}
	for _, list := range r.tags {
		for _, t := range list {
			if e, ok := cluster(t.Name); ok && !slices.Contains(r.labels, e) {
				r.labels = append(r.labels, e)
			}
		}
	}
	return r.labels
}

// cluster reads a galaxy tag: misp-galaxy:threat-actor="Turla Group".
func cluster(name string) (entity.Entity, bool) {
	rest, ok := strings.CutPrefix(name, "misp-galaxy:")
	if !ok {
		return entity.Entity{}, false
	}
	galaxy, value, ok := strings.Cut(rest, "=")
	kind := galaxies[galaxy]
	if !ok || kind == "" {
		return entity.Entity{}, false
	}
	value = strings.Trim(value, `"`)
	if i := strings.LastIndex(value, " - "); i > 0 && strings.HasPrefix(galaxy, "mitre") { // "Turla - G0010"
		value = value[:i]
	}
	e, err := entity.New(entity.Label, kind+":"+value)
	return e, err == nil
}

// report adds that an entity is reported, when it was seen or else on the date of
// the event, which bounds nothing.
func (r *reading) report(e entity.Entity, attrs ...obs.Attribute) {
	o := obs.Observation{Subject: e, Relation: obs.ReportedAs, First: r.first, Last: r.last, Attributes: attrs, Origin: r.origin(obs.Asserted)}
	if !o.First.Known() && !o.Last.Known() && r.e.date.Known() {
		o.First, o.Last, o.Flags = r.e.date, r.e.date, obs.FirstBound|obs.LastBound
	}
	for _, l := range r.reported() {
		o.Object = l
		r.rows = append(r.rows, o)
	}
}

// state adds a relation that an object states.
func (r *reading) state(basis obs.Basis, o obs.Observation) {
	o.Origin = r.origin(basis)
	r.rows = append(r.rows, o)
}
