package guard

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificates are the files of a certificate and its key, which are read again
// when they change: whoever renews them need not start the server anew.
type certificates struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	last   *tls.Certificate
	read   [2]version
	failed [2]version // what was found wrong last, and said once
}

// version tells one state of a file from another.
type version struct {
	changed   time.Time
	sizeBytes int64
}

// TLSFromFiles returns the configuration of a server that shows the certificate
// of these files, in PEM, and speaks TLS 1.3 alone.
func TLSFromFiles(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	c := &certificates{certFile: certFile, keyFile: keyFile, log: log}
	found, err := c.versions()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	if err := c.load(found); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: c.current}, nil
}

// current returns the certificate, read again if its files have changed. If what
// is there now cannot be used, perhaps because only one of the two is written
// yet, the last one serves.
func (c *certificates) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, err := c.versions()
	if err == nil && (found == c.read || found == c.failed) {
		return c.last, nil
	}
	if err == nil {
		err = c.load(found)
	}
	switch {
	case err == nil:
		c.log.Info("the TLS certificate was read again", "until", c.last.Leaf.NotAfter)
	case found != c.failed || found == [2]version{}:
		c.log.Warn("the TLS certificate cannot be read again; the last one serves", "error", err)
		c.failed = found
	}
	return c.last, nil
}

func (c *certificates) load(found [2]version) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("%s and %s are no certificate with its key: %w", c.certFile, c.keyFile, err)
	}
	c.last, c.read, c.failed = &pair, found, [2]version{}
	return nil
}

func (c *certificates) versions() (found [2]version, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, statErr := os.Stat(name)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		found[i] = version{info.ModTime(), info.Size()}
	}
	return found, err
}
