package score

import (
	"fmt"
	"math"
	"strconv"
)

// approx writes a count as people say it: 312, 1,204, 45 thousand, 1.1 million.
func approx(n float64) string {
	switch {
	case n < 1000:
		return strconv.Itoa(int(math.Round(n)))
	case n < 10_000:
		i := int(math.Round(n))
		return fmt.Sprintf("%d,%03d", i/1000, i%1000)
	case n < 1_000_000:
		return strconv.Itoa(int(math.Round(n/1000))) + " thousand"
	}
	return strconv.FormatFloat(n/1e6, 'f', 1, 64) + " million"
}

// plainNumber writes a weight without needless decimals.
func plainNumber(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

func daysText(d float64) string {
	switch {
	case d < 1.0/24:
		return "within the hour"
	case d < 1:
		return "within a day"
	case d < 1.5:
		return "1 day"
	}
	return strconv.Itoa(int(math.Round(d))) + " days"
}
