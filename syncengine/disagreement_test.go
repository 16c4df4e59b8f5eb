package syncengine_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (r *ruled) disagreements() []syncengine.Disagreement {
	r.t.Helper()
	list, next, err := r.e.Disagreements(bg, r.hall.person, r.hall.space, "")
	if err != nil || next != "" {
		r.t.Fatalf("%q, %v", next, err)
	}
	return list
}

// Two differ about a name, somebody who has seen both calls the record a
// mistake, and somebody who has not seen that goes on with it.
func TestTheCoordinatorIsAskedAboutWhatIsOpen(t *testing.T) {
	r, id := openRuled(t), recordNamed("olena")
	r.oksana.write(id, &recordsv1.Participant{FamilyName: "Шевченко"})
	r.petro.write(id, &recordsv1.Participant{FamilyName: "Шевчук"})
	r.send(r.oksana)
	r.send(r.petro)
	if list := r.disagreements(); len(list) != 1 || list[0].Cell.Key.Field != 2 || len(list[0].Cell.Values) != 2 {
		t.Fatalf("two names: %+v", list)
	}
	void := r.petro.void(id)
	r.send(r.petro)
	if list := r.disagreements(); len(list) != 0 {
		t.Errorf("the record is void: %+v", list)
	}
	r.oksana.write(id, &recordsv1.Participant{NameLatin: "Olena"}, "name_latin")
	r.send(r.oksana)
	list := r.disagreements()
	if len(list) != 2 || list[0].Cell.Key != merge.Lifecycle || list[1].Cell.Key.Field != 2 {
		t.Fatalf("contested: %+v", list)
	}
	if d := list[0]; d.Record != id || d.Type != participantType || !d.Cell.Review || len(d.Cell.Values) != 1 || d.Cell.Values[0].Change != void.ID || d.Cell.Values[0].Author != r.petro.person {
		t.Errorf("contested: %+v", d)
	}
	r.oksana.meant(id)
	r.send(r.oksana)
	if list := r.disagreements(); len(list) != 1 || list[0].Cell.Key.Field != 2 {
		t.Errorf("meant after all: %+v", list)
	}
}
