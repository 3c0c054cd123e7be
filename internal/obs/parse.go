package obs

import "strings"

// ParseTLP reads a level in any spelling in use: "TLP:AMBER+STRICT", "amber",
// and WHITE for what TLP 1.0 called CLEAR.
func ParseTLP(s string) (TLP, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "TLP:"), "TLP-")
	switch s {
	case "WHITE":
		return Clear, nil
	case "AMBER-STRICT", "AMBER STRICT":
		return AmberStrict, nil
	}
	return lookup[TLP](tlpNames, s, "TLP level")
}

// ParsePAP reads a level with or without "PAP:".
func ParsePAP(s string) (PAP, error) {
	s = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "PAP:")
	if s == "WHITE" {
		return PAPClear, nil
	}
	return lookup[PAP](papNames, s, "PAP level")
}

// ParseBasis reads a basis' name.
func ParseBasis(s string) (Basis, error) { return lookup[Basis](basisNames, s, "basis") }

// ParseGranularity reads "1s", "1h", "1d" or "1mo".
func ParseGranularity(s string) (Granularity, error) {
	return lookup[Granularity](granularityNames[:], s, "granularity")
}

// ParseCountKind reads a count kind's name.
func ParseCountKind(s string) (CountKind, error) {
	return lookup[CountKind](countKindNames, s, "count kind")
}

// ParseQuality reads a quality's name.
func ParseQuality(s string) (Quality, error) { return lookup[Quality](qualityNames, s, "quality") }

// ParseRedistribution reads a redistribution's name.
func ParseRedistribution(s string) (Redistribution, error) {
	return lookup[Redistribution](redistributionNames, s, "kind of redistribution")
}
