package auth

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var olena = merge.PersonID{0x0e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func requestWith(authorization string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/x.v1.X/Y", strings.NewReader("{}"))
	request.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	return request
}

// call sends a request through the middleware and tells who the handler saw;
// nil if it was not reached.
func call(request *http.Request) (*merge.PersonID, *httptest.ResponseRecorder, error) {
	var seen *merge.PersonID
	var refusal error
	describe := func(err error) *connect.Error {
		refusal = err
		return connect.NewError(connect.CodeUnauthenticated, err)
	}
	handler := Middleware(ClaimedAtHub, describe)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if person, err := Person(r.Context()); err == nil {
			seen = &person
		}
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return seen, recorder, refusal
}

func TestARequestThatSaysWhoItIsReachesTheHandler(t *testing.T) {
	for _, authorization := range []string{
		Header(olena),
		"Bearer " + strings.ToUpper(olena.String()),
		"bearer " + olena.String(),
	} {
		seen, recorder, _ := call(requestWith(authorization))
		if seen == nil || *seen != olena {
			t.Errorf("%q: the handler saw %v, status %d", authorization, seen, recorder.Code)
		}
	}
}

func TestARequestThatDoesNotSayIsToldWhatToSend(t *testing.T) {
	for name, authorization := range map[string]string{
		"no header":      "",
		"another scheme": "Basic b2xlbmE6c2VjcmV0",
		"empty":          "Bearer ",
		"too short":      "Bearer 0e01",
		"too long":       "Bearer " + olena.String() + "00",
		"not hex":        "Bearer " + strings.Repeat("zz", 16),
		"nobody":         "Bearer " + strings.Repeat("0", 32),
		"the operator":   Header(Operator),
	} {
		seen, recorder, refusal := call(requestWith(authorization))
		if seen != nil {
			t.Errorf("%s: the handler was reached as %v", name, seen)
		}
		if recorder.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, recorder.Code)
		}
		if fault.KindOf(refusal) != fault.Unauthenticated || !strings.Contains(refusal.Error(), "32 hexadecimal digits") {
			t.Errorf("%s: refusal %v", name, refusal)
		}
	}
}

func TestPersonWithoutMiddlewareIsNobody(t *testing.T) {
	if _, err := Person(context.Background()); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("got %v", err)
	}
}

func TestListenOpensLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		listener, err := Listen(t.Context(), address)
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
		listener, err := Listen(t.Context(), address)
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
		if _, err := Listen(t.Context(), address); err == nil || !strings.Contains(err.Error(), "127.0.0.1:8765") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestLocalOnlyJudgesTheHostHeader(t *testing.T) {
	handler := LocalOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
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
