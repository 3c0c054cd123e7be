package zeek

import (
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// dns reads a line of dns.log. Its answers are a flat list without owners: what
// came through a chain of aliases belongs to the asked name only by way of it.
func (d *decoder) dns(f fields) error {
	query := f.get("query")
	if query == "" {
		return nil
	}
	name, err := importer.Entity(entity.Domain, "column query", query)
	if err != nil {
		return err
	}
	typ, err := queryType(f)
	if err != nil {
		return err
	}
	if f.get("rcode_name") == "NXDOMAIN" || f.get("rcode") == "3" {
		d.emit(obs.Observation{Subject: name, Relation: obs.NotExist, Object: importer.NXDomain, RRType: typ})
		return nil
	}
	answers := f.list("answers")
	ttls := f.list("TTLs")
	if len(answers) == 0 {
		return nil
	}
	whole := direct(typ, answers)
	var failed error
	for i, a := range answers {
		if a == "" {
			continue
		}
		o, ok, err := answer(name, typ, a, whole)
		if err != nil {
			failed = err
			continue
		}
		if !ok {
			continue
		}
		if i < len(ttls) {
			if ttl, err := strconv.ParseFloat(ttls[i], 64); err == nil && ttl >= 0 && ttl <= 1<<31 {
				o.HasTTL, o.TTL = true, uint32(ttl)
			}
		}
		d.emit(o)
	}
	return fault.Wrap(failed, fault.Invalid, "column answers")
}

func queryType(f fields) (obs.RRType, error) {
	s := f.get("qtype_name")
	if s == "" {
		s = f.get("qtype")
	}
	switch s {
	case "", "*", "0":
		return 0, nil
	}
	t, err := obs.ParseRRType(s)
	if err != nil {
		if n, nerr := obs.ParseRRType(f.get("qtype")); nerr == nil { // a name that Zeek made up
			return n, nil
		}
		if strings.HasPrefix(s, "query-") || strings.HasPrefix(s, "unknown-") {
			return 0, nil
		}
	}
	return t, fault.Wrap(err, fault.Invalid, "column qtype_name")
}

// direct reports whether all answers have the form of the asked type, so that none
// of them is an alias on the way.
func direct(typ obs.RRType, answers []string) bool {
	for _, a := range answers {
		switch typ {
		case obs.TypeTXT, obs.TypeSPF:
			if !strings.HasPrefix(a, "TXT ") && !strings.HasPrefix(a, "SPF ") {
				return false
			}
		case obs.TypeNS, obs.TypeMX, obs.TypePTR:
			if isAddr(a) || strings.Contains(a, " ") {
				return false
			}
		}
	}
	return true
}

// answer reads one answer; ok is false for what states nothing (signatures, keys).
func answer(name entity.Entity, typ obs.RRType, a string, whole bool) (o obs.Observation, ok bool, err error) {
	o = obs.Observation{Subject: name, Relation: obs.ResolvesVia, RRType: typ}
	switch {
	case isAddr(a):
		o.Object, err = entity.New(entity.IP, a)
		o.RRType = obs.TypeA
		if strings.Contains(o.Object.Key, ":") {
			o.RRType = obs.TypeAAAA
		}
		return o, err == nil, err
	case (typ == obs.TypeTXT || typ == obs.TypeSPF) && whole:
		s, ok, err := rdata.Map(name, typ, strings.TrimSpace(stripText(a)))
		o.Relation, o.Object, o.Attributes = s.Relation, s.Object, s.Attributes
		return o, ok, err
	case strings.Contains(a, " ") || a == "<unknown type=0>" || strings.HasPrefix(a, "<"):
		return o, false, nil // RRSIG, DNSKEY, … in words
	case whole && (typ == obs.TypeNS || typ == obs.TypeMX || typ == obs.TypePTR):
		s, ok, err := rdata.Map(name, typ, a)
		o.Subject, o.Relation, o.Object = s.Subject, s.Relation, s.Object
		return o, ok, err
	case typ == obs.TypeSOA, typ == 0:
		return o, false, nil // the server's name says nothing of the zone's owner
	}
	if typ == obs.TypeA || typ == obs.TypeAAAA {
		o.RRType = obs.TypeCNAME
	}
	o.Object, err = entity.New(entity.Domain, a)
	return o, err == nil && o.Object.Key != "." && strings.Contains(o.Object.Key, "."), err
}

// stripText drops "TXT 33 " in front of each string of a text record.
func stripText(a string) string {
	var b strings.Builder
	rest := a
	for rest != "" {
		word, after, _ := strings.Cut(rest, " ")
		if word != "TXT" && word != "SPF" {
			b.WriteString(rest)
			break
		}
		size, after, _ := strings.Cut(after, " ")
		n, err := strconv.Atoi(size)
		if err != nil || n < 0 || n > len(after) {
			b.WriteString(after)
			break
		}
		b.WriteString(after[:n])
		rest = strings.TrimPrefix(after[n:], " ")
	}
	return text(b.String())
}

func isAddr(s string) bool {
	_, err := entity.ParseAddr(s)
	return err == nil
}
