package season

import (
	"fmt"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// member is a person of a group.
type member struct {
	// record is the registration; second another one on the other tablet.
	record, second Name
	use            duplicateUse
	part           part
	role           recordsv1.MemberRole

	sex                   int // index of the tables
	family, given, father int
	how                   script
	bornOn                day
}

// part is what happens to a member at the training, beside plain attendance.
type part uint8

const (
	plain          part = iota
	twice               // is registered again on the second tablet
	disputed            // recorders contradict each other
	signed              // missed by the first recorder; the second has the signature
	overlooked          // not tapped by the second recorder before "rest absent"
	unseen              // tapped by nobody on the last day
	walkedInFirst       // came unannounced; registered by the first recorder
	walkedInSecond      // the same by the second
)

// walkIns are registered on the first day of the training.
const walkIns = 2

// recruit makes the members of the group and says what happens to whom.
func (c *community) recruit() []*member {
	members := make([]*member, c.casting.options.People)
	for i := range members {
		members[i] = newMember(c.space.sub("person-%03d", i+1))
	}
	if c.index < 2 {
		members[0].becomeNamesake(c.index)
	}
	expected := members[:len(members)-walkIns]
	members[len(members)-2].part = walkedInFirst
	members[len(members)-1].part = walkedInSecond
	c.giveParts(shuffled(expected, "part"))
	for i, role := range []recordsv1.MemberRole{
		recordsv1.MemberRole_MEMBER_ROLE_LEADER, recordsv1.MemberRole_MEMBER_ROLE_DEPUTY, recordsv1.MemberRole_MEMBER_ROLE_SECRETARY,
	} {
		expected[i].role = role
	}
	return members
}

func (c *community) giveParts(deck []*member) {
	give := func(n int, p part) {
		for ; n > 0 && len(deck) > 0; n-- {
			deck[0].part = p
			deck = deck[1:]
		}
	}
	first := deck
	duplicates := c.casting.share(c.casting.duplicates, c.index)
	give(duplicates, twice)
	for i, m := range first[:duplicates] {
		m.second = m.record.sub("again")
		m.use = c.casting.useOf(c.casting.firstOf(c.casting.duplicates, c.index) + i)
	}
	give(c.casting.share(c.casting.disputes, c.index), disputed)
	give(c.casting.share(c.casting.overlooked, c.index), overlooked)
	give((c.index+1)%2, signed)
	if c.index != c.casting.cancelledIn {
		give(1, unseen)
	}
}

func (c *community) namesake() *member { return c.members[0] }

func newMember(record Name) *member {
	m := &member{record: record, sex: female, role: recordsv1.MemberRole_MEMBER_ROLE_MEMBER}
	if draw(100, record, "sex") >= 64 {
		m.sex = male
	}
	m.family = draw(len(families[m.sex]), record, "family")
	m.given = draw(len(givenNames[m.sex]), record, "given")
	m.father = draw(len(patronymics[m.sex]), record, "father")
	switch roll := draw(100, record, "script"); {
	case roll < 20:
		m.how = latin
	case roll < 30:
		m.how = russian
	}
	year, month, date := 1946+draw(54, record, "year"), 1+draw(12, record, "month"), 1+draw(28, record, "date")
	m.bornOn = day(year*1_00_00 + month*1_00 + date)
	return m
}

// becomeNamesake makes members of two communities bear one name, forty years
// apart.
func (m *member) becomeNamesake(which int) {
	m.sex, m.family, m.given, m.father, m.how = female, 2, 0, 0, ukrainian
	m.bornOn = day(1952_05_14 + 40_00_00*which)
}

// name fills in the cell of the name as somebody writes it.
func (m *member) name(p *recordsv1.Participant, how script) *recordsv1.Participant {
	p.FamilyName = families[m.sex][m.family].in(how)
	p.GivenName = givenNames[m.sex][m.given].in(how)
	p.Patronymic = patronymics[m.sex][m.father].in(how)
	p.NameLanguage = how.language()
	return p
}

// phone returns a number that belongs to nobody: no operator has the code 00.
func phone(of Name, which string) string {
	return fmt.Sprintf("+38000%07d", draw(10_000_000, of, which))
}

var sexes = [2]recordsv1.Sex{female: recordsv1.Sex_SEX_FEMALE, male: recordsv1.Sex_SEX_MALE}

// registration is the member as a recorder enters him or her.
func (m *member) registration(record Name, how script, pcode string) *recordsv1.Participant {
	p := m.name(&recordsv1.Participant{
		Sex: sexes[m.sex], SexBasis: recordsv1.SexBasis_SEX_BASIS_ASSUMED,
		ResidencePcode: pcode, Phone: phone(m.record, "phone"), PhoneOwner: recordsv1.PhoneOwner_PHONE_OWNER_OWN,
		DisplacementAsOf: openingDay, Languages: []string{"uk", "ru"},
		Engagement: recordsv1.Engagement_ENGAGEMENT_ACTIVE,
	}, how)
	m.describe(p)
	switch draw(10, record, "precision") {
	case 0, 1:
		age := (openingDay - m.bornOn) / 1_00_00
		p.BirthPrecision, p.AgeYears, p.AgeAsOf = recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, &age, openingDay
	case 2, 3, 4:
		p.BirthPrecision, p.BirthDate = recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, m.bornOn
	default:
		p.BirthPrecision, p.BirthYear = recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, m.bornOn/1_00_00
	}
	return p
}

// describe fills in what decides whom a programme reaches.
func (m *member) describe(p *recordsv1.Participant) {
	switch roll := draw(100, m.record, "displacement"); {
	case roll < 35:
		p.Displacement, p.OriginPcode = recordsv1.Displacement_DISPLACEMENT_IDP, "UA1499900"
	case roll < 40:
		p.Displacement = recordsv1.Displacement_DISPLACEMENT_RETURNEE
	case roll < 45:
		p.Displacement = recordsv1.Displacement_DISPLACEMENT_UNDISCLOSED
	default:
		p.Displacement = recordsv1.Displacement_DISPLACEMENT_HOST_RESIDENT
	}
	switch roll := draw(100, m.record, "disability"); {
	case roll < 6:
		p.DisabilitySelfDeclared = recordsv1.SelfDeclared_SELF_DECLARED_YES
		p.DisabilityAskedOn = openingDay
		p.AccessNeeds = []recordsv1.AccessNeed{recordsv1.AccessNeed_ACCESS_NEED_RAMP}
	case roll < 60:
		p.DisabilitySelfDeclared = recordsv1.SelfDeclared_SELF_DECLARED_NO
		p.DisabilityAskedOn = openingDay
	}
}

// speaksFor is whom the member represents in the group.
func (m *member) speaksFor(p *recordsv1.Participant) []recordsv1.Constituency {
	list := []recordsv1.Constituency{recordsv1.Constituency_CONSTITUENCY_RESIDENTS}
	if p.Displacement == recordsv1.Displacement_DISPLACEMENT_IDP {
		list[0] = recordsv1.Constituency_CONSTITUENCY_IDPS
	}
	if p.DisabilitySelfDeclared == recordsv1.SelfDeclared_SELF_DECLARED_YES {
		list = append(list, recordsv1.Constituency_CONSTITUENCY_PEOPLE_WITH_DISABILITIES)
	}
	return list
}
