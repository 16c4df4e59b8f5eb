package clientsdk_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Set for the process that is killed: the directory of its register, and where
// home is.
const (
	victimDir  = "ZHURNAL_TEST_VICTIM_DIR"
	victimHome = "ZHURNAL_TEST_VICTIM_HOME"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		fmt.Fprintln(os.Stderr, victim(dir, os.Getenv(victimHome)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim writes until it is killed, and reports each write that has returned.
// It syncs all the while.
func victim(dir, home string) error {
	ctx := context.Background()
	clock := &clock{millis: august2016}
	r, err := clientsdk.Open(ctx, clientsdk.Options{
		Dir: dir, Key: tabletKey, Author: named[merge.PersonID]("oksana"), Schema: recordTypes(), Clock: clock.now, Random: rand.Reader,
	})
	if err != nil {
		return err
	}
	space := named[clientsdk.SpaceID]("lyman")
	if err := r.Join(ctx, space, community); err != nil {
		return err
	}
	client := syncv1connect.NewSyncServiceClient(http.DefaultClient, home)
	var syncs sync.WaitGroup
	syncs.Go(func() {
		for {
			if _, err = r.Sync(ctx, client); err != nil {
				return
			}
		}
	})
	for i := 0; ; i++ {
		var id clientsdk.RecordID
		_, err := r.Write(ctx, space, func(tx *clientsdk.Tx) (err error) {
			id, err = tx.Create(&recordsv1.Participant{FamilyName: "Оленка-canary", NameLatin: fmt.Sprint(i)})
			if err == nil {
				_, err = tx.Put(mark(id, id, id, recordsv1.Presence_PRESENCE_PRESENT))
			}
			return err
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Println(hex.EncodeToString(id[:])); err != nil {
			return err
		}
	}
}

// served lets other processes reach home.
type served struct {
	syncv1connect.UnimplementedSyncServiceHandler
	line line
	mu   sync.Mutex
}

func (s *served) Sync(ctx context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.Sync(ctx, req)
}

func (s *served) Repair(ctx context.Context, req *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.Repair(ctx, req)
}

// TestKilledProcessLosesNothing kills a process that writes and syncs, five
// times over one register.
func TestKilledProcessLosesNothing(t *testing.T) {
	h := newHome(t)
	tab := newTablet(t, h, "oksana", "lyman")
	h.access(tab.space, community, true, "oksana")
	if err := tab.Close(); err != nil {
		t.Fatal(err)
	}
	_, handler := syncv1connect.NewSyncServiceHandler(&served{line: tab.line})
	server := httptest.NewServer(handler)
	defer server.Close()

	returned := map[clientsdk.RecordID]bool{}
	for range 5 {
		for _, id := range killAfter(t, tab.dir, server.URL, 20+mathrand.IntN(60)) {
			returned[id] = true
		}
		tab.open(recordTypes())
		if err := tab.Audit(t.Context(), tab.space); err != nil {
			t.Fatal(err)
		}
		for id := range returned {
			if tab.person(id).Message.FamilyName != "Оленка-canary" {
				t.Fatalf("record %s is not what was written", id)
			}
		}
		saved := tab.status().Saved
		if people, marks := len(tab.people()), len(tab.marks()); saved < len(returned) || saved != people || saved != marks {
			t.Fatalf("%d returned, %d saved, %d people, %d marks", len(returned), saved, people, marks)
		}
		for _, file := range []string{"register.db", "register.db-wal"} {
			content, err := os.ReadFile(tab.dir + "/" + file)
			if err != nil || strings.Contains(string(content), "canary") || strings.Contains(string(content), "Participant") {
				t.Fatalf("%s is in clear, or not there: %v", file, err)
			}
		}
		if err := tab.Close(); err != nil {
			t.Fatal(err)
		}
	}
	tab.open(recordTypes())
	tab.sync()
	tab.mustEqual(h)
	if _, position := h.digest(tab.space); int(position) != tab.status().Saved {
		t.Fatalf("home has %d changes of %d: something was merged twice", position, tab.status().Saved)
	}
}

// killAfter runs a victim, kills it once it has reported this many writes, and
// returns all that it reported.
func killAfter(t *testing.T, dir, home string, writes int) (reported []clientsdk.RecordID) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victimDir+"="+dir, victimHome+"="+home)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, err := hex.DecodeString(lines.Text())
		if err != nil || len(id) != 16 {
			t.Fatalf("the victim says %q", lines.Text())
		}
		reported = append(reported, clientsdk.RecordID(id))
		if len(reported) == writes {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(reported) < writes {
		t.Fatalf("the victim ended by itself after %d writes: %s", len(reported), complaints.String())
	}
	return reported
}
