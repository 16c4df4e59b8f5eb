package rpc

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/server/guard"
)

// Serve answers on the listener, and on the operator's socket if there is one,
// until the context ends, then lets requests finish and returns nil. It closes
// both listeners. What is still running after the time that stopping may take is
// cut off: a tablet sends it again.
func Serve(ctx context.Context, listener net.Listener, o Options) error {
	return serveWith(ctx, listener, o, usual)
}

func serveWith(ctx context.Context, listener net.Listener, o Options, t timeouts, extra ...connect.HandlerOption) error {
	if o.Limits == (guard.Limits{}) {
		o.Limits = guard.Usual
	}
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	all := make(group, 0, 2)
	ended := make(chan error, cap(all))
	public := newServer(newHandler(o, t, stopping, extra...), o.Log, t)
	public.Protocols, public.TLSConfig = o.Exposure.Protocols(listener), o.TLS
	all.begin(public, o.Exposure.Connections(listener, o.Limits, o.Log), ended)
	if o.Operator != nil {
		all.begin(newServer(newOperatorHandler(o, t), o.Log, t), o.Operator, ended)
	}
	var failed error
	running := len(all)
	select {
	case err := <-ended:
		failed, running = fmt.Errorf("serve: %w", err), running-1
	case <-ctx.Done():
	}
	stop() // watches first, or they would outlast the time for stopping
	failed = errors.Join(failed, all.shutDown(t))
	for range running {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			failed = errors.Join(failed, fmt.Errorf("serve: %w", err))
		}
	}
	return failed
}

// group are servers that stop together.
type group []*http.Server

func (g *group) begin(server *http.Server, listener net.Listener, ended chan<- error) {
	*g = append(*g, server)
	serve := server.Serve
	if server.TLSConfig != nil {
		serve = func(listener net.Listener) error { return server.ServeTLS(listener, "", "") }
	}
	go func() { ended <- serve(listener) }()
}

func (g group) shutDown(t timeouts) (failed error) {
	patience, cancel := context.WithTimeout(context.Background(), t.stop)
	defer cancel()
	for _, server := range g {
		err := server.Shutdown(patience)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("stop: %w", err))
		}
	}
	return failed
}

// newServer holds every limit that net/http knows. It speaks HTTP/2 without TLS
// too, as is right for a socket.
func newServer(handler http.Handler, log *slog.Logger, t timeouts) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	trouble := guard.NewNetLog(log)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ErrorLog:          stdlog.New(trouble, "", 0),
		ReadHeaderTimeout: t.header,
		ReadTimeout:       t.body,
		WriteTimeout:      t.answer,
		IdleTimeout:       t.idle,
		MaxHeaderBytes:    headerBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          streams,
			MaxReceiveBufferPerStream:     streamBufferBytes,
			MaxReceiveBufferPerConnection: connectionBufferBytes,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingTimeout,
			WriteByteTimeout:              byteTimeout,
			CountError:                    trouble.CountError,
		},
	}
}
