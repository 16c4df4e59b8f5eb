package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

var kills = flag.Int("kills", 5, "how often TestKillLosesNothingAcknowledged kills the server")

// The server is killed with SIGKILL while tablets push. Whatever it had
// answered is there when it comes back, once, and the log has no gap.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := privateDir(t)
	space := merge.SpaceID(mergetest.ID16("lyman"))
	load := newLoad(t, space, 4)
	load.openOffice(t, dir)
	for range *kills {
		server := startServer(t, dir)
		load.verify(t, server)
		stop := load.run(t, server)
		time.Sleep(time.Duration(30+rand.IntN(300)) * time.Millisecond)
		server.kill(t)
		stop()
	}
	server := startServer(t, dir)
	defer server.kill(t)
	load.verify(t, server)
	if load.acknowledged() == 0 {
		t.Fatal("nothing was acknowledged in all rounds: the test has shown nothing")
	}
	t.Logf("%d changes acknowledged over %d kills, all there", load.acknowledged(), *kills)
}

// process is a server in a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
	dir string // of the register
}

var listening = regexp.MustCompile(`url=(http://\S+)`)

func startServer(t *testing.T, dir string, more ...string) *process {
	t.Helper()
	args := append([]string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, more...)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return &process{cmd: cmd, url: found[1], dir: dir}
		}
		t.Log(lines.Text())
	}
	t.Fatalf("the server did not start: %v", cmd.Wait())
	return nil
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // it says that it was killed
}

// load is several tablets that push without end and remember what was answered.
type load struct {
	space   merge.SpaceID
	person  merge.PersonID
	types   *schema.Schema
	tablets []*pusher
	key     *keyfile.File // of the person's device
}

type pusher struct {
	writer   *mergetest.Writer
	src      *rand.Rand
	chain    []*merge.Change // all that was ever made
	answered int             // how many of them from the front
}

func newLoad(t *testing.T, space merge.SpaceID, tablets int) *load {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	l := &load{space: space, person: merge.PersonID(mergetest.ID16("oksana")), types: types}
	for i := range tablets {
		l.tablets = append(l.tablets, &pusher{
			writer: mergetest.NewWriter(space, fmt.Sprint("tablet", i), "oksana"), src: rand.New(rand.NewPCG(uint64(i), 0)),
		})
	}
	return l
}

func (l *load) openOffice(t *testing.T, dir string) {
	t.Helper()
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, l.space, l.person)
}

// sync returns a client of the server, which knows the person's device.
func (l *load) sync(t *testing.T, server *process) syncv1connect.SyncServiceClient {
	t.Helper()
	client := server.sync(t, l.person)
	var err error
	if l.key, err = keyfile.Open(keyFileOf(t, server.dir, server.url, l.person.String())); err != nil {
		t.Fatal(err)
	}
	return client
}

// run pushes until stop is called, which waits for the last answers.
func (l *load) run(t *testing.T, server *process) (stop func()) {
	t.Helper()
	client := l.sync(t, server)
	ctx, cancel := context.WithCancel(context.Background())
	var pushing sync.WaitGroup
	for _, tablet := range l.tablets {
		pushing.Go(func() {
			for ctx.Err() == nil && tablet.push(ctx, l, client) == nil {
			}
		})
	}
	return func() {
		cancel()
		pushing.Wait()
	}
}

// push sends what is not answered yet, after a few new changes.
func (p *pusher) push(ctx context.Context, l *load, client syncv1connect.SyncServiceClient) error {
	for range 1 + p.src.IntN(20) {
		p.chain = append(p.chain, p.write(l))
	}
	batches, err := wire.EncodeSigned(l.space, l.key.Identity.Device, p.chain[p.answered:], l.key.Signer.Sign)
	if err != nil {
		return err
	}
	sent := len(p.chain)
	resp, err := client.Push(ctx, connect.NewRequest(&syncv1.PushRequest{SpaceId: l.space[:], Batches: batches}))
	if err != nil {
		return err
	}
	if len(resp.Msg.Outcomes) == 0 {
		return errors.New("no verdict")
	}
	p.answered = sent
	return nil
}

// write edits one of a few persons whom all tablets share, or registers one;
// so many are registered that the log stays shorter than the rows.
func (p *pusher) write(l *load) *merge.Change {
	plan := l.types.Plan("zhurnal.records.v1.Participant")
	id := merge.RecordID(mergetest.ID16(fmt.Sprint("person", p.src.IntN(50))))
	if p.src.IntN(2) == 0 {
		id = merge.RecordID(mergetest.DrawSalt(p.src))
	}
	writes, err := plan.Compose(l.space, nil, schema.Draft{Record: id, Message: &recordsv1.Participant{
		FamilyName: fmt.Sprint("Шевченко ", p.src.IntN(100)), Phone: fmt.Sprintf("+38050%07d", p.src.IntN(1e7)),
	}})
	if err != nil {
		panic(err)
	}
	return p.writer.Seal(mergetest.DrawSalt(p.src), int64(len(p.chain)), writes)
}

func (l *load) acknowledged() int {
	n := 0
	for _, p := range l.tablets {
		n += p.answered
	}
	return n
}

// verify pulls the whole space and looks for every answered change in it.
func (l *load) verify(t *testing.T, server *process) {
	t.Helper()
	there := map[merge.ID]int{}
	client := l.sync(t, server)
	var cursor []byte
	next := uint64(1)
	for more := true; more; {
		resp, err := client.Pull(context.Background(), connect.NewRequest(&syncv1.PullRequest{SpaceId: l.space[:], Cursor: cursor, PageBytes: 4 << 20, EntriesOnly: true}))
		if err != nil {
			t.Fatal(err)
		}
		page := resp.Msg.Page
		for _, entry := range page.Entries {
			if entry.FirstPosition != next {
				t.Fatalf("the log goes from position %d to %d", next-1, entry.FirstPosition)
			}
			next += uint64(entry.Positions)
			if len(entry.Batch) == 0 {
				continue
			}
			changes, err := wire.DecodeBatch(l.space, entry.Batch)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				there[c.ID]++
			}
		}
		cursor, more = page.Cursor, page.More
	}
	for _, p := range l.tablets {
		for i, c := range p.chain {
			switch n := there[c.ID]; {
			case n > 1:
				t.Fatalf("change %s is in the log %d times", c.ID, n)
			case n == 0 && i < p.answered:
				t.Fatalf("change %s was answered and is lost", c.ID)
			}
		}
	}
}
