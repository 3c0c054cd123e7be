package stix

import (
	"crypto/sha256"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/wire/jsonl"
)

// key stands for an object's id in memory: ids are long, and there are many.
type key [16]byte

func keyOf(id string) (k key) {
	sum := sha256.Sum256([]byte(id))
	copy(k[:], sum[:])
	return k
}

// role is what an object can be in a statement. The type in front of its id
// tells, so that a reference has a role before its object was seen.
type role uint8

const (
	none       role = iota // nothing that we keep
	observable             // a thing: an SCO
	named                  // gives a label: malware, actor, campaign, report
	indicator              // stands for the things in its pattern
	observed               // stands for the things that were observed
)

var roles = map[string]role{
	"domain-name": observable, "ipv4-addr": observable, "ipv6-addr": observable, "url": observable, "email-addr": observable,
	"file": observable, "x509-certificate": observable, "autonomous-system": observable, "network-traffic": observable,
	"malware": named, "tool": named, "threat-actor": named, "intrusion-set": named, "campaign": named, "infrastructure": named,
	"report": named, "grouping": named,
	"indicator": indicator, "observed-data": observed,
}

// ref is a reference to another object.
type ref struct {
	key
	role role
}

func refOf(id string) ref {
	typ, _, _ := strings.Cut(id, "--")
	return ref{keyOf(id), roles[typ]}
}

// object is the STIX object that is being read: its members, by name.
type object struct {
	members map[string]jsonl.Value
	id      string
	typ     string
	scope   string // observed-data that embeds it (STIX 2.0), whose refs are local
	bad     error  // the first member that can't be read, where the rest stands
}

// readObject reads a whole object.
func readObject(raw []byte) (*object, error) {
	o, err := readMembers(raw)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "")
	}
	o.typ, err = o.need("type")
	return o, err
}

// readMembers reads the members of an object, up to what is wrong with it. A
// member twice holds what stands last.
func readMembers(raw []byte) (*object, error) {
	o := &object{members: map[string]jsonl.Value{}}
	var w jsonl.Walker
	w.Reset(raw)
	for w.Next() {
		o.members[string(w.Key())] = w.Value()
	}
	return o, w.Err()
}

// need returns the text of a member that must be there.
func (o *object) need(name string) (string, error) {
	v, ok := o.members[name]
	if !ok || v.Kind == jsonl.Null {
		return "", fault.New(fault.Invalid, "member %s is missing", name)
	}
	s, err := v.Text()
	return s, fault.Wrap(err, fault.Invalid, "member %s", name)
}

// text returns the text of a member, or "". A member of another kind is noted.
func (o *object) text(name string) string {
	v, ok := o.members[name]
	if !ok || v.Kind == jsonl.Null {
		return ""
	}
	s, err := v.Text()
	o.note(name, err)
	return s
}

// name returns an object's name in one line, or "".
func (o *object) name() string { return strings.Join(strings.Fields(o.text("name")), " ") }

// note keeps the first reason why a part of the object can't be read.
func (o *object) note(name string, err error) {
	if err != nil && o.bad == nil {
		o.bad = fault.Wrap(err, fault.Invalid, "member %s", name)
	}
}

// time returns a member's time, or zero.
func (o *object) time(name string) obs.Time {
	s := o.text(name)
	if s == "" {
		return 0
	}
	t, err := obs.ParseTime(s)
	o.note(name, err)
	return t
}

// flag reports whether a member is true.
func (o *object) flag(name string) bool {
	v := o.members[name]
	return v.Kind == jsonl.Bool && string(v.Raw) == "true"
}

// count returns a member that is a number of sightings.
func (o *object) count(name string) (n uint64, known bool) {
	v, ok := o.members[name]
	if !ok || v.Kind == jsonl.Null {
		return 0, false
	}
	i, err := v.Int()
	if err == nil && i < 0 {
		err = fault.New(fault.Invalid, "%d is negative", i)
	}
	o.note(name, err)
	return uint64(max(i, 0)), err == nil
}

// texts returns the elements of a member that is a list of texts.
func (o *object) texts(name string) (out []string) {
	v, ok := o.members[name]
	if !ok || v.Kind == jsonl.Null {
		return nil
	}
	for e := range v.Elements() {
		s, err := e.Text()
		if err != nil {
			o.note(name, err)
			continue
		}
		out = append(out, s)
	}
	return out
}

// ref returns the object that a member refers to; its role is none if it names
// none.
func (o *object) ref(name string) ref {
	if id := o.text(name); id != "" {
		return o.resolve(id)
	}
	return ref{}
}

// refs returns the objects that a member refers to.
func (o *object) refs(name string) (out []ref) {
	for _, id := range o.texts(name) {
		if r := o.resolve(id); r.role != none {
			out = append(out, r)
		}
	}
	return out
}

// resolve finds the object of an id. Inside the observed data of STIX 2.0 an id
// is the name of a neighbour, and what it is shows only there.
func (o *object) resolve(id string) ref {
	if o.scope != "" {
		return ref{keyOf(o.scope + "\x00" + id), observable}
	}
	return refOf(id)
}

// object returns the members of a member that is an object, or nil.
func (o *object) object(name string) *object {
	v := o.members[name]
	if v.Kind != jsonl.Object {
		return nil
	}
	in, err := readMembers(v.Raw)
	o.note(name, err)
	return in
}
