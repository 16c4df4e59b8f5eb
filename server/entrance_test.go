package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
)

// certificate is one of our own making, as files and as what trusts it.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return certFile, keyFile, roots
}

var secureURL = regexp.MustCompile(`url=(https://127\.0\.0\.1:\d+)`)

// The server speaks TLS: a client syncs over HTTP/2 and TLS 1.3, and who does not
// speak TLS gets nothing.
func TestServeWithTLS(t *testing.T) {
	certFile, keyFile, roots := certificate(t)
	ctx, stop := context.WithCancel(t.Context())
	log, code := new(lines), make(chan int, 1)
	go func() {
		code <- run(ctx, []string{
			"serve", "--dir", privateDir(t), "--listen", "127.0.0.1:0", "--min-free", "1MiB", "--tls-cert", certFile, "--tls-key", keyFile,
		}, streams{log, log})
	}()
	var url string
	eventually(t, "the server says where it listens", func() bool {
		if found := secureURL.FindStringSubmatch(log.String()); found != nil {
			url = found[1]
		}
		return url != ""
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+syncv1connect.SyncServiceSyncProcedure, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%s, %s, TLS %x", resp.Status, resp.Proto, resp.TLS.Version)
	}
	if hsts := resp.Header.Get("Strict-Transport-Security"); hsts == "" {
		t.Error("a browser is not told to come back by TLS alone")
	}
	plain := syncv1connect.NewSyncServiceClient(http.DefaultClient, strings.Replace(url, "https", "http", 1))
	if _, err := plain.Sync(ctx, connect.NewRequest(&syncv1.SyncRequest{})); err == nil || connect.IsWireError(err) && !strings.Contains(err.Error(), "400") {
		t.Errorf("without TLS: %v", err)
	}
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("serve ended with %d:\n%s", got, log)
	}
}

func TestFlagsOfTheEntranceThatDoNotGoTogether(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--tls-cert", certFile}, "--tls-key"},
		{[]string{"--tls-cert", keyFile, "--tls-key", certFile}, keyFile},
		{[]string{"--tls-cert", certFile, "--tls-key", keyFile, "--acme-host", "register.example.org"}, "one of them"},
		{[]string{"--tls-cert", certFile, "--tls-key", keyFile, "--plain-http-anywhere"}, "leave it out"},
		{[]string{"--acme-agree"}, "--acme-host"},
		{[]string{"--acme-host", "register.example.org"}, "--acme-agree"},
		{[]string{"--trust-proxy", "nginx"}, "192.0.2.0/24"},
		{[]string{"--day-changes", "0"}, "--day-changes"},
		{[]string{"--listen", ":0"}, "--tls-cert"},
	} {
		code, _, log := runHere(t, append([]string{"serve", "--dir", privateDir(t), "--listen", "127.0.0.1:0"}, c.args...)...)
		if code != exitFailed || !strings.Contains(log, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, log)
		}
	}
}
