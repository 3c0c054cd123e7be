package csvlist_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/csvlist"
	"github.com/spoor-cti/spoor/internal/importer/importertest"
	"github.com/spoor-cti/spoor/internal/importer/prose"
	"github.com/spoor-cti/spoor/internal/obs"
	"github.com/spoor-cti/spoor/internal/testdata"
)

func TestTables(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"type and indicator, dated", "type,indicator,classification,detected_date\ndomain,evil[.]example,malware,2023-02-08\nipv4,192[.]0[.]2[.]7,,2023-02-09\n",
			"domain:evil.example reported-as label:report:x.csv 2023-02-08T00:00:00Z first-bound last-bound [report asserted 1d]\n" +
				"domain:evil.example reported-as label:tag:malware 2023-02-08T00:00:00Z first-bound last-bound [report asserted 1d]\n" +
				"ip:192.0.2.7 reported-as label:report:x.csv 2023-02-09T00:00:00Z first-bound last-bound [report asserted 1d]",
		},
		{
			"BOM, other types, note", "\xef\xbb\xbfvalue,entity_type,description\na.example,hostname,\"a, \"\"b\"\"\"\nx.exe,file,\nHKLM\\x,registry,\n",
			"domain:a.example reported-as label:report:x.csv undated note=\"a, \\\"b\\\"\" [report asserted]\n" +
				"! 3: column value: filehash \"x.exe\": has the wrong length for a digest",
		},
		{
			"file and C2", "SHA256 Hash;C2 Server\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;http://c2.example/p.php\n",
			"filehash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 reported-as label:report:x.csv undated [report asserted]\n" +
				"url:http://c2.example/p.php reported-as label:report:x.csv undated [report asserted]\n" +
				"domain:c2.example reported-as label:report:x.csv undated via=\"url\" [report asserted]\n" +
				"filehash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 communicates-with domain:c2.example undated [report asserted]",
		},
		{
			"domain beside address", "domain\tip\tfirst_seen\na.example\t192.0.2.1\t2024-01-02T03:04:05Z\n",
			"domain:a.example reported-as label:report:x.csv 2024-01-02T03:04:05Z first-bound last-bound [report asserted]\n" +
				"ip:192.0.2.1 reported-as label:report:x.csv 2024-01-02T03:04:05Z first-bound last-bound [report asserted]\n" +
				"domain:a.example resolves-via ip:192.0.2.1 A 2024-01-02T03:04:05Z first-bound last-bound [report asserted]",
		},
		{
			"dnsdbq -c csv", "time_first,time_last,zone_first,zone_last,count,bailiwick,rrname,rrtype,rdata\n2013-09-13 20:58:01,2024-03-01 00:00:00,,,5,\"example.\",\"www.example.\",\"A\",\"192.0.2.1\"\n",
			"domain:www.example resolves ip:192.0.2.1 A 2013-09-13T20:58:01Z..2024-03-01T00:00:00Z count=5 in=example [report sensor]",
		},
		{
			"a domain that is none", "Type,Indicator\nDomain,not a domain\nDomain,a.example\n",
			"domain:a.example reported-as label:report:x.csv undated [report asserted]\n! 2: column Indicator: \"not a domain\" is no domain",
		},
		{
			"quotes over lines, empty rows", "domain,note\n\"a.example\",\"two\nlines\"\n,,\n\n \"\" ,\nb.example,x\n",
			"domain:a.example reported-as label:report:x.csv undated note=\"two\\nlines\" [report asserted]\n" +
				"domain:b.example reported-as label:report:x.csv undated note=\"x\" [report asserted]",
		},
		{"quote without end", "domain,note\na.example,\"x\nb.example,y\n", "! 2: a quoted field has no end"},
		{
			"actor and campaign", "ip,actor,campaign\n192.0.2.1,Some  Group,Op X\n",
			"ip:192.0.2.1 reported-as label:report:x.csv undated [report asserted]\n" +
				"ip:192.0.2.1 reported-as label:actor:some group undated [report asserted]\n" +
				"ip:192.0.2.1 reported-as label:campaign:op x undated [report asserted]",
		},
	} {
		in := &importer.Input{Reader: strings.NewReader(c.in), Name: "x.csv", Source: "report", Handling: obs.Handling{TLP: obs.TLPUnset}}
		r := importertest.RunInput(t, csvlist.Format, in)
		_, got, _ := strings.Cut(strings.TrimSpace(r.String()), "\n")
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if f, err := (importer.Registry{csvlist.Format, prose.Format}).Detect(importer.Head{Data: []byte(c.in), Whole: true}); err != nil || f.Name != "csv" {
			t.Errorf("%s: not found to be CSV: %v", c.name, err)
		}
	}
}

func TestDetectLeavesProse(t *testing.T) {
	for _, in := range []string{
		"Domain names seen in the attack, by date.\nevil.example\n", "evil.example,malware\nbad.example,malware\n",
		"# Domain\nevil.example\n", "", "a,b,c\n1,2,3\n", "{\"type\":\"x\",\"value\":1}\n",
	} {
		f, err := importer.Registry{csvlist.Format}.Detect(importer.Head{Data: []byte(in), Whole: true})
		if err == nil {
			t.Errorf("%q was taken for %s", in, f.Name)
		}
	}
}

// TestSplitLikeEncodingCSV compares the number of rows that are not empty with
// encoding/csv's on the awkward files of csv-spectrum and on a real list with a
// million empty rows: grep -vc '^,*\r*$' counts 23,311 in it, header included.
func TestSplitLikeEncodingCSV(t *testing.T) {
	files := append(testdata.Files(t, "hostile/csv-spectrum", "*.csv"), testdata.Files(t, "hostile/csv-million-empty-rows", "*")...)
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ref := csv.NewReader(bytes.NewReader(raw))
		ref.FieldsPerRecord = -1
		rows, err := ref.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		want := -1 // the header
		for _, r := range rows {
			if strings.TrimSpace(strings.Join(r, "")) != "" {
				want++
			}
		}
		raw = append([]byte("domain"), raw[max(0, bytes.IndexAny(raw, ",\n")):]...) // a header that we know
		r := importertest.Run(t, csvlist.Format, raw)
		if r.Err != nil || r.Records != want {
			t.Errorf("%s: %d records, want %d, %v", f, r.Records, want, r.Err)
		}
	}
}

// TestRealLists: the number of records is the number of rows that Python's csv
// module finds, without the header and empty rows; the number of rejects is that
// of cells that are none of the kind they claim, looked at by hand.
func TestRealLists(t *testing.T) {
	for file, want := range map[string]struct{ records, rejected int }{
		"campaigns/unit42-lists/iran_linked_operators__APT33.csv":               {96, 1}, // an MD5 of 31 digits
		"campaigns/unit42-lists/iran_linked_operators__MuddyWater.csv":          {376, 0},
		"campaigns/unit42-lists/venomrat_iocs.csv":                              {438, 0},
		"campaigns/stalkerware/generated__network.csv":                          {1034, 0},
		"campaigns/infoblox-csv/indicators__csv__vextrio_unveiled_20250806.csv": {2097, 0},
	} {
		raw, err := os.ReadFile(testdata.Shared(t, file))
		if err != nil {
			t.Fatal(err)
		}
		r := importertest.Run(t, csvlist.Format, raw)
		if r.Err != nil || r.Records != want.records || r.Rejected != want.rejected {
			t.Errorf("%s: %d records, %d rejected, want %+v, %v\n%s", file, r.Records, r.Rejected, want, r.Err, strings.Join(r.Reasons, "\n"))
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("type,indicator,first_seen\ndomain,evil[.]example,2024-01-01\n\"ip\",\"192.0.2.1\n\",x\n"))
	f.Add([]byte("rrname;rrtype;rdata;count\na.example;A;192.0.2.1;3\n"))
	f.Fuzz(func(t *testing.T, in []byte) { importertest.Run(t, csvlist.Format, in) })
}
