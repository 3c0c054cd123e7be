package cli

import (
	"encoding/csv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// column is a column of a table.
type column struct {
	title string
	right bool // align right: numbers
	style string
	least int // width below which it is not cut; 0: it is never cut
	flow  flow
}

// flow says what becomes of a cell that is too wide.
type flow uint8

const (
	cutMiddle flow = iota // an indicator: both its ends tell it from others
	cutParts              // parts divided by " · ", the most important first
	wrapWords             // prose: it goes on in the next line
	keepEnd               // a path: its end tells most
)

// table gathers rows and prints them aligned, or as CSV. A row of one cell is a
// remark that runs over the columns; it is not part of a CSV.
type table struct {
	cols []column
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) remark(s string) { t.rows = append(t.rows, []string{s}) }

// isRemark reports whether a row runs over the columns.
func (t *table) isRemark(row []string) bool { return len(row) == 1 && len(t.cols) > 1 }

// print writes the table; without titles if bare.
func (p *printer) print(t *table, bare bool) error {
	if p.mode == asCSV {
		return p.csv(t)
	}
	widths := t.widths(p.width, bare)
	if !bare {
		cells := make([]string, len(t.cols))
		for i, c := range t.cols {
			cells[i] = c.title
		}
		p.line("%s", p.style(dim, strings.TrimRight(t.format(cells, widths, nil), " ")))
	}
	for _, row := range t.rows {
		if t.isRemark(row) {
			p.line("%s", p.style(dim, row[0]))
			continue
		}
		for _, part := range t.wrap(row, widths) {
			p.line("%s", strings.TrimRight(t.format(part, widths, p), " "))
		}
	}
	return nil
}

// wrap divides a row into as many lines as its prose takes.
func (t *table) wrap(row []string, widths []int) [][]string {
	lines := [][]string{row}
	for i, c := range t.cols {
		if c.flow != wrapWords || runes(row[i]) <= widths[i] {
			continue
		}
		if len(lines) == 1 {
			lines[0] = slices.Clone(row)
		}
		for n, part := range wrapped(row[i], widths[i]) {
			if n == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[n][i] = part
		}
	}
	return lines
}

// wrapped breaks prose at its blanks into lines of at most width columns.
func wrapped(s string, width int) (out []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case runes(line)+1+runes(word) > width:
			out = append(out, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(out, line)
}

// ending returns the last n columns of s.
func ending(s string, n int) string {
	r := []rune(s)
	if len(r) <= n || n < 2 {
		return s
	}
	return "…" + string(r[len(r)-n+1:])
}

// leadingParts returns as many of the parts of s as fit into n columns.
func leadingParts(s string, n int) string {
	for runes(s) > n {
		i := strings.LastIndex(strings.TrimSuffix(s, " · …"), " · ")
		if i < 0 {
			return cut(s, n)
		}
		s = s[:i] + " · …"
	}
	return s
}

// widths fits the columns into the terminal: the widest that may be cut gives
// first. A column in which nothing stands is left out.
func (t *table) widths(most int, bare bool) []int {
	w := make([]int, len(t.cols))
	for i, c := range t.cols {
		for _, r := range t.rows {
			if !t.isRemark(r) {
				w[i] = max(w[i], runes(r[i]))
			}
		}
		if !bare && w[i] > 0 {
			w[i] = max(w[i], runes(c.title))
		}
	}
	total := func() (n int) {
		for _, x := range w {
			if x > 0 {
				n += x + 2
			}
		}
		return n - 2
	}
	for most > 0 && total() > most {
		widest := -1
		for i, c := range t.cols {
			if c.least > 0 && w[i] > c.least && (widest < 0 || w[i] > w[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		w[widest]--
	}
	return w
}

func (t *table) format(cells []string, widths []int, p *printer) string {
	var b strings.Builder
	for i, s := range cells {
		if widths[i] == 0 {
			continue
		}
		switch t.cols[i].flow {
		case cutParts:
			s = leadingParts(s, widths[i])
		case keepEnd:
			s = ending(s, widths[i])
		case cutMiddle, wrapWords:
		}
		s = cut(s, widths[i])
		pad := strings.Repeat(" ", max(0, widths[i]-runes(s)))
		if p != nil && t.cols[i].style != "" {
			s = p.style(t.cols[i].style, s)
		}
		if t.cols[i].right {
			s = pad + s
		} else {
			s += pad
		}
		b.WriteString(s)
		b.WriteString("  ")
	}
	return b.String()
}

// cut shortens s to n columns with an ellipsis in its middle: both ends of an
// indicator tell it from others.
func cut(s string, n int) string {
	if runes(s) <= n {
		return s
	}
	r := []rune(s)
	if n < 5 {
		return string(r[:n])
	}
	tail := (n - 1) / 3
	return string(r[:n-1-tail]) + "…" + string(r[len(r)-tail:])
}

// runes counts the columns of s; combining marks take none, wide ones are
// counted as one: close enough for indicators.
func runes(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) {
			n--
		}
	}
	return n
}

// csv writes the table for a spreadsheet, with the titles once in an answer; a cell
// that it would take for a formula gets an apostrophe (CWE-1236).
func (p *printer) csv(t *table) error {
	w := csv.NewWriter(p.c.Out)
	head := make([]string, len(t.cols))
	for i, c := range t.cols {
		head[i] = c.title
	}
	if !p.began {
		p.began = true
		if err := w.Write(head); err != nil {
			return err
		}
	}
	for _, r := range t.rows {
		if t.isRemark(r) {
			continue
		}
		safe := make([]string, len(r))
		for i, s := range r {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				s = "'" + s
			}
			safe[i] = s
		}
		if err := w.Write(safe); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
