package operator

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDialFindsWhoListens(t *testing.T) {
	dir := t.TempDir()
	if client, err := Dial(t.Context(), dir); client != nil || err != nil {
		t.Fatalf("before there is a server: %v, %v", client, err)
	}
	listener, err := Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	go server.Serve(listener)
	client, err := Dial(t.Context(), dir)
	if err != nil || client == nil {
		t.Fatalf("%v, %v", client, err)
	}
	resp, err := client.Get(URL + "/any")
	if err != nil || resp.StatusCode != http.StatusTeapot {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What a server that was killed leaves is no server, and the next one's place.
func TestASocketThatWasLeftBehind(t *testing.T) {
	dir := t.TempDir()
	listener, err := Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, socketName)); err != nil {
		t.Fatal("nothing was left: the test shows nothing")
	}
	if client, err := Dial(t.Context(), dir); client != nil || err != nil {
		t.Fatalf("nobody listens: %v, %v", client, err)
	}
	listener, err = Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestAPathThatIsTooLongIsSaidToBe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "shorter name") {
		t.Errorf("%v", err)
	}
	t.Chdir(dir) // from here it is short
	listener, err := Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}
