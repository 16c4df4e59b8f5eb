package catalogue

import (
	"slices"
	"testing"
)

func TestTypesAreThoseOfEveryFile(t *testing.T) {
	types, err := Types()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"zhurnal.records.v1.AttendanceMark", "zhurnal.records.v1.Community", "zhurnal.records.v1.CounsellingSession",
		"zhurnal.records.v1.Event", "zhurnal.records.v1.Group", "zhurnal.records.v1.PersonLink",
		"zhurnal.records.v1.Quote", "zhurnal.records.v1.TrainingDay",
	} { // one of each file
		if !slices.Contains(types.Types(), name) {
			t.Errorf("%s is missing", name)
		}
	}
}
