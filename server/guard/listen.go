package guard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
)

// Exposure says how callers reach a server. The zero value is plain HTTP on
// loopback.
type Exposure struct {
	// TLS: the listener speaks it.
	TLS bool
	// PlainAnywhere lets the server listen without TLS on addresses that other
	// machines reach: whoever is in between reads and alters everything.
	PlainAnywhere bool
	// Proxies are believed when they say for whom they forward.
	Proxies []netip.Prefix
}

// beyondLoopback says what is to be done before others may reach the server;
// empty if they may.
func (e Exposure) beyondLoopback() string {
	if e.TLS || e.PlainAnywhere {
		return ""
	}
	return "Without TLS whoever is in between reads and alters everything: give --tls-cert and --tls-key, or --acme-host, " +
		"or listen on 127.0.0.1:8765 behind a proxy of this machine. If the network itself is encrypted and nobody else is on it, say --plain-http-anywhere"
}

// Listen opens a TCP listener on host:port. An address that is not loopback is
// an error unless the exposure allows it. A host name is resolved once, and every
// address it stands for is judged.
func (e Exposure) Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen: %q is not host:port, such as 127.0.0.1:8765: %w", address, err)
	}
	local := false
	if host != "" {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, fmt.Errorf("listen: %s: %w", address, err)
		}
		local = !slices.ContainsFunc(found, func(ip netip.Addr) bool { return !ip.Unmap().IsLoopback() })
		host = found[0].Unmap().String()
	}
	if why := e.beyondLoopback(); !local && why != "" {
		return nil, fmt.Errorf("listen: %s can be reached from other machines. %s", address, why)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

// Protocols are what the server speaks on the listener: HTTP/2 without TLS on
// loopback alone, where a proxy of this machine may be in front.
func (e Exposure) Protocols(listener net.Listener) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(e.TLS)
	p.SetUnencryptedHTTP2(!e.TLS && isLoopback(listener))
	return p
}

// isLoopback tells whether only programs of this machine reach the listener.
func isLoopback(listener net.Listener) bool {
	address, ok := listener.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}
