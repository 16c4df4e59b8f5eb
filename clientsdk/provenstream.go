package clientsdk

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
)

// provenStream is the client's end of a stream of answers to one message, such as
// Watch. If the token is refused before anything was received, it begins again
// with another. One goroutine sends and then receives, as Connect does for such
// streams.
type provenStream struct {
	connect.StreamingClientConn
	prover *prover
	ctx    context.Context
	// again makes another connection; nil once it may not be begun again.
	again func() connect.StreamingClientConn
	token string // that was sent
	sent  any
}

// Send implements connect.StreamingClientConn.
func (s *provenStream) Send(message any) error {
	s.sent = message
	if err := s.prove(); err != nil {
		return err
	}
	return s.StreamingClientConn.Send(message)
}

// Receive implements connect.StreamingClientConn.
func (s *provenStream) Receive(message any) error {
	err := s.StreamingClientConn.Receive(message)
	again := s.again
	s.again = nil
	if err == nil || again == nil || !isRefusal(err) {
		return err
	}
	if err := s.begin(again()); err != nil {
		return err
	}
	return s.StreamingClientConn.Receive(message)
}

// prove sends a token, another than the one that was sent before.
func (s *provenStream) prove() (err error) {
	if s.token, err = s.prover.current(s.ctx, s.token); err == nil {
		s.RequestHeader().Set(authorization, bearer(s.token))
	}
	return err
}

// begin sends again what was sent, on another connection.
func (s *provenStream) begin(again connect.StreamingClientConn) error {
	headers := s.RequestHeader()
	if err := s.CloseResponse(); err != nil {
		return err
	}
	s.StreamingClientConn = again
	for name, values := range headers {
		s.RequestHeader()[name] = values
	}
	if err := s.prove(); err != nil {
		return err
	}
	// Why it ended shows when the answer is received.
	if err := s.StreamingClientConn.Send(s.sent); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return s.CloseRequest()
}
