package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// errCut is what a connection ends with that the demo has cut.
var errCut = errors.New("the link was cut")

// link is the way of one tablet to the server, for one attempt. It counts what
// passes on the connection, HTTP headers included, and may be cut.
type link struct {
	mu             sync.Mutex
	upBytes        int64
	downBytes      int64
	cut            *cut
	hasBeenCut     bool
	openConnection []net.Conn
}

// transport returns one on the link. What it opened is closed with
// [link.hangUp].
func (l *link) transport() *http.Transport {
	return &http.Transport{DialContext: l.dial, DisableCompression: true, MaxConnsPerHost: 1}
}

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.openConnection = append(l.openConnection, conn)
	return &counted{Conn: conn, link: l}, nil
}

// passed returns how many bytes have got through, up and down.
func (l *link) passed() (upBytes, downBytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.upBytes, l.downBytes
}

// wasCut tells whether the cut has fallen.
func (l *link) wasCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hasBeenCut
}

// hangUp closes what is open.
func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.openConnection {
		_ = conn.Close() // twice is harmless
	}
	l.openConnection = nil
}

// pass counts n bytes on their way, and says how many of them get through: fewer
// only if the cut falls among them.
func (l *link) pass(up bool, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	passed := &l.downBytes
	if up {
		passed = &l.upBytes
	}
	if l.cut != nil && l.cut.up == up && *passed+int64(n) > l.cut.afterBytes {
		n = int(max(0, l.cut.afterBytes-*passed))
		l.hasBeenCut = true
	}
	*passed += int64(n)
	return n
}

// counted is a connection of a link.
type counted struct {
	net.Conn
	link *link
}

// Write sends what gets through before a cut.
func (c *counted) Write(p []byte) (int, error) {
	through := c.link.pass(true, len(p))
	n, err := c.Conn.Write(p[:through])
	if through < len(p) && err == nil {
		err = errors.Join(errCut, c.Conn.Close())
	}
	return n, err
}

// Read gives what comes before a cut.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	through := c.link.pass(false, n)
	if through < n {
		return through, errors.Join(errCut, c.Conn.Close())
	}
	return n, err
}
