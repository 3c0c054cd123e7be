package app

import (
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/certs"
	"github.com/spoor-cti/spoor/internal/importer/cof"
	"github.com/spoor-cti/spoor/internal/importer/csvlist"
	"github.com/spoor-cti/spoor/internal/importer/eve"
	"github.com/spoor-cti/spoor/internal/importer/misp"
	"github.com/spoor-cti/spoor/internal/importer/passivedns"
	"github.com/spoor-cti/spoor/internal/importer/prose"
	"github.com/spoor-cti/spoor/internal/importer/spoorjson"
	"github.com/spoor-cti/spoor/internal/importer/stix"
	"github.com/spoor-cti/spoor/internal/importer/zeek"
)

// Formats lists the formats that can be imported, the most particular first:
// among equally sure ones the first wins.
func Formats() importer.Registry {
	return importer.Registry{
		spoorjson.Format,
		cof.DNSDB, cof.COF,
		zeek.Format, eve.Format, passivedns.Format,
		certs.Format, stix.Format, misp.Format,
		csvlist.Format, prose.Format,
	}
}
