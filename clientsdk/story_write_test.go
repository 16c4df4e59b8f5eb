package clientsdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// In these who is a tablet, or home for the coordinator at the server.
var recordVerbs = []verb{
	{"{who}: new {type} {record} with {values}", (*world).create},
	{"{who}: new {type} {record} in {space} with {values}", (*world).create},
	{"{who}: change {record}: {values}", (*world).change},
	{"{who}: add to {record}: {values}", (*world).addElements},
	{"{who}: take from {record}: {values}", (*world).takeElements},
	{"{who}: mark {person} {presence} at {session}, {values}", (*world).mark},
	{"{who}: link {record} and {other} as {verdict}", (*world).link},
	{"{who}: settle {cell} of {record} as {person} says", (*world).settle},
	{"{who}: settle attendance of {person} at {session} as {presence}", (*world).settleAttendance},
	{"{tablet}: void {record}", (*world).void},
	{"{tablet}: restore {record}", (*world).restore},
}

// home is how a story calls the coordinator's desk at the server.
const homeName = "home"

// author is the person who writes there.
func (w *world) author(who string) (string, error) {
	if who == homeName {
		if w.coordinator == "" {
			return "", errors.New("who is at home? Say first who coordinates")
		}
		return w.coordinator, nil
	}
	tab, err := w.tablet(who)
	if err != nil {
		return "", err
	}
	return tab.person, nil
}

func (w *world) create(said words) error {
	plan, err := planOf(said["type"])
	if err != nil {
		return err
	}
	space, err := w.spaceFor(said["who"], said["space"], plan.LivesIn)
	if err != nil {
		return err
	}
	msg := plan.NewMessage()
	if _, err := w.fillIn(msg, said["values"]); err != nil {
		return err
	}
	id, err := w.write(said["who"], space, merge.RecordID{}, msg, nil)
	if err != nil {
		return err
	}
	return w.name(said["record"], storyRecord{space, id, plan.Name})
}

// spaceFor returns the space of that name, or else the first that the tablet
// holds, or that there is, where such a record may live.
func (w *world) spaceFor(who, name string, mayLive func(clientsdk.SpaceKind) bool) (storySpace, error) {
	if name != "" {
		return w.space(name)
	}
	spaces := w.spaces
	if who != homeName {
		tab, err := w.tablet(who)
		if err != nil {
			return storySpace{}, err
		}
		spaces = tab.spaces
	}
	for _, space := range spaces {
		if mayLive(space.kind) {
			return space, nil
		}
	}
	return storySpace{}, fmt.Errorf("%s has no space for such a record", who)
}

// name gives a record its name. Two tablets may make the same record of a keyed
// type, and then call it by the same name.
func (w *world) name(name string, rec storyRecord) error {
	if was, taken := w.records[name]; taken && was != rec {
		return fmt.Errorf("%q is the name of another record already", name)
	} else if !taken {
		w.records[name] = rec
		w.recordNames = append(w.recordNames, name)
	}
	return nil
}

func (w *world) record(name string) (storyRecord, error) {
	rec, ok := w.records[name]
	if !ok {
		return rec, fmt.Errorf("the story has no record %q", name)
	}
	return rec, nil
}

func (w *world) change(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	msg := recordTypes().Plan(rec.typeName).NewMessage()
	fields, err := w.fillIn(msg, said["values"])
	if err != nil {
		return err
	}
	_, err = w.write(said["who"], rec.space, rec.id, msg, fields)
	return err
}

func (w *world) addElements(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	msg := recordTypes().Plan(rec.typeName).NewMessage()
	if _, err := w.fillIn(msg, said["values"]); err != nil {
		return err
	}
	_, err = w.write(said["who"], rec.space, rec.id, msg, nil)
	return err
}

// takeElements writes the sets as they are shown there, without these elements.
func (w *world) takeElements(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	seen, err := w.see(said["who"], rec)
	if err != nil {
		return err
	}
	gone := recordTypes().Plan(rec.typeName).NewMessage()
	fields, err := w.fillIn(gone, said["values"])
	if err != nil {
		return err
	}
	left := proto.Clone(seen.msg).ProtoReflect()
	for _, name := range fields {
		fd := left.Descriptor().Fields().ByName(protoreflect.Name(name))
		was := left.Get(fd).List()
		kept := left.NewField(fd).List()
		for i := range was.Len() {
			if !holdsElement(gone.ProtoReflect().Get(fd).List(), was.Get(i)) {
				kept.Append(was.Get(i))
			}
		}
		left.Set(fd, protoreflect.ValueOfList(kept))
	}
	_, err = w.write(said["who"], rec.space, rec.id, left.Interface(), fields)
	return err
}

func holdsElement(list protoreflect.List, element protoreflect.Value) bool {
	for i := range list.Len() {
		if list.Get(i).Equal(element) {
			return true
		}
	}
	return false
}

func (w *world) mark(said words) error {
	m := new(recordsv1.AttendanceMark)
	if _, err := w.fillIn(m, "presence="+said["presence"]+" "+said["values"]); err != nil {
		return err
	}
	return w.writeMark(said, m)
}

// writeMark writes a mark of the person at the session by who writes.
func (w *world) writeMark(said words, m *recordsv1.AttendanceMark) error {
	session, err := w.record(said["session"])
	if err != nil {
		return err
	}
	person, err := w.record(said["person"])
	if err != nil {
		return err
	}
	recorder, err := w.author(said["who"])
	if err != nil {
		return err
	}
	recorderID := named[clientsdk.PersonID](recorder)
	m.SessionId, m.ParticipantId, m.RecorderId = session.id[:], person.id[:], recorderID[:]
	id, err := w.write(said["who"], session.space, merge.RecordID{}, m, nil)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s's mark of %s at %s", recorder, said["person"], said["session"])
	return w.name(name, storyRecord{session.space, id, recordPackage + "AttendanceMark"})
}

// link says that two registrations are the same person or not: in their
// community, or at the desk if they are in two.
func (w *world) link(said words) error {
	one, err := w.record(said["record"])
	if err != nil {
		return err
	}
	other, err := w.record(said["other"])
	if err != nil {
		return err
	}
	decider, err := w.author(said["who"])
	if err != nil {
		return err
	}
	space := one.space
	if one.space != other.space {
		atDesk := func(kind clientsdk.SpaceKind) bool { return kind == schemav1.SpaceKind_SPACE_KIND_DESK }
		if space, err = w.spaceFor(said["who"], "", atDesk); err != nil {
			return err
		}
	}
	first, second := one.id, other.id
	if bytes.Compare(second[:], first[:]) < 0 {
		first, second = second, first
	}
	deciderID := named[clientsdk.PersonID](decider)
	m := &recordsv1.PersonLink{FirstPersonId: first[:], SecondPersonId: second[:], DeciderId: deciderID[:]}
	if _, err := w.fillIn(m, "verdict="+said["verdict"]); err != nil {
		return err
	}
	id, err := w.write(said["who"], space, merge.RecordID{}, m, nil)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s's link of %s and %s", decider, said["record"], said["other"])
	return w.name(name, storyRecord{space, id, recordPackage + "PersonLink"})
}

// settle chooses, of the values that are seen there, the one of this person.
func (w *world) settle(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	seen, err := w.see(said["who"], rec)
	if err != nil {
		return err
	}
	for _, d := range seen.disagreements {
		author := named[merge.PersonID](said["person"])
		choice := slices.IndexFunc(d.Values, func(v merge.Value) bool { return v.Author == author })
		if d.Name == said["cell"] && choice >= 0 {
			return w.choose(said["who"], rec, seen, d, choice)
		}
	}
	return fmt.Errorf("%s sees no disagreement over %s of %s in which %s has a part", said["who"], said["cell"], said["record"], said["person"])
}

func (w *world) choose(who string, rec storyRecord, seen *sight, d clientsdk.Disagreement, choice int) error {
	if who != homeName {
		return w.writeOn(who, rec.space, func(tx *clientsdk.Tx) error { return tx.Settle(rec.id, d, choice) })
	}
	write := syncengine.WriteRecord{Type: rec.typeName, Record: rec.id, Header: seen.rec.Header, Message: d.Values[choice].Data}
	cell, _ := recordTypes().Plan(rec.typeName).Cell(protoreflect.FieldNumber(d.Key.Field))
	for _, fd := range cell.Fields {
		write.Fields = append(write.Fields, uint32(fd.Number()))
	}
	for _, v := range d.Values {
		write.Seen = append(write.Seen, v.Change)
	}
	return w.writeAtHome(rec.space, write)
}

// settleAttendance writes a mark that names all marks which are seen there.
func (w *world) settleAttendance(said words) error {
	r, err := w.reckon(said["who"])
	if err != nil {
		return err
	}
	m := new(recordsv1.AttendanceMark)
	if _, err := w.fillIn(m, "evidence=settled presence="+said["presence"]); err != nil {
		return err
	}
	person, err := w.record(said["person"])
	if err != nil {
		return err
	}
	for _, a := range attendanceAt(r, w.records[said["session"]].id) {
		if a.Person == r.Persons().Canonical(person.id) {
			for _, mark := range fieldwork.SeenOf(a.Marks) {
				m.Seen = append(m.Seen, mark.Encode())
			}
		}
	}
	return w.writeMark(said, m)
}

func (w *world) void(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	return w.writeOn(said["tablet"], rec.space, func(tx *clientsdk.Tx) error { return tx.Void(rec.id) })
}

func (w *world) restore(said words) error {
	rec, err := w.record(said["record"])
	if err != nil {
		return err
	}
	return w.writeOn(said["tablet"], rec.space, func(tx *clientsdk.Tx) error { return tx.Restore(rec.id) })
}

// write writes a message to a record, a new one if the id is zero, and returns
// its id. Without fields all populated ones are written.
func (w *world) write(who string, space storySpace, id merge.RecordID, msg proto.Message, fields []string) (merge.RecordID, error) {
	plan := recordTypes().Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	if who == homeName {
		return w.composeAtHome(space, id, msg, fields)
	}
	err := w.writeOn(who, space, func(tx *clientsdk.Tx) (err error) {
		switch {
		case id != merge.RecordID{}:
			err = tx.Update(id, msg, fields...)
		case plan.Keyed():
			id, err = tx.Put(msg, fields...)
		default:
			id, err = tx.Create(msg)
		}
		return err
	})
	return id, err
}

func (w *world) writeOn(who string, space storySpace, fn func(*clientsdk.Tx) error) error {
	tab, err := w.tablet(who)
	if err != nil {
		return err
	}
	written, err := tab.Write(context.Background(), space.id, fn)
	switch {
	case err != nil:
		return err
	case written.Change.Seq == 0:
		return errors.New("nothing was written: everything is so already")
	}
	tab.written[space.id] = append(tab.written[space.id], written.Change)
	return nil
}

func (w *world) composeAtHome(space storySpace, id merge.RecordID, msg proto.Message, fields []string) (merge.RecordID, error) {
	data, err := proto.Marshal(msg)
	if err != nil {
		return id, err
	}
	descriptor := msg.ProtoReflect().Descriptor()
	plan := recordTypes().Plan(string(descriptor.FullName()))
	write := syncengine.WriteRecord{Type: plan.Name, Record: id, Message: data}
	switch {
	case plan.Keyed() && id == merge.RecordID{}:
		header, err := plan.Header(msg)
		if err != nil {
			return id, err
		}
		id = merge.KeyedRecordID(space.id, plan.Name, header)
	case plan.Keyed():
		seen, err := w.see(homeName, storyRecord{space, id, plan.Name})
		if err != nil {
			return id, err
		}
		write.Header = seen.rec.Header
	case id == merge.RecordID{}:
		// A random id, as the desk's own program would draw it.
		if _, err := seeded(uint64(w.nowMillis) + uint64(w.order)).Read(id[:]); err != nil {
			return id, err
		}
		write.Record = id
	}
	for _, name := range fields {
		write.Fields = append(write.Fields, uint32(descriptor.Fields().ByName(protoreflect.Name(name)).Number()))
	}
	return id, w.writeAtHome(space, write)
}

func (w *world) writeAtHome(space storySpace, write syncengine.WriteRecord) error {
	author, err := w.author(homeName)
	if err != nil {
		return err
	}
	w.syncHomeClock()
	_, _, err = w.home.engine.Write(context.Background(), named[merge.PersonID](author), space.id, []syncengine.WriteRecord{write})
	return err
}
