package guard

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Bodies reads requests whole, as they come over the wire and no further than
// they may be long, before they take a turn: a slow sender then holds its own
// bytes and nobody's place.
type Bodies struct {
	mostBytes int64
	heldBytes atomic.Int64
}

// NewBodies returns the bound of these limits.
func NewBodies(limits Limits) *Bodies { return &Bodies{mostBytes: limits.BodyBytes} }

// chunkBytes is how much is read at a time.
const chunkBytes = 32 << 10

// Read reads the body of a request. Call release when it is no longer used.
func (b *Bodies) Read(w http.ResponseWriter, r *http.Request, capBytes int64) (body []byte, release func(), err error) {
	if r.ContentLength > capBytes {
		return nil, nil, tooLarge(capBytes)
	}
	in := http.MaxBytesReader(w, r.Body, capBytes)
	release = sync.OnceFunc(func() { b.heldBytes.Add(-int64(len(body))) })
	for {
		if cap(body)-len(body) < chunkBytes {
			body = append(make([]byte, 0, 2*cap(body)+chunkBytes), body...)
		}
		n, err := in.Read(body[len(body) : len(body)+chunkBytes])
		body = body[:len(body)+n]
		held := b.heldBytes.Add(int64(n))
		switch {
		case errors.Is(err, io.EOF):
			return body, release, nil
		case err == nil && held > b.mostBytes:
			err = fault.Throttle(time.Second, "the server is reading as much as it can hold: what you have is kept, wait and send it again")
		case err == nil:
			continue
		}
		release()
		return nil, nil, readError(err, capBytes)
	}
}

func readError(err error, capBytes int64) error {
	var over *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &over):
		return tooLarge(capBytes)
	}
	return fault.New(fault.Malformed, "the request did not come whole, or not in time")
}

func tooLarge(capBytes int64) error {
	return fault.New(fault.TooLarge, "the request is longer than %d bytes: send less at a time", capBytes)
}
