//go:build unix

package cli

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// hangupPoll is how long a look at the output takes at most before it is asked
// whether anybody still wants to know, in milliseconds.
const hangupPoll = 200

// untilHangup returns a context that is done when nobody reads the output any
// more. A server that writes little while it works would not notice by writing.
func (s *Streams) untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	if f, ok := s.Out.(*os.File); ok {
		fds := []unix.PollFd{{Fd: int32(f.Fd())}}
		go func() {
			for ctx.Err() == nil {
				n, err := unix.Poll(fds, hangupPoll)
				switch {
				case n == 0 || errors.Is(err, unix.EINTR):
				case err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
					stop()
				default:
					return // what cannot be polled does not tell
				}
			}
		}()
	}
	return ctx, stop
}
