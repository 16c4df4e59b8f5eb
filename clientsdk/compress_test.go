package clientsdk_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/clientsdk"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
)

// A server, or whoever stands in for one, sends few bytes that unpack to many: the
// tablet refuses them once they are more than it can hold.
func TestAnAnswerIsUnpackedToABound(t *testing.T) {
	const size = 256 << 20
	for packing, pack := range map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
	} {
		var bomb bytes.Buffer
		to := pack(&bomb)
		if _, err := io.CopyN(to, zeros{}, size); err != nil {
			t.Fatal(err)
		}
		to.Close()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			w.Header().Set("Content-Encoding", packing)
			w.Write(bomb.Bytes())
		}))
		defer server.Close()
		key := must(clientsdk.NewSoftwareKey(rand.Reader))
		invitation := clientsdk.Invitation{}
		invitation.Server = server.URL
		_, err := clientsdk.Enrol(t.Context(), invitation, "Tablet 7", key, http.DefaultClient)
		if !strings.Contains(fmt.Sprint(err), "larger than configured max") {
			t.Errorf("%s of %d bytes, for %d: %v", packing, bomb.Len(), size, err)
		}
		client := must(clientsdk.HubClient(server.URL, clientsdk.Identity{}, key, http.DefaultClient))
		_, err = client.Pull(t.Context(), connect.NewRequest(&syncv1.PullRequest{}))
		if connect.CodeOf(err) != connect.CodeResourceExhausted {
			t.Errorf("%s of %d bytes, for %d: %v", packing, bomb.Len(), size, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
