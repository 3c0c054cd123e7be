package cli

import (
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/feature"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/score"
)

var errTwo = fault.New(fault.Invalid, "why wants two different entities")

// The JSON forms of a pivot's answer: a contract with scripts (docs/cli.md).

type jsonRef struct {
	Subject  string `json:"subject"`
	Relation string `json:"relation"`
	Object   string `json:"object"`
	RRType   string `json:"rrtype,omitempty"`
	Source   string `json:"source"`
	First    string `json:"first,omitempty"`
	Last     string `json:"last,omitempty"`
}

type jsonTerm struct {
	Feature  string     `json:"feature"`
	Value    string     `json:"value,omitempty"`
	Bits     score.Bits `json:"bits"`
	Class    string     `json:"class,omitempty"`
	Why      string     `json:"why"`
	Shared   float64    `json:"shared"`
	Seeds    float64    `json:"seeds"`
	Holding  float64    `json:"holding"`
	Observed float64    `json:"observed"`
	Rows     []jsonRef  `json:"rows"`
}

type jsonSuspect struct {
	Type        string     `json:"type"`
	Entity      string     `json:"entity"`
	Bits        score.Bits `json:"bits"`
	Probability float64    `json:"probability"`
	Hops        int        `json:"hops"`
	Terms       []jsonTerm `json:"terms"`
	First       string     `json:"first,omitempty"`
	Last        string     `json:"last,omitempty"`
	Notes       []string   `json:"notes,omitempty"`
	Listed      []string   `json:"listed,omitempty"`
}

type jsonSkipped struct {
	Type    string `json:"type"`
	Entity  string `json:"entity"`
	Feature string `json:"feature"`
	Class   string `json:"class"`
	List    string `json:"list,omitempty"`
	Members int64  `json:"members"`
	Why     string `json:"why"`
}

type jsonSummary struct {
	Type       string       `json:"type"`
	Seeds      []jsonSeed   `json:"seeds"`
	Suspects   int          `json:"suspects"`
	Printed    int          `json:"printed"`
	Candidates int          `json:"candidates"`
	Rounds     int          `json:"rounds"`
	Threshold  score.Bits   `json:"threshold"`
	FewSeeds   bool         `json:"few_seeds"`
	Names      int64        `json:"names"`
	Background string       `json:"background"`
	Shared     []jsonShared `json:"shared"`
	Cuts       []jsonCut    `json:"cuts"`
}

type jsonSeed struct {
	Entity string `json:"entity"`
	Known  bool   `json:"known"`
	Note   string `json:"note,omitempty"`
}

type jsonShared struct {
	Feature string `json:"feature"`
	Value   string `json:"value"`
	Members int    `json:"members"`
	Names   int64  `json:"names"`
}

type jsonCut struct {
	What  string `json:"what"`
	Count int    `json:"count"`
	Limit string `json:"limit"`
}

func termsJSON(terms []score.Term) []jsonTerm {
	out := make([]jsonTerm, len(terms))
	for i, t := range terms {
		out[i] = jsonTerm{t.Name, t.Value, t.Bits, t.Class, t.Why, t.Shared, t.Seeds, t.Holding, t.Observed, refsJSON(t.Rows)}
	}
	return out
}

func refsJSON(rows []feature.RowRef) []jsonRef {
	out := make([]jsonRef, len(rows))
	for i, r := range rows {
		out[i] = jsonRef{
			r.Subject.String(), r.Relation.String(), r.Object.String(), r.RRType.String(), r.Source, r.First.String(), r.Last.String(),
		}
	}
	return out
}

// pivotJSON writes the suspects, best first, then what was not followed, then a
// summary.
func (c *command) pivotJSON(res *pivot.Result, limit int) error {
	if limit == 0 {
		limit = len(res.Suspects)
	}
	printed := min(limit, len(res.Suspects))
	for i := range res.Suspects[:printed] {
		s := &res.Suspects[i]
		j := jsonSuspect{
			Type: "suspect", Entity: s.Entity.String(), Bits: s.Bits, Probability: s.Bits.Probability(), Hops: s.Hops,
			Terms: termsJSON(s.Terms), First: s.First.String(), Last: s.Last.String(), Notes: s.Notes,
		}
		for _, h := range s.Listed {
			j.Listed = append(j.Listed, string(h.Class)+" by "+h.List)
		}
		if err := c.out.json(j); err != nil {
			return err
		}
	}
	for _, s := range res.Skipped {
		name := s.Value
		if !s.Entity.IsZero() {
			name = s.Entity.String()
		}
		class := string(s.Class)
		if class == "" {
			class = "common"
		}
		if err := c.out.json(jsonSkipped{"skipped", name, s.Feature.String(), class, s.List, s.Members, s.Why}); err != nil {
			return err
		}
	}
	return c.out.json(summaryJSON(res, printed))
}

func summaryJSON(res *pivot.Result, printed int) jsonSummary {
	j := jsonSummary{
		Type: "summary", Suspects: len(res.Suspects), Printed: printed, Candidates: res.Candidates, Rounds: res.Rounds,
		Threshold: res.Threshold, FewSeeds: res.FewSeeds, Names: res.Names, Background: "as of now",
		Seeds: []jsonSeed{}, Shared: []jsonShared{}, Cuts: []jsonCut{},
	}
	for _, s := range res.Seeds {
		j.Seeds = append(j.Seeds, jsonSeed{s.Entity.String(), s.Known, s.Note})
	}
	for _, s := range res.Shared {
		j.Shared = append(j.Shared, jsonShared{s.Feature.String(), s.Value, s.Members, s.Names})
	}
	for _, cut := range res.Cuts {
		j.Cuts = append(j.Cuts, jsonCut(cut))
	}
	return j
}

type jsonWhy struct {
	Type        string     `json:"type"`
	Given       string     `json:"given"`
	Entity      string     `json:"entity"`
	Bits        score.Bits `json:"bits"`
	Probability float64    `json:"probability"`
	Terms       []jsonTerm `json:"terms"`
	Notes       []string   `json:"notes,omitempty"`
}

func whyJSON(a, b entity.Entity, l *score.Ledger) jsonWhy {
	return jsonWhy{"why", a.String(), b.String(), l.Bits, l.Probability(), termsJSON(l.Terms), l.Notes}
}
