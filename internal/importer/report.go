package importer

import (
	"slices"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// Reporter makes the observations that say "this is reported as that". The
// formats of lists and prose share it. It is not safe for concurrent use.
type Reporter struct {
	Labels []entity.Entity
	Origin *obs.Origin
	Date   obs.Time // of the report; zero: undated
	Rows   []obs.Observation

	seen map[entity.Entity]bool
}

// Reset begins a record.
func (r *Reporter) Reset() {
	r.Rows = r.Rows[:0]
	clear(r.seen)
}

// Report adds that e is reported under the labels, and so is the host of a URL;
// the host of a mail address is not, for it is often a big provider.
func (r *Reporter) Report(e, host entity.Entity, attrs ...obs.Attribute) {
	r.add(e, attrs)
	if e.Kind == entity.URL && !host.IsZero() {
		r.add(host, append(slices.Clip(attrs), obs.Attribute{Name: "via", Value: "url"}))
	}
}

func (r *Reporter) add(e entity.Entity, attrs []obs.Attribute) {
	if r.seen == nil {
		r.seen = map[entity.Entity]bool{}
	}
	if r.seen[e] {
		return
	}
	r.seen[e] = true
	for _, l := range r.Labels {
		o := obs.Observation{
			Subject: e, Relation: obs.ReportedAs, Object: l, First: r.Date, Last: r.Date, Attributes: attrs, Origin: r.Origin,
		}
		if r.Date.Known() {
			o.Flags = obs.FirstBound | obs.LastBound // a report says when it was written, not how long it holds
		}
		r.Rows = append(r.Rows, o)
	}
}
