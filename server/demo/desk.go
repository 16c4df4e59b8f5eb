package demo

import (
	"context"
	"fmt"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// desk is the coordinator's way to the server: what a browser on the
// coordinator's desk calls.
type desk struct {
	device  *device
	service syncv1connect.DeskServiceClient
	reports reportv1connect.ReportServiceClient
	types   *schema.Schema
	ids     *identities
	chance  chance
	// who is the coordinator, space the desk's own.
	who   merge.PersonID
	space merge.SpaceID
}

func newDesk(known *device, who merge.PersonID, types *schema.Schema, ids *identities, c chance) (*desk, error) {
	client, proves, err := clientsdk.Proven(known.identity, known.signer, http.DefaultClient)
	if err != nil {
		return nil, err
	}
	return &desk{
		device:  known,
		service: syncv1connect.NewDeskServiceClient(client, known.identity.Server, proves),
		reports: reportv1connect.NewReportServiceClient(client, known.identity.Server, proves),
		types:   types, ids: ids, chance: c, who: who,
	}, nil
}

// writeStep makes one change of a planned step.
func (d *desk) writeStep(ctx context.Context, step *season.Step) error {
	var records []*syncv1.RecordValues
	for i := range step.Acts {
		act := &step.Acts[i]
		standIn := act.ID(step.Space)
		if _, err := d.ids.of(standIn); err != nil && act.Record != "" {
			d.ids.set(standIn, d.chance.id("record/"+string(act.Record))) // a new record
		}
		msg, err := d.ids.play(act.Message)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Space, err)
		}
		values, err := d.values(step.Space, standIn, msg)
		if err != nil {
			return err
		}
		records = append(records, values)
	}
	return d.write(ctx, step.Space, records...)
}

// values is what the desk sends of one record. Seen are the values to replace;
// none: all that are live.
func (d *desk) values(name season.Name, standIn merge.RecordID, msg proto.Message, seen ...*syncv1.ChangeID) (*syncv1.RecordValues, error) {
	space, err := d.ids.of(name.Space())
	if err != nil {
		return nil, err
	}
	record, err := d.recordName(space, standIn, msg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	data, err := proto.Marshal(msg)
	return &syncv1.RecordValues{Record: record, Message: data, Seen: seen}, err
}

// write makes one change.
func (d *desk) write(ctx context.Context, name season.Name, records ...*syncv1.RecordValues) error {
	space, err := d.ids.of(name.Space())
	if err != nil {
		return err
	}
	if _, err := d.service.Write(ctx, connect.NewRequest(&syncv1.WriteRequest{SpaceId: space[:], Records: records})); err != nil {
		return fmt.Errorf("write to %s: %w", name, err)
	}
	return nil
}

// writeOne makes a change of one record.
func (d *desk) writeOne(ctx context.Context, name season.Name, standIn merge.RecordID, msg proto.Message, seen ...*syncv1.ChangeID) error {
	values, err := d.values(name, standIn, msg, seen...)
	if err != nil {
		return err
	}
	return d.write(ctx, name, values)
}

// recordName names the record that the message is about. The id of a keyed one
// follows from its key, and is noted for what refers to it later.
func (d *desk) recordName(space merge.SpaceID, standIn merge.RecordID, msg proto.Message) (*syncv1.RecordName, error) {
	name := string(msg.ProtoReflect().Descriptor().FullName())
	plan := d.types.Plan(name)
	if !plan.Keyed() {
		id, err := d.ids.of(standIn)
		return &syncv1.RecordName{Type: name, RecordId: id[:]}, err
	}
	header, err := plan.Header(msg)
	if err != nil {
		return nil, err
	}
	d.ids.set(standIn, merge.KeyedRecordID(space, name, header))
	return &syncv1.RecordName{Type: name, Header: header}, nil
}

// report asks for the figures, and of which of the tablets' users there is
// nothing yet.
func (d *desk) report(ctx context.Context, expected []merge.PersonID) (*table.Document, error) {
	req := &reportv1.ReportRequest{DeskSpaceId: d.space[:], Report: "overview"}
	for i := range expected {
		req.ExpectedRecorderIds = append(req.ExpectedRecorderIds, expected[i][:])
	}
	resp, err := d.reports.Report(ctx, connect.NewRequest(req))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return table.FromWire(resp.Msg.Document), nil
}
