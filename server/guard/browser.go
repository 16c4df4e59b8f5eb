package guard

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Hosts refuses requests that address a plain server on loopback by a name that
// is not of this machine. A browser here may show a page whose host name was
// pointed at 127.0.0.1 (DNS rebinding), and a proxy may forward from a network:
// both bring strangers past the loopback listener, and both show in the Host
// header. Where TLS names the server, or others may reach it anyway, any name
// will do; so it will from a trusted proxy.
func (e Exposure) Hosts(next http.Handler) http.Handler {
	if e.TLS || e.PlainAnywhere {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) && !e.isProxy(peer(r)) {
			http.Error(w, "this server answers only to localhost and loopback addresses", http.StatusMisdirectedRequest)
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

// Browsers keeps pages of other sites from making a browser here ask anything of
// the server, and tells browsers to take no answer for what it is not.
func (e Exposure) Browsers(next http.Handler) http.Handler {
	guarded := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		if e.TLS {
			header.Set("Strict-Transport-Security", "max-age=31536000") // a year
		}
		guarded.ServeHTTP(w, r)
	})
}
