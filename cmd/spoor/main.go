// Command spoor tracks adversary infrastructure; see `spoor help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spoor-cti/spoor/internal/cli"
)

// version is set by the linker (make build).
var version = "dev"

func main() {
	if _, set := os.LookupEnv("GOGC"); !set {
		// The heap is mostly the store's memtables and cache, which hold no pointers:
		// collecting twice as often costs little and saves half of it.
		debug.SetGCPercent(50)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	code := cli.Main(ctx, version, os.Args[1:], cli.OS())
	stop()
	os.Exit(code)
}
