package rpc

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1grpc"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
)

// allChunks reads a stream to its end.
func allChunks(t *testing.T, stream adminv1grpc.BackupService_BackupClient) (file []byte, err error) {
	t.Helper()
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		if n := len(part.Chunk); n == 0 || n > chunkBytes {
			t.Fatalf("a chunk of %d bytes", n)
		}
		file = append(file, part.Chunk...)
	}
}

// A client that we did not write backs the server up; once it has confirmed
// that, tablets are told.
func TestABackupThroughTheSocket(t *testing.T) {
	r := openRegister(t)
	for _, title := range []string{"Перша допомога", "Права"} {
		if _, err := r.push(olena, hall, titled(t, olena, hall, title)); err != nil {
			t.Fatal(err)
		}
	}
	client := adminv1grpc.NewBackupServiceClient(r.dialOperator())
	stream, err := client.Backup(t.Context(), &adminv1.BackupRequest{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := allChunks(t, stream)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := backup.Verify(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	durable := func() uint64 {
		synced, err := r.tablet.Sync(as(t.Context(), taras), &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: hall[:]}}})
		if err != nil {
			t.Fatal(err)
		}
		epoch := r.engine.Epoch()
		mustBe(t, "epoch", string(synced.EpochId), string(epoch[:]))
		return synced.Spaces[0].Page.DurableThrough
	}
	mustBe(t, "durable before it is confirmed", durable(), 0)
	for want, request := range map[codes.Code]*adminv1.ConfirmBackupRequest{
		codes.InvalidArgument: {BackupId: summary.ID[:4], Hash: summary.Hash[:]},
		codes.NotFound:        {BackupId: make([]byte, 16), Hash: summary.Hash[:]},
	} {
		_, err := client.ConfirmBackup(t.Context(), request)
		mustBe(t, "code", status.Code(err), want)
	}
	for _, want := range []uint32{1, 0} { // and again
		confirmed, err := client.ConfirmBackup(t.Context(), &adminv1.ConfirmBackupRequest{BackupId: summary.ID[:], Hash: summary.Hash[:]})
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, "spaces", confirmed.Spaces, want)
	}
	mustBe(t, "durable", durable(), 2)
}
