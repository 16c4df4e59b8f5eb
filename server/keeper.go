package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/expiry"
	"github.com/zhurnal/zhurnal/server/operator"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// keeper is a register as the person who runs the server has it: that of a
// server that runs, or a directory that no server has open.
type keeper interface {
	copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (backup.Written, error)
	confirm(ctx context.Context, written *backup.Written) error
	cut(ctx context.Context, o syncengine.CutOptions) (syncengine.Cut, error)
	expire(ctx context.Context, rules expiry.Rules, day expiry.Day, rehearse bool) ([]expiry.Expired, error)
	setRetention(ctx context.Context, space merge.SpaceID, r syncengine.Retention) error
	addSchema(ctx context.Context, fileDescriptorSet []byte) (types []string, released int, err error)
	invite(ctx context.Context, guest enrol.Guest) (line string, person merge.PersonID, err error)
	close() error
}

// openRegister asks the server that has the directory open, and opens it itself
// where none runs: with the master key in a file, or beside it.
func openRegister(ctx context.Context, dir, masterKey string) (keeper, error) {
	client, err := operator.Dial(ctx, dir)
	if err != nil {
		return nil, err
	}
	if client != nil {
		return newRunningServer(client, dir), nil
	}
	key, err := ops.ReadKey(dir, masterKey)
	if err != nil {
		return nil, err
	}
	types, err := catalogue.Types()
	if err != nil {
		return nil, err
	}
	engine, err := syncengine.Open(syncengine.Options{Dir: dir, Master: key, Existing: true, Schema: types, Now: nowMillis, Random: rand.Reader, Device: directory.Signer, Beside: wiped.New(wiped.DirOf(dir), nil)})
	if err != nil {
		return nil, fmt.Errorf("open the register in %s: %w", dir, err)
	}
	return &stoppedServer{engine, dir}, nil
}

// stoppedServer is a register that no server has open.
type stoppedServer struct {
	engine *syncengine.Engine
	dir    string
}

func (s *stoppedServer) copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (backup.Written, error) {
	recipients, err := seal.recipients(s.dir)
	if err != nil {
		return backup.Written{}, err
	}
	return s.engine.Backup(ctx, file, recipients...)
}

func (s *stoppedServer) confirm(ctx context.Context, written *backup.Written) error {
	_, err := s.engine.ConfirmBackup(ctx, auth.Operator, written.ID, written.FileHash)
	return err
}

func (s *stoppedServer) cut(ctx context.Context, o syncengine.CutOptions) (syncengine.Cut, error) {
	return s.engine.Cut(ctx, auth.Operator, o)
}

func (s *stoppedServer) expire(ctx context.Context, rules expiry.Rules, day expiry.Day, rehearse bool) ([]expiry.Expired, error) {
	return expiry.Run(ctx, s.engine, auth.Operator, rules, day, rehearse)
}

func (s *stoppedServer) setRetention(ctx context.Context, space merge.SpaceID, r syncengine.Retention) error {
	return s.engine.SetRetention(ctx, auth.Operator, space, r)
}

func (s *stoppedServer) addSchema(ctx context.Context, fileDescriptorSet []byte) (types []string, released int, err error) {
	return s.engine.AddSchema(ctx, auth.Operator, fileDescriptorSet)
}

func (s *stoppedServer) invite(ctx context.Context, guest enrol.Guest) (line string, person merge.PersonID, err error) {
	_, door, err := openDoor(s.engine, credential.HubID{})
	if err != nil {
		return "", person, err
	}
	invitation, person, err := door.InviteGuest(ctx, auth.Operator, guest)
	if err != nil {
		return "", person, err
	}
	return invitation.Text(), person, nil
}

func (s *stoppedServer) close() error { return s.engine.Close() }
