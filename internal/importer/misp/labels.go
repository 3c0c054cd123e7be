package misp

import (
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

// mark is what tags of the taxonomies TLP and PAP say.
type mark struct {
	tlp obs.TLP // TLPUnset: nothing
	pap obs.PAP
}

// markOf returns the strictest of the markings among tags. TLP 1.0 said white for
// clear; tlp:unclear and the like say nothing.
func markOf(tags []string) mark {
	m := mark{tlp: obs.TLPUnset}
	for _, name := range tags {
		scheme, level, _ := strings.Cut(strings.ToLower(name), ":")
		level = strings.Trim(level, ` "`)
		switch strings.TrimSpace(scheme) {
		case "tlp":
			if t, err := obs.ParseTLP(level); err == nil {
				m.tlp = m.tlp.Stricter(t)
			}
		case "pap":
			if p, err := obs.ParsePAP(level); err == nil {
				m.pap = max(m.pap, p)
			}
		}
	}
	return m
}
