package console

import (
	"cmp"
	"strings"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// titleOf is by what a person knows a record; empty for one that has no name.
func titleOf(msg proto.Message) string {
	switch m := msg.(type) {
	case *recordsv1.Participant:
		return personName(m)
	case *recordsv1.Client:
		return m.Code
	case *recordsv1.Training:
		return cmp.Or(m.TitleUk, m.TitleEn)
	case *recordsv1.Event:
		return cmp.Or(m.TitleUk, m.TitleEn)
	case *recordsv1.Community:
		return cmp.Or(m.NameUk, m.NameEn)
	case *recordsv1.Group:
		return cmp.Or(m.NameUk, m.NameEn)
	case *recordsv1.Venue:
		return cmp.Or(m.NameUk, m.NameEn)
	case *recordsv1.CounsellingRoom:
		return cmp.Or(m.NameUk, m.NameEn)
	}
	return ""
}

// personName is a participant's name as a register has it: family name first.
func personName(m *recordsv1.Participant) string {
	name := strings.Join(strings.Fields(strings.Join([]string{m.GetFamilyName(), m.GetGivenName(), m.GetPatronymic()}, " ")), " ")
	return cmp.Or(name, m.GetNameLatin(), m.GetCode())
}
