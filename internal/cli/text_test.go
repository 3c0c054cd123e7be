package cli

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestIndicatorsOfAText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a list", "a.example\n# a remark\n\n 192.0.2.1 \na.example\n", []string{"a.example", "192.0.2.1"}},
		{"kinds", "org:Evil Corp\nlabel:actor:bear\nspki:" + strings.Repeat("ab", 32) + "\n", []string{"org:Evil Corp", "label:actor:bear", "spki:" + strings.Repeat("ab", 32)}},
		{"prose", "Email: boss[at]evil[.]example, see hxxp://b[.]example/x.\nIntroduction\n", []string{"email:boss@evil.example", "url:http://b.example/x"}},
		{"columns", "a.example,192.0.2.1\nb.example  # c2\n", []string{"domain:a.example", "ip:192.0.2.1", "domain:b.example"}},
		{"what extract wrote", `{"file":"notes.zip","entity":"domain:a.example","raw":"a[.]example"}`, []string{"domain:a.example"}},
		{"what pivot wrote", `{"type":"suspect","entity":"domain:a.example"}` + "\n" + `{"type":"skipped","entity":"ip:1.1.1.1"}` + "\n" + `{"type":"summary","seeds":[{"entity":"domain:s.example"}]}`, []string{"domain:a.example"}},
		{"another's JSON", `{"host":"a.example","ip":"192.0.2.1"}`, []string{"domain:a.example", "ip:192.0.2.1"}},
		{"CRLF", "a.example\r\nb.example\r\n", []string{"a.example", "b.example"}},
		{"nothing", "Nothing here.\n{\n", nil},
	} {
		if got := indicators([]byte(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Lines are known as far back as a scanner looks, in bounded memory.
func TestLineCounter(t *testing.T) {
	text := strings.Repeat("\n", 3<<20) + strings.Repeat("0123456789abcde\n", 1<<20)
	l := &lineCounter{r: strings.NewReader(text)}
	buf := make([]byte, 1<<20)
	checked := 0
	for {
		n, err := io.ReadFull(l, buf)
		for _, back := range []int{1, 1000, n} {
			at := l.read - back
			line, column := l.at(at)
			wantLine, wantColumn := at+1, 1
			if at >= 3<<20 {
				wantLine, wantColumn = 3<<20+(at-3<<20)/16+1, (at-3<<20)%16+1
			}
			if n > 0 && (line != wantLine || column != wantColumn) {
				t.Fatalf("octet %d stands at %d:%d, want %d:%d", at, line, column, wantLine, wantColumn)
			}
			checked++
		}
		if err != nil {
			break
		}
	}
	if len(l.feeds) > 2*lineMemory || checked < 50 {
		t.Errorf("%d line feeds are held, %d places checked", len(l.feeds), checked)
	}
}

func TestTablesFitTheirWidth(t *testing.T) {
	var b strings.Builder
	p := &printer{c: &command{Streams: Streams{Out: &b}}, mode: asTable, width: 50}
	tab := &table{cols: []column{{title: "path", least: 10, flow: keepEnd}, {title: "blank"}, {title: "parts", least: 12, flow: cutParts}, {title: "prose", least: 16, flow: wrapWords}}}
	tab.add("/a/very/long/path/to/file.json", "", "one +1 · two +2 · three +3", "every word of this sentence must be there")
	tab.remark("a remark that is much longer than the table is wide runs over its columns")
	if err := p.print(tab, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for _, l := range lines[:len(lines)-1] {
		if runes(l) > 50 {
			t.Errorf("%d columns: %q", runes(l), l)
		}
	}
	out := b.String()
	if strings.Contains(out, "blank") {
		t.Errorf("a blank column is there:\n%s", out)
	}
	for _, part := range []string{"file.json", "one +1", "every", "sentence", "there", "runs over its columns"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing:\n%s", part, out)
		}
	}
}

func TestReasonKinds(t *testing.T) {
	a := reasonKind(`column ip: ip "192.0.2.999": is not an IP address`)
	b := reasonKind(`column ip: ip "300.1.1.1": is not an IP address`)
	if a != b || !strings.Contains(a, "is not an IP address") {
		t.Errorf("%q, %q", a, b)
	}
	if reasonKind("line of 5,000,000 octets is longer than 4194304") != "line of N octets is longer than N" {
		t.Errorf("%q", reasonKind("line of 5,000,000 octets is longer than 4194304"))
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"domain:a.example": "domain:a.example", "org:evil corp": "'org:evil corp'", "org:o'neil $(x)": `'org:o'\''neil $(x)'`} {
		if got := shellWord(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
