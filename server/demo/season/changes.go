package season

import (
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// cellKind is what both tablets change at once.
type cellKind uint8

const (
	nameCell cellKind = iota
	phoneCell
	sexCell
	timesCell
)

// The lowest field numbers of the cells.
const (
	nameField  = 2
	sexField   = 7
	phoneField = 30
	timesField = 3
)

// kindOf takes the kinds in turn, two and two.
func kindOf(ordinal int) cellKind { return cellKind(ordinal / 2 % 4) }

// changeOnBothTablets makes both tablets change the same cells after the
// training, each without knowing of the other, and the coordinator settle some
// of them.
func (c *community) changeOnBothTablets() {
	for _, r := range []*recorder{&c.first, &c.second} {
		r.diary.turnTo(c.date(c.days()), endsMinute+30)
	}
	all := c.casting.cells
	first := c.casting.firstOf(all, c.index)
	people := shuffled(c.expected(), "changed")
	number := 1
	for ordinal := first; ordinal < first+c.casting.share(all, c.index); ordinal++ {
		kind := kindOf(ordinal)
		var versions [3]Act
		if kind == timesCell && number <= c.days() {
			versions = c.timesVersions(number)
			number++
		} else {
			versions = c.personVersions(kind, people[0])
			people = append(people[1:], people[0])
		}
		c.first.diary.write(c.space, versions[0])
		c.second.diary.write(c.space, versions[1])
		if settles(ordinal, all, c.casting.cellsSettled) {
			c.choices = append(c.choices, Choice{Space: c.space, Field: fieldOf(kind, versions[2]), Act: versions[2]})
		}
	}
}

func fieldOf(kind cellKind, a Act) uint32 {
	if _, isDay := a.Message.(*recordsv1.TrainingDay); isDay {
		return timesField
	}
	return [...]uint32{nameCell: nameField, phoneCell: phoneField, sexCell: sexField, timesCell: phoneField}[kind]
}

// timesVersions are when a day ended: as the first tablet has it, as the second
// has it, and as the coordinator settles it.
func (c *community) timesVersions(number int) [3]Act {
	version := func(ends int32) Act { return Act{Message: c.times(c.dayKey(number), number, ends)} }
	return [3]Act{version(endsMinute - 30), version(endsMinute + 30), version(endsMinute + 15)}
}

// personVersions are the same for a cell of a person. The coordinator takes one
// of the two.
func (c *community) personVersions(kind cellKind, m *member) [3]Act {
	var first, second *recordsv1.Participant
	settled := &second
	switch kind {
	case nameCell:
		settled = &first
		first = m.name(&recordsv1.Participant{}, (m.how+1)%3)
		second = m.name(&recordsv1.Participant{}, (m.how+2)%3)
	case sexCell:
		first = &recordsv1.Participant{Sex: sexes[1-m.sex], SexBasis: recordsv1.SexBasis_SEX_BASIS_STATED}
		second = &recordsv1.Participant{Sex: sexes[m.sex], SexBasis: recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN}
	default:
		first = &recordsv1.Participant{Phone: phone(m.record, "new"), PhoneOwner: recordsv1.PhoneOwner_PHONE_OWNER_OWN}
		second = &recordsv1.Participant{Phone: phone(m.record, "newer"), PhoneOwner: recordsv1.PhoneOwner_PHONE_OWNER_SHARED}
	}
	act := func(p proto.Message) Act { return Act{Record: m.record, Message: p} }
	return [3]Act{act(first), act(second), act(*settled)}
}
