package guard

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"
)

// Connections caps how many connections of the listener are open at once: in all,
// where the others wait in the kernel's queue, and from one address, where they
// are closed at once. Trusted proxies may have all.
func (e Exposure) Connections(listener net.Listener, limits Limits, log *slog.Logger) net.Listener {
	return &perAddress{
		Listener: netutil.LimitListener(listener, limits.Connections),
		exposure: e, most: limits.ConnectionsPerAddress, open: map[netip.Prefix]int{},
		log: log, seldom: rate.Sometimes{Interval: time.Minute},
	}
}

type perAddress struct {
	net.Listener
	exposure Exposure
	most     int
	log      *slog.Logger
	seldom   rate.Sometimes

	mu   sync.Mutex
	open map[netip.Prefix]int
}

// Accept implements net.Listener.
func (l *perAddress) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		if l.exposure.isProxy(at.Addr().Unmap()) {
			return conn, nil
		}
		of := Network(at.Addr())
		if l.take(of) {
			return &counted{Conn: conn, release: sync.OnceFunc(func() { l.release(of) })}, nil
		}
		l.seldom.Do(func() { l.log.Warn("connections are closed: one address has too many", "most", l.most) })
		_ = conn.Close()
	}
}

func (l *perAddress) take(of netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[of] >= l.most {
		return false
	}
	l.open[of]++
	return true
}

func (l *perAddress) release(of netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[of]--; l.open[of] == 0 {
		delete(l.open, of)
	}
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	release func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.release()
	return c.Conn.Close()
}
