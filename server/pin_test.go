package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A server shows a certificate that no authority has signed. Who enrols by an
// invitation with its pin calls it, and nobody else's certificate will do.
func TestAnInvitationWithAPinNeedsNoAuthority(t *testing.T) {
	certFile, tlsKey, _ := certificate(t)
	data, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	right := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	dir := privateDir(t)
	ctx, stop := context.WithCancel(t.Context())
	log, code := new(lines), make(chan int, 1)
	go func() {
		code <- run(ctx, []string{
			"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB", "--tls-cert", certFile, "--tls-key", tlsKey,
		}, streams{log, log})
	}()
	var url string
	eventually(t, "the server says where it listens", func() bool {
		if found := secureURL.FindStringSubmatch(log.String()); found != nil {
			url = found[1]
		}
		return url != ""
	})
	invite := func(pins ...[32]byte) string {
		args := []string{"invite", "--dir", dir, "--server", url, "--name", "Iryna"}
		for _, pin := range pins {
			args = append(args, "--pin", hex.EncodeToString(pin[:]))
		}
		code, out, said := runHere(t, args...)
		if strings.Contains(said, "no organisation yet") {
			code, out, said = runHere(t, append(args, "--organisation-name", "Opora")...)
		}
		at := strings.Index(out, "zhurnal:enrol")
		if code != exitOK || at < 0 {
			t.Fatalf("code %d, %s%s", code, out, said)
		}
		line, _, _ := strings.Cut(out[at:], "\n")
		return line
	}
	file := func(name string) string { return filepath.Join(t.TempDir(), name) }
	must(t, exitFailed, "none of the keys", "enrol", invite([32]byte{1}), "--key", file("wrong"), "--label", "desk")
	must(t, exitFailed, "no answer", "enrol", invite(), "--key", file("none"), "--label", "desk")
	key := file("right")
	must(t, exitOK, "its key is in", "enrol", invite([32]byte{2}, right), "--key", key, "--label", "desk")
	// It is known, and has access to nothing.
	must(t, exitFailed, "ask a coordinator for access", "report", "--key", key, "--desk", deskHex)
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("serve ended with %d:\n%s", got, log)
	}
}
