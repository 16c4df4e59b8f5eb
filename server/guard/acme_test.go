package guard

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// names is a DNS server for which every name is this machine.
func names(t *testing.T) (address string) {
	t.Helper()
	conn, err := net.Listen("tcp", "127.0.0.1:0") // as the authority asks
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		if q := asked.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = append(answer.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1),
			})
		}
		_ = w.WriteMsg(answer)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	return conn.Addr().String()
}

// authority is Let's Encrypt's small one for tests, which asks for its challenges
// at this port.
func authority(t *testing.T, port int) (server *httptest.Server, roots *x509.CertPool) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	quiet, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	validator := va.New(quiet, 1, port, false, names(t), store)
	front := wfe.New(quiet, store, validator, issuer, []string{"localhost"}, false, false, 1, 1)
	server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(issuer.GetRootCert(0).Cert)
	return server, roots
}

func TestACertificateComesFromAnAuthority(t *testing.T) {
	listener, err := (Exposure{TLS: true}).Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	pebble, roots := authority(t, address.Port)
	trusted := x509.NewCertPool()
	trusted.AddCert(pebble.Certificate())
	storage := filepath.Join(t.TempDir(), "register.acme")
	config, closeACME, err := ACME{
		Host: "register.example.org", Directory: pebble.URL + "/dir", Agreed: true, Storage: storage, Address: address, Roots: trusted,
	}.TLS(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer closeACME()
	protocols := (Exposure{TLS: true}).Protocols(listener)
	server := &http.Server{Handler: http.NotFoundHandler(), TLSConfig: config, Protocols: protocols, ErrorLog: log.New(io.Discard, "", 0)}
	defer server.Close()
	go server.ServeTLS(listener, "", "")

	client := &tls.Config{RootCAs: roots, ServerName: "register.example.org"}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		version, err := get(t, address.String(), client)
		if err == nil {
			if version != "HTTP/2.0" {
				t.Errorf("with a certificate, %s is spoken", version)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no certificate came: %v", err)
		}
	}
	if info, err := os.Stat(storage); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("storage: %v, %v", info.Mode(), err)
	}
}

func TestWhoHasNotAgreedToTheTermsGetsNoCertificate(t *testing.T) {
	_, _, err := ACME{Host: "register.example.org", Storage: t.TempDir()}.TLS(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "--acme-agree") {
		t.Errorf("%v", err)
	}
}
