package rpc

import (
	"context"

	"connectrpc.com/connect"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Persons finds who may be registered twice; see package persons.
type Persons interface {
	List(ctx context.Context, a persons.Asker, state persons.State, token string, most int) (persons.Page, error)
	Waiting(ctx context.Context, a persons.Asker) (int, error)
	Decide(ctx context.Context, a persons.Asker, one, other merge.RecordID, verdict persons.Verdict) (persons.Pair, error)
	Search(ctx context.Context, a persons.Asker, text, token string, most int) (persons.Found, error)
	Find(ctx context.Context, a persons.Asker, registration merge.RecordID) (persons.Someone, error)
	Attended(ctx context.Context, someone *persons.Someone) ([]persons.Attended, error)
	// Refresh brings what is kept in memory to where the registers are.
	Refresh(ctx context.Context) error
}

// refresh lets what is kept of people lose whoever was erased. That it fails is no
// failure of the erasure: whoever asks next reads what has changed.
func refresh(ctx context.Context, kept Persons) {
	if kept != nil {
		_ = kept.Refresh(context.WithoutCancel(ctx))
	}
}

// personsService implements personsv1connect.PersonsServiceHandler.
type personsService struct {
	persons   Persons
	directory *directory.Directory
}

// asker is who calls, with the spaces of the programme if a desk is named.
func (s *personsService) asker(ctx context.Context, spaceID []byte) (persons.Asker, error) {
	person, space, err := callerAndSpace(ctx, spaceID)
	if err != nil {
		return persons.Asker{}, err
	}
	view, err := s.directory.View()
	if err != nil {
		return persons.Asker{}, err
	}
	return persons.Asker{Person: person, Space: space, With: view.CountedWith(space)}, nil
}

func (s *personsService) ListPairs(ctx context.Context, req *connect.Request[personsv1.ListPairsRequest]) (*connect.Response[personsv1.ListPairsResponse], error) {
	a, err := s.asker(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	state, err := stateOf(req.Msg.State)
	if err != nil {
		return nil, err
	}
	page, err := s.persons.List(ctx, a, state, req.Msg.PageToken, int(req.Msg.PageSize))
	if err != nil {
		return nil, err
	}
	resp := &personsv1.ListPairsResponse{NextPageToken: page.Next, Total: int32(page.Total)}
	for i := range page.Pairs {
		resp.Pairs = append(resp.Pairs, registrationPair(&page.Pairs[i]))
	}
	return connect.NewResponse(resp), nil
}

func (s *personsService) CountPairs(ctx context.Context, req *connect.Request[personsv1.CountPairsRequest]) (*connect.Response[personsv1.CountPairsResponse], error) {
	a, err := s.asker(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	waiting, err := s.persons.Waiting(ctx, a)
	return answered(&personsv1.CountPairsResponse{Waiting: int32(waiting)}, err)
}

func stateOf(state personsv1.PairState) (persons.State, error) {
	switch state {
	case personsv1.PairState_PAIR_STATE_UNSPECIFIED, personsv1.PairState_PAIR_STATE_WAITING:
		return persons.Waiting, nil
	case personsv1.PairState_PAIR_STATE_UNDECIDED:
		return persons.Undecided, nil
	case personsv1.PairState_PAIR_STATE_DECIDED:
		return persons.Decided, nil
	default:
		return 0, fault.New(fault.Invalid, "state %d is none: ask for those that wait, are undecided, or decided", state)
	}
}

func (s *personsService) Decide(ctx context.Context, req *connect.Request[personsv1.DecideRequest]) (*connect.Response[personsv1.DecideResponse], error) {
	a, err := s.asker(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	first, err := wire.ID16[merge.RecordID](req.Msg.FirstPersonId, "first_person_id")
	if err != nil {
		return nil, err
	}
	second, err := wire.ID16[merge.RecordID](req.Msg.SecondPersonId, "second_person_id")
	if err != nil {
		return nil, err
	}
	pair, err := s.persons.Decide(ctx, a, first, second, persons.Verdict{Says: req.Msg.Verdict, Basis: req.Msg.Basis})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&personsv1.DecideResponse{Pair: registrationPair(&pair)}), nil
}

func (s *personsService) ListPeople(ctx context.Context, req *connect.Request[personsv1.ListPeopleRequest]) (*connect.Response[personsv1.ListPeopleResponse], error) {
	a, err := s.asker(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	found, err := s.persons.Search(ctx, a, req.Msg.Query, req.Msg.PageToken, int(req.Msg.PageSize))
	if err != nil {
		return nil, err
	}
	resp := &personsv1.ListPeopleResponse{Total: int32(found.Total), NextPageToken: found.Next}
	for i := range found.People {
		resp.People = append(resp.People, registeredPerson(&found.People[i]))
	}
	return connect.NewResponse(resp), nil
}

func (s *personsService) GetPerson(ctx context.Context, req *connect.Request[personsv1.GetPersonRequest]) (*connect.Response[personsv1.GetPersonResponse], error) {
	a, err := s.asker(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	id, err := wire.ID16[merge.RecordID](req.Msg.PersonId, "person_id")
	if err != nil {
		return nil, err
	}
	someone, err := s.persons.Find(ctx, a, id)
	if err != nil {
		return nil, err
	}
	attended, err := s.persons.Attended(ctx, &someone)
	if err != nil {
		return nil, err
	}
	resp := &personsv1.GetPersonResponse{Person: registeredPerson(&someone)}
	for i := range someone.Pairs {
		resp.Pairs = append(resp.Pairs, registrationPair(&someone.Pairs[i]))
	}
	for _, at := range attended {
		resp.Attended = append(resp.Attended, &personsv1.Attended{
			SpaceId: at.Activity.Space[:], ActivityId: at.Activity.Record[:], Event: at.Event, TitleUk: at.TitleUk, TitleEn: at.TitleEn,
			DayNumber: at.Day, FieldDate: at.Date, Outcome: personsv1.AttendanceOutcome(at.Outcome), // the numbers are the same
		})
	}
	return connect.NewResponse(resp), nil
}

func registeredPerson(someone *persons.Someone) *personsv1.RegisteredPerson {
	m := &personsv1.RegisteredPerson{PersonId: someone.ID[:]}
	for i := range someone.Registrations {
		m.Registrations = append(m.Registrations, registration(&someone.Registrations[i]))
	}
	return m
}

func registrationPair(p *persons.Pair) *personsv1.RegistrationPair {
	m := &personsv1.RegistrationPair{
		First: registration(&p.First), Second: registration(&p.Second), Points: int32(p.Points), Linked: p.Linked,
	}
	for _, reason := range p.Reasons {
		m.ReasonKeys = append(m.ReasonKeys, string(reason))
	}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		m.Decisions = append(m.Decisions, &personsv1.LinkDecision{
			DeciderId: d.Decider[:], Verdict: d.Verdict, Basis: d.Basis, SpaceId: d.Space[:], AtMillis: d.AtMillis,
		})
	}
	return m
}

func registration(r *persons.Registration) *personsv1.Registration {
	return &personsv1.Registration{
		PersonId: r.ID[:], SpaceId: r.Space[:], Participant: r.Shown, Registrations: int32(r.Registrations), NameLatin: r.Latin(),
	}
}
