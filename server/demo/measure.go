package demo

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// figure reads a number of a report; one that is not there is -1, and so never as
// planned.
func figure(d *table.Document, of, key string) int {
	cell, ok := d.Table(of).Cell(key, "number")
	if !ok || cell.State != table.Value {
		return -1
	}
	return int(cell.Number)
}

// missing tells whether a report says that nothing has come from a recorder.
func missing(d *table.Document, recorder merge.PersonID) bool {
	cell, ok := d.Table("recorders").Cell(recorder.String(), "last_heard")
	return ok && cell.State == table.None
}

// figuresOf reads a report as the plan counts.
func figuresOf(d *table.Document, communities map[string]string) season.Figures {
	f := season.Figures{
		PeopleRegistered:         figure(d, "trainings", "people_registered"),
		PeopleTrained:            figure(d, "trainings", "people_trained"),
		TrainedByCommunity:       map[string]int{},
		AttendedAllDays:          figure(d, "trainings", "attended_all_days"),
		PersonLinks:              figure(d, "trainings", "person_links"),
		DaysHeld:                 figure(d, "trainings", "training_days_held"),
		DaysCancelledButAttended: figure(d, "trainings", "days_cancelled_but_attended"),
		Marks:                    figure(d, "trainings", "marks"),
		DefaultsOverridden:       figure(d, "trainings", "absent_default_overridden"),
		DisputesFound:            figure(d, "disagreements", "disputes_found"),
		DisputesSettled:          figure(d, "disagreements", "disputes_settled"),
		CellsDisagreeing:         figure(d, "disagreements", "cells_with_siblings"),
		RoomsOpen:                figure(d, "counselling", "rooms"),
		SessionsIndividual:       figure(d, "counselling", "sessions_individual"),
		SessionsGroup:            figure(d, "counselling", "sessions_group"),
		EventsByCategory:         map[string]int{},
		Attendances:              figure(d, "events", "attendances"),
		Unregistered:             figure(d, "completeness", "unregistered"),
		SuspectDates:             figure(d, "completeness", "suspect_dates"),
		VoidedButAttended:        figure(d, "completeness", "voided_but_attended"),
		TabletsHeardFrom:         figure(d, "completeness", "recorders_expected") - figure(d, "completeness", "recorders_missing"),
	}
	for _, row := range d.Table("trained_by_community").Rows {
		if cell, _ := d.Table("trained_by_community").Cell(row.Key, "people"); !row.Total {
			f.TrainedByCommunity[communities[row.Key]] = int(cell.Number)
		}
	}
	for _, row := range d.Table("events").Rows {
		if n := figure(d, "events", row.Key); row.Key != "attendances" && n > 0 {
			f.EventsByCategory[row.Key] = n
		}
	}
	return f
}

// differences names the figures in which two moments differ.
func differences(moment string, measured, planned season.Figures) []string {
	var list []string
	m, p := reflect.ValueOf(measured), reflect.ValueOf(planned)
	for i := range m.NumField() {
		if a, b := m.Field(i).Interface(), p.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			list = append(list, fmt.Sprintf("%s: %s is %v, and was to be %v", moment, m.Type().Field(i).Name, a, b))
		}
	}
	return list
}

// register reads what the server holds.
type register struct {
	engine *syncengine.Engine
	types  *schema.Schema
	ids    *identities
	notes  *notes
}

// eachRecord visits all records of the season's spaces.
func (r *register) eachRecord(s *season.Season, visit func(space season.Name, id merge.SpaceID, rec *merge.Record) error) error {
	for i := range s.Spaces {
		name := s.Spaces[i].Name
		id, err := r.ids.of(name.Space())
		if err != nil {
			return err
		}
		if _, err := r.engine.Records(id, func(rec *merge.Record) error { return visit(name, id, rec) }); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// disputes works out about whom recorders contradict each other. It asks the
// engine in this process: what the server reports is numbers only.
func (r *register) disputes(s *season.Season) (disputes, error) {
	book := fieldwork.NewBook()
	err := r.eachRecord(s, func(_ season.Name, space merge.SpaceID, rec *merge.Record) error {
		msg, err := r.types.Plan(rec.Type).Join(rec)
		if err == nil {
			book.Add(space, rec, msg)
		}
		return err
	})
	reckoning := book.Reckon()
	return disputes{reckoning.OpenDisputes(), reckoning.Persons()}, err
}

// state reads every live value, with stand-ins for ids.
func (r *register) state(s *season.Season) (season.State, error) {
	state := season.State{}
	err := r.eachRecord(s, func(space season.Name, id merge.SpaceID, rec *merge.Record) error {
		at := season.CellAt{Space: space, Type: rec.Type, Record: r.ids.standIn(rec.ID)}
		for i := range rec.Cells {
			if err := r.takeCell(state, at, id, rec, &rec.Cells[i]); err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
		}
		return nil
	})
	return state, err
}

func (r *register) takeCell(state season.State, at season.CellAt, space merge.SpaceID, rec *merge.Record, cell *merge.Cell) error {
	plan := r.types.Plan(at.Type)
	record := plan.Descriptor()
	known, _ := plan.Cell(protowire.Number(cell.Key.Field))
	element, err := r.ids.unplay(record, []byte(cell.Key.Element))
	if err != nil {
		return err
	}
	at.Cell = merge.CellKey{Field: cell.Key.Field, Element: string(element)}
	for i := range cell.Values {
		value := cell.Values[i].Data
		if known != nil && known.Sealed && len(value) > 0 {
			if value, err = r.notes.open(space, plan, rec.ID, cell.Key.Field, &cell.Values[i]); err != nil {
				return err
			}
		}
		if cell.Key.Element == "" { // that of an element says only whether it is there
			if value, err = r.ids.unplay(record, value); err != nil {
				return err
			}
		}
		state.Put(at, value)
	}
	return nil
}
