package season

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// room is a psychosocial support room and the community it is in, while its
// season is made. One psychologist works there with one tablet.
type room struct {
	place Place
	// community and space are the two spaces that the tablet holds.
	community, space Name
	tablet, person   Name
	pcode            string
	opened           day
	office           Step
	diary            diary
	clients          []Name
}

// firstRoomOpened is when the first room received people; the others follow
// every other day.
const firstRoomOpened day = 2016_09_05

func newRoom(p *Programme, index int, trained []*community) *room {
	at := place(p.CounsellingCommunities, index)
	community := slug(at.Name)
	r := &room{
		place: at, community: community, space: community.sub("room"),
		tablet: community.sub("tablet"), person: community.sub("psychologist"),
		pcode: pcode(at, 500+index), opened: after(firstRoomOpened, 2*index),
	}
	r.prepare()
	r.open()
	r.receive(trained[index%len(trained)])
	for week := range 4 {
		r.week(week)
	}
	r.inform()
	return r
}

func (r *room) prepare() {
	var desk diary
	desk.turnTo(openingDay, 8*60)
	desk.write(r.community, Act{Message: communityRecord(r.place, r.pcode, recordsv1.Cohort_COHORT_PREVIOUSLY_SELECTED)})
	r.office = desk.steps[0]
}

func (r *room) communityID() []byte {
	return idOf(r.community, &recordsv1.Community{Pcode: r.pcode})
}

func (r *room) record() Name { return r.space.sub("itself") }

func (r *room) open() {
	r.diary.turnTo(r.opened, 9*60)
	r.diary.write(r.space, Act{Record: r.record(), Message: &recordsv1.CounsellingRoom{
		CommunityPcode: r.pcode, NameUk: "Кімната психосоціальної підтримки, " + r.place.Ukrainian,
		NameEn: "Psychosocial support room, " + r.place.Name, OpenedOn: r.opened,
		Schedule: "Понеділок–п'ятниця, 9:00–17:00", PsychologistIds: [][]byte{r.person.id()},
		Capacity: 12, Status: recordsv1.RoomStatus_ROOM_STATUS_OPEN,
	}})
}

// receive makes the clients. Most stay anonymous; one came with the card of a
// training in another community.
func (r *room) receive(trained *community) {
	for i := range 6 + draw(4, r.space, "clients") {
		client := r.space.sub("client-%02d", i+1)
		msg := &recordsv1.Client{
			Code: fmt.Sprintf("R-%02d", i+1), Identity: recordsv1.ClientIdentity_CLIENT_IDENTITY_ANONYMOUS,
			Sex: sexes[draw(2, client, "sex")], AgeBand: recordsv1.AgeBand(3 + draw(4, client, "age")),
			Displacement:  recordsv1.Displacement(1 + 2*draw(2, client, "displacement")),
			RecordConsent: recordsv1.ConsentState_CONSENT_STATE_GIVEN, RecordConsentGivenBy: recordsv1.ConsentGiver_CONSENT_GIVER_SELF,
			RecordConsentOn: r.opened, CaseStatus: recordsv1.CaseStatus_CASE_STATUS_OPEN, Risk: recordsv1.Risk_RISK_NONE,
		}
		if i == 0 {
			msg.Identity, msg.ParticipantId = recordsv1.ClientIdentity_CLIENT_IDENTITY_LINKED, trained.members[0].record.id()
		}
		r.diary.write(r.space, Act{Record: client, Message: msg})
		r.clients = append(r.clients, client)
	}
}

// week makes the sessions of one week: individual ones on two days, of which
// now and then nobody came to one, and a group session on Friday.
func (r *room) week(week int) {
	monday := after(r.opened, 7*week)
	for i := range 4 {
		name := r.space.sub("session-%d-%d", week+1, i+1)
		client := r.clients[(4*week+i)%len(r.clients)]
		r.diary.turnTo(after(monday, i/2), 10*60+90*(i%2))
		r.individual(name, client, after(monday, i/2), int32(10*60+90*(i%2)))
	}
	r.diary.turnTo(after(monday, 4), 15*60)
	r.groupSession(r.space.sub("group-%d", week+1), week, after(monday, 4))
}

func (r *room) session(kind recordsv1.SessionKind, on day, starts int32) *recordsv1.CounsellingSession {
	return &recordsv1.CounsellingSession{
		RoomId: r.record().id(), PsychologistId: r.person.id(), FieldDate: on, StartsMinute: proto.Int32(starts),
		DurationMinutes: 60, Kind: kind, Modality: recordsv1.SessionModality_SESSION_MODALITY_IN_ROOM,
		Status: recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD,
	}
}

var counsellingTopics = []recordsv1.CounsellingTopic{
	recordsv1.CounsellingTopic_COUNSELLING_TOPIC_STRESS, recordsv1.CounsellingTopic_COUNSELLING_TOPIC_ANXIETY,
	recordsv1.CounsellingTopic_COUNSELLING_TOPIC_COMMUNICATION_SKILLS, recordsv1.CounsellingTopic_COUNSELLING_TOPIC_DISPLACEMENT_ADJUSTMENT,
}

// individual makes a session with its note and what was agreed for later, in one
// transaction, as a psychologist saves them.
func (r *room) individual(name, client Name, on day, starts int32) {
	session := r.session(recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL, on, starts)
	session.ClientIds = [][]byte{client.id()}
	session.Iasc_4WsCode = "8.1"
	if draw(8, name, "came") == 0 {
		session.Status = recordsv1.CounsellingStatus_COUNSELLING_STATUS_NO_SHOW
		r.diary.write(r.space, Act{Record: name, Message: session})
		return
	}
	session.Topics = []recordsv1.CounsellingTopic{pick(counsellingTopics, name, "topic")}
	session.Risk, session.Outcome = recordsv1.Risk(1+draw(2, name, "risk")), recordsv1.SessionOutcome_SESSION_OUTCOME_ONGOING
	r.diary.write(r.space,
		Act{Record: name, Message: session},
		r.note(name, name.sub("note"), recordsv1.NoteKind_NOTE_KIND_NOTE, nil),
		Act{Record: name.sub("follow-up"), Message: &recordsv1.FollowUp{
			ClientId: client.id(), SessionId: name.id(), DueOn: after(on, 7),
			Purpose: recordsv1.FollowUpPurpose_FOLLOW_UP_PURPOSE_NEXT_SESSION, Status: recordsv1.FollowUpStatus_FOLLOW_UP_STATUS_OPEN,
		}})
	if draw(6, name, "second thought") == 0 {
		r.diary.write(r.space, r.note(name, name.sub("correction"), recordsv1.NoteKind_NOTE_KIND_CORRECTION, name.sub("note").id()))
	}
}

var noteTexts = []string{
	"Скарги на тривогу ввечері. Домовилися про щоденник і дихальні вправи.",
	"Говорили про переїзд і про роботу. Стан рівніший, ніж минулого разу.",
	"Важко спить, боїться гучних звуків. Вправи на заземлення, повторити за тиждень.",
	"Обговорили сварки з рідними; спробує говорити про себе, а не про них.",
}

func (r *room) note(session, note Name, kind recordsv1.NoteKind, corrects []byte) Act {
	return Act{Record: note, Message: &recordsv1.Note{
		SessionId: session.id(), AuthorId: r.person.id(), Kind: kind, OriginalNoteId: corrects,
		Text: pick(noteTexts, note, "text"),
	}}
}

// groupSession makes a session of some clients and of people who are not
// listed.
func (r *room) groupSession(name Name, week int, on day) {
	session := r.session(recordsv1.SessionKind_SESSION_KIND_GROUP, on, 15*60)
	session.DurationMinutes, session.Iasc_4WsCode = 90, "8.2"
	for i := range 4 {
		session.ClientIds = append(session.ClientIds, r.clients[(week+i)%len(r.clients)].id())
	}
	session.AnonymousAttendees = proto.Int32(int32(2 + draw(4, name, "anonymous")))
	r.diary.write(r.space, Act{Record: name, Message: session}, r.note(name, name.sub("note"), recordsv1.NoteKind_NOTE_KIND_NOTE, nil))
}

// inform makes the meeting that the psychologist holds for everybody in the
// community, counted by head.
func (r *room) inform() {
	on := after(r.opened, 30)
	name := r.community.sub("%s", stressMeeting.slug)
	r.diary.turnTo(on, 18*60)
	r.diary.write(r.community,
		Act{Record: name, Message: stressMeeting.record(r.communityID(), nil, on, held)},
		Act{Message: headCount(name, r.person, "hall", 15+draw(20, name, "hall"), true)})
}
