package demo

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// link says of two registrations whether they are one person.
func (d *desk) link(ctx context.Context, decider season.Name, l *season.Link) error {
	planned := season.Act{Message: l.Message(l.First.Record(), l.Second.Record(), decider.Person())}
	first, err := d.ids.of(l.First.Record())
	if err != nil {
		return err
	}
	second, err := d.ids.of(l.Second.Record())
	if err != nil {
		return err
	}
	by, err := d.ids.of(decider.Person())
	if err != nil {
		return err
	}
	// Which of the two comes first is the order of the ids of this run.
	return d.writeOne(ctx, l.Space, planned.ID(l.Space), l.Message(first, second, by))
}

// settle decides about a dispute, over the marks that the coordinator sees.
func (d *desk) settle(ctx context.Context, decider season.Name, s *season.Settlement, open disputes) error {
	dispute, ok := open.find(d.ids, s)
	if !ok {
		return fmt.Errorf("%s: there is no open dispute about %x at %x", s.Space, s.Participant, s.Session)
	}
	by, err := d.ids.of(decider.Person())
	if err != nil {
		return err
	}
	participant, err := d.ids.of(s.Participant)
	if err != nil {
		return err
	}
	var seen [][]byte
	for _, mark := range fieldwork.SeenOf(dispute.Marks) {
		seen = append(seen, mark.Encode())
	}
	planned := season.Act{Message: s.Message(s.Session, s.Participant, decider.Person(), nil)}
	return d.writeOne(ctx, s.Space, planned.ID(s.Space), s.Message(dispute.Session.Record, participant, by, seen))
}

// disputes are the open ones of a season.
type disputes struct {
	open    []fieldwork.Attendance
	persons *fieldwork.Persons
}

// find returns the dispute that the plan means.
func (o *disputes) find(ids *identities, s *season.Settlement) (*fieldwork.Attendance, bool) {
	for i := range o.open {
		a := &o.open[i]
		if ids.standIn(a.Session.Record) != s.Session {
			continue
		}
		for _, registration := range o.persons.Registrations(a.Person) {
			if ids.standIn(registration) == s.Participant {
				return a, true
			}
		}
	}
	return nil, false
}

// disagreements are the cells of a space in which people disagree, by the
// stand-in of their record.
type disagreements map[cellOf]*syncv1.Disagreement

type cellOf struct {
	record merge.RecordID
	field  uint32
}

// disagreements lists those of a space, page by page.
func (d *desk) disagreements(ctx context.Context, name season.Name) (disagreements, error) {
	space, err := d.ids.of(name.Space())
	if err != nil {
		return nil, err
	}
	list, req := disagreements{}, &syncv1.ListDisagreementsRequest{SpaceId: space[:]}
	for {
		resp, err := d.service.ListDisagreements(ctx, connect.NewRequest(req))
		if err != nil {
			return nil, fmt.Errorf("disagreements of %s: %w", name, err)
		}
		for _, cell := range resp.Msg.Disagreements {
			record := merge.KeyedRecordID(space, cell.Record.Type, cell.Record.Header)
			if len(cell.Record.Header) == 0 {
				record = merge.RecordID(cell.Record.RecordId)
			}
			list[cellOf{d.ids.standIn(record), cell.Field}] = cell
		}
		if req.PageToken = resp.Msg.NextPageToken; req.PageToken == "" {
			return list, nil
		}
	}
}

// choose writes the value that shall hold in a cell, in place of those that the
// coordinator was shown.
func (d *desk) choose(ctx context.Context, c *season.Choice, list disagreements) error {
	standIn := c.Act.ID(c.Space)
	cell := list[cellOf{standIn, c.Field}]
	if cell == nil {
		return fmt.Errorf("%s: nobody disagrees about field %d of %s %x", c.Space, c.Field, c.Act.Type(), standIn)
	}
	msg, err := d.ids.play(c.Act.Message)
	if err != nil {
		return err
	}
	var seen []*syncv1.ChangeID
	for _, value := range cell.Values {
		seen = append(seen, value.Change)
	}
	return d.writeOne(ctx, c.Space, standIn, msg, seen...)
}
