package guard

import (
	"log/slog"
	"regexp"
	"sync"
	"time"
)

// NetLog is where net/http tells of trouble with connections. On a public port
// strangers cause it as often as they like, so a line is written each so often,
// with how many were left out; and addresses of callers are no business of a log.
type NetLog struct {
	log   *slog.Logger
	every time.Duration

	mu     sync.Mutex
	last   time.Time
	silent int
}

// NewNetLog returns one that writes to the log.
func NewNetLog(log *slog.Logger) *NetLog { return &NetLog{log: log, every: 10 * time.Second} }

var addresses = regexp.MustCompile(`\[[0-9a-fA-F:.%]+\](:\d+)?|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?`)

// Write implements io.Writer, for a log.Logger.
func (n *NetLog) Write(line []byte) (int, error) {
	n.tell("error", addresses.ReplaceAllString(string(line), "<address>"))
	return len(line), nil
}

// CountError is called by net/http for errors of HTTP/2, such as a flood of
// streams that are reset at once. The kind is a word of net/http's.
func (n *NetLog) CountError(kind string) { n.tell("http2_error", kind) }

func (n *NetLog) tell(key, value string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if now.Sub(n.last) < n.every {
		n.silent++
		return
	}
	n.log.Warn("trouble with connections", key, value, "left_out", n.silent)
	n.last, n.silent = now, 0
}
