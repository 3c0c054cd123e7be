// Command spoor tracks adversary infrastructure; see `spoor help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spoor-cti/spoor/internal/cli"
)

// version is set by the linker (make build).
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, version, os.Args[1:], cli.OS())
	stop()
	os.Exit(code)
}
