package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/zhurnal/zhurnal/clientsdk"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// asCommand makes the test binary the command itself, so that a test can start,
// signal and outlive a real process.
const asCommand = "ZHURNAL_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	irynaHex = "0a000000000000000000000000000001"
	deskHex  = "de000000000000000000000000000001"
)

// lines is what a running command writes, read while it runs.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var urlInLog = regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)`)

// waitForURL returns where the server listens, once its log says so.
func waitForURL(t *testing.T, log *lines) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if found := urlInLog.FindStringSubmatch(log.String()); found != nil {
			return found[1]
		}
	}
	t.Fatalf("the server does not say that it listens:\n%s", log)
	return ""
}

func runHere(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	var outBuffer, logBuffer bytes.Buffer
	code = run(t.Context(), args, streams{&outBuffer, &logBuffer})
	return code, outBuffer.String(), logBuffer.String()
}

func TestHelpLeadsANewcomerOn(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"serve", "report", "version", "zhurnal serve --dir ./register"}},
		{[]string{"serve", "--help"}, []string{"Examples:", "loopback", "--dir", "--schema", "2GiB", "127.0.0.1:8765"}},
		{[]string{"report", "--help"}, []string{"Examples:", "--key", "--desk", "make", "publish", "publications"}},
		{[]string{"report", "make", "--help"}, []string{"Examples:", "--key", "--desk", "--json"}},
		{[]string{"backup", "--help"}, []string{"Examples:", "--dir", "--to", "--unsealed"}},
		{[]string{"key", "--help"}, []string{"Examples:", "new", "rotate", "identity", "--new-master-key"}},
		{[]string{"restore", "--help"}, []string{"Examples:", "--register", "--without-register", "epoch"}},
		{[]string{"check", "--help"}, []string{"Examples:", "--dir", "byte for byte"}},
	} {
		code, out, log := runHere(t, c.args...)
		if code != exitOK || log != "" {
			t.Errorf("%v: code %d, log %q", c.args, code, log)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v: help does not speak of %q:\n%s", c.args, want, out)
			}
		}
	}
}

func TestVersionNamesTheBuild(t *testing.T) {
	code, out, _ := runHere(t, "version")
	if code != exitOK || !strings.Contains(out, runtime.Version()) || !strings.HasPrefix(out, "zhurnal ") {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not-a-schema")
	if err := os.WriteFile(file, []byte("not a descriptor set"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "desk.key")
	signer, err := clientsdk.NewSoftwareKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	home := credential.Home{Server: "http://127.0.0.1:1", Organisation: credential.OrganisationID{1}}
	if err := keyfile.Keep(key, signer, clientsdk.Identity{Home: home, Device: credential.DeviceID{1}, Person: merge.PersonID{1}}); err != nil {
		t.Fatal(err)
	}
	exposed := filepath.Join(t.TempDir(), "exposed.key")
	if err := errors.Join(os.WriteFile(exposed, nil, 0o600), os.Chmod(exposed, 0o644)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no key file":      {[]string{"report", "--key", "absent.key", "--desk", deskHex}, exitFailed, "zhurnal enrol"},
		"an open key file": {[]string{"report", "--key", exposed, "--desk", deskHex}, exitFailed, "chmod 600"},
		"no invitation":    {[]string{"enrol", "http://127.0.0.1", "--key", "absent.key"}, exitFailed, "not a whole invitation"},
		"has enrolled":     {[]string{"enrol", (&clientsdk.Invitation{Home: home}).Text(), "--key", key}, exitFailed, "has enrolled already"},
		"nobody to invite": {[]string{"invite", "--dir", privateDir(t)}, exitFailed, "register"},
		"no pin":           {[]string{"invite", "--dir", privateDir(t), "--pin", "00"}, exitUsage, "64 hexadecimal digits"},
		"unknown command":  {[]string{"sync"}, exitUsage, "--help"},
		"no directory":     {[]string{"serve"}, exitUsage, "--dir"},
		"no size":          {[]string{"serve", "--dir", t.TempDir(), "--min-free", "much"}, exitUsage, "GiB"},
		"open to the net":  {[]string{"serve", "--dir", privateDir(t), "--listen", ":8765"}, exitFailed, "--tls-cert"},
		"no schema file":   {[]string{"serve", "--dir", privateDir(t), "--schema", "absent.binpb"}, exitUsage, "absent.binpb"},
		"not a schema":     {[]string{"serve", "--dir", privateDir(t), "--schema", file}, exitFailed, file},
		"an id too short":  {[]string{"report", "--key", "a.key", "--desk", "0a"}, exitUsage, "32 hexadecimal digits"},
		"an id not in hex": {[]string{"report", "--key", "a.key", "--desk", strings.Repeat("z", 32)}, exitUsage, "hexadecimal"},
		"nobody answers":   {[]string{"report", "--server", "http://127.0.0.1:1", "--key", key, "--desk", deskHex}, exitFailed, "zhurnal serve"},
		"nobody tells":     {[]string{"history", "--server", "http://127.0.0.1:1", "--key", key, "--space", deskHex, "--record", deskHex}, exitFailed, "zhurnal serve"},
	} {
		code, _, log := runHere(t, c.args...)
		if code != c.code || !strings.Contains(log, c.want) {
			t.Errorf("%s: code %d, %s", name, code, log)
		}
	}
}

func TestASchemaFileBringsItsTypes(t *testing.T) {
	options := new(descriptorpb.MessageOptions)
	proto.SetExtension(options, schemav1.E_Collection, &schemav1.Collection{Space: []schemav1.SpaceKind{schemav1.SpaceKind_SPACE_KIND_COMMUNITY}})
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("clinic.proto"), Package: proto.String("clinic.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"zhurnal/schema/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("Visit"), Options: options,
			Field: []*descriptorpb.FieldDescriptorProto{{
				Name: proto.String("ward"), Number: proto.Int32(1),
				Type:  descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
				Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			}},
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "clinic.binpb")
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	types, err := (&serveCommand{Schema: []string{file}}).types()
	if err != nil {
		t.Fatal(err)
	}
	if types.Plan("clinic.v1.Visit") == nil || types.Plan("zhurnal.records.v1.Training") == nil {
		t.Errorf("known are %v", types.Types())
	}
}

// privateDir is a directory for its owner alone.
func privateDir(t *testing.T) string {
	return filepath.Join(t.TempDir(), "register")
}

func TestByteSizes(t *testing.T) {
	for text, want := range map[string]byteSize{"0": 0, "4096": 4096, "1KiB": 1 << 10, "512 MiB": 512 << 20, "2GiB": 2 << 30, "3TiB": 3 << 40} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "2GB", "GiB", "1.5GiB", "18446744073709551616", "17179869184GiB"} {
		if err := new(byteSize).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for a size", text)
		}
	}
}

// grantDesk makes Iryna the coordinator of the desk.
func grantDesk(t *testing.T, dir string) {
	t.Helper()
	var iryna, desk id
	for text, into := range map[string]*id{irynaHex: &iryna, deskHex: &desk} {
		if err := into.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_DESK, merge.SpaceID(desk), merge.PersonID(iryna))
}

func TestServeReportAndServeAgain(t *testing.T) {
	dir := privateDir(t)
	serve := func(use func(url string)) {
		ctx, stop := context.WithCancel(t.Context())
		log, code := new(lines), make(chan int, 1)
		go func() {
			code <- run(ctx, []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, streams{log, log})
		}()
		use(waitForURL(t, log))
		stop()
		if got := <-code; got != exitOK {
			t.Fatalf("serve ended with %d:\n%s", got, log)
		}
		for _, want := range []string{"only programs of this machine", "stopped"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %q:\n%s", want, log)
			}
		}
	}
	serve(func(url string) {
		code, _, log := runHere(t, "report", "--server", url, "--key", keyFileOf(t, dir, url, irynaHex), "--desk", deskHex)
		if code != exitFailed || !strings.Contains(log, "ask a coordinator for access") {
			t.Errorf("before there is a desk: code %d, %s", code, log)
		}
	})
	grantDesk(t, dir)
	serve(func(url string) {
		code, out, log := runHere(t, "report", "--server", url, "--key", keyFileOf(t, dir, url, irynaHex), "--desk", deskHex)
		if code != exitOK || !strings.Contains(out, "people trained") {
			t.Errorf("table: code %d, %s%s", code, out, log)
		}
		code, out, log = runHere(t, "report", "--server", url, "--key", keyFileOf(t, dir, url, irynaHex), "--desk", deskHex, "--json", "--expect", irynaHex)
		var overview reportv1.Document
		if err := protojson.Unmarshal([]byte(out), &overview); code != exitOK || err != nil {
			t.Fatalf("json: code %d, %v, %s%s", code, err, out, log)
		}
		spaces, _ := table.FromWire(&overview).Table("completeness").Cell("spaces", "number")
		missing, _ := table.FromWire(&overview).Table("completeness").Cell("recorders_missing", "number")
		if spaces.Number != 1 || missing.Number != 1 {
			t.Errorf("json: %s", out)
		}
		code, _, log = runHere(t, "history", "--server", url, "--key", keyFileOf(t, dir, url, irynaHex), "--space", deskHex, "--record", deskHex)
		if code != exitFailed || !strings.Contains(log, "there is none in space "+deskHex) {
			t.Errorf("the history of no record: code %d, %s", code, log)
		}
	})
}

func TestASignalStopsTheProcessGracefully(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no signals to send
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		log := new(lines)
		command := exec.CommandContext(t.Context(), os.Args[0], "serve", "--dir", privateDir(t), "--listen", "127.0.0.1:0", "--min-free", "1MiB")
		command.Env = append(os.Environ(), asCommand+"=1")
		command.Stderr = log
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		waitForURL(t, log)
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", signal, err, log)
		}
		if !strings.Contains(log.String(), "stopped") {
			t.Errorf("%s: the log ends early:\n%s", signal, log)
		}
	}
}

func TestASecondServerOnOneDirectoryIsRefused(t *testing.T) {
	dir := privateDir(t)
	ctx, stop := context.WithCancel(t.Context())
	log, code := new(lines), make(chan int, 1)
	args := []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}
	go func() { code <- run(ctx, args, streams{log, log}) }()
	waitForURL(t, log)
	got, _, second := runHere(t, args...)
	if got != exitFailed || !strings.Contains(second, dir) {
		t.Errorf("code %d, %s", got, second)
	}
	stop()
	<-code
}
