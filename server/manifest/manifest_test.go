package manifest_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol/enroltest"
	"github.com/zhurnal/zhurnal/server/manifest"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

const canary = "Шевченко"

var (
	village, clinic, elsewhere = merge.SpaceID{1}, merge.SpaceID{2}, merge.SpaceID{3}
	oksana                     = merge.PersonID{0x0e, 15: 1}
)

// shelf has records by their spaces, and no log.
type shelf struct {
	types   *schema.Schema
	records map[merge.SpaceID][]*merge.Record
}

func (s *shelf) Schema() *schema.Schema { return s.types }

func (s *shelf) Records(space merge.SpaceID, each func(rec *merge.Record) error) (uint64, error) {
	list, ok := s.records[space]
	if !ok {
		return 0, fault.New(fault.NoAccess, "there is no such space")
	}
	for _, rec := range list {
		if err := each(rec); err != nil {
			return 0, err
		}
	}
	return 90, nil
}

// put puts a record that was written to last at a position, with a value in each of
// these fields; a field below zero is emptied.
func (s *shelf) put(t *testing.T, space merge.SpaceID, name string, position uint64, fields ...string) *merge.Record {
	t.Helper()
	rec := &merge.Record{Type: "zhurnal.records.v1." + name, Position: position}
	rand.Read(rec.ID[:])
	for _, field := range fields {
		name, empty := strings.CutPrefix(field, "-")
		number := uint32(9000) // of a newer version
		if name != "unknown" {
			number = uint32(s.types.Plan(rec.Type).Descriptor().Fields().ByName(protoreflect.Name(name)).Number())
		}
		value := merge.Value{Data: []byte(canary)}
		if empty {
			value.Data = nil
		}
		rec.Cells = append(rec.Cells, merge.Cell{Key: merge.CellKey{Field: number}, Values: []merge.Value{value}})
	}
	s.records[space] = append(s.records[space], rec)
	return rec
}

// told is a log of these entries.
type told []audit.Entry

func (l told) Read(each func(audit.Entry) error) error {
	for _, e := range l {
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func TestAManifestCountsWhatADeviceWasGiven(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	office := enroltest.New()
	office.Space(village, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	office.Space(clinic, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM)
	office.Space(elsewhere, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	office.Assign(oksana, directory.Facilitator, village)
	office.Assign(oksana, directory.Facilitator, elsewhere)
	device := office.Device(oksana)

	s := &shelf{types, map[merge.SpaceID][]*merge.Record{elsewhere: nil}}
	s.put(t, village, "Participant", 10, "family_name", "sex")
	s.put(t, village, "Participant", 40, "family_name", "displacement")
	s.put(t, village, "Participant", 41, "-family_name", "sex") // written to since
	s.put(t, village, "Participant", 12, "sex").Erased = true
	s.put(t, village, "Training", 11, "unknown")
	s.put(t, clinic, "Note", 7, "text")
	s.put(t, elsewhere, "Participant", 10, "family_name")

	later := time.Now().Add(time.Hour) // the log begins after the device has enrolled
	day := func(n int) time.Time { return later.AddDate(0, 0, n) }
	read := func(n int, device, space string, position uint64, outcome string) audit.Entry {
		return audit.Entry{At: day(n), Event: audit.Event{Action: audit.RecordsRead, Device: device, Space: space, Position: position, Outcome: outcome}}
	}
	id := device.Identity.Device.String()
	m := &manifest.Maker{Engine: s, Directory: office.Directory, Now: func() int64 { return day(9).UnixMilli() }, Log: told{
		{At: day(0), Event: audit.Event{Action: "signin.link"}},
		read(1, id, village.String(), 40, ""),
		read(2, id, village.String(), 25, ""), // from the beginning again
		read(3, id, clinic.String(), 7, ""),
		read(4, id, elsewhere.String(), 10, "no_access"),
		read(5, strings.Repeat("0", 32), elsewhere.String(), 10, ""), // another's device
		{At: day(6), Event: audit.Event{Action: "records.settle", Device: id, Space: elsewhere.String(), Position: 10}},
	}}
	made, err := m.Make(t.Context(), device.Organisation, device.Identity.Device)
	if err != nil {
		t.Fatal(err)
	}
	text := new(strings.Builder)
	if err := manifest.WriteText(text, made); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`device ` + id, "active; given something last " + day(3).UTC().Format("2006-01-02 15:04:05Z"), "What devices were given is known since",
		"given up to position 40 of 90", "4 zhurnal.records.v1.Participant, 1 of them written to since, 1 of persons erased since",
		"1 special\n", "3 personal\n", "1 zhurnal.records.v1.Training\n              1 clinical\n", // what is not known counts as the worst
		"counselling room\n  given up to position 7 of 90", "1 zhurnal.records.v1.Note\n              1 clinical\n              1 with something sealed",
		"is or was for its user; nothing is known to have been given", "Not counted: what a hub has shown it",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	json, err := protojson.Marshal(made)
	if err != nil || strings.Contains(text.String(), canary) || strings.Contains(string(json), canary) || len(made.Spaces) != 3 {
		t.Errorf("%s, %v", json, err)
	}
	if _, err := m.Make(t.Context(), directory.OrganisationID{9}, device.Identity.Device); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another organisation's: %v", err)
	}
}
