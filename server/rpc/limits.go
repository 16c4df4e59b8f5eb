package rpc

import "time"

// Limits of what the edge accepts, with the reason for each. What a message may
// hold inside is the engine's table, syncengine/limits.
const (
	// messageBytes bounds the largest request message after decompression, that
	// of a push or a sync; the other procedures have theirs: 16 full batches of 256 KiB, and what grpc-go accepts by default, so that hubs
	// that relay through it need no setting.
	messageBytes = 4 << 20
	// compressMinBytes is the size from which an answer is compressed: below,
	// the answer fits one packet with its headers either way.
	compressMinBytes = 1 << 10
	// zstdWindowBytes is how far back the encoder looks: a page.
	zstdWindowBytes = 1 << 20
	// zstdMaxWindowBytes is the memory that a frame may ask of the decoder.
	// RFC 8878 recommends that 8 MB be supported.
	zstdMaxWindowBytes = 8 << 20
	// headerBytes bounds the headers of a request: an Authorization header and
	// what proxies add fit many times over.
	headerBytes = 16 << 10
	// chunkBytes is how much of a backup one message carries: a frame of it.
	chunkBytes = 256 << 10
	// streams bounds concurrent requests on one HTTP/2 connection, also
	// against floods of reset streams. A hub pushes for some dozen spaces.
	streams = 64
	// streamBufferBytes and connectionBufferBytes bound what a sender may have
	// in flight on HTTP/2 before the handler reads it.
	streamBufferBytes     = 256 << 10
	connectionBufferBytes = 1 << 20
)

// timeouts are set per server so that a test need not wait for minutes.
type timeouts struct {
	header time.Duration
	body   time.Duration
	answer time.Duration
	idle   time.Duration
	send   time.Duration
	watch  time.Duration
	stop   time.Duration
}

// usual are the timeouts of a real server. A tablet may be on 16 kbit/s: they
// free what a dead or hostile sender holds, and do not hurry a slow one.
var usual = timeouts{
	// One packet or two.
	header: 10 * time.Second,
	// The whole request: 256 KiB, at 16 kbit/s 131 s.
	body: 180 * time.Second,
	// From the request's headers to the end of the answer, so it includes the
	// body; a page of 128 KiB takes 66 s at 16 kbit/s.
	answer: 360 * time.Second,
	// A connection that waits for the next request.
	idle: 120 * time.Second,
	// One message of a watch, which is 40 bytes, or a chunk of a backup to a
	// program of this machine: the reader is gone.
	send: 30 * time.Second,
	// A watch ends after this and is asked for again: what an app that sleeps
	// holds, while the tablet's kernel still answers for it, is freed.
	watch: time.Hour,
	// How long requests may take to finish when the server stops.
	stop: 20 * time.Second,
}

// How a connection over HTTP/2 is found dead: a ping after silence, and how
// long its answer and any byte of ours may take.
const (
	pingAfter   = 30 * time.Second
	pingTimeout = 30 * time.Second
	byteTimeout = 30 * time.Second
)
