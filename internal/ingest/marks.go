package ingest

import (
	"encoding/json"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/store"
)

// MarksCollection keeps, by run, what was said of an import that refused something:
// what is read again must be marked like the rest.
const MarksCollection = "mark"

// Marks is what was said of an import.
type Marks struct {
	TLP     string   `json:"tlp"` // empty if nothing was said
	Licence string   `json:"licence,omitempty"`
	Labels  []string `json:"labels,omitempty"`
	Date    obs.Time `json:"date,omitempty"`
	Base    string   `json:"base"`
}

// MarksOf takes what opt says of an input of that base name.
func MarksOf(opt *Options, base string) Marks {
	m := Marks{Licence: opt.Handling.Licence, Date: opt.Date, Base: base}
	if opt.Handling.TLP != obs.TLPUnset {
		m.TLP = opt.Handling.TLP.String()
	}
	for _, l := range opt.Labels {
		m.Labels = append(m.Labels, l.Key)
	}
	return m
}

// Doc is the document of a run's marks.
func (m Marks) Doc(run string) (store.Doc, error) {
	data, err := json.Marshal(m)
	return store.Doc{DocID: store.DocID{Collection: MarksCollection, ID: run}, Data: data}, err
}

// Apply puts the marks into opt: the stricter of both levels, and all else as it was
// said.
func (m Marks) Apply(opt *Options) error {
	if m.TLP != "" {
		said, err := obs.ParseTLP(m.TLP)
		if err != nil {
			return fault.Wrap(err, fault.Corrupt, "the marks")
		}
		opt.Handling.TLP = opt.Handling.TLP.Stricter(said)
	}
	opt.Handling.Licence, opt.Date, opt.Labels = m.Licence, m.Date, nil
	for _, l := range m.Labels {
		e, err := entity.New(entity.Label, l)
		if err != nil {
			return fault.Wrap(err, fault.Corrupt, "the marks")
		}
		opt.Labels = append(opt.Labels, e)
	}
	return nil
}
