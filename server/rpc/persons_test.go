package rpc

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestACoordinatorDecidesWhoIsOnePerson(t *testing.T) {
	r := openRegister(t)
	for id, name := range map[merge.RecordID][2]string{{1}: {"Шевченко", "Олена"}, {2}: {"Shevchenko", "Elena"}} {
		data, err := proto.Marshal(&recordsv1.Participant{FamilyName: name[0], GivenName: name[1], Veteran: recordsv1.Veteran_VETERAN_VETERAN})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.engine.Write(t.Context(), iryna, hall, []syncengine.WriteRecord{{Type: "zhurnal.records.v1.Participant", Record: id, Message: data}}); err != nil {
			t.Fatal(err)
		}
	}
	service := personsv1connect.NewPersonsServiceClient(httpClient(t, 2), r.url)
	header := map[string][]string{"Authorization": {office.Header(iryna)}}
	list := func(state personsv1.PairState) *personsv1.ListPairsResponse {
		t.Helper()
		resp, err := service.ListPairs(t.Context(), with(header, &personsv1.ListPairsRequest{SpaceId: hall[:], State: state}))
		if err != nil {
			t.Fatal(err)
		}
		return resp.Msg
	}
	waiting := list(personsv1.PairState_PAIR_STATE_UNSPECIFIED)
	mustBe(t, "pairs", int(waiting.Total), 1)
	count := func() int {
		t.Helper()
		resp, err := service.CountPairs(t.Context(), with(header, &personsv1.CountPairsRequest{SpaceId: hall[:]}))
		noError(t, err)
		return int(resp.Msg.Waiting)
	}
	mustBe(t, "waiting", count(), 1)
	pair := waiting.Pairs[0]
	if pair.Points == 0 || !slices.Contains(pair.ReasonKeys, "family.spelling") || pair.First.NameLatin != "Shevchenko Olena" || pair.Linked {
		t.Errorf("waiting %v", pair)
	}
	if pair.First.Participant.Veteran != 0 {
		t.Error("more is shown of a person than is needed to tell who it is")
	}
	decide := func(verdict recordsv1.LinkVerdict) (*personsv1.RegistrationPair, error) {
		resp, err := service.Decide(t.Context(), with(header, &personsv1.DecideRequest{
			SpaceId: hall[:], FirstPersonId: pair.Second.PersonId, SecondPersonId: pair.First.PersonId, Verdict: verdict,
		}))
		if err != nil {
			return nil, err
		}
		return resp.Msg.Pair, nil
	}
	decided, err := decide(recordsv1.LinkVerdict_LINK_VERDICT_SAME)
	if err != nil || !decided.Linked || len(decided.Decisions) != 1 || string(decided.Decisions[0].DeciderId) != string(iryna[:]) {
		t.Errorf("decided %v, %v", decided, err)
	}
	mustBe(t, "waiting once it is decided", count(), 0)
	mustBe(t, "decided", int(list(personsv1.PairState_PAIR_STATE_DECIDED).Total), 1)
	mustBe(t, "undecided", int(list(personsv1.PairState_PAIR_STATE_UNDECIDED).Total), 0)
	if _, err := service.ListPairs(t.Context(), with(header, &personsv1.ListPairsRequest{SpaceId: hall[:], State: 9})); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a state that is none: %v", err)
	}
	people, err := service.ListPeople(t.Context(), with(header, &personsv1.ListPeopleRequest{SpaceId: hall[:], Query: "олен шевч"}))
	if err != nil || people.Msg.Total != 1 || len(people.Msg.People[0].Registrations) != 2 {
		t.Errorf("people %v, %v", people, err)
	}
	person, err := service.GetPerson(t.Context(), with(header, &personsv1.GetPersonRequest{SpaceId: hall[:], PersonId: pair.Second.PersonId}))
	if err != nil || len(person.Msg.Person.Registrations) != 2 || len(person.Msg.Pairs) != 1 {
		t.Errorf("person %v, %v", person, err)
	}
	if taken, err := decide(recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED); err != nil || taken.Linked {
		t.Errorf("taken back %v, %v", taken, err)
	}
	if _, err := decide(recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("taken back twice: %v", err)
	}
}

// An outcome goes out under the number that fieldwork gives it.
func TestOutcomesHaveTheNumbersOfTheirNames(t *testing.T) {
	for number, name := range personsv1.AttendanceOutcome_name {
		words := strings.NewReplacer("(", "", ")", "", "by ", "", " ", "_").Replace(fieldwork.Outcome(number).String())
		if want := strings.ToUpper(words); number != 0 && strings.TrimPrefix(name, "ATTENDANCE_OUTCOME_") != want {
			t.Errorf("%d is %s, want %s", number, name, want)
		}
	}
	if len(personsv1.AttendanceOutcome_name) != int(fieldwork.Disputed)+1 {
		t.Error("an outcome has no number")
	}
}
