package schema

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestReferencesOfHeaderCellsAndElements(t *testing.T) {
	visit := schemaOf(t, "older").Plan(typeVisit)
	w := visitWrites(t, visit, `guardian_id: @2 witness_ids: @4 witness_ids: @3 outcome: OUTCOME_MET`)
	person := []string{typePerson}
	want := []Reference{{1, idOf(1), person}, {6, idOf(3), person}, {6, idOf(4), person}, {7, idOf(2), person}}
	if got := visit.References(&w); !reflect.DeepEqual(got, want) {
		t.Errorf("references %v, want %v", got, want)
	}
}

func TestReferencesLeaveOutWhatIsNone(t *testing.T) {
	s := schemaOf(t, "newer")
	visit, person := s.Plan(typeVisit), s.Plan(typePerson)
	nadia := newTablet(t, "nadia")
	nadia.change(visitWrites(t, visit, `witness_ids: @4 guardian_id: @5`))
	w := nadia.compose(visit, Draft{Message: parse(t, visit, `person_id: @1 day: 20160801 guardian_id: "short"`), Fields: []protoreflect.FieldNumber{6, 7}})
	if len(w.Writes) != 2 {
		t.Fatalf("wrote %q", written(w))
	}
	w.Writes = append(w.Writes, merge.Write{Cell: merge.Lifecycle, Value: nadia.only().LiveChanges().Encode()})
	if got := visit.References(&w); len(got) != 1 || got[0].Field != 1 {
		t.Errorf("references %v, want that of the header only", got)
	}
	w, err := person.Compose(hall, nil, Draft{Record: idOf(1), Message: parse(t, person, `street: "Soborna" place_id: @7`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := person.References(&w); len(got) != 1 || got[0].Field != 7 || got[0].Record != idOf(7) || got[0].Types[0] != typePlace {
		t.Errorf("a reference inside a group: %v", got)
	}
}
