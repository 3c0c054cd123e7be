package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spoor-cti/spoor/internal/app"
	"github.com/spoor-cti/spoor/internal/entity"
	"github.com/spoor-cti/spoor/internal/obs"
)

// topics are pages of `spoor help`: commands that do nothing.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "formats", Short: "What can be imported", Long: formatsTopic()},
		{Use: "entities", Short: "How entities, relations and times are written", Long: entitiesTopic()},
		{Use: "exit-codes", Short: "What the exit status says", Long: exitTopic},
	}
}

// columns writes pairs as two columns.
func columns(b *strings.Builder, pairs [][2]string) {
	width := 0
	for _, p := range pairs {
		width = max(width, runes(p[0]))
	}
	for _, p := range pairs {
		fmt.Fprintf(b, "  %s%s  %s\n", p[0], strings.Repeat(" ", width-runes(p[0])), p[1])
	}
}

func formatsTopic() string {
	var b strings.Builder
	b.WriteString("`spoor import` finds the format by content; --as NAME says it instead.\n" +
		"Input may be plain, gzip or zstd, and may come from standard input (-).\n\n")
	var pairs [][2]string
	for _, f := range app.Formats() {
		about := f.About
		if f.Source != f.Name {
			about += " (source " + f.Source + ")"
		}
		pairs = append(pairs, [2]string{f.Name, about})
	}
	columns(&b, pairs)
	b.WriteString("\nThe source is who says it; --source NAME keeps two providers of one format apart.")
	return b.String()
}

// kindAbout says how a kind is written.
func kindAbout(k entity.Kind) string {
	switch k {
	case entity.Domain:
		return "evil.example, evil[.]example, bücher.example"
	case entity.IP:
		return "192.0.2.1, 2001:db8::1"
	case entity.Prefix:
		return "192.0.2.0/24"
	case entity.ASN:
		return "AS64500"
	case entity.Cert:
		return "a certificate by digest: 64 hex digits, sha1:…, md5:…, serial:ISSUER/NUMBER"
	case entity.SPKI:
		return "SHA-256 of a public key"
	case entity.Email:
		return "user@evil.example, user[at]evil[.]example"
	case entity.Phone:
		return "+1 202 555 0100"
	case entity.Person:
		return "a registrant's name"
	case entity.Org:
		return "an organisation's name"
	case entity.Registrar:
		return "iana:292, or a name"
	case entity.URL:
		return "https://evil.example/path, hxxps://evil[.]example/path"
	case entity.Fingerprint:
		return "TYPE:VALUE, such as jarm:…, ja3:…"
	case entity.Tracker:
		return "an identifier of web analytics, such as UA-12345-6"
	case entity.SSHKey:
		return "SHA256:… or md5:…"
	case entity.FileHash:
		return "32, 40 or 64 hex digits"
	case entity.Label:
		return "actor:X, campaign:X, malware:X, report:X, tag:X"
	case entity.List:
		return "the name of a list"
	}
	return ""
}

func entitiesTopic() string {
	var b strings.Builder
	b.WriteString("Entities are pasted in any form, defanged or not. A kind before a colon settles what can be\n" +
		"read in several ways: cert:…, spki:… and filehash:… are all 64 hex digits. What needs its\n" +
		"kind is marked with a star.\n\n")
	var pairs [][2]string
	for _, k := range entity.Kinds() {
		name := k.String()
		switch k {
		case entity.SPKI, entity.Phone, entity.Person, entity.Org, entity.Registrar, entity.Fingerprint, entity.Tracker, entity.SSHKey, entity.Label, entity.List:
			name += "*"
		}
		pairs = append(pairs, [2]string{name, kindAbout(k)})
	}
	columns(&b, pairs)
	b.WriteString("\n@FILE reads them from a file and - from standard input: a list, a report, or what another\n" +
		"spoor command wrote. Lines that begin with # are passed over.\n\nRelations (--relation):\n")
	line := " "
	for _, r := range obs.Relations() {
		if len(line)+len(r.String()) > 90 {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + r.String()
	}
	b.WriteString(line + "\n\nTimes (--as-of, --known): 2024-05-03T10:00:00Z, 2024-05-03, 2024-05 or 2024 (their last second),\n" +
		"or how long ago: 90s 12h 7d 4w 3mo 2y")
	return b.String()
}

const exitTopic = `  0    done, also when nothing was found
  1    error
  2    wrong use: an unknown command, flag or value
  3    nothing was found (only with -e)
  4    partial: a part of the input was refused; the rest is stored (0 with --accept-partial)
  5    not allowed
  6    the store is in use, damaged or can't be reached
  130  interrupted; what was done so far is kept

Results go to stdout, everything else to stderr. In a pipe the results are NDJSON, and errors
are one JSON object with title, hint, code and exit.`
