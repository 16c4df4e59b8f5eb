package rpc

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// BackupEngine is what the backup service asks of the engine.
type BackupEngine interface {
	// Backup writes a backup of everything as it is now, sealed to the recipients.
	Backup(ctx context.Context, to io.Writer, recipients ...backup.Recipient) (backup.Written, error)
	// ConfirmBackup returns in how many spaces more is in a verified backup
	// than before.
	ConfirmBackup(ctx context.Context, by merge.PersonID, id backup.ID, hash [32]byte) (spaces int, err error)
}

// backupService implements adminv1connect.BackupServiceHandler.
type backupService struct {
	engine     BackupEngine
	recipients func() ([]backup.Recipient, error) // of the server's settings
	send       time.Duration                      // for one chunk
}

func (s *backupService) Backup(ctx context.Context, req *connect.Request[adminv1.BackupRequest], stream *connect.ServerStream[adminv1.BackupResponse]) error {
	if _, err := auth.Person(ctx); err != nil {
		return err
	}
	recipients, err := s.sealTo(req.Msg)
	if err != nil {
		return err
	}
	chunks := bufio.NewWriterSize(&chunkStream{ctx, stream, s.send}, chunkBytes)
	written, err := s.engine.Backup(ctx, chunks, recipients...)
	if err != nil {
		return err
	}
	if err := chunks.Flush(); err != nil {
		return err
	}
	return sendWithin(ctx, s.send, stream, &adminv1.BackupResponse{Summary: &adminv1.BackupSummary{
		BackupId: written.ID[:], TakenMillis: written.TakenMillis, Rows: written.Rows, RowBytes: written.RowBytes,
		FileBytes: written.FileBytes, FileHash: written.FileHash[:], Sealed: written.Sealed,
		Files: written.Files, FilesBytes: written.FilesBytes,
	}})
}

// sealTo returns whom a backup is sealed to: nobody only if that is asked for.
func (s *backupService) sealTo(req *adminv1.BackupRequest) ([]backup.Recipient, error) {
	switch {
	case req.Unsealed && len(req.Recipients) > 0:
		return nil, fault.New(fault.Invalid, "a backup is sealed to somebody or unsealed, not both")
	case req.Unsealed:
		return nil, nil
	case len(req.Recipients) > 0:
		return backup.ParseRecipients(strings.Join(req.Recipients, "\n"))
	}
	if s.recipients == nil {
		return nil, backup.ErrNoRecipient
	}
	recipients, err := s.recipients()
	if err == nil && len(recipients) == 0 {
		err = backup.ErrNoRecipient
	}
	return recipients, err
}

// chunkStream sends what is written to it, each chunk with a deadline of its
// own: a reader who no longer reads would keep what the backup is made from.
type chunkStream struct {
	ctx    context.Context
	stream *connect.ServerStream[adminv1.BackupResponse]
	send   time.Duration
}

// Write implements io.Writer.
func (c *chunkStream) Write(data []byte) (written int, err error) {
	for len(data) > 0 {
		n := min(len(data), chunkBytes)
		if err := sendWithin(c.ctx, c.send, c.stream, &adminv1.BackupResponse{Chunk: data[:n]}); err != nil {
			return written, err
		}
		written, data = written+n, data[n:]
	}
	return written, nil
}

func (s *backupService) ConfirmBackup(ctx context.Context, req *connect.Request[adminv1.ConfirmBackupRequest]) (*connect.Response[adminv1.ConfirmBackupResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	id, err := wire.ID16[backup.ID](req.Msg.BackupId, "backup_id")
	if err != nil {
		return nil, err
	}
	if len(req.Msg.Hash) != 32 {
		return nil, fault.New(fault.Malformed, "hash: %d bytes where 32 are due", len(req.Msg.Hash))
	}
	spaces, err := s.engine.ConfirmBackup(ctx, by, id, [32]byte(req.Msg.Hash))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.ConfirmBackupResponse{Spaces: uint32(spaces)}), nil
}
