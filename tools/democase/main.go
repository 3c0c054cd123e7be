// Command democase turns a part of the stalkerware indicators of AssoEchap
// (https://github.com/AssoEchap/stalkerware-indicators, CC BY 4.0) into the
// observations that the demo ships.
//
//	go run ./tools/democase -in ioc.yaml -date 2026-06-21 > internal/demo/stalkerware.ndjson
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// families are those that the demo shows: one to find, two to stay apart from.
var families = []string{"TheTruthSpy", "FlexiSpy", "Hoverwatch"}

func main() {
	in := flag.String("in", "", "the project's ioc.yaml")
	date := flag.String("date", "", "date of the file")
	flag.Parse()
	if err := run(*in, *date); err != nil {
		fmt.Fprintln(os.Stderr, "democase:", err)
		os.Exit(1)
	}
}

func run(path, date string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := obs.ParseTime(date)
	if err != nil {
		return err
	}
	w := &writer{at: at, origin: &obs.Origin{
		Source: "stalkerware-indicators", Basis: obs.Asserted, Granularity: obs.Day,
		Handling: obs.Handling{TLP: obs.Clear, Licence: "CC-BY-4.0 AssoEchap/stalkerware-indicators", Redistribution: obs.RedistributeAttribution},
	}}
	fmt.Printf("{\"type\":%q,\"version\":%d}\n", obs.HeaderType, obs.FormatVersion)
	return w.read(f)
}

type writer struct {
	at      obs.Time
	origin  *obs.Origin
	family  entity.Entity
	section []string // keys above the present line, by depth
}

// read walks the file, whose layout is fixed: families, keys two blanks deep, lists
// below them.
func (w *writer) read(f *os.File) error {
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := sc.Text()
		text := strings.TrimSpace(line)
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		switch {
		case strings.HasPrefix(line, "- name: "):
			w.family = entity.Entity{}
			if name := strings.TrimPrefix(line, "- name: "); slices.Contains(families, name) {
				e, err := entity.New(entity.Label, "malware:"+name)
				if err != nil {
					return err
				}
				w.family = e
			}
		case strings.HasSuffix(text, ":"):
			w.section = append(w.section[:min(len(w.section), depth-1)], strings.TrimSuffix(text, ":"))
		case strings.HasPrefix(text, "- ") && !w.family.IsZero():
			if err := w.item(strings.Join(w.section, "."), strings.TrimPrefix(text, "- ")); err != nil {
				return err
			}
		}
	}
	return sc.Err()
}

func (w *writer) item(section, value string) error {
	var kind entity.Kind
	raw := value
	switch section {
	case "certificates":
		kind, raw = entity.Cert, "sha1:"+value
	case "packages":
		kind, raw = entity.Fingerprint, "package:"+value
	case "websites", "distribution", "c2.domains":
		kind = entity.Domain
	case "c2.ips":
		kind = entity.IP
	default:
		return nil
	}
	e, err := entity.New(kind, raw)
	if err != nil {
		return err
	}
	var attrs []obs.Attribute
	if kind == entity.Domain {
		attrs = []obs.Attribute{{Name: "role", Value: map[string]string{"websites": "website", "distribution": "distribution", "c2.domains": "c2"}[section]}}
	}
	if err := w.write(e, obs.ReportedAs, w.family, attrs); err != nil {
		return err
	}
	if strings.HasPrefix(section, "c2.") {
		return w.write(w.family, obs.CommunicatesWith, e, nil)
	}
	return nil
}

func (w *writer) write(from entity.Entity, rel obs.Relation, to entity.Entity, attrs []obs.Attribute) error {
	o := obs.Observation{
		Subject: from, Relation: rel, Object: to, First: w.at, Last: w.at, Flags: obs.FirstBound | obs.LastBound, Attributes: attrs, Origin: w.origin,
	}
	line, err := o.AppendJSON(nil)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(line)
	return err
}
