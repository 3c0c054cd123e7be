package cof

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// record is one COF object as its members stand in the line.
type record struct {
	rrname, rrtype, rdata jsonl.Value
	first, last           obs.Time
	zoneFirst, zoneLast   obs.Time
	count                 uint64
	hasCount              bool
	bailiwick             []byte
	sensor                []byte
	origin                []byte
	has                   uint8 // which of the mandatory members there are
}

const (
	hasName = 1 << iota
	hasType
	hasData
)

// read walks the object. Members that are no part of COF are passed over, since
// senders add their own; a member twice holds what stands last.
func (r *record) read(w *jsonl.Walker) error {
	*r = record{}
	var failed error
	for w.Next() {
		if err := r.member(w.Key(), w.Value()); err != nil && failed == nil {
			failed = fault.Wrap(err, fault.Invalid, "member %s", w.Key())
		}
	}
	if err := w.Err(); err != nil {
		return fault.Wrap(err, fault.Invalid, "")
	}
	if failed != nil {
		return failed
	}
	for _, m := range []struct {
		bit  uint8
		name string
	}{{hasName, "rrname"}, {hasType, "rrtype"}, {hasData, "rdata"}} {
		if r.has&m.bit == 0 {
			return fault.New(fault.Invalid, "member %s is missing", m.name)
		}
	}
	return nil
}

func (r *record) member(key []byte, v jsonl.Value) (err error) {
	switch string(key) {
	case "rrname":
		r.rrname, r.has = v, r.has|hasName
	case "rrtype":
		r.rrtype, r.has = v, r.has|hasType
	case "rdata", "rrdata": // rrdata: Robtex
		r.rdata, r.has = v, r.has|hasData
	case "time_first":
		err = setTime(&r.first, v, 1)
	case "time_last":
		err = setTime(&r.last, v, 1)
	case "time_first_ms":
		err = setTime(&r.first, v, 1000)
	case "time_last_ms":
		err = setTime(&r.last, v, 1000)
	case "time_first_rfc3339":
		err = setRFC3339(&r.first, v)
	case "time_last_rfc3339":
		err = setRFC3339(&r.last, v)
	case "zone_time_first":
		err = setTime(&r.zoneFirst, v, 1)
	case "zone_time_last":
		err = setTime(&r.zoneLast, v, 1)
	case "count":
		err = r.setCount(v)
	case "bailiwick":
		r.bailiwick = v.Bytes()
	case "sensor_id":
		r.sensor = v.Bytes()
	case "origin":
		r.origin = v.Bytes()
	}
	return err
}

// msAfter is the number from which on a time in seconds must be one in
// milliseconds: as seconds it would lie in the year 5138.
const msAfter = 100_000_000_000

// setTime reads a time in units of 1/per seconds, and repairs one that is in
// milliseconds though it says seconds. A null, like a zero, is unknown.
func setTime(to *obs.Time, v jsonl.Value, per int64) error {
	if v.Kind == jsonl.Null {
		return nil
	}
	n, err := v.Int()
	if err != nil {
		f, ferr := v.Float() // seconds with a fraction
		if ferr != nil || f != f || f < -1e18 || f > 1e18 {
			return err
		}
		n = int64(f)
	}
	if per == 1 && n >= msAfter {
		per = 1000
	}
	t, err := obs.CheckEpoch(n / per)
	if err == nil {
		*to = t
	}
	return err
}

func setRFC3339(to *obs.Time, v jsonl.Value) error {
	s, err := v.Text()
	if err != nil || *to != 0 { // the number beside it is as good
		return err
	}
	*to, err = obs.ParseTime(s)
	return err
}

func (r *record) setCount(v jsonl.Value) error {
	if v.Kind == jsonl.Null {
		return nil
	}
	n, err := v.Int()
	if err != nil {
		return err
	}
	if n < 0 {
		return fault.New(fault.Invalid, "%d is negative", n)
	}
	r.count, r.hasCount = uint64(n), true
	return nil
}

// rrType reads a mnemonic or a number (RFC 3597), in or without quotes.
func (r *record) rrType() (obs.RRType, error) {
	switch {
	case r.rrtype.Kind == jsonl.String:
		b := r.rrtype.Bytes()
		switch string(b) { // without allocating
		case "A":
			return obs.TypeA, nil
		case "AAAA":
			return obs.TypeAAAA, nil
		}
		t, err := obs.ParseRRType(string(b))
		return t, fault.Wrap(err, fault.Invalid, "member rrtype")
	case r.rrtype.Kind == jsonl.Number:
		n, err := strconv.ParseUint(string(r.rrtype.Raw), 10, 16)
		if err != nil || n == 0 {
			return 0, fault.New(fault.Invalid, "member rrtype: %s is no record type", r.rrtype.Raw)
		}
		return obs.RRType(n), nil
	}
	return 0, fault.New(fault.Invalid, "member rrtype is %s", r.rrtype.Kind)
}

// swapped reports whether name and data changed places, as in the sample of one
// provider's own documentation: an address stands as the name of an address
// record, and its data is no address.
func swapped(t obs.RRType, name, data string) bool {
	if t != obs.TypeA && t != obs.TypeAAAA || name == "" {
		return false
	}
	if c := name[0]; (c < '0' || c > '9') && !bytes.ContainsAny([]byte(name), ":") {
		return false
	}
	if _, err := netip.ParseAddr(name); err != nil {
		return false
	}
	_, err := netip.ParseAddr(data)
	return err != nil
}

// zone returns the bailiwick in canonical form, as a part of the owner's key
// where it is one, so that it costs nothing.
func (r *record) zone(owner string) (string, error) {
	b := bytes.TrimSuffix(r.bailiwick, []byte("."))
	if len(b) == 0 {
		if len(r.bailiwick) > 0 {
			return ".", nil
		}
		return "", nil
	}
	if n := len(owner) - len(b); n >= 0 && owner[n:] == string(b) && (n == 0 || owner[n-1] == '.') {
		return owner[n:], nil
	}
	e, err := entity.New(entity.Domain, string(b))
	return e.Key, fault.Wrap(err, fault.Invalid, "member bailiwick")
}
