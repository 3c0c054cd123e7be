package cli

import (
	"context"
	"io"
)

// interruptible is a reader that gives up when the context ends, even while
// nobody types or the other end of a pipe says nothing. The read that is under way
// then ends with the process. It is used by one goroutine.
type interruptible struct {
	ctx  context.Context // of the command, which is one run of the process
	r    io.Reader
	buf  []byte
	rest []byte // of buf, read and not handed on
	err  error
}

func newInterruptible(ctx context.Context, r io.Reader) *interruptible {
	return &interruptible{ctx: ctx, r: r, buf: make([]byte, 256<<10)}
}

func (i *interruptible) Read(p []byte) (int, error) {
	if len(i.rest) == 0 && i.err == nil {
		i.fill()
	}
	if len(i.rest) == 0 {
		return 0, i.err
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

func (i *interruptible) fill() {
	type answer struct {
		n   int
		err error
	}
	done := make(chan answer, 1)
	go func() {
		n, err := i.r.Read(i.buf)
		done <- answer{n, err}
	}()
	select {
	case a := <-done:
		i.rest, i.err = i.buf[:a.n], a.err
	case <-i.ctx.Done():
		i.err = i.ctx.Err()
	}
}
