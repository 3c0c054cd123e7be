package stix

import (
	"unicode/utf8"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
)

// comparison is one comparison of a pattern: an object path, an operator and
// the values that stand on its right side.
type comparison struct {
	path   string   // without list indices: "file:hashes.SHA-256"
	op     string   // upper case; "=" for ==
	not    bool     // inside a negation
	values []string // as text
	group  int      // comparisons that hold together have the same; 0: it stands alone
}

// plain reports whether the comparison names its values: those are what the
// pattern finds. The others tell of more values, or of all but these.
func (c *comparison) plain() bool {
	return !c.not && (c.op == "=" || c.op == "IN" || c.op == "ISSUBSET")
}

// Limits of a pattern.
const (
	maxPatternDepth = 64
	maxComparisons  = 20_000
)

// patternParser reads a pattern (STIX 2.1 section 9) by recursive descent.
type patternParser struct {
	text   string
	i      int
	depth  int
	groups int
	found  []comparison
}

// parsePattern returns the comparisons of a pattern, in its order. How they are
// combined matters little here, but for what holds only together with others.
func parsePattern(text string) ([]comparison, error) {
	p := patternParser{text: text}
	if err := p.chain(p.observation, "AND", "OR", "FOLLOWEDBY"); err != nil {
		return nil, err
	}
	if p.blank(); p.i < len(p.text) {
		return nil, p.want("the end of the pattern, AND, OR or FOLLOWEDBY")
	}
	return p.found, nil
}

// want makes an error that names the place, in characters as people count.
func (p *patternParser) want(what string) error {
	rest := p.text[p.i:]
	if rest == "" {
		return fault.New(fault.Invalid, "want %s, but the pattern ends", what)
	}
	return fault.New(fault.Invalid, "at character %d: want %s, not %q",
		utf8.RuneCountInString(p.text[:p.i])+1, what, importer.Cut(rest, 20))
}

// chain reads operands between operators. Those that any operator but OR joins
// hold together; that an OR stands nearby doesn't change it much.
func (p *patternParser) chain(operand func() error, operators ...string) error {
	from, together := len(p.found), false
	for {
		if err := operand(); err != nil {
			return err
		}
		op := p.word(operators...)
		if op == "" {
			break
		}
		if op == "OR" { // binds weaker: what follows stands for itself
			p.join(from, together)
			from, together = len(p.found), false
			continue
		}
		together = true
	}
	p.join(from, together)
	return nil
}

// join marks the comparisons from one on as such that hold together.
func (p *patternParser) join(from int, together bool) {
	if !together {
		return
	}
	p.groups++
	for i := from; i < len(p.found); i++ {
		if p.found[i].group == 0 {
			p.found[i].group = p.groups
		}
	}
}

// observation reads an observation expression with its qualifiers.
func (p *patternParser) observation() error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	switch {
	case p.eat("["):
		if err := p.chain(p.test, "AND", "OR"); err != nil {
			return err
		}
		if !p.eat("]") {
			return p.want("], AND or OR")
		}
	case p.eat("("):
		if err := p.chain(p.observation, "AND", "OR", "FOLLOWEDBY"); err != nil {
			return err
		}
		if !p.eat(")") {
			return p.want("), AND, OR or FOLLOWEDBY")
		}
	default:
		return p.want("[ or (")
	}
	return p.qualifiers()
}

// qualifiers reads WITHIN, REPEATS and START … STOP, which say when and how
// often; a name stays an indicator whatever they say.
func (p *patternParser) qualifiers() error {
	for {
		q := p.word("WITHIN", "REPEATS", "START", "STOP")
		if q == "" {
			return nil
		}
		if _, err := p.literal(); err != nil {
			return err
		}
		unit := map[string]string{"WITHIN": "SECONDS", "REPEATS": "TIMES"}[q]
		if unit != "" && p.word(unit) == "" {
			return p.want(unit)
		}
	}
}

// test reads one comparison, or several in parentheses.
func (p *patternParser) test() error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	from := len(p.found)
	not := p.word("NOT") != ""
	if p.word("EXISTS") != "" {
		path, err := p.path()
		p.found = append(p.found, comparison{path: path, op: "EXISTS", not: not})
		return err
	}
	if !p.eat("(") {
		return p.comparison(not)
	}
	if err := p.chain(p.test, "AND", "OR"); err != nil {
		return err
	}
	if !p.eat(")") {
		return p.want("), AND or OR")
	}
	for i := from; i < len(p.found); i++ {
		p.found[i].not = p.found[i].not != not
	}
	return nil
}

func (p *patternParser) comparison(not bool) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	c := comparison{path: path, not: p.word("NOT") != "" != not}
	for _, op := range []string{"==", "=", "!=", "<>", "<=", ">=", "<", ">"} {
		if p.eat(op) {
			c.op = op
			break
		}
	}
	if c.op == "" {
		c.op = p.word("IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET")
	}
	switch c.op {
	case "":
		return p.want("a comparison operator such as = or IN")
	case "==":
		c.op = "="
	case "<>":
		c.op = "!="
	}
	if c.values, err = p.right(c.op == "IN"); err != nil {
		return err
	}
	if p.found = append(p.found, c); len(p.found) > maxComparisons {
		return fault.New(fault.Invalid, "more than %d comparisons", maxComparisons)
	}
	return nil
}

// right reads the right side of a comparison: a literal or a set of them.
func (p *patternParser) right(set bool) ([]string, error) {
	if !set {
		v, err := p.literal()
		return []string{v}, err
	}
	if !p.eat("(") {
		return nil, p.want("( before the values of IN")
	}
	var values []string
	for !p.eat(")") {
		if len(values) > 0 && !p.eat(",") {
			return nil, p.want(", or )")
		}
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

func (p *patternParser) enter() error {
	if p.depth++; p.depth > maxPatternDepth {
		return fault.New(fault.Invalid, "parentheses nest deeper than %d", maxPatternDepth)
	}
	return nil
}

func (p *patternParser) leave() { p.depth-- }
