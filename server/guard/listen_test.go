package guard

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestListenOpensLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		listener, err := (Exposure{}).Listen(t.Context(), address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if ip := listener.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			t.Errorf("%s: listens on %s", address, ip)
		}
		listener.Close()
	}
}

func TestListenRefusesWhatOthersCanReach(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.7:8765", "[2001:db8::1]:8765", "[::ffff:192.0.2.7]:80"} {
		listener, err := (Exposure{}).Listen(t.Context(), address)
		if err == nil {
			listener.Close()
			t.Errorf("%s: listens", address)
			continue
		}
		for _, part := range []string{"--tls-cert", "--plain-http-anywhere", "127.0.0.1"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error does not speak of %s: %v", address, part, err)
			}
		}
	}
}

func TestListenSaysWhatAnAddressLooksLike(t *testing.T) {
	for _, address := range []string{"8765", "127.0.0.1", "::1"} {
		if _, err := (Exposure{}).Listen(t.Context(), address); err == nil || !strings.Contains(err.Error(), "127.0.0.1:8765") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAPlainServerOnLoopbackJudgesTheHostHeader(t *testing.T) {
	handler := (Exposure{}).Hosts(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"127.0.0.1:8765":             http.StatusNoContent,
		"127.0.0.1":                  http.StatusNoContent,
		"localhost:8765":             http.StatusNoContent,
		"LOCALHOST":                  http.StatusNoContent,
		"[::1]:8765":                 http.StatusNoContent,
		"[::1]":                      http.StatusNoContent,
		"register.example.org":       http.StatusMisdirectedRequest,
		"register.example.org:8765":  http.StatusMisdirectedRequest,
		"127.0.0.1.example.org:8765": http.StatusMisdirectedRequest,
		"localhost.example.org":      http.StatusMisdirectedRequest,
		"192.0.2.7:8765":             http.StatusMisdirectedRequest,
		"":                           http.StatusMisdirectedRequest,
	} {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != want {
			t.Errorf("host %q: status %d, want %d", host, recorder.Code, want)
		}
	}
}

// TLS or a flag that says it is enough.
func TestWhoMayListenBeyondLoopback(t *testing.T) {
	for _, c := range []struct {
		exposure Exposure
		refused  string // empty: may listen
	}{
		{Exposure{}, "--plain-http-anywhere"},
		{Exposure{TLS: true}, ""},
		{Exposure{PlainAnywhere: true}, ""},
	} {
		listener, err := c.exposure.Listen(t.Context(), "0.0.0.0:0")
		if err == nil {
			listener.Close()
		}
		if (c.refused == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%+v: %v", c.exposure, err)
		}
	}
}

func TestWhereOthersMayComeAnyHostNameWillDo(t *testing.T) {
	for _, c := range []struct {
		exposure Exposure
		want     int
	}{
		{Exposure{TLS: true}, http.StatusNoContent},
		{Exposure{PlainAnywhere: true}, http.StatusNoContent},
		{Exposure{Proxies: loopbackProxy}, http.StatusNoContent},
		{Exposure{}, http.StatusMisdirectedRequest},
	} {
		handler := c.exposure.Hosts(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Host, request.RemoteAddr = "register.example.org", "127.0.0.1:40000"
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != c.want {
			t.Errorf("%+v: status %d, want %d", c.exposure, recorder.Code, c.want)
		}
	}
}

var loopbackProxy = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

func TestXForwardedForIsBelievedOfTrustedProxiesAlone(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("192.0.2.0/24")}
	for _, c := range []struct {
		peer, said, want string
		trusted          []netip.Prefix
	}{
		{"127.0.0.1:4000", "203.0.113.9", "127.0.0.1", nil},
		{"127.0.0.1:4000", "203.0.113.9", "203.0.113.9", proxies},
		{"203.0.113.1:4000", "203.0.113.9", "203.0.113.1", proxies},
		// What the client itself has written stands before what our proxy writes.
		{"127.0.0.1:4000", "198.51.100.1, 203.0.113.9", "203.0.113.9", proxies},
		{"127.0.0.1:4000", "203.0.113.9, 192.0.2.8", "203.0.113.9", proxies},
		{"127.0.0.1:4000", "203.0.113.9, not an address", "127.0.0.1", proxies},
		{"127.0.0.1:4000", "192.0.2.7", "192.0.2.7", proxies},
		{"127.0.0.1:4000", "", "127.0.0.1", proxies},
		{"[::1]:4000", "203.0.113.9", "::1", proxies},
	} {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.RemoteAddr = c.peer
		if c.said != "" {
			request.Header.Set("X-Forwarded-For", c.said)
		}
		if got := (Exposure{Proxies: c.trusted}).Client(request); got.String() != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
