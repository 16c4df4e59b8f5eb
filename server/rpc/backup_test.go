package rpc

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"filippo.io/age"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1grpc"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
)

// allChunks reads a stream to its end, which the summary is.
func allChunks(t *testing.T, stream adminv1grpc.BackupService_BackupClient) (file []byte, summary *adminv1.BackupSummary, err error) {
	t.Helper()
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return file, summary, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if summary != nil {
			t.Fatal("something follows the summary")
		}
		if summary = part.Summary; summary != nil {
			continue
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
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	stream, err := client.Backup(t.Context(), &adminv1.BackupRequest{Recipients: []string{identity.Recipient().String()}})
	if err != nil {
		t.Fatal(err)
	}
	file, summary, err := allChunks(t, stream)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(file)
	mustBe(t, "hash", string(summary.FileHash), string(hash[:]))
	mustBe(t, "bytes", summary.FileBytes, uint64(len(file)))
	mustBe(t, "sealed", summary.Sealed, true)
	opened, err := age.Decrypt(bytes.NewReader(file), identity)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := backup.Verify(opened)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "id", string(summary.BackupId), string(verified.ID[:]))
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
		codes.InvalidArgument: {BackupId: summary.BackupId[:4], Hash: hash[:]},
		codes.NotFound:        {BackupId: make([]byte, 16), Hash: hash[:]},
	} {
		_, err := client.ConfirmBackup(t.Context(), request)
		mustBe(t, "code", status.Code(err), want)
	}
	for _, want := range []uint32{1, 0} { // and again
		confirmed, err := client.ConfirmBackup(t.Context(), &adminv1.ConfirmBackupRequest{BackupId: summary.BackupId, Hash: hash[:]})
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, "spaces", confirmed.Spaces, want)
	}
	mustBe(t, "durable", durable(), 2)
}

// Nobody gets an unsealed backup who did not ask for one.
func TestABackupIsSealedUnlessItIsAskedNotTo(t *testing.T) {
	r := openRegister(t)
	client := adminv1grpc.NewBackupServiceClient(r.dialOperator())
	ask := func(req *adminv1.BackupRequest) (*adminv1.BackupSummary, error) {
		stream, err := client.Backup(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		_, summary, err := allChunks(t, stream)
		return summary, err
	}
	for _, refused := range []*adminv1.BackupRequest{{}, {Recipients: []string{"age1"}}, {Recipients: []string{"age1"}, Unsealed: true}} {
		_, err := ask(refused)
		mustBe(t, "code", status.Code(err), codes.InvalidArgument)
	}
	summary, err := ask(&adminv1.BackupRequest{Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "sealed", summary.Sealed, false)
}
