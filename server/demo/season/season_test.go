package season_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/zhurnal/zhurnal/server/demo/season"
)

func plan(t *testing.T, o season.Options) *season.Season {
	t.Helper()
	s, err := season.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustBe[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// This is the one place that has the programme's figures as numbers: everything
// else asks the plan.
func TestSeasonIsTheOneThatWasPromised(t *testing.T) {
	s := plan(t, season.Default)
	r := s.Expected()
	mustBe(t, "communities", r.Communities, 12)
	mustBe(t, "counselling communities", r.CounsellingCommunities, 8)
	mustBe(t, "spaces", r.Spaces, 12+8+8+1)
	mustBe(t, "tablets", r.Tablets, 32)
	mustBe(t, "registrations", r.PeopleRegistered, 471)
	mustBe(t, "links", r.PersonLinks, 15)
	mustBe(t, "people trained", r.PeopleTrained, 456)
	mustBe(t, "days held", r.TrainingDaysHeld, 36)
	mustBe(t, "days cancelled and attended", r.DaysCancelledButAttended, 1)
	mustBe(t, "defaults overridden", r.AbsentDefaultOverridden, 60)
	mustBe(t, "disputes found", r.DisputesFound, 9)
	mustBe(t, "disputes settled", r.DisputesSettled, 5)
	mustBe(t, "disputed", r.Disputed, 4)
	mustBe(t, "cells changed on both tablets", r.CellsWithSiblings, 20)
	mustBe(t, "cells settled", r.CellsSettled, 10)
	mustBe(t, "rooms", r.CounsellingRooms, 8)
	mustBe(t, "people registered nowhere", r.Unregistered, 0)
	mustBe(t, "dates that cannot be", r.SuspectDates, 0)
	mustBe(t, "days and events called a mistake and attended", r.VoidedButAttended, 0)
	mustBe(t, "tablets heard from", r.TabletsHeardFrom, 32)
	mustBe(t, "tablets heard from before the last", r.TabletsHeardFromInterim, 31)
	for community, n := range r.TrainedByCommunity {
		mustBe(t, "people trained in "+community, n, 38)
	}
	mustBe(t, "communities with people trained", len(r.TrainedByCommunity), 12)
	t.Logf("%+v", r)
}

func TestOneDisputeShowsOnlyOnceRegistrationsAreLinked(t *testing.T) {
	timeline := plan(t, season.Default).Timeline()
	mustBe(t, "disputes found by linking", timeline.Linked.DisputesFound-timeline.Complete.DisputesFound, 1)
}

func TestLinkingCountsFewerPeopleAndMoreWhoCameOnAllDays(t *testing.T) {
	timeline := plan(t, season.Default).Timeline()
	if before, after := timeline.Complete, timeline.Linked; before.PeopleTrained <= after.PeopleTrained || before.PeopleTrained > before.PeopleRegistered {
		t.Errorf("%d people trained before linking, %d after, of %d registrations", before.PeopleTrained, after.PeopleTrained, before.PeopleRegistered)
	}
}

func TestLastTabletMissesInTheInterim(t *testing.T) {
	timeline := plan(t, season.Default).Timeline()
	interim, complete := timeline.Interim, timeline.Complete
	for what, missing := range map[string]int{
		"registrations": complete.PeopleRegistered - interim.PeopleRegistered,
		"marks":         complete.Marks - interim.Marks,
		"attendances":   complete.Attendances - interim.Attendances,
	} {
		if missing <= 0 {
			t.Errorf("%s: the last tablet adds %d", what, missing)
		}
	}
}

func TestSeasonIsTheSameEveryTime(t *testing.T) {
	a, b := plan(t, season.Default), plan(t, season.Default)
	if !reflect.DeepEqual(a.Expected(), b.Expected()) {
		t.Error("two plans expect different reports")
	}
	for _, m := range []season.Moment{{}, {Without: a.Last}, {Linked: true, Settled: true}} {
		mustBe(t, fmt.Sprintf("digest at %+v", m), a.State(m).Digest(), b.State(m).Digest())
	}
}

func TestSeasonScales(t *testing.T) {
	for _, o := range []season.Options{
		{Communities: 1, People: 5},
		{Communities: 1, People: 38},
		{Communities: 2, People: 6},
		{Communities: 3, People: 5},
		{Communities: 5, People: 9},
		{Communities: 3, People: 120},
		{Communities: 30, People: 12},
	} {
		t.Run(fmt.Sprintf("%d communities of %d people", o.Communities, o.People), func(t *testing.T) { checkScaled(t, o) })
	}
}

func checkScaled(t *testing.T, o season.Options) {
	s := plan(t, o)
	timeline := s.Timeline()
	r := season.NewReport(s.Shape(), timeline)
	scaled := func(whole, least int) int {
		return max(least, (2*whole*o.Communities*o.People+456)/(2*456))
	}
	mustBe(t, "tablets", r.Tablets, 2*o.Communities+r.CounsellingCommunities)
	mustBe(t, "spaces", r.Spaces, o.Communities+2*r.CounsellingCommunities+1)
	mustBe(t, "people trained", r.PeopleTrained, o.Communities*o.People)
	mustBe(t, "duplicates", r.PeopleRegistered-r.PeopleTrained, scaled(15, 1))
	mustBe(t, "links", r.PersonLinks, scaled(15, 1))
	mustBe(t, "disputes", r.DisputesFound, scaled(9, 2))
	mustBe(t, "defaults overridden", r.AbsentDefaultOverridden, scaled(60, 1))
	mustBe(t, "cells", r.CellsWithSiblings, scaled(20, 2))
	mustBe(t, "cells settled", r.CellsSettled, scaled(10, 1))
	mustBe(t, "days held", r.TrainingDaysHeld, 3*o.Communities)
	mustBe(t, "days cancelled and attended", r.DaysCancelledButAttended, 1)
	mustBe(t, "tablets before the last", r.TabletsHeardFromInterim, r.Tablets-1)
	if timeline.Complete.Marks <= timeline.Interim.Marks {
		t.Error("the last tablet brings no marks")
	}
}

func TestSeasonOfAnUnplayableSizeIsRefused(t *testing.T) {
	for _, o := range []season.Options{{}, {Communities: 1, People: 4}, {Communities: 121, People: 38}, {Communities: 12, People: 1001}} {
		if _, err := season.Plan(o); err == nil {
			t.Errorf("%+v was planned", o)
		}
	}
}
