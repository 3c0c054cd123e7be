package cli

import (
	"encoding/csv"
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
}

// table gathers rows and prints them aligned, or as CSV.
type table struct {
	cols []column
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

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
		p.line("%s", strings.TrimRight(t.format(row, widths, p), " "))
	}
	return nil
}

// widths fits the columns into the terminal: the widest that may be cut gives
// first.
func (t *table) widths(most int, bare bool) []int {
	w := make([]int, len(t.cols))
	for i, c := range t.cols {
		if !bare {
			w[i] = runes(c.title)
		}
		for _, r := range t.rows {
			w[i] = max(w[i], runes(r[i]))
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

// csv writes the table for a spreadsheet; a cell that it would take for a
// formula gets an apostrophe (CWE-1236).
func (p *printer) csv(t *table) error {
	w := csv.NewWriter(p.c.Out)
	head := make([]string, len(t.cols))
	for i, c := range t.cols {
		head[i] = c.title
	}
	if err := w.Write(head); err != nil {
		return err
	}
	for _, r := range t.rows {
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
