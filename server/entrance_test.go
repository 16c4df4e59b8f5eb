package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
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

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// certificate is one of our own making, as files, and its pin.
func certificate(t *testing.T) (certFile, keyFile, pin string) {
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
	spki := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return certFile, keyFile, hex.EncodeToString(spki[:])
}

var secureURL = regexp.MustCompile(`url=(https://127\.0\.0\.1:\d+)`)

// The server speaks TLS: a client syncs over HTTP/2 and TLS 1.3, and who does not
// speak TLS gets nothing.
func TestServeWithTLS(t *testing.T) {
	certFile, keyFile, pin := certificate(t)
	ctx, stop := context.WithCancel(t.Context())
	log, code := new(lines), make(chan int, 1)
	dir := privateDir(t)
	go func() {
		code <- run(ctx, []string{
			"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB", "--tls-cert", certFile, "--tls-key", keyFile,
		}, streams{log, log})
	}()
	var url string
	eventually(t, "the server says where it listens", func() bool {
		if found := secureURL.FindStringSubmatch(log.String()); found != nil {
			url = found[1]
		}
		return url != ""
	})
	transport := &http.Transport{ForceAttemptHTTP2: true} // it trusts nobody but the pin
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	oksana, space := merge.PersonID(mergetest.ID16("oksana")), mergetest.ID16("lyman")
	caller, err := keyfile.NewCaller(keyFileOf(t, dir, url, oksana.String(), "--pin", pin), "", client)
	if err != nil {
		t.Fatal(err)
	}
	seen := &lastAnswer{next: caller.Client.Transport}
	caller.Client.Transport = seen
	defer caller.Client.CloseIdleConnections()
	desk := syncv1connect.NewDeskServiceClient(caller.Client, url, caller.Option)
	if _, err := desk.SetAccess(ctx, connect.NewRequest(&syncv1.SetAccessRequest{
		SpaceId: space[:], Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, PersonId: oksana[:], Allowed: true,
	})); err != nil {
		t.Fatal(err)
	}
	resp := seen.answer
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 {
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

// lastAnswer keeps the last one.
type lastAnswer struct {
	next   http.RoundTripper
	answer *http.Response
}

func (l *lastAnswer) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	l.answer, err = l.next.RoundTrip(req)
	return l.answer, err
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
		{[]string{"--listen", ":0"}, "--plain-http-anywhere"},
	} {
		code, _, log := runHere(t, append([]string{"serve", "--dir", privateDir(t), "--listen", "127.0.0.1:0"}, c.args...)...)
		if code != exitFailed || !strings.Contains(log, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, log)
		}
	}
}
