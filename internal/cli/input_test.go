package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// Whoever waits for standard input can be interrupted.
func TestWaitingForInputCanBeInterrupted(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, _, status := call(t, data, "store", "check"); status != exitError {
		t.Fatal(status)
	}
	for _, args := range [][]string{{"extract"}, {"noise", "check", "-"}, {"import", "--as", "text", "-"}} {
		ctx, stop := context.WithCancel(t.Context())
		in, typist := io.Pipe()
		go func() {
			_, _ = io.WriteString(typist, "a.example\n")
			stop()
		}()
		var out, errs bytes.Buffer
		status := run(ctx, "test", append([]string{"--data", data}, args...), Streams{In: in, Out: &out, Err: &errs}, time.Now)
		if status != exitInterrupted || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("%v: status %d, %s", args, status, &errs)
		}
		_ = in.Close()
	}
}

func TestInterruptibleReadsEverything(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000)
	if err := iotest.TestReader(newInterruptible(t.Context(), strings.NewReader(text)), []byte(text)); err != nil {
		t.Error(err)
	}
}
