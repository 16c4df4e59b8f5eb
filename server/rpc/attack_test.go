package rpc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// The tests of this file and the next carry the numbers of the attacks in
// docs/security.md, "The edge".

// nested is a message with a field that nobody knows, so many groups deep.
func nested(levels int) []byte {
	var b []byte
	for range levels {
		b = protowire.AppendTag(b, 99, protowire.StartGroupType)
	}
	for range levels {
		b = protowire.AppendTag(b, 99, protowire.EndGroupType)
	}
	return b
}

func TestAttack5DepthBombsAreRefused(t *testing.T) {
	engine := echoing()
	server := start(t, engine, usual)
	space := fmt.Sprintf(`{"spaceId": "obIAAAAAAAAAAAAAAAAAAg==", "unknown": %s}`, strings.Repeat("[", 1000)+strings.Repeat("]", 1000))
	for what, c := range map[string]struct {
		contentType string
		body        []byte
		want        int
	}{
		"proto, what a newer app may send": {"application/proto", append(pullBytes(t, nil, 0), nested(10)...), http.StatusOK},
		"proto":                            {"application/proto", append(pullBytes(t, nil, 0), nested(12_000)...), http.StatusBadRequest},
		"JSON":                             {"application/json", []byte(space), http.StatusBadRequest},
	} {
		got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, c.body,
			"Content-Type", c.contentType, "Authorization", office.Header(olena))
		mustBe(t, what, got.status, c.want)
	}
	mustBe(t, "calls that reached the engine", len(engine.calls()), 1)

	// Messages in messages of a type that has itself as a part.
	deep := new(descriptorpb.DescriptorProto)
	for range depth {
		deep = &descriptorpb.DescriptorProto{NestedType: []*descriptorpb.DescriptorProto{deep}}
	}
	data, err := proto.Marshal(deep)
	if err != nil {
		t.Fatal(err)
	}
	if err := (protoCodec{}).Unmarshal(data, new(descriptorpb.DescriptorProto)); err == nil {
		t.Errorf("%d messages in each other are read", depth+1)
	}
	if err := proto.Unmarshal(data, new(descriptorpb.DescriptorProto)); err != nil {
		t.Errorf("the test shows nothing: %v", err)
	}
}

func TestAttack5PaddingIsNotKept(t *testing.T) {
	padded := protowire.AppendTag(pullBytes(t, []byte("cursor"), 7), 99, protowire.BytesType)
	padded = protowire.AppendBytes(padded, make([]byte, 60_000))
	var asked syncv1.PullRequest
	if err := (protoCodec{}).Unmarshal(padded, &asked); err != nil {
		t.Fatal(err)
	}
	if len(asked.ProtoReflect().GetUnknown()) != 0 || proto.Size(&asked) > 100 || asked.PageBytes != 7 {
		t.Errorf("%d bytes are kept of %d", proto.Size(&asked), len(padded))
	}
}

// What is on the operator's socket, what there is nowhere, and a service that
// nobody has look the same, and to everybody.
func TestAttack17WhatIsElsewhereAndWhatIsNowhereLookTheSame(t *testing.T) {
	server := start(t, &scripted{}, usual)
	var first *reply
	for _, path := range []string{"/zhurnal.admin.v1.BackupService/Backup", "/zhurnal.admin.v1.BackupService/Absent", "/zhurnal.absent.v1.Absent/Any"} {
		for _, headers := range [][]string{nil, {"Authorization", office.Header(olena)}, {"Authorization", "Bearer nonsense"}} {
			got := server.post(httpClient(t, 1), path, []byte("{}"), append([]string{"Content-Type", "application/json"}, headers...)...)
			got.header.Del(RequestIDHeader)
			got.header.Del("Date")
			if first == nil {
				first = &got
			}
			if got.status != first.status || !bytes.Equal(got.body, first.body) || fmt.Sprint(got.header) != fmt.Sprint(first.header) {
				t.Errorf("%s %v: %+v, else %+v", path, headers, got, *first)
			}
		}
	}
}

// canary is what must not be found in a log, as text and as an id.
const (
	canary      = "Канаренко\nlevel=ERROR msg=forged\r\n{\"level\":\"ERROR\"}"
	canaryName  = "Канаренко"
	canaryBytes = "CANARYCANARYCANA" // 16 bytes
)

// filled is a request of this type with the canary in every field.
func filled(d protoreflect.MessageDescriptor, levels int) *dynamicpb.Message {
	m := dynamicpb.NewMessage(d)
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		var value protoreflect.Value
		switch f.Kind() {
		case protoreflect.StringKind:
			value = protoreflect.ValueOfString(canary)
		case protoreflect.BytesKind:
			value = protoreflect.ValueOfBytes([]byte(canaryBytes))
		case protoreflect.MessageKind:
			if levels == 0 || f.IsMap() {
				continue
			}
			value = protoreflect.ValueOfMessage(filled(f.Message(), levels-1))
		default:
			continue
		}
		if f.IsList() {
			m.Mutable(f).List().Append(value)
		} else {
			m.Set(f, value)
		}
	}
	return m
}

func TestAttack19NothingOfARequestIsInTheLog(t *testing.T) {
	r := openRegister(t)
	r.grant(merge.SpaceID([]byte(canaryBytes)), 1, merge.PersonID([]byte(canaryBytes)))
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", r.socket)
	}}}
	defer socket.CloseIdleConnections()
	asked := 0
	for _, side := range []struct {
		services []string
		url      string
		client   *http.Client
	}{{Services, r.url, httpClient(t, 1)}, {OperatorServices, "http://operator", socket}} {
		for _, path := range proceduresOf(t, side.services...) {
			method := methodOf(t, path)
			message, err := proto.Marshal(filled(method.Input(), 4))
			if err != nil {
				t.Fatal(err)
			}
			contentType := "application/proto"
			if method.IsStreamingServer() {
				contentType, message = "application/connect+proto", frame(0, message)
			}
			ctx, cancel := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, side.url+path, bytes.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", contentType)
			request.Header.Set("Authorization", office.Header(merge.PersonID([]byte(canaryBytes))))
			for _, name := range []string{RequestIDHeader, "User-Agent", "X-Forwarded-For", "Referer"} {
				request.Header.Set(name, canaryBytes)
			}
			response, err := side.client.Do(request)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			response.Body.Close()
			cancel()
			if response.StatusCode == http.StatusNotFound && response.Header.Get("Content-Type") == "text/plain; charset=utf-8" {
				t.Errorf("%s is not there", path)
			}
			asked++
		}
	}
	r.post(httpClient(t, 1), "/"+canaryBytes, nil)
	if asked < 15 {
		t.Errorf("only %d procedures were asked", asked)
	}
	mustHaveNoCanary(t, r.log.String())
}

func methodOf(t *testing.T, path string) protoreflect.MethodDescriptor {
	t.Helper()
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(path[1:], "/", ".")))
	if err != nil {
		t.Fatal(err)
	}
	return d.(protoreflect.MethodDescriptor)
}

func mustHaveNoCanary(t *testing.T, log string) {
	t.Helper()
	for _, secret := range []string{canaryName, canaryBytes, hex.EncodeToString([]byte(canaryBytes)), hex.EncodeToString([]byte(canaryName)), "forged"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}

// Whatever an error quotes, it is one line of the log, and a line of JSON.
func TestAttack19NobodyForgesALine(t *testing.T) {
	engine := &scripted{pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) {
		return wire.Page{}, errors.New("row of\n{\"level\":\"INFO\",\"msg\":\"forged\"}\n\x1b[2J")
	}}
	server := start(t, engine, usual)
	server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 0), protoHeaders()...)
	lines := 0
	for scanner := bufio.NewScanner(strings.NewReader(server.log.String())); scanner.Scan(); lines++ {
		var line struct{ Msg string }
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil || line.Msg != "request failed" || bytes.ContainsRune(scanner.Bytes(), '\x1b') {
			t.Errorf("%q: %v", scanner.Text(), err)
		}
	}
	mustBe(t, "lines", lines, 1)
}

// A panic outside of every handler's own safety net is one request's defect, too.
func TestALastResortAgainstPanics(t *testing.T) {
	engine := &scripted{}
	server := startWith(t, engine, usual, func(o *Options) { o.Health = nil })
	got := server.post(httpClient(t, 1), "/grpc.health.v1.Health/Check", []byte("{}"), "Content-Type", "application/json")
	if got.status != http.StatusInternalServerError || bytes.Contains(got.body, []byte("nil pointer")) || bytes.Contains(got.body, []byte(".go")) {
		t.Errorf("%d: %s", got.status, got.body)
	}
	if !strings.Contains(server.log.String(), "nil pointer") || !strings.Contains(server.log.String(), got.header.Get(RequestIDHeader)) {
		t.Errorf("the log: %s", server.log)
	}
	mustBe(t, "a health check of the whole server", server.post(httpClient(t, 1), "/absent", nil).status, http.StatusNotFound)
}

func TestEveryProcedureHasItsLine(t *testing.T) {
	served := append(proceduresOf(t, Services...), "/grpc.health.v1.Health/Check")
	for _, path := range served {
		line, ok := procedures[path]
		switch {
		case !ok:
			t.Errorf("%s: say in procedures what it may take", path)
		case line.messageBytes == 0 || line.messageBytes > messageBytes || (line.work == 0) != line.stream:
			t.Errorf("%s: %+v", path, line)
		}
	}
	mustBe(t, "lines", len(procedures), len(served))
}
