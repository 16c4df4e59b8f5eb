package clientsdk_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestAServerMustShowAKeyThatTheInvitationNames(t *testing.T) {
	reached := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached++
		w.WriteHeader(http.StatusNotFound)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	right := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	trusting := x509.NewCertPool()
	trusting.AddCert(server.Certificate())
	key := must(clientsdk.NewSoftwareKey(rand.Reader))
	for name, c := range map[string]struct {
		pins   [][32]byte
		client *http.Client
		server string
		lets   bool
		kind   fault.Kind
	}{
		"its key, certified by nobody we know":    {[][32]byte{right}, &http.Client{}, server.URL, true, 0},
		"its key as the second pin":               {[][32]byte{{1}, right}, &http.Client{}, server.URL, true, 0},
		"another key, though an authority has it": {[][32]byte{{1}}, server.Client(), server.URL, false, fault.Unauthenticated},
		"no pin, an authority that is trusted":    {nil, server.Client(), server.URL, true, 0},
		"no pin, an authority that is not":        {nil, &http.Client{}, server.URL, false, fault.Unavailable},
		"pins without TLS":                        {[][32]byte{right}, &http.Client{}, strings.Replace(server.URL, "https", "http", 1), false, fault.Invalid},
		"a transport that cannot be held to pins": {[][32]byte{right}, &http.Client{Transport: &tallied{}}, server.URL, false, fault.Invalid},
		"no client": {[][32]byte{right}, nil, server.URL, false, fault.Invalid},
	} {
		invitation := clientsdk.Invitation{}
		invitation.Server, invitation.Pins = c.server, c.pins
		before := reached
		_, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 7", key, c.client)
		if lets := reached > before; lets != c.lets {
			t.Errorf("%s: reached %v: %v", name, lets, err)
		}
		if !c.lets && fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}
