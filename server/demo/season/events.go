package season

import (
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// event is one kind of event that the programme held.
type event struct {
	slug     string
	category recordsv1.EventCategory
	subtype  recordsv1.EventSubtype
	uk, en   string
	counting []recordsv1.EventCounting
}

const (
	culture = recordsv1.EventCategory_EVENT_CATEGORY_CULTURE
	other   = recordsv1.EventCategory_EVENT_CATEGORY_OTHER
	named   = recordsv1.EventCounting_EVENT_COUNTING_NAMED
	heads   = recordsv1.EventCounting_EVENT_COUNTING_HEAD_COUNT
)

var (
	concert = event{
		"concert", culture, recordsv1.EventSubtype_EVENT_SUBTYPE_CONCERT,
		"Концерт до Дня міста", "Town day concert",
		[]recordsv1.EventCounting{named, heads},
	}
	exhibition = event{
		"exhibition", culture, recordsv1.EventSubtype_EVENT_SUBTYPE_ART_EXHIBITION,
		"Виставка дитячих малюнків", "Exhibition of children's drawings",
		[]recordsv1.EventCounting{named, heads},
	}
	plansWorkshop = event{
		"workshop-plans", other, recordsv1.EventSubtype_EVENT_SUBTYPE_WORKSHOP,
		"Майстерня: план дій громади", "Workshop: the community's action plan",
		[]recordsv1.EventCounting{named},
	}
	craftsWorkshop = event{
		"workshop-crafts", other, recordsv1.EventSubtype_EVENT_SUBTYPE_WORKSHOP,
		"Майстерня: ляльки-мотанки", "Workshop: rag dolls",
		[]recordsv1.EventCounting{named},
	}
	meeting = event{
		"meeting", other, recordsv1.EventSubtype_EVENT_SUBTYPE_THEMATIC_MEETING,
		"Зустріч: доступність закладів", "Meeting: accessible institutions",
		[]recordsv1.EventCounting{named},
	}
	stressMeeting = event{
		"meeting-stress", other, recordsv1.EventSubtype_EVENT_SUBTYPE_THEMATIC_MEETING,
		"Зустріч: як жити зі стресом", "Meeting: living with stress",
		[]recordsv1.EventCounting{heads},
	}
)

// record is the event as it is entered, planned or held.
func (e *event) record(community, venue []byte, on day, status recordsv1.SessionStatus) *recordsv1.Event {
	starts, ends := int32(15*60), int32(18*60)
	return &recordsv1.Event{
		Category: e.category, Subtype: e.subtype, TitleUk: e.uk, TitleEn: e.en,
		DateStart: on, StartsMinute: &starts, EndsMinute: &ends,
		CommunityId: community, VenueId: venue, Counting: e.counting, Status: status,
	}
}

const (
	planned   = recordsv1.SessionStatus_SESSION_STATUS_PLANNED
	held      = recordsv1.SessionStatus_SESSION_STATUS_HELD
	calledOff = recordsv1.SessionStatus_SESSION_STATUS_CANCELLED
)

// planEvents makes the events that are planned before the tablets go out, so
// that both know them.
func (c *community) planEvents() []Act {
	return []Act{c.begin(&concert, c.after(21), planned), c.begin(&exhibition, c.after(35), planned)}
}

// after is so many days after the training began.
func (c *community) after(days int) day { return after(c.start, days) }

func (c *community) eventName(e *event) Name { return c.space.sub("%s", e.slug) }

func (c *community) begin(e *event, on day, status recordsv1.SessionStatus) Act {
	msg := e.record(c.communityID(), c.venue().id(), on, status)
	msg.Organisers = [][]byte{c.group().id()}
	return Act{Record: c.eventName(e), Message: msg}
}

// holdEvents makes what became of the events.
func (c *community) holdEvents() {
	c.holdWorkshop(&c.first, &plansWorkshop, 14, 12)
	c.holdConcert()
	c.holdWorkshop(&c.second, &craftsWorkshop, 28, 9)
	c.holdExhibition()
	c.holdWorkshop(&c.first, &meeting, 42, 7)
}

// holdWorkshop makes an event that one recorder enters afterwards, with the
// names of all who came.
func (c *community) holdWorkshop(r *recorder, e *event, daysAfter, came int) {
	r.diary.turnTo(c.after(daysAfter), 18*60)
	r.diary.write(c.space, c.begin(e, c.after(daysAfter), held))
	roles := []recordsv1.EventRole{recordsv1.EventRole_EVENT_ROLE_ORGANISER, recordsv1.EventRole_EVENT_ROLE_PARTICIPANT}
	r.diary.write(c.space, c.list(e, came, roles)...)
}

// list names people at an event. The first of them has the first of the roles,
// all after the last role have that.
func (c *community) list(e *event, came int, roles []recordsv1.EventRole) []Act {
	var acts []Act
	for i, m := range c.whoCame(e, came) {
		acts = append(acts, Act{Message: &recordsv1.Participation{
			EventId: c.eventName(e).id(), ParticipantId: m.record.id(),
			Role: roles[min(i, len(roles)-1)], Evidence: signature,
		}})
	}
	return acts
}

// whoCame is who is named at an event: people whom both tablets know under one
// registration.
func (c *community) whoCame(e *event, came int) []*member {
	var list []*member
	for _, m := range shuffled(c.expected(), e.slug) {
		if m.part != twice && len(list) < came {
			list = append(list, m)
		}
	}
	return list
}

// holdConcert: two doors, each counted by one recorder, in every third
// community the main door by both. Those who are named are among the heads.
func (c *community) holdConcert() {
	for _, r := range []*recorder{&c.first, &c.second} {
		r.diary.turnTo(c.after(21), 18*60)
	}
	name := c.eventName(&concert)
	main, side := 60+draw(60, name, "main door"), 20+draw(30, name, "side door")
	c.first.diary.write(c.space, Act{Record: name, Message: &recordsv1.Event{Status: held}})
	performers := []recordsv1.EventRole{recordsv1.EventRole_EVENT_ROLE_ORGANISER, recordsv1.EventRole_EVENT_ROLE_PERFORMER}
	c.first.diary.write(c.space, c.list(&concert, 5, performers)...)
	c.first.diary.write(c.space, count(name, &c.first, "main door", main, true))
	c.second.diary.write(c.space, count(name, &c.second, "side door", side, true))
	if c.index%3 == 0 {
		c.second.diary.write(c.space, count(name, &c.second, "main door", main+2+draw(4, name, "also"), true))
	}
}

// holdExhibition: one hall, counted by the second recorder, in every second
// community by both; the volunteers who are named are not among the heads. In
// every fourth community it was called off.
func (c *community) holdExhibition() {
	for _, r := range []*recorder{&c.first, &c.second} {
		r.diary.turnTo(c.after(35), 17*60)
	}
	name := c.eventName(&exhibition)
	if c.index%4 == 3 {
		c.second.diary.write(c.space, Act{Record: name, Message: &recordsv1.Event{Status: calledOff}})
		return
	}
	hall := 35 + draw(40, name, "hall")
	c.second.diary.write(c.space, Act{Record: name, Message: &recordsv1.Event{Status: held}})
	c.second.diary.write(c.space, c.list(&exhibition, 3, []recordsv1.EventRole{recordsv1.EventRole_EVENT_ROLE_VOLUNTEER})...)
	c.second.diary.write(c.space, count(name, &c.second, "hall", hall, false))
	if c.index%2 == 0 {
		c.first.diary.write(c.space, count(name, &c.first, "hall", hall+1+draw(3, name, "also"), false))
	}
}

// count makes the sheet of one counter at one place.
func count(event Name, by *recorder, point string, total int, includesNamed bool) Act {
	return Act{Message: headCount(event, by.person, point, total, includesNamed)}
}

func headCount(event, counter Name, point string, total int, includesNamed bool) *recordsv1.HeadCountSheet {
	women := total * (50 + draw(15, event, point)) / 100
	children := total / 5
	return &recordsv1.HeadCountSheet{
		EventId: event.id(), CountPoint: point, CounterId: counter.id(),
		Total: proto.Int32(int32(total)), Female: proto.Int32(int32(women)), Male: proto.Int32(int32(total - women)),
		Children: proto.Int32(int32(children)), Method: recordsv1.CountMethod_COUNT_METHOD_DOOR_TALLY,
		IncludesNamed: includesNamed,
	}
}
