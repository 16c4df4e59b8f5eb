package demo

import (
	"context"
	"net/http"
	"sync"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// device is what a tablet, or the coordinator's desk, proves itself with.
type device struct {
	signer   *clientsdk.SoftwareKey
	identity clientsdk.Identity
}

// makeKnown enrols a device by an invitation.
func makeKnown(ctx context.Context, line, label string, random chance, client *http.Client) (*device, error) {
	invitation, err := clientsdk.ParseInvitation(line)
	if err != nil {
		return nil, err
	}
	signer, err := clientsdk.NewSoftwareKey(random.source("device/" + label))
	if err != nil {
		return nil, err
	}
	identity, err := clientsdk.Enrol(ctx, invitation, label, signer, client)
	return &device{signer, identity}, err
}

// ways is the transport of a tablet, which is on one link after the other.
type ways struct {
	mu  sync.Mutex
	now http.RoundTripper
}

func (w *ways) set(now http.RoundTripper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

// RoundTrip implements http.RoundTripper.
func (w *ways) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	now := w.now
	w.mu.Unlock()
	return now.RoundTrip(req)
}
