package clientsdk

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// pinnedClient returns the client such that the home server must show one of its
// pins; the client itself if there are none.
func pinnedClient(client *http.Client, home *credential.Home) (*http.Client, error) {
	if client == nil {
		return nil, fault.New(fault.Invalid, "an HTTP client is due: with a timeout, for links that go dead")
	}
	if len(home.Pins) == 0 {
		return client, nil
	}
	if !strings.HasPrefix(home.Server, "https:") {
		return nil, fault.New(fault.Invalid, "the server has pins and no TLS: its address must begin with https:")
	}
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	plain, ok := transport.(*http.Transport)
	if !ok {
		return nil, fault.New(fault.Invalid, "the server has pins, and the HTTP client's transport is no *http.Transport that could hold it to them")
	}
	held := plain.Clone()
	held.TLSClientConfig = pinnedConfig(held.TLSClientConfig, home.Pins)
	pinned := *client
	pinned.Transport = held
	return &pinned, nil
}

// pinnedConfig accepts a server that shows a pinned key. The key of the server
// itself is enough: neither its certificate's dates count, since the clock of a
// tablet may be wrong by years, nor who signed it. The pinned key of an authority
// counts in a chain that verifies as usual.
func pinnedConfig(config *tls.Config, pins [][32]byte) *tls.Config {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	} else {
		config = config.Clone()
	}
	isPinned := func(c *x509.Certificate) bool { return slices.Contains(pins, sha256.Sum256(c.RawSubjectPublicKeyInfo)) }
	roots := config.RootCAs
	config.InsecureSkipVerify = true // what follows verifies
	config.VerifyConnection = func(state tls.ConnectionState) error {
		certificates := state.PeerCertificates
		if isPinned(certificates[0]) {
			return nil
		}
		o := x509.VerifyOptions{DNSName: state.ServerName, Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range certificates[1:] {
			o.Intermediates.AddCert(c)
		}
		chains, err := certificates[0].Verify(o)
		if err == nil && slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool { return slices.ContainsFunc(chain, isPinned) }) {
			return nil
		}
		return fault.New(fault.Unauthenticated, "the server shows none of the keys that the invitation names: it is another, or its key was changed; ask who runs it")
	}
	return config
}
