package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// ACME says how a certificate is had from an authority, and renewed, without a
// person.
type ACME struct {
	// Host is the name under which tablets call the server.
	Host string
	// Email is where the authority writes if something is wrong; may be empty.
	Email string
	// Directory is the URL of the authority's ACME directory.
	Directory string
	// Agreed says that a person has agreed to the authority's terms.
	Agreed bool
	// Storage is the directory that keeps account and certificates, 0700.
	Storage string
	// Address is where the server listens. The authority asks port 443; if that
	// is not it, somebody forwards to it.
	Address *net.TCPAddr
	// Roots are those by which the authority itself is known; nil for the system's.
	Roots *x509.CertPool
}

// TLS returns the configuration of a server that shows the certificate, and
// answers the authority's challenge (TLS-ALPN-01) on its own port; so no other
// port need be open. The certificate comes in the background; without one,
// handshakes fail. Close ends what runs in the background.
func (a ACME) TLS(ctx context.Context, log *slog.Logger) (config *tls.Config, closeACME func(), err error) {
	if !a.Agreed {
		return nil, nil, errors.New("acme: the authority gives certificates to those who agree to its terms: read them, for Let's Encrypt at https://letsencrypt.org/repository/, and say --acme-agree")
	}
	if err := os.MkdirAll(a.Storage, 0o700); err != nil {
		return nil, nil, fmt.Errorf("acme: %w", err)
	}
	if err := os.Chmod(a.Storage, 0o700); err != nil {
		return nil, nil, fmt.Errorf("acme: %w", err)
	}
	quiet := zap.NewNop() // what matters comes as events
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		Logger:           quiet,
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
	})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: a.Storage}, Logger: quiet, OnEvent: tellEvents(log),
	})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: a.Directory, TestCA: a.Directory, Email: a.Email, Agreed: true, TrustedRoots: a.Roots,
		DisableHTTPChallenge: true, ListenHost: a.Address.IP.String(), AltTLSALPNPort: a.Address.Port, Logger: quiet,
	})}
	if err := magic.ManageAsync(ctx, []string{a.Host}); err != nil {
		cache.Stop()
		return nil, nil, fmt.Errorf("acme: %s: %w", a.Host, err)
	}
	config = magic.TLSConfig()
	config.MinVersion = tls.VersionTLS13
	return config, cache.Stop, nil
}

// tellEvents logs what becomes of certificates.
func tellEvents(log *slog.Logger) func(context.Context, string, map[string]any) error {
	return func(ctx context.Context, event string, data map[string]any) error {
		switch event {
		case "cert_obtained":
			log.InfoContext(ctx, "a TLS certificate was obtained", "host", data["identifier"], "renewal", data["renewal"])
		case "cert_failed":
			log.WarnContext(ctx, "no TLS certificate; it is tried again", "host", data["identifier"], "error", fmt.Sprint(data["error"]))
		}
		return nil
	}
}
