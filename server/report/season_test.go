package report

import (
	"context"
	"crypto/rand"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const (
	communitySpace = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	deskSpace      = schemav1.SpaceKind_SPACE_KIND_DESK
	roomSpace      = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
)

// Ids that a reader of a failure recognises.
func space(name string) (id merge.SpaceID)   { copy(id[:], name); return id }
func person(name string) (id merge.PersonID) { copy(id[:], name); return id }
func record(name string) (id merge.RecordID) { copy(id[:], name); return id }

func idOf(name string) []byte { id := record(name); return id[:] }

// registers is an engine in memory with the people of a small programme.
type registers struct {
	*syncengine.Engine
	t     *testing.T
	types *schema.Schema
}

// now is 27 September 2016, 18:13 in Greenwich and 21:13 in Kyiv.
func now() int64 { return 1_475_000_000_000 }

func openRegisters(t *testing.T) *registers {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := syncengine.Open(syncengine.Options{
		Memory: store.NewMemory(), Schema: types, Random: rand.Reader, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &registers{engine, t, types}
	r.grant("bilovodsk", communitySpace, "olena", "taras", "petro", "iryna")
	r.grant("room", roomSpace, "nadia")
	r.grant("desk", deskSpace, "iryna")
	return r
}

func (r *registers) grant(to string, kind schemav1.SpaceKind, people ...string) {
	r.t.Helper()
	for _, name := range people {
		if _, err := r.SetAccess(context.Background(), person("admin"), space(to), kind, person(name), true); err != nil {
			r.t.Fatal(err)
		}
	}
}

// sync pushes what one person wrote on a fresh tablet that had seen nothing.
// Records are given by name; a keyed type has none.
func (r *registers) sync(author, register string, written ...any) {
	r.t.Helper()
	var records []merge.RecordWrites
	for i := 0; i < len(written); i += 2 {
		msg := written[i+1].(proto.Message)
		plan := r.types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
		writes, err := plan.Compose(space(register), nil, schema.Draft{Record: record(written[i].(string)), Message: msg, Seal: seal})
		if err != nil {
			r.t.Fatal(err)
		}
		records = append(records, writes)
	}
	r.push(author, register, records...)
}

// void calls a record a mistake, in sight of all that the server has of it.
func (r *registers) void(author, register, name string) {
	r.t.Helper()
	_, err := r.Records(space(register), func(rec *merge.Record) error {
		if rec.ID == record(name) {
			r.push(author, register, merge.RecordWrites{
				Type: rec.Type, Record: rec.ID, Header: rec.Header,
				Writes: []merge.Write{{Cell: merge.Lifecycle, Value: rec.LiveChanges().Encode()}},
			})
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *registers) push(author, register string, records ...merge.RecordWrites) {
	r.t.Helper()
	c := &merge.Change{ID: merge.ID{Seq: 1}, Author: person(author), Stamp: 1_470_000_000_000, Salt: merge.Salt{1}, Records: records}
	if _, err := rand.Read(c.ID.Replica[:]); err != nil {
		r.t.Fatal(err)
	}
	c.Seal(space(register))
	batch, err := wire.EncodeBatch(space(register), []*merge.Change{c})
	if err != nil {
		r.t.Fatal(err)
	}
	outcomes, err := r.Push(context.Background(), person(author), space(register), [][]byte{batch})
	if err != nil {
		r.t.Fatal(err)
	}
	for i := range outcomes {
		if !outcomes[i].Verdict.Merged() {
			r.t.Fatalf("%s in %s: %s: %v", author, register, outcomes[i].Verdict, outcomes[i].Findings)
		}
	}
}

func (r *registers) dayID(number int32) []byte {
	header, err := r.types.Plan("zhurnal.records.v1.TrainingDay").Header(day(number))
	if err != nil {
		r.t.Fatal(err)
	}
	id := merge.KeyedRecordID(space("bilovodsk"), "zhurnal.records.v1.TrainingDay", header)
	return id[:]
}

func day(number int32) *recordsv1.TrainingDay {
	return &recordsv1.TrainingDay{
		TrainingId: idOf("first aid"), DayNumber: number, FieldDate: 20160800 + number,
		Status: recordsv1.SessionStatus_SESSION_STATUS_HELD,
	}
}

func (r *registers) mark(recorder string, number int32, who string, presence recordsv1.Presence) *recordsv1.AttendanceMark {
	evidence := recordsv1.Evidence_EVIDENCE_ROLL_CALL
	if presence == recordsv1.Presence_PRESENCE_ABSENT_DEFAULT {
		evidence = recordsv1.Evidence_EVIDENCE_BULK_DEFAULT
	}
	id := person(recorder)
	return &recordsv1.AttendanceMark{
		SessionId: r.dayID(number), ParticipantId: idOf(who), RecorderId: id[:], Presence: presence, Evidence: evidence,
	}
}

// smallSeason is a training of two days in one community, kept by two tablets,
// with everything that a season has once:
//
//	           day 1 (Olena, Taras)     day 2 (Olena; Taras called it off)
//	Halyna     present, present         present
//	Halyna B.  -                        present   the same person, registered twice
//	Ivan       present, absent          present   disputed on day 1
//	Maria      "rest absent", present   absent
func smallSeason(t *testing.T) *registers {
	const (
		present = recordsv1.Presence_PRESENCE_PRESENT
		absent  = recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED
		rest    = recordsv1.Presence_PRESENCE_ABSENT_DEFAULT
	)
	r := openRegisters(t)
	training := &recordsv1.Training{TitleUk: "Перша допомога", PlannedDays: 2}
	r.sync("olena", "bilovodsk",
		"", &recordsv1.Community{Pcode: "UA4401300", NameUk: "Біловодськ", NameEn: "Bilovodsk"},
		"halyna", &recordsv1.Participant{FamilyName: "Гончаренко", GivenName: "Галина", Phone: "+380501112233"},
		"ivan", &recordsv1.Participant{FamilyName: "Іваненко", GivenName: "Іван"},
		"maria", &recordsv1.Participant{FamilyName: "Мельник", GivenName: "Марія"},
		"first aid", training, "", day(1), "", day(2),
		"", r.mark("olena", 1, "halyna", present), "", r.mark("olena", 1, "ivan", present), "", r.mark("olena", 1, "maria", rest),
		"", r.mark("olena", 2, "halyna", present), "", r.mark("olena", 2, "ivan", present), "", r.mark("olena", 2, "maria", absent),
		"concert", &recordsv1.Event{
			Category: recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, DateStart: 20160910,
			Status: recordsv1.SessionStatus_SESSION_STATUS_HELD,
		},
		"", &recordsv1.Participation{EventId: idOf("concert"), ParticipantId: idOf("maria")},
	)
	calledOff := day(2)
	calledOff.Status = recordsv1.SessionStatus_SESSION_STATUS_CANCELLED
	r.sync("taras", "bilovodsk",
		"first aid", &recordsv1.Training{TitleUk: "Домедична допомога"},
		"", day(1), "", calledOff,
		"halyna again", &recordsv1.Participant{FamilyName: "Goncharenko", GivenName: "Halyna"},
		"", r.mark("taras", 1, "halyna", present), "", r.mark("taras", 1, "ivan", absent), "", r.mark("taras", 1, "maria", present),
		"", r.mark("taras", 2, "halyna again", present),
	)
	r.sync("nadia", "room",
		"room", &recordsv1.CounsellingRoom{CommunityPcode: "UA4401300", Status: recordsv1.RoomStatus_ROOM_STATUS_OPEN},
		"s1", counselling(recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL), "s2", counselling(recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL),
		"s3", counselling(recordsv1.SessionKind_SESSION_KIND_GROUP),
	)
	return r
}

func counselling(kind recordsv1.SessionKind) *recordsv1.CounsellingSession {
	return &recordsv1.CounsellingSession{
		RoomId: idOf("room"), FieldDate: 20160815, Kind: kind, Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD,
	}
}

// link is Iryna's decision that the two registrations of Halyna are one person.
func (r *registers) link() {
	decider := person("iryna")
	r.sync("iryna", "bilovodsk", "", &recordsv1.PersonLink{
		FirstPersonId: idOf("halyna"), SecondPersonId: idOf("halyna again"), DeciderId: decider[:],
		Verdict: recordsv1.LinkVerdict_LINK_VERDICT_SAME,
	})
}
