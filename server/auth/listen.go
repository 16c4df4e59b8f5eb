package auth

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Listen opens a TCP listener on a loopback address, given as host:port. Any
// other address is an error that says why: who can reach the port can claim to
// be anybody. A host name is resolved once and every address it stands for must
// be of this machine.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen: %q is not host:port, such as 127.0.0.1:8765: %w", address, err)
	}
	if host == "" {
		return nil, refusal(address)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("listen: %s: %w", address, err)
	}
	for _, ip := range found {
		if !ip.Unmap().IsLoopback() {
			return nil, refusal(address)
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(found[0].Unmap().String(), port))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

func refusal(address string) error {
	return fmt.Errorf("listen: %s can be reached from other machines. Until tablets enrol with keys of their own, "+
		"the server believes whoever a caller says it is, so it listens on loopback only: use 127.0.0.1:8765 or [::1]:8765. "+
		"From another machine reach it through a tunnel that knows its users, such as `ssh -L 8765:127.0.0.1:8765`", address)
}

// LocalOnly refuses requests that address the server by a name that is not of
// this machine. A browser here may show a page whose host name was pointed at
// 127.0.0.1 (DNS rebinding), and a proxy may forward from a network: both bring
// strangers past the loopback listener, and both show in the Host header.
func LocalOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			http.Error(w, "this server answers only to localhost and loopback addresses, since it cannot yet prove who calls it",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal judges a Host header: host, host:port, [v6] or [v6]:port.
func isLocal(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
