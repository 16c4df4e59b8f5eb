package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/zhurnal/zhurnal/server/guard"
)

// entrance are the flags of serve that say how callers reach the server, and how
// much each of them may.
type entrance struct {
	TLSCert           string   `name:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Certificate chain in PEM, for TLS; with --tls-key. Read again when the file changes."`
	TLSKey            string   `name:"tls-key" type:"existingfile" placeholder:"FILE" help:"Private key in PEM of the certificate of --tls-cert."`
	ACMEHost          string   `name:"acme-host" placeholder:"NAME" help:"Have a certificate for this name from an ACME authority, which must reach the server at port 443 of the name."`
	ACMEAgree         bool     `name:"acme-agree" help:"You have read the terms of the ACME authority and agree to them."`
	ACMEEmail         string   `name:"acme-email" placeholder:"ADDRESS" help:"Where the ACME authority writes if something is wrong."`
	ACMEDirectory     string   `name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" placeholder:"URL" help:"The ACME authority (${default})."`
	ACMEStorage       string   `name:"acme-storage" placeholder:"PATH" help:"Directory for what comes from the authority (PATH of --dir with .acme behind it)."`
	PlainHTTPAnywhere bool     `name:"plain-http-anywhere" help:"Listen without TLS where other machines reach the server: whoever is in between reads and alters everything."`
	TrustProxy        []string `name:"trust-proxy" placeholder:"ADDRESS" help:"A proxy, or a network of them (192.0.2.0/24), that is believed in X-Forwarded-For. May be repeated."`
	DayBytes          byteSize `name:"day-bytes" default:"1GiB" placeholder:"SIZE" help:"How much one caller may bring in a day, before compression (${default}). Beyond that the tablet keeps it until the next day."`
	DayChanges        int64    `name:"day-changes" default:"1000000" placeholder:"N" help:"How many changes one caller may bring in a day (${default})."`
}

// opened is the way in, once it is open.
type opened struct {
	listener net.Listener
	exposure guard.Exposure
	tls      *tls.Config // nil for none
	acmeHost string      // the name that its certificate is for; empty for none
	close    func()      // ends what renews a certificate
}

// open listens.
func (e *entrance) open(ctx context.Context, address, dir string, log *slog.Logger) (*opened, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	way := &opened{exposure: guard.Exposure{TLS: e.TLSCert != "" || e.ACMEHost != "", PlainAnywhere: e.PlainHTTPAnywhere}, acmeHost: e.ACMEHost, close: func() {}}
	var err error
	if way.exposure.Proxies, err = e.proxies(); err != nil {
		return nil, err
	}
	if way.listener, err = way.exposure.Listen(ctx, address); err != nil {
		return nil, err
	}
	switch {
	case e.TLSCert != "":
		way.tls, err = guard.TLSFromFiles(e.TLSCert, e.TLSKey, log)
	case e.ACMEHost != "":
		way.tls, way.close, err = e.acme(way.listener, dir).TLS(ctx, log)
	}
	if err != nil {
		return nil, errors.Join(err, way.listener.Close())
	}
	return way, nil
}

// check refuses flags that contradict each other.
func (e *entrance) check() error {
	switch {
	case (e.TLSCert == "") != (e.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together: a certificate, and the private key that it is for")
	case e.TLSCert != "" && e.ACMEHost != "":
		return errors.New("--tls-cert is a certificate of yours, --acme-host has one made: give one of them")
	case e.ACMEHost == "" && (e.ACMEAgree || e.ACMEEmail != "" || e.ACMEStorage != ""):
		return errors.New("the other --acme flags say how the certificate for --acme-host is had: give that too")
	case e.PlainHTTPAnywhere && (e.TLSCert != "" || e.ACMEHost != ""):
		return errors.New("--plain-http-anywhere is for a server without TLS, and this one has a certificate: leave it out")
	case e.DayBytes == 0 || e.DayChanges <= 0:
		return errors.New("--day-bytes and --day-changes must be more than nothing, or no tablet could bring anything")
	}
	return nil
}

func (e *entrance) acme(listener net.Listener, dir string) guard.ACME {
	storage := e.ACMEStorage
	if storage == "" {
		storage = filepath.Clean(dir) + ".acme"
	}
	address, _ := listener.Addr().(*net.TCPAddr) // it is one of TCP
	return guard.ACME{
		Host: e.ACMEHost, Email: e.ACMEEmail, Directory: e.ACMEDirectory, Agreed: e.ACMEAgree, Storage: storage, Address: address,
	}
}

func (e *entrance) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range e.TrustProxy {
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trust-proxy %q is neither an address nor a network such as 192.0.2.0/24", text)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// limits are the usual ones, with what the flags say.
func (e *entrance) limits() guard.Limits {
	l := guard.Usual
	l.DayBytes, l.DayChanges = int64(e.DayBytes), e.DayChanges
	return l
}

func (w *opened) announce(log *slog.Logger, dir string) {
	scheme := "http://"
	if w.tls != nil {
		scheme = "https://"
	}
	log.Info("listening", "url", scheme+w.listener.Addr().String(), "dir", dir, "version", version())
	if w.tls == nil && !w.exposure.PlainAnywhere {
		log.Info("only programs of this machine can reach the server, which has no TLS")
	}
	if w.exposure.PlainAnywhere {
		log.Warn("there is no TLS: whoever is between a tablet and the server reads and alters everything")
	}
}
