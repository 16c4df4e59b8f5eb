package report

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// The programme of the benchmark: 100 communities, 100,000 people, 5,600 trainings
// of three days with 30 people each, of whom two recorders keep a register:
// 1,008,000 marks.
const (
	benchCommunities = 100
	benchPeople      = 1000
	benchTrainings   = 56
	benchDays        = 3
	benchAttendees   = 30
	benchRecorders   = 2
)

// invented are registers whose records are made when they are read, as a store would
// hand them out, but for the reading and decrypting of the store.
type invented struct {
	types     *schema.Schema
	positions map[merge.SpaceID]uint64
	// few makes six communities of 30 people, a third children, a third old; in the
	// first only three are of the ages between, so that their number is suppressed,
	// and with it another.
	few bool
}

// size is how many communities there are, and people and trainings in each.
func (m *invented) size() (communities, people, trainings int) {
	if m.few {
		return 6, benchAttendees, 1
	}
	return benchCommunities, benchPeople, benchTrainings
}

func (m *invented) Schema() *schema.Schema { return m.types }

func (m *invented) Spaces() (all []syncengine.SpaceInfo, err error) {
	communities, _, _ := m.size()
	for i := range communities {
		id := spaceNumber(i)
		all = append(all, syncengine.SpaceInfo{ID: id, Kind: communitySpace, Position: 1 + m.positions[id]})
	}
	return append(all, syncengine.SpaceInfo{ID: space("desk"), Kind: deskSpace}), nil
}

func (m *invented) Accessible(merge.PersonID) ([]syncengine.SpaceInfo, error) { return m.Spaces() }

func spaceNumber(n int) (id merge.SpaceID) {
	binary.BigEndian.PutUint32(id[:], uint32(n+1))
	return id
}

func recordNumber(kind byte, community, n int) (id merge.RecordID) {
	id[0] = kind
	binary.BigEndian.PutUint32(id[1:], uint32(community))
	binary.BigEndian.PutUint32(id[5:], uint32(n))
	return id
}

// maker makes the records of one space.
type maker struct {
	t         testing.TB
	types     *schema.Schema
	space     merge.SpaceID
	community int
	each      func(*merge.Record) error
}

func (m *maker) put(id merge.RecordID, recorder int, msg proto.Message) (made merge.RecordID) {
	plan := m.types.Plan(string(msg.ProtoReflect().Descriptor().FullName()))
	writes, err := plan.Compose(m.space, nil, schema.Draft{Record: id, Message: msg})
	if err != nil {
		m.t.Fatal(err)
	}
	rec := &merge.Record{Type: writes.Type, ID: writes.Record, Header: writes.Header, Position: 1}
	for _, w := range writes.Writes {
		rec.Cells = append(rec.Cells, merge.Cell{Key: w.Cell, Values: []merge.Value{{
			Change: merge.ID{Replica: merge.ReplicaID{1}, Seq: 1}, At: 1_470_000_000_000, Author: recorderNumber(m.community, recorder), Data: w.Value,
		}}})
	}
	if err := m.each(rec); err != nil {
		m.t.Fatal(err)
	}
	return rec.ID
}

func recorderNumber(community, n int) (id merge.PersonID) {
	id[0], id[1], id[2] = 'r', byte(community), byte(n)
	return id
}

func (m *invented) Records(space merge.SpaceID, each func(*merge.Record) error) (uint64, error) {
	if space[3] == 0 || space[0] != 0 { // the desk
		return 0, nil
	}
	n := int(binary.BigEndian.Uint32(space[:])) - 1
	_, people, trainings := m.size()
	mk := &maker{benchT, m.types, space, n, each}
	mk.all(people, trainings)
	return 1 + m.positions[space], nil
}

// benchT fails where a record cannot be made.
var benchT testing.TB

func (m *maker) born(i, people int) int32 {
	switch {
	case people == benchPeople:
		return int32(1940 + i%70)
	case m.community == 0 && i >= 12 && i < 15, m.community > 0 && i >= 10 && i < 20:
		return 1970
	case i < 15:
		return 2005
	}
	return 1940
}

// benchName makes a family name of syllables, so that few people have one name.
func benchName(n int) string {
	name := "Ко"
	for _, syllable := range []int{n % 17, n / 17 % 13, n / 221 % 19, n / 4199} {
		name += string([]rune("бвгджзклмнпрстфхцчш")[syllable%19]) + string([]rune("аеиоу")[syllable%5])
	}
	return name
}

func (m *maker) all(people, trainings int) {
	m.put(merge.RecordID{}, 0, &recordsv1.Community{Pcode: fmt.Sprintf("UA14%05d", m.community), NameUk: "Громада", NameEn: "Community"})
	group := recordNumber('g', m.community, 0)
	m.put(group, 0, &recordsv1.Group{Kind: recordsv1.GroupKind_GROUP_KIND_INITIATIVE_GROUP, NameUk: "Група"})
	for i := range people {
		id := recordNumber('p', m.community, i)
		m.put(id, 0, &recordsv1.Participant{
			FamilyName: benchName(m.community*benchPeople + i), GivenName: "Галина", Sex: recordsv1.Sex(1 + i%2), SexBasis: recordsv1.SexBasis_SEX_BASIS_STATED,
			BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: m.born(i, people),
			Displacement: recordsv1.Displacement(1 + i%5), DisplacementAsOf: 20160101,
		})
		if i%25 == 0 {
			m.put(merge.RecordID{}, 0, &recordsv1.Membership{GroupId: group[:], ParticipantId: id[:], Status: recordsv1.MembershipStatus_MEMBERSHIP_STATUS_ACTIVE})
		}
	}
	for i := range trainings {
		training := recordNumber('t', m.community, i)
		m.put(training, 0, &recordsv1.Training{TitleUk: "Тренінг", Topics: []recordsv1.Topic{recordsv1.Topic(1 + i%20)}})
		for d := range benchDays {
			day := m.put(merge.RecordID{}, 0, &recordsv1.TrainingDay{
				TrainingId: training[:], DayNumber: int32(d + 1), FieldDate: 20160101 + int32(i%12)*100 + int32(d), Status: recordsv1.SessionStatus_SESSION_STATUS_HELD,
			})
			m.marks(day, i, d, people)
		}
	}
}

func (m *maker) marks(day merge.RecordID, training, d, people int) {
	for a := range benchAttendees {
		who := recordNumber('p', m.community, (training*17+a)%people)
		for r := range benchRecorders {
			recorder := recorderNumber(m.community, r)
			presence := recordsv1.Presence_PRESENCE_PRESENT
			if (a+d+r)%11 == 0 {
				presence = recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED
			}
			m.put(merge.RecordID{}, r, &recordsv1.AttendanceMark{
				SessionId: day[:], ParticipantId: who[:], RecorderId: recorder[:], Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
			})
		}
	}
}

// BenchmarkReports makes each report over 1,008,000 marks: first from nothing, then
// after one space has moved, and then with everything as it was.
func BenchmarkReports(b *testing.B) {
	benchT = b
	types, err := catalogue.Types()
	if err != nil {
		b.Fatal(err)
	}
	registers := &invented{types: types, positions: map[merge.SpaceID]uint64{}}
	reporter := New(registers, now)
	ask := func(d Definition, public bool) time.Duration {
		began := cpu(b)
		q := queryFor(d)
		q.Caller, q.Desk, q.Public = person("iryna"), space("desk"), public
		if _, err := reporter.Run(context.Background(), q); err != nil {
			b.Fatal(err)
		}
		return cpu(b) - began
	}
	b.Logf("from nothing: %.1f s of a processor, of which %.1f s to make the records; %d MB in use then",
		ask(peopleReachedReport, false).Seconds(), registers.making(b).Seconds(), megabytes())
	registers.positions[spaceNumber(7)]++
	b.Logf("after one space of %d has moved: %.1f s of a processor", benchCommunities, ask(peopleReachedReport, false).Seconds())
	for _, d := range Catalogue() {
		ask(d, false) // what is worked out once
		b.Run(d.Name, func(b *testing.B) {
			used, n := time.Duration(0), 0
			for b.Loop() {
				used, n = used+ask(d, false), n+1
			}
			b.ReportMetric(float64(used.Milliseconds())/float64(n), "cpu-ms/op")
		})
		if d.Publishable {
			b.Run(d.Name+"-public", func(b *testing.B) {
				used, n := time.Duration(0), 0
				for b.Loop() {
					used, n = used+ask(d, true), n+1
				}
				b.ReportMetric(float64(used.Milliseconds())/float64(n), "cpu-ms/op")
			})
		}
	}
}

// making is what it takes to make the records alone.
func (m *invented) making(t testing.TB) time.Duration {
	began := cpu(t)
	spaces, _ := m.Spaces()
	for _, info := range spaces {
		if _, err := m.Records(info.ID, func(*merge.Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return cpu(t) - began
}

func megabytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc >> 20
}
