package fieldwork

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Profile is what is known of a person over all registrations. Each cell is
// joined by its own rule, so that no name is shown that nobody wrote.
type Profile struct {
	Person        merge.RecordID
	Registrations []merge.RecordID
	// Shown holds name, code, phone, sex, birth, residence and displacement as a
	// screen shows them; its other fields are empty.
	Shown *recordsv1.Participant
	// The rest is for reports: undisclosed while what was entered contradicts
	// itself, unspecified where nobody entered anything.
	Sex          recordsv1.Sex
	Displacement recordsv1.Displacement
	Veteran      recordsv1.Veteran
	Disability   Disability
}

// Disability is what reports count of it.
type Disability uint8

// The answers. Who was not asked has not said no.
const (
	DisabilityNotAsked Disability = iota
	NoDisability
	WithDisability
	DisabilityUndisclosed
)

// A personCell is a cell of Participant that profiles read, with the rule by
// which a view shows it.
type personCell struct {
	field uint32
	rule  merge.Rule
}

var (
	codeCell         = personCell{1, merge.Rule{Pick: merge.Earliest}}
	nameCell         = personCell{field: 2}
	latinCell        = personCell{field: 6}
	sexCell          = personCell{7, heaviest(func(p *recordsv1.Participant) int32 { return int32(p.GetSexBasis()) })}
	birthCell        = personCell{9, heaviest(func(p *recordsv1.Participant) int32 { return int32(p.GetBirthPrecision()) })}
	residenceCell    = personCell{field: 14}
	displacementCell = personCell{16, heaviest((*recordsv1.Participant).GetDisplacementAsOf)}
	veteranCell      = personCell{18, heaviest((*recordsv1.Participant).GetVeteranAsOf)}
	disabilityCell   = personCell{20, heaviest((*recordsv1.Participant).GetDisabilityAskedOn)}
	phoneCell        = personCell{field: 30}
	shownCells       = []personCell{codeCell, nameCell, latinCell, sexCell, birthCell, residenceCell, displacementCell, phoneCell}
	personCells      = append([]personCell{veteranCell, disabilityCell}, shownCells...)
)

func heaviest(weight func(*recordsv1.Participant) int32) merge.Rule {
	return merge.Rule{Pick: merge.Heaviest, Weight: func(data []byte) int64 { return int64(weight(readParticipant(data))) }}
}

func readParticipant(data []byte) *recordsv1.Participant {
	var p recordsv1.Participant
	if proto.Unmarshal(data, &p) != nil {
		return &recordsv1.Participant{}
	}
	return &p
}

// registration keeps of a participant's record the values of the cells that
// profiles read, all that are live.
type registration map[uint32][]merge.Value

func readRegistration(rec *merge.Record) registration {
	r := registration{}
	for _, cell := range personCells {
		if c := rec.Cell(merge.CellKey{Field: cell.field}); c != nil && len(c.Values) > 0 {
			r[cell.field] = slices.Clone(c.Values)
		}
	}
	return r
}

// byRecordID gathers registrations across spaces, in the order of the spaces.
func byRecordID(all map[Ref]registration) map[merge.RecordID][]registration {
	byID := make(map[merge.RecordID][]registration, len(all))
	for _, at := range sortedRefs(all) {
		byID[at.Record] = append(byID[at.Record], all[at])
	}
	return byID
}

// newProfile joins registrations as if each cell were one cell of one record.
func newProfile(registrations []registration) Profile {
	joined := map[uint32]*merge.Cell{}
	for _, cell := range personCells {
		joined[cell.field] = &merge.Cell{}
		for _, r := range registrations {
			joined[cell.field].Values = append(joined[cell.field].Values, entered(r[cell.field])...)
		}
	}
	shown := &recordsv1.Participant{}
	for _, cell := range shownCells {
		if v, ok := joined[cell.field].Shown(cell.rule); ok {
			proto.Merge(shown, readParticipant(v.Data))
		}
	}
	return Profile{
		Shown:        shown,
		Sex:          reportedSex(joined[sexCell.field].Values),
		Displacement: reportedDisplacement(joined[displacementCell.field].Values),
		Veteran:      reportedVeteran(joined[veteranCell.field].Values),
		Disability:   reportedDisability(joined[disabilityCell.field].Values),
	}
}

// entered leaves out values that clear: another registration that says
// something outweighs one that says nothing.
func entered(values []merge.Value) []merge.Value {
	return slices.DeleteFunc(slices.Clone(values), func(v merge.Value) bool { return len(v.Data) == 0 })
}

// reportedSex is what all say, or else what all say who saw a document.
func reportedSex(values []merge.Value) recordsv1.Sex {
	said, seen := map[recordsv1.Sex]bool{}, map[recordsv1.Sex]bool{}
	for i := range values {
		p := readParticipant(values[i].Data)
		if p.GetSex() == recordsv1.Sex_SEX_UNSPECIFIED {
			continue
		}
		said[p.GetSex()] = true
		if p.GetSexBasis() == recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN {
			seen[p.GetSex()] = true
		}
	}
	if len(said) != 1 && len(seen) == 1 {
		said = seen
	}
	return onlyOne(said, recordsv1.Sex_SEX_UNDISCLOSED)
}

// reportedDisplacement, reportedVeteran and reportedDisability are what all say
// about the newest day.
func reportedDisplacement(values []merge.Value) recordsv1.Displacement {
	return newest(values, (*recordsv1.Participant).GetDisplacement, (*recordsv1.Participant).GetDisplacementAsOf,
		recordsv1.Displacement_DISPLACEMENT_UNDISCLOSED)
}

func reportedVeteran(values []merge.Value) recordsv1.Veteran {
	return newest(values, (*recordsv1.Participant).GetVeteran, (*recordsv1.Participant).GetVeteranAsOf,
		recordsv1.Veteran_VETERAN_UNDISCLOSED)
}

func reportedDisability(values []merge.Value) Disability {
	return newest(values, disabilityOf, (*recordsv1.Participant).GetDisabilityAskedOn, DisabilityUndisclosed)
}

// disabilityOf reads the six answers as the Washington Group has it: a lot of
// difficulty in one domain, or more. Where they were not asked, what the person
// says.
func disabilityOf(p *recordsv1.Participant) Disability {
	worst := max(p.GetDifficultySeeing(), p.GetDifficultyHearing(), p.GetDifficultyWalking(),
		p.GetDifficultyRemembering(), p.GetDifficultySelfCare(), p.GetDifficultyCommunicating())
	switch {
	case worst >= recordsv1.Difficulty_DIFFICULTY_A_LOT:
		return WithDisability
	case worst != recordsv1.Difficulty_DIFFICULTY_UNSPECIFIED:
		return NoDisability
	}
	switch p.GetDisabilitySelfDeclared() {
	case recordsv1.SelfDeclared_SELF_DECLARED_YES:
		return WithDisability
	case recordsv1.SelfDeclared_SELF_DECLARED_NO:
		return NoDisability
	case recordsv1.SelfDeclared_SELF_DECLARED_UNDISCLOSED:
		return DisabilityUndisclosed
	}
	return DisabilityNotAsked
}

// newest is what all values say that are of the newest day, those that say
// nothing apart.
func newest[T comparable](values []merge.Value, what func(*recordsv1.Participant) T, on func(*recordsv1.Participant) int32, contradiction T) T {
	var nothing T
	said, day := map[T]bool{}, int32(0)
	for i := range values {
		p := readParticipant(values[i].Data)
		if what(p) == nothing || on(p) < day {
			continue
		}
		if on(p) > day {
			day = on(p)
			clear(said)
		}
		said[what(p)] = true
	}
	return onlyOne(said, contradiction)
}

func onlyOne[T comparable](said map[T]bool, contradiction T) T {
	var only T
	for v := range said {
		only = v
	}
	if len(said) > 1 {
		return contradiction
	}
	return only
}

// AgeOn returns the person's age in whole years on a day, by the most precise
// thing that is known of the birth; false where nothing is. With a year alone
// it is the age that the person reaches in that year.
func (p *Profile) AgeOn(day int32) (years int, known bool) {
	switch b := p.Shown; b.GetBirthPrecision() {
	case recordsv1.BirthPrecision_BIRTH_PRECISION_DATE:
		return fullYears(b.GetBirthDate(), day), true
	case recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR:
		return int(day/1_00_00 - b.GetBirthYear()), true
	case recordsv1.BirthPrecision_BIRTH_PRECISION_AGE:
		return int(b.GetAgeYears()) + floorYears(b.GetAgeAsOf(), day), true
	default:
		return 0, false
	}
}

// floorYears is fullYears for a day that may also lie before.
func floorYears(from, to int32) int {
	if to >= from {
		return fullYears(from, to)
	}
	return -fullYears(to, from)
}
