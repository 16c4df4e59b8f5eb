package rpc

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// inside calls the services of this server as whoever the context of a request
// names: through the same interceptors as what comes by the network, and without a
// connection.
type inside struct{ services http.Handler }

// Do implements connect.HTTPClient.
func (c inside) Do(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	asked.RequestURI, asked.Proto, asked.ProtoMajor, asked.ProtoMinor = r.URL.RequestURI(), "HTTP/2.0", 2, 0
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	body, write := io.Pipe()
	a := &answering{header: http.Header{}, write: write, begun: make(chan struct{})}
	go func() {
		defer func() {
			if value := recover(); value != nil && value != http.ErrAbortHandler {
				panic(value)
			}
			a.WriteHeader(http.StatusOK)
			_ = write.Close()
		}()
		c.services.ServeHTTP(a, asked)
	}()
	select {
	case <-a.begun:
		return &http.Response{
			StatusCode: a.status, Status: http.StatusText(a.status), Proto: asked.Proto, ProtoMajor: 2,
			Header: a.sent, Body: body, ContentLength: -1, Request: r,
		}, nil
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
}

// answering hands what a handler writes to whoever reads the answer.
type answering struct {
	header http.Header
	write  *io.PipeWriter

	once   sync.Once
	begun  chan struct{} // closed when status and sent are there
	status int
	sent   http.Header
}

// Header implements http.ResponseWriter.
func (a *answering) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answering) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	})
}

// Write implements http.ResponseWriter. It waits until it was read.
func (a *answering) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.write.Write(data)
}

// Flush implements http.Flusher: nothing is held back.
func (a *answering) Flush() { a.WriteHeader(http.StatusOK) }

// SetWriteDeadline lets streams set one: whoever reads has its own.
func (a *answering) SetWriteDeadline(time.Time) error { return nil }
