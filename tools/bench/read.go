package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/config"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/pivot"
	"github.com/spoor-cti/spoor/internal/store"
)

// known is what a sample of the bench file says of the store.
type known struct {
	names  []entity.Entity            // hosts, from all over the file
	byAddr map[string][]entity.Entity // registered names at an address
}

// reading measures questions on the store of the import bench.
func (b *bench) reading() error {
	if _, err := os.Stat(b.data()); err != nil {
		if err := b.stored(); err != nil {
			return err
		}
	}
	k, err := b.look()
	if err != nil {
		return err
	}
	a, err := app.OpenToRead(config.Config{Data: b.data()})
	if err != nil {
		return err
	}
	err = b.hops(a, k)
	if err == nil {
		err = b.pivoting(a, k)
	}
	if err := errors.Join(err, a.Close()); err != nil {
		return err
	}
	return b.starts(k)
}

// stored makes the store and its index, when no import bench left them: its figures
// are that bench's to tell.
func (b *bench) stored() error {
	out := b.out
	b.out = io.Discard
	err := b.fresh()
	if err == nil {
		err = b.index()
	}
	b.out, b.figures, b.missed = out, map[string]float64{}, nil
	return err
}

// look samples 40,000 lines.
func (b *bench) look() (*known, error) {
	k := &known{byAddr: map[string][]entity.Entity{}}
	return k, b.sample(max(1, b.rows/40_000), func(line []byte) bool {
		var r struct {
			Rrname, Rrtype string
			Rdata          any
		}
		if json.Unmarshal(line, &r) != nil {
			return true
		}
		host, err := entity.New(entity.Domain, r.Rrname)
		if err != nil {
			return true
		}
		k.names = append(k.names, host)
		data := fmt.Sprint(r.Rdata)
		if list, ok := r.Rdata.([]any); ok && len(list) > 0 {
			data = fmt.Sprint(list[0])
		}
		if zone, ok := entity.Registrable(host.Key); ok && r.Rrtype == "A" {
			e := entity.Entity{Kind: entity.Domain, Key: zone}
			if !slices.Contains(k.byAddr[data], e) {
				k.byAddr[data] = append(k.byAddr[data], e)
			}
		}
		return true
	})
}

func (b *bench) hops(a *app.App, k *known) error {
	r := a.In(store.Everything)
	rows := 0
	hop := func(i int) error {
		for _, err := range r.Neighbours(b.ctx, k.names[i%len(k.names)], store.Query{}) {
			if err != nil {
				return err
			}
			rows++
		}
		return nil
	}
	first, err := median(2000, hop)
	if err != nil {
		return err
	}
	b.tell("hop_p50_ms", first, 0.15, fmt.Sprintf("2,000 names from all over the store, %.1f rows each on average; whatever the disk cache holds of them", float64(rows)/2000))
	again, err := median(2000, hop)
	if err != nil {
		return err
	}
	b.tell("hop_again_p50_ms", again, 0, "the same names once more, so that the disk has no part in it")
	hub := slices.MaxFunc(slices.Collect(maps.Keys(k.byAddr)), func(x, y string) int { return cmp.Compare(len(k.byAddr[x]), len(k.byAddr[y])) })
	e, err := entity.New(entity.IP, hub)
	if err != nil {
		return err
	}
	degree, err := r.Degree(b.ctx, e, obs.Resolves, store.In, 10_000_000)
	if err != nil {
		return err
	}
	page, err := median(200, func(int) error {
		n := 0
		for _, err := range r.Neighbours(b.ctx, e, store.Query{Direction: store.In}) {
			if n++; err != nil || n == 1000 {
				return err
			}
		}
		return nil
	})
	b.tell("hub1000_p50_ms", page, 0.5, fmt.Sprintf("the first 1,000 of %d names at one address", degree.Entities))
	return err
}

// seeds picks addresses that few names share, as an operator's own server has them,
// and returns the first five names at each.
func (b *bench) seeds(r store.Reader, k *known) (groups [][]entity.Entity, err error) {
	for _, addr := range slices.Sorted(maps.Keys(k.byAddr)) {
		e, err := entity.New(entity.IP, addr)
		if err != nil {
			return nil, err
		}
		d, err := r.Degree(b.ctx, e, obs.Resolves, store.In, 40)
		if err != nil {
			return nil, err
		}
		if d.Capped || d.Registrable < 5 || d.Registrable > 20 {
			continue
		}
		var five []entity.Entity
		for row, err := range r.Neighbours(b.ctx, e, store.Query{Direction: store.In, Relations: []obs.Relation{obs.Resolves}}) {
			if err != nil {
				return nil, err
			}
			zone, _ := entity.Registrable(row.Subject.Key)
			if n := (entity.Entity{Kind: entity.Domain, Key: zone}); zone != "" && !slices.Contains(five, n) {
				five = append(five, n)
			}
			if len(five) == 5 {
				groups = append(groups, five)
				break
			}
		}
		if len(groups) == pivots {
			break
		}
	}
	return groups, nil
}

// pivots is how many groups of seeds are asked for, if they take no longer together
// than pivotTime.
const (
	pivots    = 40
	pivotTime = 90 * time.Second
)

// pivoting asks for what belongs to five names that share an address.
func (b *bench) pivoting(a *app.App, k *known) error {
	engine, err := a.Engine(b.ctx, store.Everything, nil)
	if err != nil {
		return err
	}
	groups, err := b.seeds(a.In(store.Everything), k)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		fmt.Fprintln(b.out, "  no five names share an address of their own: too few rows for the pivot")
		return nil
	}
	scored := 0
	times, err := timed(len(groups), pivotTime, func(i int) error {
		res, err := engine.Pivot(b.ctx, groups[i], pivot.Options{Hops: 2})
		if err == nil {
			scored += res.Candidates
		}
		return err
	})
	if err != nil {
		return err
	}
	b.tell("pivot2_p50_ms", milliseconds(percentile(times, 50)), 150,
		fmt.Sprintf("2 hops from 5 seeds, %d groups, on average %d names read and scored", len(times), scored/len(times)))
	b.tell("pivot2_p95_ms", milliseconds(percentile(times, 95)), 0, "")
	return nil
}

// starts measures whole processes, as a person at a prompt meets them.
func (b *bench) starts(k *known) error {
	version, err := median(21, func(int) error { return exec.CommandContext(b.ctx, b.binary, "version").Run() })
	if err != nil {
		return err
	}
	b.tell("version_ms", version, 50, "spoor version, start to end")
	show, err := median(21, func(i int) error {
		return exec.CommandContext(b.ctx, b.binary, "--data", b.data(), "show", k.names[i*97%len(k.names)].Key).Run()
	})
	b.tell("open_show_ms", show, 300, "spoor show, start to end")
	return err
}
