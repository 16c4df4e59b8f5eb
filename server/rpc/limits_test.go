package rpc

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

func TestAttack5AMessageOverTheLimitIsRefused(t *testing.T) {
	engine := echoing()
	server := start(t, engine, usual)
	oversized := pullBytes(t, make([]byte, askBytes), 0) // with its other fields over
	for version := 1; version <= 2; version++ {
		got := server.post(httpClient(t, version), syncv1connect.SyncServicePullProcedure, oversized, protoHeaders()...)
		mustBeRefusedAsTooLarge(t, got)
	}
	client := syncv1grpc.NewSyncServiceClient(server.dial())
	_, err := client.Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:], Cursor: make([]byte, messageBytes)})
	mustBe(t, "gRPC code", status.Code(err), codes.ResourceExhausted)
	mustBe(t, "calls that reached the engine", len(engine.calls()), 0)

	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, make([]byte, askBytes-64), 0), protoHeaders()...)
	mustBe(t, "status just below the limit", got.status, http.StatusOK)
}

// endless is a body that never ends; it counts what the server took of it.
type endless struct{ takenBytes int }

func (e *endless) Read(p []byte) (int, error) {
	e.takenBytes += len(p)
	return len(p), nil
}

func TestAttack5ABodyWithoutEndIsCutOff(t *testing.T) {
	engine := echoing()
	server := start(t, engine, usual)
	body := new(endless)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+syncv1connect.SyncServicePullProcedure, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/proto")
	request.Header.Set("Authorization", office.Header(olena))
	if response, err := httpClient(t, 1).Do(request); err == nil { // the connection may be cut before the answer is read
		mustBe(t, "status", response.StatusCode, http.StatusTooManyRequests)
		response.Body.Close()
	}
	mustBe(t, "calls that reached the engine", len(engine.calls()), 0)
}

// rawRequest opens a connection and sends the start of an HTTP/1.1 request.
func (r *running) rawRequest(lines ...string) net.Conn {
	r.t.Helper()
	conn, err := new(net.Dialer).DialContext(r.t.Context(), "tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")); err != nil {
		r.t.Fatal(err)
	}
	return conn
}

func TestAttack16ASlowBodyDoesNotHoldTheServer(t *testing.T) {
	engine := echoing()
	impatient := usual
	impatient.body = 100 * time.Millisecond
	server := start(t, engine, impatient)
	conn := server.rawRequest("POST "+syncv1connect.SyncServicePullProcedure+" HTTP/1.1", "Host: "+server.address,
		"Authorization: "+office.Header(olena), "Content-Type: application/proto", "Content-Length: 100", "", "\x0a")
	// A server that goes on waiting for the other 99 bytes says nothing here
	// until the test's own deadline.
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("status %d for a tenth of a request", response.StatusCode)
		}
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Fatal("the server still waits")
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection is not closed: %v", err)
	}
	mustBe(t, "calls that reached the engine", len(engine.calls()), 0)
}

func TestAttack16SlowHeadersDoNotHoldTheServer(t *testing.T) {
	impatient := usual
	impatient.header = 100 * time.Millisecond
	server := start(t, echoing(), impatient)
	conn := server.rawRequest("POST "+syncv1connect.SyncServicePullProcedure+" HTTP/1.1", "Host: ")
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection is not closed: %v", err)
	}
}

func TestHeadersOverTheLimitAreRefused(t *testing.T) {
	server := start(t, echoing(), usual)
	conn := server.rawRequest("POST "+syncv1connect.SyncServicePullProcedure+" HTTP/1.1", "Host: "+server.address,
		"X-Padding: "+strings.Repeat("x", 2*headerBytes), "", "")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() // its end is a reset, since the server reads no further
	mustBe(t, "status", response.StatusCode, http.StatusRequestHeaderFieldsTooLarge)
}

func TestStoppingLetsRequestsFinish(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	engine := echoing()
	answer := engine.pull
	engine.pull = func(ctx context.Context, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
		close(entered)
		<-leave
		return answer(ctx, space, cursor, pageBytes)
	}
	server := start(t, engine, usual)
	done := make(chan reply, 1)
	go func() {
		done <- server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 9), protoHeaders()...)
	}()
	<-entered
	server.stop()
	for { // the listener closes while the request is still at work
		conn, err := net.DialTimeout("tcp", server.address, time.Second)
		if err != nil {
			break
		}
		conn.Close()
	}
	close(leave)
	mustBe(t, "status", (<-done).status, http.StatusOK)
}
