package stix_test

import (
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer/stix"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`[domain-name:value = 'a.example']`, `domain-name:value = ["a.example"]`},
		{`[domain-name:value='a.example']`, `domain-name:value = ["a.example"]`},
		{`  [ domain-name:value == 'a.example' ] `, `domain-name:value = ["a.example"]`},
		{`[file:hashes.'SHA-256' = 'ab' OR file:hashes.MD5 = 'cd']`, `file:hashes.SHA-256 = ["ab"]; file:hashes.MD5 = ["cd"]`},
		{`[file:hashes."SHA-256" = 'ab']`, `file:hashes.SHA-256 = ["ab"]`},
		{`[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]`, `ipv4-addr:value IN ["192.0.2.1" "192.0.2.2"]`},
		{`[ipv4-addr:value NOT IN ('192.0.2.1')]`, `ipv4-addr:value NOT IN ["192.0.2.1"]`},
		{`[NOT ipv4-addr:value = '192.0.2.1']`, `ipv4-addr:value NOT = ["192.0.2.1"]`},
		{`[NOT ipv4-addr:value NOT = '192.0.2.1']`, `ipv4-addr:value = ["192.0.2.1"]`},
		{`[NOT (a:b = 1 OR NOT c:d = 2)]`, `a:b NOT = ["1"]; c:d = ["2"]`},
		{`[domain-name:value LIKE '%.example']`, `domain-name:value LIKE ["%.example"]`},
		{`[domain-name:value MATCHES '^a\\.b\'c$']`, `domain-name:value MATCHES ["^a\\.b'c$"]`},
		{`[a:b != 'x' OR a:b <> 'x' OR a:b <= 1.5 OR a:b > -2]`, `a:b != ["x"]; a:b != ["x"]; a:b <= ["1.5"]; a:b > ["-2"]`},
		{`[ipv4-addr:value ISSUBSET '198.51.100.0/24']`, `ipv4-addr:value ISSUBSET ["198.51.100.0/24"]`},
		{`[EXISTS file:name]`, `file:name EXISTS []`},
		{`[a:t = t'2024-01-01T00:00:00Z' OR a:h = h'ff' OR a:b = true]`, `a:t = ["2024-01-01T00:00:00Z"]; a:h = ["ff"]; a:b = ["true"]`},
		{`[domain-name:resolves_to_refs[*].value = 'x' OR a:b[0].'c d'[1].e = 'y']`, `domain-name:resolves_to_refs.value = ["x"]; a:b.c d.e = ["y"]`},
		{`[a:b = '1' AND c:d = '2']`, `a:b = ["1"] with 1; c:d = ["2"] with 1`},
		{`[a:b = '1' AND c:d = '2' OR e:f = '3' AND g:h = '4' OR i:j = '5']`, `a:b = ["1"] with 1; c:d = ["2"] with 1; e:f = ["3"] with 2; g:h = ["4"] with 2; i:j = ["5"]`},
		{`[(a:b = '1' OR a:b = '2') AND c:d = '3']`, `a:b = ["1"] with 1; a:b = ["2"] with 1; c:d = ["3"] with 1`},
		{`[a:b = '1'] OR [c:d = '2']`, `a:b = ["1"]; c:d = ["2"]`},
		{`[a:b = '1'] AND [c:d = '2']`, `a:b = ["1"] with 1; c:d = ["2"] with 1`},
		{`([a:b = '1'] FOLLOWEDBY [c:d = '2']) WITHIN 600 SECONDS`, `a:b = ["1"] with 1; c:d = ["2"] with 1`},
		{`[a:b = '1'] REPEATS 5 TIMES WITHIN 1.5 SECONDS`, `a:b = ["1"]`},
		{`[a:b = '1'] START t'2024-01-01T00:00:00Z' STOP t'2024-02-01T00:00:00Z'`, `a:b = ["1"]`},
		{`[a:b in ('1') or a:b like '2'] followedby [c:d = '3']`, `a:b IN ["1"] with 1; a:b LIKE ["2"] with 1; c:d = ["3"] with 1`},
		{"[a:b\t=\u00a0'é']", `a:b = ["é"]`},
		{``, `! want [ or (, but the pattern ends`},
		{`domain-name:value = 'x'`, `! at character 1: want [ or (, not "domain-name:value = "`},
		{`[domain-name:value = 'x'`, `! want ], AND or OR, but the pattern ends`},
		{`[domain-name:value = 'x]`, `! want a closing quote, but the pattern ends`},
		{`[domain-name:value = x y]`, `! at character 24: want ], AND or OR, not "y]"`},
		{`[domain-name = 'x']`, `! at character 14: want an object path such as domain-name:value, not "= 'x']"`},
		{`[domain-name: = 'x']`, `! at character 14: want the name of a property, not " = 'x']"`},
		{`[a:b[0 = 'x'`, `! at character 5: want a list index that ends with ], not "[0 = 'x'"`},
		{`[a:b 'x']`, `! at character 6: want a comparison operator such as = or IN, not "'x']"`},
		{`[a:b = ]`, `! at character 8: want a value such as 'example.com', not "]"`},
		{`[a:b IN 'x']`, `! at character 9: want ( before the values of IN, not "'x']"`},
		{`[a:b IN ('x' 'y')]`, `! at character 14: want , or ), not "'y')]"`},
		{`[a:b = 'x'] AND`, `! want [ or (, but the pattern ends`},
		{`[a:b = 'x'] WITHIN 5`, `! want SECONDS, but the pattern ends`},
		{`[a:b = 'x'] nonsense`, `! at character 13: want the end of the pattern, AND, OR or FOLLOWEDBY, not "nonsense"`},
		{strings.Repeat("(", 100), `! parentheses nest deeper than 64`},
		{"[" + strings.Repeat("(", 100), `! parentheses nest deeper than 64`},
		{"[" + strings.Repeat("a:b=1 OR ", 20_001) + "a:b=1]", `! more than 20000 comparisons`},
	} {
		all, err := stix.Comparisons(c.in)
		got := strings.Join(all, "; ")
		if err != nil {
			got = "! " + err.Error()
		}
		if got != c.want {
			t.Errorf("%.80s:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}
