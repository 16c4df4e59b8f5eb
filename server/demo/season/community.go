package season

import (
	"fmt"
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// community is one community with its two recorders, while its season is made.
type community struct {
	programme *Programme
	casting   casting
	index     int
	place     Place
	space     Name
	// start is the first day of the training.
	start         day
	first, second recorder
	office        Step
	// members are the group: first those who are registered at the opening,
	// then who walks in on the first day.
	members []*member

	links       []Link
	settlements []Settlement
	choices     []Choice
}

// recorder is a person with a tablet.
type recorder struct {
	tablet, person Name
	opening, diary diary
	// prefix and registered make the codes on people's cards.
	prefix     string
	registered int
}

func newCommunity(p *Programme, casting casting, index int) *community {
	at := place(p.Communities, index)
	space := slug(at.Name)
	c := &community{
		programme: p, casting: casting, index: index, place: at, space: space,
		start:  after(firstMonday, 7*(index*trainingWeeks/casting.options.Communities)),
		first:  newRecorder(space, index, 1),
		second: newRecorder(space, index, 2),
	}
	c.members = c.recruit()
	return c
}

// The trainings begin on Mondays of August and September, eight weeks long.
const (
	firstMonday   = day(2016_08_01)
	trainingWeeks = 8
)

func newRecorder(space Name, community, number int) recorder {
	return recorder{
		tablet: space.sub("tablet-%d", number), person: space.sub("recorder-%d", number),
		prefix: fmt.Sprintf("%c%d", 'A'+rune(community%26), 2*(community/26)+number),
	}
}

// slug makes a name of what stands on a map.
func slug(place string) Name { return Name(strings.ReplaceAll(strings.ToLower(place), " ", "-")) }

// play makes the whole season of the community.
func (c *community) play() {
	c.prepare()
	c.register()
	c.train()
	c.changeOnBothTablets()
	c.holdEvents()
	c.listen()
	c.decide()
}

// pcode is made up from the oblast's true code and a raion number, 99, that no
// oblast has, so that nobody takes it for the code of a real place.
func pcode(p Place, number int) string {
	oblast := map[string]string{"Donetsk": "14", "Luhansk": "44"}[p.Oblast]
	return fmt.Sprintf("UA%s99%03d", oblast, number)
}

func (c *community) pcode() string { return pcode(c.place, 1+c.index) }

func (c *community) communityID() []byte {
	return idOf(c.space, &recordsv1.Community{Pcode: c.pcode()})
}

func (c *community) venue() Name    { return c.space.sub("venue") }
func (c *community) group() Name    { return c.space.sub("group") }
func (c *community) training() Name { return c.space.sub("training") }

// prepare makes what the coordinator enters at the desk before anybody goes
// out: the community, the institution that is to be renovated, the group and
// its training.
func (c *community) prepare() {
	var desk diary
	desk.turnTo(openingDay, 8*60)
	desk.write(c.space,
		Act{Message: communityRecord(c.place, c.pcode(), recordsv1.Cohort_COHORT_ADDITIONAL)},
		Act{Record: c.venue(), Message: c.venueRecord()},
		Act{Record: c.group(), Message: &recordsv1.Group{
			Kind: recordsv1.GroupKind_GROUP_KIND_INITIATIVE_GROUP, CommunityId: c.communityID(),
			NameUk: "Ініціативна група, " + c.place.Ukrainian, NameEn: "Initiative group of " + c.place.Name,
			MeetingRule: recordsv1.MeetingRule_MEETING_RULE_MONTHLY,
		}},
		Act{Record: c.training(), Message: &recordsv1.Training{
			TitleUk: "Розвиток громади", TitleEn: "Community development and cohesion", Topics: topics,
			CommunityId: c.communityID(), VenueId: c.venue().id(),
			PlannedStart: c.start, PlannedEnd: c.date(c.days()), PlannedDays: int32(c.days()),
			Audience: [][]byte{c.group().id()}, Status: recordsv1.TrainingStatus_TRAINING_STATUS_PLANNED,
		}},
	)
	c.office = desk.steps[0]
}

// topics are those of the programme's trainings.
var topics = []recordsv1.Topic{
	recordsv1.Topic_TOPIC_COMMUNITY_DEVELOPMENT,
	recordsv1.Topic_TOPIC_SOCIAL_COHESION,
	recordsv1.Topic_TOPIC_INTEGRATION_INCLUSION,
}

func communityRecord(p Place, pcode string, cohort recordsv1.Cohort) *recordsv1.Community {
	return &recordsv1.Community{
		Pcode: pcode, NameUk: p.Ukrainian, NameEn: p.Name,
		ControlStatus: recordsv1.ControlStatus_CONTROL_STATUS_GOVERNMENT, ControlAsOf: 2016_07_01,
		Cohort: cohort, Phase: recordsv1.CommunityPhase_COMMUNITY_PHASE_ACTIVE,
	}
}

// institutions are the kinds of places that the programme renovated.
var institutions = []struct {
	kind   recordsv1.VenueType
	uk, en string
}{
	{recordsv1.VenueType_VENUE_TYPE_LIBRARY, "Бібліотека", "Library"},
	{recordsv1.VenueType_VENUE_TYPE_CULTURAL_CENTRE, "Будинок культури", "Cultural centre"},
	{recordsv1.VenueType_VENUE_TYPE_CHILDREN_YOUTH_CREATIVITY_CENTRE, "Центр дитячої та юнацької творчості", "Children and youth creativity centre"},
}

func (c *community) venueRecord() *recordsv1.Venue {
	kind := institutions[c.index%len(institutions)]
	residents, displaced := int32(1500+draw(400, c.space, "residents")), int32(150+draw(200, c.space, "displaced"))
	return &recordsv1.Venue{
		CommunityId: c.communityID(), Type: kind.kind,
		NameUk: kind.uk + ", " + c.place.Ukrainian, NameEn: kind.en + ", " + c.place.Name,
		CatchmentResidents: &residents, CatchmentIdps: &displaced, CatchmentAsOf: openingDay,
		CatchmentMethod: recordsv1.CatchmentMethod_CATCHMENT_METHOD_ESTIMATE,
		WorksStatus:     recordsv1.WorksStatus_WORKS_STATUS_SELECTED,
	}
}
