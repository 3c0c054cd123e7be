package app

import (
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/importer/cof"
	"github.com/spoor-cti/spoor/internal/importer/csvlist"
	"github.com/spoor-cti/spoor/internal/importer/prose"
	"github.com/spoor-cti/spoor/internal/importer/spoorjson"
)

// Formats lists the formats that can be imported, the most particular first:
// among equally sure ones the first wins.
func Formats() importer.Registry {
	return importer.Registry{
		spoorjson.Format,
		cof.DNSDB, cof.COF,
		csvlist.Format, prose.Format,
	}
}
