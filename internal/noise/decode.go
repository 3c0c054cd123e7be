package noise

import (
	"bufio"
	"bytes"
	_ "embed" // the pack
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/fault"
)

//go:embed pack.zst
var packed []byte

// Load decodes the embedded pack.
func Load() (*Pack, error) { return Decode(packed) }

// maxUnpacked bounds what a pack may unfold to.
const maxUnpacked = 64 << 20

// Decode decodes a pack that tools/noisepack wrote. The error has code Corrupt.
func Decode(compressed []byte) (*Pack, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Corrupt, "couldn't read the noise pack")
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(compressed, nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Corrupt, "couldn't unpack the noise pack")
	}
	p, err := parse(raw)
	return p, fault.Wrap(err, fault.Corrupt, "couldn't read the noise pack")
}

// Extend adds the lists of a pack in text form to p, which must not be in use yet:
// a team's own lists. The error has code Invalid and names the line's list.
func (p *Pack) Extend(text []byte) error {
	q, err := parse(text)
	if err != nil {
		return (&fault.Error{Code: fault.Invalid, What: "couldn't read the noise list", Cause: err}).
			Hinted("its form: spoor-noise<TAB>1<TAB>DATE, then list<TAB>NAME<TAB>CLASS<TAB>TYPE<TAB>VERSION<TAB>COUNT<TAB>TITLE and the entries")
	}
	base := uint16(len(p.lists))
	p.lists = append(p.lists, q.lists...)
	for name, refs := range q.names {
		for _, r := range refs {
			r.list += base
			p.names[name] = append(p.names[name], r)
		}
	}
	for i := range q.nets {
		for pre, lists := range q.nets[i].byNet {
			for _, l := range lists {
				p.nets[i].byNet[pre] = append(p.nets[i].byNet[pre], l+base)
			}
		}
		p.nets[i].lengths = nil
		p.nets[i].measure()
	}
	for _, r := range q.regex {
		r.list += base
		p.regex = append(p.regex, r)
	}
	return nil
}

func parse(raw []byte) (*Pack, error) {
	p := &Pack{names: make(map[string][]ref, 80_000)}
	for i := range p.nets {
		p.nets[i].byNet = map[netip.Prefix][]uint16{}
	}
	sc := bufio.NewScanner(bytes.NewReader(raw))
	sc.Buffer(make([]byte, 0, 64<<10), 1<<20)
	if !sc.Scan() {
		return nil, fmt.Errorf("it is empty")
	}
	head := strings.Split(sc.Text(), "\t")
	if len(head) != 3 || head[0] != "spoor-noise" || head[1] != "1" {
		return nil, fmt.Errorf("it has another format")
	}
	p.date = head[2]
	for sc.Scan() {
		l, err := parseList(sc.Text())
		if err != nil {
			return nil, err
		}
		n := uint16(len(p.lists))
		p.lists = append(p.lists, l)
		for range l.Entries {
			if !sc.Scan() {
				return nil, fmt.Errorf("list %s breaks off", l.Name)
			}
			if err := p.add(n, l.Type, sc.Text()); err != nil {
				return nil, fmt.Errorf("list %s: %w", l.Name, err)
			}
		}
	}
	for i := range p.nets {
		p.nets[i].measure()
	}
	return p, sc.Err()
}

func parseList(line string) (l ListInfo, err error) {
	f := strings.Split(line, "\t")
	if len(f) != 7 || f[0] != "list" {
		return l, fmt.Errorf("want a list, not %.40q", line)
	}
	l = ListInfo{Name: f[1], Class: Class(f[2]), Type: f[3], Title: f[6]}
	if !l.Class.Known() {
		return l, fmt.Errorf("list %s has the unknown class %q", l.Name, f[2])
	}
	if l.Version, err = strconv.Atoi(f[4]); err != nil {
		return l, err
	}
	if l.Entries, err = strconv.Atoi(f[5]); err != nil || l.Entries < 0 {
		return l, fmt.Errorf("list %s has %q entries", l.Name, f[5])
	}
	return l, nil
}

// add takes one entry in. Entries that mean nothing to us are passed over: lists
// are kept by hand.
func (p *Pack) add(list uint16, typ, entry string) error {
	switch typ {
	case "cidr":
		p.addNet(list, entry)
	case "regex":
		re, err := regexp.Compile(slashes.ReplaceAllString(entry, "(?$2)$1"))
		if err != nil {
			return err
		}
		p.regex = append(p.regex, regexEntry{list, re})
	case "hostname", "string", "substring":
		name := strings.ToLower(strings.TrimPrefix(entry, "."))
		if e, err := entity.New(entity.Domain, name); err == nil && strings.Contains(name, ".") && !strings.ContainsAny(name, " @") {
			name = e.Key
		} else if e, err := entity.New(entity.Org, name); err == nil {
			name = e.Key
		}
		p.names[name] = append(p.names[name], ref{list, typ == "string" && !strings.HasPrefix(entry, ".")})
	default:
		return fmt.Errorf("type %q is unknown", typ)
	}
	return nil
}

// slashes matches /expression/flags.
var slashes = regexp.MustCompile(`^/(.*)/([a-z]*)$`)

func (p *Pack) addNet(list uint16, entry string) {
	pre, err := netip.ParsePrefix(entry)
	if err != nil {
		a, err := netip.ParseAddr(entry)
		if err != nil {
			return
		}
		a = a.Unmap()
		pre = netip.PrefixFrom(a, a.BitLen())
	}
	pre = pre.Masked()
	t := &p.nets[0]
	if pre.Addr().Is6() {
		t = &p.nets[1]
	}
	t.byNet[pre] = append(t.byNet[pre], list)
}

func (t *netTable) measure() {
	seen := map[int]bool{}
	for pre := range t.byNet {
		seen[pre.Bits()] = true
	}
	for bits := range seen {
		t.lengths = append(t.lengths, bits)
	}
	slices.Sort(t.lengths)
	slices.Reverse(t.lengths)
}
