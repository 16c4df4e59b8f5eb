package guard

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate puts a certificate of its own making, with this number, and
// its key into two files.
func writeCertificate(t *testing.T, dir string, number int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		// A file system may tell no two moments of one test apart.
		if err := os.Chtimes(name, time.Time{}, time.Unix(number*10, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// shake makes a handshake with the configuration, from memory to memory.
func shake(server *tls.Config, client *tls.Config) (tls.ConnectionState, error) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	go tls.Server(ours, server).Handshake()
	conn := tls.Client(theirs, client)
	err := conn.Handshake()
	return conn.ConnectionState(), err
}

func TestACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	dir, log := t.TempDir(), new(bytes.Buffer)
	certFile, keyFile := writeCertificate(t, dir, 1)
	config, err := TLSFromFiles(certFile, keyFile, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(when string, number int64) {
		t.Helper()
		state, err := shake(config, &tls.Config{InsecureSkipVerify: true})
		if err != nil || state.PeerCertificates[0].SerialNumber.Int64() != number {
			t.Fatalf("%s: %v, %v", when, state.PeerCertificates, err)
		}
	}
	expect("at first", 1)
	writeCertificate(t, dir, 2)
	expect("after it was renewed", 2)
	if err := os.WriteFile(keyFile, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("while the key is being written", 2)
	expect("and again", 2)
	if n := strings.Count(log.String(), "the last one serves"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log)
	}
	writeCertificate(t, dir, 3)
	expect("after both are written", 3)
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	expect("when the file is gone", 3)
}

func TestTLS13AndNothingOlder(t *testing.T) {
	certFile, keyFile := writeCertificate(t, t.TempDir(), 1)
	config, err := TLSFromFiles(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	state, err := shake(config, &tls.Config{InsecureSkipVerify: true})
	if err != nil || state.Version != tls.VersionTLS13 {
		t.Errorf("version %x, %v", state.Version, err)
	}
	if _, err := shake(config, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
}

func TestFilesThatAreNoCertificateAreNamed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writeCertificate(t, dir, 1)
	other, _ := writeCertificate(t, t.TempDir(), 2)
	for _, files := range [][2]string{{certFile, other}, {filepath.Join(dir, "absent"), keyFile}, {other, keyFile}} {
		if _, err := TLSFromFiles(files[0], files[1], slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), files[0]) {
			t.Errorf("%v: %v", files, err)
		}
	}
}

// Whoever may listen where others reach it speaks HTTP/2 over TLS alone.
func TestHTTP2WithoutTLSIsForLoopbackAlone(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false} {
		plain := Exposure{PlainAnywhere: true}
		listener, err := plain.Listen(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if got := plain.Protocols(listener); got.UnencryptedHTTP2() != want || got.HTTP2() || !got.HTTP1() {
			t.Errorf("%s: %v", address, got)
		}
		if got := (Exposure{TLS: true}).Protocols(listener); got.UnencryptedHTTP2() || !got.HTTP2() {
			t.Errorf("%s with TLS: %v", address, got)
		}
		listener.Close()
	}
}

// get asks over TLS and returns the version of HTTP.
func get(t *testing.T, address string, config *tls.Config) (string, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Get("https://" + address + "/")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.Proto, err
}
