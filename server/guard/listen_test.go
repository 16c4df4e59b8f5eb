package guard

import (
	"net"
	"net/http"
	"net/http/httptest"
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
		for _, part := range []string{"loopback", "enrol", "127.0.0.1"} {
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
