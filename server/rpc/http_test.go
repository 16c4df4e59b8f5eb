package rpc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// reply is an answer as it came over the wire, nothing decoded.
type reply struct {
	status  int
	version int
	header  http.Header
	trailer http.Header
	body    []byte
}

// post sends a body with these headers; no client library is in between.
func (r *running) post(client *http.Client, procedure string, body []byte, headers ...string) reply {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+procedure, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{response.StatusCode, response.ProtoMajor, response.Header, response.Trailer, data}
}

func pullFromHall(t *testing.T) *scripted {
	return &scripted{pull: func(_ context.Context, space merge.SpaceID, _ []byte, _ int) (wire.Page, error) {
		if space != hall {
			return wire.Page{}, notMine(space)
		}
		return hallPage(0), nil
	}}
}

func TestJSONOverBothVersionsOfHTTP(t *testing.T) {
	server := start(t, pullFromHall(t), usual)
	body := fmt.Sprintf(`{"spaceId": %q}`, base64.StdEncoding.EncodeToString(hall[:]))
	for version := 1; version <= 2; version++ {
		got := server.post(httpClient(t, version), syncv1connect.SyncServicePullProcedure, []byte(body),
			"Content-Type", "application/json", "Authorization", office.Header(olena))
		mustBe(t, "HTTP version", got.version, version)
		mustBe(t, "status", got.status, http.StatusOK)
		var answer struct {
			Page struct {
				Position   string
				Consistent bool
			}
		}
		if err := json.Unmarshal(got.body, &answer); err != nil || answer.Page.Position != "41" || !answer.Page.Consistent {
			t.Errorf("HTTP/%d: %s, %v", version, got.body, err)
		}
		if got.header.Get(RequestIDHeader) == "" {
			t.Errorf("HTTP/%d: the answer has no request id", version)
		}
	}
}

func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("ZHURNAL_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("curl is not installed")
	}
	server := start(t, pullFromHall(t), usual)
	run := func(space merge.SpaceID, more ...string) string {
		t.Helper()
		args := append([]string{
			"--silent", "--show-error", "--max-time", "60",
			"--header", "Content-Type: application/json", "--header", "Authorization: " + office.Header(olena),
			"--data", fmt.Sprintf(`{"spaceId": %q}`, base64.StdEncoding.EncodeToString(space[:])),
		}, more...)
		out, err := exec.CommandContext(t.Context(), curl, append(args, server.url+syncv1connect.SyncServicePullProcedure)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	for _, version := range []string{"--http1.1", "--http2-prior-knowledge"} {
		if out := run(hall, version, "--compressed"); !strings.Contains(out, `"position":"41"`) {
			t.Errorf("%s: %s", version, out)
		}
	}
	if out := run(merge.SpaceID{1}); !strings.Contains(out, `"code":"not_found"`) || !strings.Contains(out, "FAULT_KIND_NO_ACCESS") {
		t.Errorf("another's space: %s", out)
	}
}

// frame is one message of gRPC-Web: a flag byte, the length, the bytes.
func frame(flags byte, message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message))), message...)
}

// frames takes an answer apart; the frame with flag 0x80 holds the trailers.
func frames(t *testing.T, body []byte) (messages [][]byte, trailers string) {
	t.Helper()
	for len(body) > 0 {
		if len(body) < 5 {
			t.Fatalf("%d bytes left where a frame starts", len(body))
		}
		size := int(binary.BigEndian.Uint32(body[1:5]))
		flags, payload := body[0], body[5:5+size]
		body = body[5+size:]
		if flags&0x80 != 0 {
			trailers = string(payload)
			continue
		}
		messages = append(messages, payload)
	}
	return messages, trailers
}

func TestGRPCWebByHandMadeFrames(t *testing.T) {
	server := start(t, pullFromHall(t), usual)
	pull := func(space merge.SpaceID) ([][]byte, string) {
		message, err := proto.Marshal(&syncv1.PullRequest{SpaceId: space[:]})
		if err != nil {
			t.Fatal(err)
		}
		got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, frame(0, message),
			"Content-Type", "application/grpc-web+proto", "Authorization", office.Header(olena), "X-Grpc-Web", "1")
		mustBe(t, "status", got.status, http.StatusOK)
		mustBe(t, "content type", got.header.Get("Content-Type"), "application/grpc-web+proto")
		if len(got.body) == 0 { // an error before the first message stands in the headers
			return nil, fmt.Sprintf("grpc-status: %s", got.header.Get("Grpc-Status"))
		}
		return frames(t, got.body)
	}
	messages, trailers := pull(hall)
	if len(messages) != 1 || !strings.Contains(strings.ToLower(trailers), "grpc-status: 0") {
		t.Fatalf("%d messages, trailers %q", len(messages), trailers)
	}
	var resp syncv1.PullResponse
	if err := proto.Unmarshal(messages[0], &resp); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "position", resp.Page.Position, 41)
	if _, trailers := pull(merge.SpaceID{1}); !strings.Contains(strings.ToLower(trailers), "grpc-status: 5") {
		t.Errorf("another's space: %q", trailers)
	}
}

func TestUnlistedPathsAreNotFound(t *testing.T) {
	server := start(t, &scripted{}, usual)
	for _, path := range []string{"/", "/debug/pprof/", "/zhurnal.sync.v1.SyncService/Absent", "/zhurnal.sync.v1.Absent/Pull"} {
		got := server.post(httpClient(t, 1), path, []byte("{}"), "Content-Type", "application/json", "Authorization", office.Header(olena))
		mustBe(t, path, got.status, http.StatusNotFound)
	}
}

func TestAForeignHostNameIsRefused(t *testing.T) {
	server := start(t, pullFromHall(t), usual)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+syncv1connect.SyncServicePullProcedure, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "register.example.org"
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", office.Header(olena))
	response, err := httpClient(t, 1).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mustBe(t, "status", response.StatusCode, http.StatusMisdirectedRequest)
}
