package csvlist

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/extract"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/rdata"
)

// row makes the observations of one row. The error, if there are also
// observations, says which cell was refused.
func (t *table) row(cells [][]byte) ([]obs.Observation, error) {
	if t.pdns {
		return t.resource(cells)
	}
	r := t.begin(cells)
	var failed error
	var files, places []entity.Entity
	for i, cell := range cells {
		if i >= len(t.cols) {
			break
		}
		cell = bytes.TrimSpace(cell)
		if len(cell) == 0 {
			continue
		}
		found, err := t.cell(i, cells, cell)
		if err != nil && failed == nil {
			failed = fault.Wrap(err, fault.Invalid, "column %s", t.cols[i].name)
		}
		for _, h := range found {
			r.Report(h.Entity, h.Host, t.notes(cells)...)
			switch h.Entity.Kind {
			case entity.FileHash:
				files = append(files, h.Entity)
			case entity.Domain, entity.IP:
				places = append(places, h.Entity)
			case entity.URL:
				places = append(places, h.Host)
			}
		}
	}
	t.relate(r, files, places)
	return r.Rows, failed
}

// begin sets the reporter up for the row: its labels and its date.
func (t *table) begin(cells [][]byte) *importer.Reporter {
	r := &t.reporter
	r.Reset()
	r.Labels = t.labels(cells)
	r.Origin, r.Date = t.asserted[obs.Second], t.date
	for _, want := range []role{first, last} {
		if at, g, ok := t.when(cells, want); ok {
			r.Origin, r.Date = t.asserted[g], at
			break
		}
	}
	return r
}

// labels are those that the row names, else those of the report.
func (t *table) labels(cells [][]byte) []entity.Entity {
	out := t.report
	for i, c := range t.cols {
		typ := map[role]string{malware: "malware:", actor: "actor:", campaign: "campaign:", tag: "tag:"}[c.role]
		if typ == "" || i >= len(cells) || len(bytes.TrimSpace(cells[i])) == 0 {
			continue
		}
		if e, err := entity.New(entity.Label, typ+string(cells[i])); err == nil {
			out = append(slices.Clip(out), e)
		}
	}
	return out
}

// when reads the row's time of one role.
func (t *table) when(cells [][]byte, want role) (obs.Time, obs.Granularity, bool) {
	for i, c := range t.cols {
		if c.role != want || i >= len(cells) {
			continue
		}
		s := strings.TrimSpace(string(cells[i]))
		if at, err := obs.ParseTime(s); err == nil && at.Known() {
			g := obs.Second
			if len(s) <= len("2006-01-02") {
				g = obs.Day
			}
			return at, g, true
		}
		if at, err := obs.ParseEpoch(s); err == nil && at.Known() {
			return at, obs.Second, true
		}
	}
	return 0, 0, false
}

// notes are the row's remarks, as attributes.
func (t *table) notes(cells [][]byte) (out []obs.Attribute) {
	for i, c := range t.cols {
		if c.role == note && i < len(cells) {
			if s := strings.TrimSpace(string(cells[i])); s != "" {
				out = append(out, obs.Attribute{Name: "note", Value: strings.ToValidUTF8(cut(s, 500), "\uFFFD")})
			}
		}
	}
	return out
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

// cell returns the indicators in one cell.
func (t *table) cell(i int, cells [][]byte, cell []byte) ([]extract.Hit, error) {
	switch c := t.cols[i]; c.role {
	case text:
		return extract.All(cell), nil
	case single:
		return one(c.kind, cell)
	case file:
		if h, err := one(entity.FileHash, cell); err == nil {
			return h, nil
		}
		return nil, nil // names and remarks stand in such columns too
	case typed:
		kind, known, named := t.kind(cells)
		if named && !known {
			return nil, nil // a file name, a registry key: no infrastructure
		}
		if named {
			return one(kind, cell)
		}
		return extract.All(cell), nil
	}
	return nil, nil
}

// kind reads the row's type column.
func (t *table) kind(cells [][]byte) (k entity.Kind, known, named bool) {
	for i, c := range t.cols {
		if c.role == typeName && i < len(cells) && len(bytes.TrimSpace(cells[i])) > 0 {
			k, known = kindOf(cells[i])
			return k, known, true
		}
	}
	return 0, false, false
}

// one reads a cell that holds a value of a kind, perhaps of a near relation: an
// address with a port or as a prefix, a URL in a column of domains.
func one(kind entity.Kind, cell []byte) ([]extract.Hit, error) {
	if hits := extract.All(cell); len(hits) > 0 {
		return hits, nil
	}
	e, err := entity.New(kind, entity.Refang(string(cell)))
	if err != nil {
		return nil, err
	}
	if kind == entity.Domain && !strings.Contains(e.Key, ".") {
		return nil, fault.New(fault.Invalid, "%.60q is no domain", cell)
	}
	return []extract.Hit{{Entity: e}}, nil
}

// relate adds what a row says by naming several things: a file beside a host
// talks to it; a domain beside an address resolves to it.
func (t *table) relate(r *importer.Reporter, files, places []entity.Entity) {
	for _, p := range places {
		if p.IsZero() {
			continue
		}
		for _, f := range files {
			t.edge(r, f, obs.CommunicatesWith, p, 0)
		}
	}
	var names, addrs []entity.Entity
	for _, p := range places {
		switch p.Kind {
		case entity.Domain:
			names = append(names, p)
		case entity.IP:
			addrs = append(addrs, p)
		}
	}
	if len(names) == 1 && len(addrs) == 1 {
		typ := obs.TypeA
		if strings.Contains(addrs[0].Key, ":") {
			typ = obs.TypeAAAA
		}
		t.edge(r, names[0], obs.ResolvesVia, addrs[0], typ)
	}
}

func (t *table) edge(r *importer.Reporter, from entity.Entity, rel obs.Relation, to entity.Entity, typ obs.RRType) {
	o := obs.Observation{Subject: from, Relation: rel, Object: to, RRType: typ, First: r.Date, Last: r.Date, Origin: r.Origin}
	if r.Date.Known() {
		o.Flags = obs.FirstBound | obs.LastBound
	}
	r.Rows = append(r.Rows, o)
}

// resource reads a row of passive DNS, as dnsdbq writes it.
func (t *table) resource(cells [][]byte) ([]obs.Observation, error) {
	get := func(want role) string {
		for i, c := range t.cols {
			if c.role == want && i < len(cells) {
				return strings.TrimSpace(string(cells[i]))
			}
		}
		return ""
	}
	owner, err := importer.Entity(entity.Domain, "column rrname", get(rrname))
	if err != nil {
		return nil, err
	}
	typ, err := obs.ParseRRType(get(rrtype))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "column rrtype")
	}
	s, ok, err := rdata.Map(owner, typ, get(rrdata))
	if err != nil || !ok {
		return nil, fault.Wrap(err, fault.Invalid, "column rdata")
	}
	o := obs.Observation{
		Subject: s.Subject, Relation: s.Relation, Object: s.Object, RRType: typ, Attributes: s.Attributes, Origin: t.sensor,
	}
	o.First, _, _ = t.when(cells, first)
	o.Last, _, _ = t.when(cells, last)
	if n, err := strconv.ParseUint(get(count), 10, 64); err == nil {
		o.HasCount, o.Count = true, n
	}
	if b := get(bailiwick); b != "" {
		if e, err := entity.New(entity.Domain, b); err == nil {
			o.Bailiwick = e.Key
		}
	}
	return append(t.reporter.Rows[:0], o), nil
}
