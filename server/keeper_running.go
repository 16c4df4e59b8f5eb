package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/expiry"
	"github.com/zhurnal/zhurnal/server/operator"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// runningServer is reached through the operator's socket.
type runningServer struct {
	client      *http.Client
	dir         string
	backups     adminv1connect.BackupServiceClient
	log         adminv1connect.LogServiceClient
	expiry      adminv1connect.ExpiryServiceClient
	schema      adminv1connect.SchemaServiceClient
	invitations adminv1connect.InvitationServiceClient
}

func newRunningServer(client *http.Client, dir string) *runningServer {
	// On the same machine, packing a stream costs more than it saves.
	plain := connect.WithAcceptCompression("gzip", nil, nil)
	return &runningServer{
		client: client, dir: dir,
		backups:     adminv1connect.NewBackupServiceClient(client, operator.URL, plain),
		log:         adminv1connect.NewLogServiceClient(client, operator.URL, plain),
		expiry:      adminv1connect.NewExpiryServiceClient(client, operator.URL, plain),
		schema:      adminv1connect.NewSchemaServiceClient(client, operator.URL, plain),
		invitations: adminv1connect.NewInvitationServiceClient(client, operator.URL, plain),
	}
}

func (s *runningServer) copyTo(ctx context.Context, file io.Writer, seal *sealFlags) (written backup.Written, err error) {
	stream, err := s.backups.Backup(ctx, connect.NewRequest(&adminv1.BackupRequest{Recipients: seal.To, Unsealed: seal.Unsealed}))
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
	w.Files, w.FilesBytes = m.Files, m.FilesBytes
	return w
}

func (s *runningServer) confirm(ctx context.Context, written *backup.Written) error {
	_, err := s.backups.ConfirmBackup(ctx, connect.NewRequest(&adminv1.ConfirmBackupRequest{BackupId: written.ID[:], Hash: written.FileHash[:]}))
	return s.explain(err)
}

func (s *runningServer) cut(ctx context.Context, o syncengine.CutOptions) (cut syncengine.Cut, err error) {
	req := &adminv1.CutRequest{RetainDays: o.Retention.Days, Rehearse: o.Rehearse}
	if o.Space != (merge.SpaceID{}) {
		req.SpaceId = o.Space[:]
	}
	resp, err := s.log.Cut(ctx, connect.NewRequest(req))
	if err != nil {
		return cut, s.explain(err)
	}
	cut.Entries = resp.Msg.Entries
	for _, of := range resp.Msg.Spaces {
		c := syncengine.SpaceCut{
			Position: of.Position, DurableThrough: of.DurableThrough, CutBefore: of.CutBefore, CutThrough: of.CutThrough,
			Retention: syncengine.Retention{Days: of.RetainDays, Forever: of.RetainForever},
		}
		copy(c.Space[:], of.SpaceId)
		cut.Spaces = append(cut.Spaces, c)
	}
	return cut, nil
}

func (s *runningServer) expire(ctx context.Context, rules expiry.Rules, day expiry.Day, rehearse bool) (list []expiry.Expired, err error) {
	req := &adminv1.ExpireRequest{Day: int32(day), Rehearse: rehearse}
	for _, r := range rules.Rules {
		req.Rules = append(req.Rules, &adminv1.ExpiryRule{Type: r.Type, Months: uint32(max(r.Months, 0)), DateField: r.Date})
	}
	for i := range rules.Held {
		req.HeldIds = append(req.HeldIds, rules.Held[i][:])
	}
	resp, err := s.expiry.Expire(ctx, connect.NewRequest(req))
	if err != nil {
		return nil, s.explain(err)
	}
	for _, m := range resp.Msg.Expired {
		e := expiry.Expired{
			Type: m.Type, Records: int(m.Records), ErasedBefore: int(m.ErasedBefore), Held: int(m.Held), Disputed: int(m.Disputed), Erased: int(m.Erased),
		}
		copy(e.Space[:], m.SpaceId)
		list = append(list, e)
	}
	return list, nil
}

func (s *runningServer) setRetention(ctx context.Context, space merge.SpaceID, r syncengine.Retention) error {
	_, err := s.log.SetRetention(ctx, connect.NewRequest(&adminv1.SetRetentionRequest{SpaceId: space[:], Days: r.Days, Forever: r.Forever}))
	return s.explain(err)
}

func (s *runningServer) addSchema(ctx context.Context, fileDescriptorSet []byte) (types []string, released int, err error) {
	resp, err := s.schema.AddSchema(ctx, connect.NewRequest(&adminv1.AddSchemaRequest{FileDescriptorSet: fileDescriptorSet}))
	if err != nil {
		return nil, 0, s.explain(err)
	}
	return resp.Msg.Types, int(resp.Msg.Released), nil
}

func (s *runningServer) invite(ctx context.Context, guest enrol.Guest) (line string, person merge.PersonID, err error) {
	req := &adminv1.InviteRequest{
		OrganisationName: guest.OrganisationName, PersonName: guest.PersonName, Printed: guest.Printed, Hub: guest.Hub,
		Server: guest.Home.Server, WipeKey: guest.Home.WipeKey, Recipients: guest.Home.Recipients,
	}
	if guest.Home.Organisation != (credential.OrganisationID{}) {
		req.OrganisationId = guest.Home.Organisation[:]
	}
	if guest.Person != (merge.PersonID{}) {
		req.PersonId = guest.Person[:]
	}
	for i := range guest.Home.Pins {
		req.Pins = append(req.Pins, guest.Home.Pins[i][:])
	}
	resp, err := s.invitations.Invite(ctx, connect.NewRequest(req))
	if err != nil {
		return "", person, s.explain(err)
	}
	copy(person[:], resp.Msg.PersonId)
	return resp.Msg.Invitation, person, nil
}

func (s *runningServer) close() error {
	s.client.CloseIdleConnections()
	return nil
}

// explain says what to do, where the error alone does not.
func (s *runningServer) explain(err error) error {
	var refused *connect.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && connect.IsWireError(err):
		return errors.New(refused.Message())
	}
	return fmt.Errorf("no answer from the server that has %s open: %w: has it been stopped meanwhile?", s.dir, err)
}
