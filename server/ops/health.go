package ops

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
)

// Health answers the gRPC health protocol. Asked about the server as a whole
// (the empty name) it says that requests are served, which whoever can ask is
// proof of: a server that stops closes its port. Asked about a service by name
// it says whether there is room to store what that service brings: a server
// with a full disk still serves pulls.
type Health struct {
	room     func() error
	log      *slog.Logger
	services map[string]bool

	mu   sync.Mutex
	full bool
}

var _ grpchealth.Checker = (*Health)(nil)

// NewHealth returns the health of a server with these services, by full name.
// Room is asked at each check; it returns an error when nothing can be stored.
func NewHealth(room func() error, log *slog.Logger, services ...string) *Health {
	h := &Health{room: room, log: log, services: make(map[string]bool, len(services))}
	for _, name := range services {
		h.services[name] = true
	}
	return h
}

// Check implements [grpchealth.Checker].
func (h *Health) Check(_ context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if req.Service != "" && !h.services[req.Service] {
		return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("health: no service %q here", req.Service))
	}
	status := grpchealth.StatusServing
	if req.Service != "" && !h.hasRoom() {
		status = grpchealth.StatusNotServing
	}
	return &grpchealth.CheckResponse{Status: status}, nil
}

// hasRoom logs only when the answer turns, so that a probe every second does
// not fill the disk it asks about.
func (h *Health) hasRoom() bool {
	err := h.room()
	h.mu.Lock()
	defer h.mu.Unlock()
	turned := h.full != (err != nil)
	h.full = err != nil
	switch {
	case turned && h.full:
		h.log.Warn("no room: new records are refused until there is", "error", err)
	case turned:
		h.log.Info("there is room again")
	}
	return err == nil
}
