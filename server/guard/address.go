package guard

import (
	"net/http"
	"net/netip"
	"strings"
)

// Client returns the address that a request comes from. What X-Forwarded-For says
// is believed as far as trusted proxies said it: it is read from the end, and the
// first address that is no proxy of ours is the client's.
func (e Exposure) Client(r *http.Request) netip.Addr {
	client := peer(r)
	for hops := forwardedFor(r); len(hops) > 0 && e.isProxy(client); hops = hops[:len(hops)-1] {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
		if err != nil {
			break // the proxy did not say; it answers for whomever it let in
		}
		client = hop.Unmap()
	}
	return client
}

func forwardedFor(r *http.Request) []string {
	lines := r.Header.Values("X-Forwarded-For")
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(strings.Join(lines, ","), ",")
}

func (e Exposure) isProxy(address netip.Addr) bool {
	for _, prefix := range e.Proxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// peer is the other end of the connection; not valid if that has no address.
func peer(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap()
}

// Network is what one party has of addresses, for whom limits are counted: of
// IPv6 a provider gives each customer 64 bits.
func Network(address netip.Addr) netip.Prefix {
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.WithZone("").Prefix(bits)
	return prefix
}
