package clientsdk_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// Oksana writes a phone as it is dialled. She is asked about it until it is no
// more, whoever sees to that.
func TestAnAuthorIsAskedUntilTheValueIsCorrected(t *testing.T) {
	correct := func(tab *tablet, id clientsdk.RecordID) {
		tab.update(id, &recordsv1.Participant{Phone: "+380501112233"}, "phone")
	}
	for name, deed := range map[string]func(oksana, petro *tablet, id clientsdk.RecordID){
		"corrected by herself":       func(oksana, _ *tablet, id clientsdk.RecordID) { correct(oksana, id) },
		"corrected by somebody else": func(_, petro *tablet, id clientsdk.RecordID) { correct(petro, id) },
		"called a mistake": func(_, petro *tablet, id clientsdk.RecordID) {
			petro.write(func(tx *clientsdk.Tx) error { return tx.Void(id) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
			h.access(oksana.space, community, true, "oksana", "petro")
			olena := oksana.register("Коваленко")
			oksana.update(olena, &recordsv1.Participant{Phone: "0501112233"}, "phone")
			oksana.sync()
			petro.sync()
			petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"}, "name_latin")
			petro.sync()
			oksana.sync()
			if open := oksana.attention(); len(open) != 1 || open[0].Key != "string.pattern" || open[0].Field != "phone" {
				t.Fatalf("before: %+v", open)
			}
			deed(oksana, petro, olena)
			oksana.sync()
			petro.sync()
			oksana.sync()
			if open := oksana.attention(); len(open) != 0 {
				t.Errorf("after: %+v", open)
			}
			oksana.mustEqual(h)
		})
	}
}

// Wrong and corrected on one tablet before it syncs: nobody is asked.
func TestWhatIsCorrectedBeforeItIsSentAsksNobody(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.update(olena, &recordsv1.Participant{Phone: "0501112233"}, "phone")
	oksana.update(olena, &recordsv1.Participant{Phone: "+380501112233"}, "phone")
	oksana.sync()
	if open := oksana.attention(); len(open) != 0 {
		t.Errorf("%+v", open)
	}
	if s := oksana.status(); s.Confirmed != 3 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	oksana.mustEqual(h)
}
