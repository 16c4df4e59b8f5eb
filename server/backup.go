package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type backupCommand struct {
	keyFlag
	sealFlags
	File   string `arg:"" help:"The file to make. One that is there is not replaced."`
	Server string `default:"http://127.0.0.1:8765" placeholder:"URL" help:"The running server (${default})."`
	As     id     `placeholder:"PERSON" help:"Who asks the running server: 32 hexadecimal digits."`
	Dir    string `aliases:"data" placeholder:"PATH" help:"Directory of the register of a server that is stopped, instead of a running one."`
}

// Help is shown by `zhurnal backup --help`.
func (backupCommand) Help() string {
	return `The file holds everything that the server has at one moment; work goes on meanwhile. It is sealed: whoever
is named with --to, or in the server's settings, opens it, and nobody else, the server neither. As it goes
out the server opens it again and verifies it; what is on the disk is read back and compared with that
before the file gets its name, and only then tablets are told that they need not keep what is in it: so
put it on another disk than the register's, and 'zhurnal check' it where the identity is.

Examples:
  zhurnal backup /mnt/backup/monday.backup --as 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1
  zhurnal backup /mnt/backup/monday.backup --dir ./register --to age1...`
}

// Run makes the backup, verifies it and confirms it.
func (c *backupCommand) Run(ctx context.Context, to streams) (err error) {
	from, err := c.source()
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, from.close()) }()
	written, err := backup.WriteFile(c.File, func(file io.Writer) (backup.Written, error) { return from.copyTo(ctx, file, &c.sealFlags) })
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := from.confirm(ctx, &written); err != nil {
		return fmt.Errorf("backup: %s is whole and verified, but the server was not told: %w", c.File, err)
	}
	fmt.Fprintf(to.out, "%s: %s, verified\n", c.File, describeBackup(written.Summary))
	if !written.Sealed {
		fmt.Fprintln(to.log, "It is not sealed: whoever has the file has everything.")
	}
	return nil
}

func (c *backupCommand) source() (backupSource, error) {
	switch {
	case c.Dir != "":
		return openStopped(c.Dir, c.Key)
	case c.As == id{}:
		return nil, errors.New("say who asks the running server with --as, or which stopped server's register it is with --dir")
	}
	return c.running(), nil
}

func describeBackup(s backup.Summary) string {
	return fmt.Sprintf("taken %s, %d rows of %.1f MB, id %s", time.UnixMilli(s.TakenMillis).UTC().Format(time.RFC3339), s.Rows, float64(s.RowBytes)/1e6, s.ID)
}

// backupSource is a server that is backed up.
type backupSource interface {
	copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (backup.Written, error)
	confirm(ctx context.Context, written *backup.Written) error
	close() error
}

// stoppedServer is a register that no server has open.
type stoppedServer struct {
	engine *syncengine.Engine
	dir    string
}

func openStopped(dir, keyFile string) (*stoppedServer, error) {
	key, err := ops.ReadKey(dir, keyFile)
	if err != nil {
		return nil, err
	}
	types, err := catalogue.Types()
	if err != nil {
		return nil, err
	}
	engine, err := syncengine.Open(syncengine.Options{Dir: dir, Master: key, Existing: true, Schema: types, Now: nowMillis, Random: rand.Reader})
	if err != nil {
		return nil, fmt.Errorf("open the register in %s: %w", dir, err)
	}
	return &stoppedServer{engine, dir}, nil
}

func (s *stoppedServer) copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (backup.Written, error) {
	recipients, err := seal.recipients(s.dir)
	if err != nil {
		return backup.Written{}, err
	}
	return s.engine.Backup(ctx, file, recipients...)
}

func (s *stoppedServer) confirm(ctx context.Context, written *backup.Written) error {
	_, err := s.engine.ConfirmBackup(ctx, merge.PersonID{}, written.ID, written.FileHash)
	return err
}

func (s *stoppedServer) close() error { return s.engine.Close() }

// runningServer is reached through its port.
type runningServer struct {
	client adminv1connect.BackupServiceClient
	url    string
	as     merge.PersonID
}

func (c *backupCommand) running() *runningServer {
	// On the same machine, packing a stream costs more than it saves.
	client := adminv1connect.NewBackupServiceClient(http.DefaultClient, c.Server, connect.WithAcceptCompression("gzip", nil, nil))
	return &runningServer{client, c.Server, merge.PersonID(c.As)}
}

func (s *runningServer) copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (written backup.Written, err error) {
	req := connect.NewRequest(&adminv1.BackupRequest{Recipients: seal.To, Unsealed: seal.Unsealed})
	req.Header().Set("Authorization", auth.Header(s.as))
	stream, err := s.client.Backup(ctx, req)
	if err != nil {
		return written, s.explain(err)
	}
	for stream.Receive() {
		if summary := stream.Msg().Summary; summary != nil {
			written = writtenFromProto(summary)
		}
		if _, err := file.Write(stream.Msg().Chunk); err != nil {
			return written, errors.Join(err, stream.Close())
		}
	}
	return written, errors.Join(s.explain(stream.Err()), stream.Close())
}

// writtenFromProto copies what fits; what does not is compared with the file and
// found wrong.
func writtenFromProto(m *adminv1.BackupSummary) (w backup.Written) {
	copy(w.ID[:], m.BackupId)
	copy(w.FileHash[:], m.FileHash)
	w.TakenMillis, w.Rows, w.RowBytes = m.TakenMillis, m.Rows, m.RowBytes
	w.FileBytes, w.Sealed = m.FileBytes, m.Sealed
	return w
}

func (s *runningServer) confirm(ctx context.Context, written *backup.Written) error {
	req := connect.NewRequest(&adminv1.ConfirmBackupRequest{BackupId: written.ID[:], Hash: written.FileHash[:]})
	req.Header().Set("Authorization", auth.Header(s.as))
	_, err := s.client.ConfirmBackup(ctx, req)
	return s.explain(err)
}

func (s *runningServer) close() error { return nil }

// explain says what to do, where the error alone does not.
func (s *runningServer) explain(err error) error { return explainCall(s.url, err) }

func explainCall(url string, err error) error {
	var refused *connect.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && connect.IsWireError(err):
		return errors.New(refused.Message())
	}
	return fmt.Errorf("no answer from %s: %w: is `zhurnal serve` running there?", url, err)
}
