// Package lsm is what spoor's databases on Pebble have in common: how they read the
// engine's errors, and what they do when it can't go on.
//
// It must not know what is kept in a database, nor where.
package lsm

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// Busy reports whether a database could not be opened because somebody holds it.
func Busy(err error) bool {
	text := err.Error()
	return strings.Contains(text, "lock held by current process") || strings.Contains(text, "resource temporarily unavailable")
}

// Damaged reports whether the engine found broken files. It marks most such errors
// in a way of its own, which errors.Is does not see, and some, which it meets when
// it opens a database, not at all.
func Damaged(err error) bool {
	if pebble.IsCorruptionError(err) {
		return true
	}
	text := err.Error()
	return slices.ContainsFunc([]string{
		"malformed manifest file", "could not open manifest file", "object size mismatch", "unknown to the objstorage provider",
	}, func(s string) bool { return strings.Contains(text, s) })
}

// Log is the engine's log: it drops everything, since what matters reaches us as
// errors.
type Log struct {
	Name string // of the database, as people know it
	Hint string // what to do when it can't go on
}

// Infof drops a message.
func (Log) Infof(string, ...any) {}

// Errorf drops a message.
func (Log) Errorf(string, ...any) {}

// exitFatal is the status of a process whose database can't go on; the command line
// uses the same for a store that can't be used.
const exitFatal = 6

// Fatalf is called when the engine can't go on without losing data: it must not
// return, and it comes from goroutines of its own, so that nobody could recover
// from a panic. What was acknowledged is on the disk; so the process ends here.
func (l Log) Fatalf(format string, args ...any) {
	why, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Fprintf(os.Stderr, "error: %s can't go on: %s\nhint: %s\n", l.Name, why, l.Hint)
	os.Exit(exitFatal)
}

// Events makes the engine report a damaged block to whoever reads it, as an error:
// it is no reason to end.
func Events() *pebble.EventListener {
	return &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}
}
