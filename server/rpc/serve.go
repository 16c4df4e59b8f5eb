package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"golang.org/x/net/netutil"
)

// Serve answers on the listener until the context ends, then lets requests
// finish and returns nil. It closes the listener. What is still running after
// the time that stopping may take is cut off: a tablet sends it again.
func Serve(ctx context.Context, listener net.Listener, o Options) error {
	return serveWith(ctx, listener, o, usual)
}

func serveWith(ctx context.Context, listener net.Listener, o Options, t timeouts, extra ...connect.HandlerOption) error {
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	server := newServer(newHandler(o, t, stopping, extra...), o.Log, t)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(listener, connections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop() // watches first, or they would outlast the time for stopping
	if err := shutDown(server, t); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func shutDown(server *http.Server, t timeouts) error {
	patience, cancel := context.WithTimeout(context.Background(), t.stop)
	defer cancel()
	err := server.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// newServer holds every limit that net/http knows. HTTP/2 comes without TLS:
// the listener is on loopback.
func newServer(handler http.Handler, log *slog.Logger, t timeouts) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
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
		},
	}
}
