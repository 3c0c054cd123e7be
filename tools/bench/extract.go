package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-cti/spoor/internal/extract"
)

const (
	textSize   = 8 << 20
	textPasses = 7
)

// The texts: an appendix of a report in which every other word is an indicator or
// stands beside one, and the running text before it. The target is held against the
// harder one.
const (
	listWords  = 6
	proseWords = 40
)

// extraction measures the extractor on one core. The peer is what people write
// when they need an extractor: one regular expression.
func (b *bench) extraction() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	list, prose := text(textSize, listWords, 1), text(textSize, proseWords, 1)
	hits, speed, err := scanning(list)
	if err != nil {
		return err
	}
	b.tell("extract_mb_per_s", speed, -50, fmt.Sprintf("one core, an indicator every %d octets", len(list)/max(1, hits)))
	hits, speed, err = scanning(prose)
	if err != nil {
		return err
	}
	b.tell("extract_prose_mb_per_s", speed, 0, fmt.Sprintf("one core, an indicator every %d octets", len(prose)/max(1, hits)))
	began := time.Now()
	peer := len(indicator.FindAllIndex(list, -1))
	b.tell("peer_regexp_mb_per_s", perSecond(len(list), time.Since(began)), 0,
		fmt.Sprintf("peer: one regular expression (regexp) on the first text, an indicator every %d octets", len(list)/max(1, peer)))
	return b.ctx.Err()
}

// scanning returns the hits in text and the median speed.
func scanning(text []byte) (hits int, speed float64, err error) {
	times, err := timed(textPasses, time.Minute, func(int) error {
		hits = 0
		extract.Scan(text, func(extract.Hit) bool { hits++; return true })
		return nil
	})
	return hits, perSecond(len(text), percentile(times, 50)), err
}

// perSecond returns megabytes a second.
func perSecond(octets int, d time.Duration) float64 { return float64(octets) / 1e6 / d.Seconds() }

var indicator = regexp.MustCompile(`(?i)\b(?:h(?:tt|xx)ps?://[^\s"'<>]+|(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}|[a-f0-9]{64}|[a-f0-9]{40}|[a-f0-9]{32}|(?:[a-z0-9-]+(?:\.|\[\.\]))+[a-z]{2,})\b`)

var words = strings.Fields(`the actor moved to another server in spring and registered new names through the same reseller
as before, victims were sent short messages with a link; the page loads its kit and posts what was typed to a second host.
We attribute this (with moderate confidence) to one group, which several vendors track since 2019: see section 3.2`)

// text makes a report of so many octets, with an indicator behind every words
// words on average: names and addresses that are reserved for examples, half of
// them defanged. It is always the same for the same seed.
func text(octets, every int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0xe47))
	out := make([]byte, 0, octets+256)
	for column := 0; len(out) < octets; column++ {
		if r.IntN(every+1) == 0 {
			out = appendIndicator(out, r)
		} else {
			out = append(out, words[r.IntN(len(words))]...)
		}
		if column%16 == 15 {
			out = append(out, '\n')
		} else {
			out = append(out, ' ')
		}
	}
	return out[:octets]
}

func appendIndicator(dst []byte, r *rand.Rand) []byte {
	dot, scheme := ".", "https"
	if r.IntN(2) == 0 {
		dot, scheme = "[.]", "hxxps"
	}
	host := words[r.IntN(12)] + "-parcel-" + strconv.Itoa(r.IntN(1_000_000)) + dot + "example"
	switch r.IntN(6) {
	case 0, 1:
		return append(dst, host...)
	case 2:
		return append(dst, "198"+dot+"51"+dot+"100"+dot+strconv.Itoa(r.IntN(256))...)
	case 3:
		return append(dst, scheme+"://track."+host+"/p/"+strconv.Itoa(r.IntN(10_000))+"?id=8"...)
	case 4:
		return append(dst, "ops@"+host...)
	}
	for range 64 / 16 {
		dst = fmt.Appendf(dst, "%016x", r.Uint64())
	}
	return dst
}
