package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// bar is a progress line on a terminal, and a note every half minute elsewhere.
type bar struct {
	c     *command
	name  string
	total int64 // octets; 0: unknown
	began time.Time
	shown time.Time
	live  bool
	used  bool
}

// noteEvery is how often progress is noted where it can't be drawn.
const noteEvery = 30 * time.Second

func (c *command) newBar(name string, total int64) *bar {
	tty, _ := terminal(c.Err)
	now := c.now()
	return &bar{c: c, name: filepath.Base(name), total: total, began: now, shown: now, live: tty}
}

// show tells how far the work is.
func (b *bar) show(octets, records int64) {
	if b.c.quiet {
		return
	}
	now := b.c.now()
	elapsed := now.Sub(b.began).Seconds()
	if !b.live {
		if now.Sub(b.shown) >= noteEvery {
			b.shown = now
			b.c.out.note("%s: %s records so far, %s/s", b.name, grouped(records), grouped(int64(float64(records)/elapsed)))
		}
		return
	}
	if elapsed < 0.3 {
		return
	}
	b.used = true
	gauge := ""
	if b.total > 0 {
		part := min(1, float64(octets)/float64(b.total))
		full := int(part * 24)
		left := ""
		if part > 0.02 {
			left = "  " + seconds(float64(int(elapsed/part-elapsed))) + " left"
		}
		gauge = fmt.Sprintf(" %s%s %3.0f%%%s", strings.Repeat("━", full), strings.Repeat("╌", 24-full), 100*part, left)
	}
	fmt.Fprintf(b.c.Err, "\r\x1b[K%s%s  %s records  %s/s", cut(b.name, 30), gauge, grouped(records), grouped(int64(float64(records)/elapsed)))
}

// part tells how far the work is in parts of a total.
func (b *bar) part(done, total uint64) {
	b.total = int64(total)
	b.show(int64(done), int64(done))
}

// done takes the line away.
func (b *bar) done() {
	if b.used {
		fmt.Fprint(b.c.Err, "\r\x1b[K")
	}
}
