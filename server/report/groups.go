package report

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// memberLeast is how many members a group needs to be a partner.
const memberLeast = 15

var groupsReport = Definition{
	Name:  "groups",
	Title: table.Text{"Групи", "Groups"},
	About: table.Text{
		"Які групи працюють, скільки в них людей, і чи представлені всі, кого вони стосуються?",
		"Which groups are at work, how many people are in them, and is everybody represented whom they concern?",
	},
	Publishable: true,
	build:       (*run).groups,
	notes: []table.Text{
		{
			"Членів пораховано на останній день періоду, без періоду на день звіту; спостерігачі й запрошені не рахуються. «Заявлено» — те, що група сама каже про себе.",
			"Members are counted on the last day of the period, without one on the day of the report; observers and guests do not count. \"Declared\" is what the group says of itself.",
		},
		{
			"Хто належить до двох груп, рахується в кожній і один раз разом. Хто говорить за двох, є в обох стовпцях представництва.",
			"Who is in two groups counts in each and once in all. Who speaks for two is in both columns of representation.",
		},
	},
}

// asOf is the last day of the period, or that of the report.
func (r *run) asOf() int32 {
	if to := r.q.Period.To; to != 0 {
		return min(to, r.on)
	}
	return r.on
}

// membership is what some members come to.
type membership struct{ members, female, under18, age18, age19, age25, idp, veteran, disabled int }

func (r *run) membershipOf(people []int32, day int32) membership {
	m := membership{members: len(people)}
	add := func(n *int, belongs bool) {
		if belongs {
			*n++
		}
	}
	for _, person := range people {
		p := &r.people[person]
		years, known := p.AgeOn(day)
		add(&m.female, p.Sex == recordsv1.Sex_SEX_FEMALE)
		add(&m.under18, known && years < 18)
		add(&m.age18, known && years == 18)
		add(&m.age19, known && years >= 19 && years <= 24)
		add(&m.age25, known && years >= 25 && years <= 35)
		add(&m.idp, p.Displacement == recordsv1.Displacement_DISPLACEMENT_IDP)
		add(&m.veteran, p.Veteran == recordsv1.Veteran_VETERAN_VETERAN)
		add(&m.disabled, p.Disability == fieldwork.WithDisability)
	}
	return m
}

func (r *run) groups() []table.Table {
	day := r.asOf()
	byKind, all, counted, large := map[int][]int32{}, []int32{}, make([]int, len(groupKindNames)), make([]int, len(groupKindNames))
	each := r.eachGroup(day, func(g *fieldwork.Group, people []int32) {
		kind := indexOf(groupKinds, g.Message.GetKind())
		byKind[kind] = append(byKind[kind], people...)
		all = append(all, people...)
		counted[kind]++
		if len(people) >= memberLeast {
			large[kind]++
		}
	})
	kinds := table.Table{Name: "by_kind", Title: table.Text{"За видами", "By kind"}, Threshold: plainThreshold, Columns: []table.Column{
		things("groups", table.Text{"Груп", "Groups"}), things("large", table.Text{"З 15 членами або більше", "Of 15 members or more"}),
		persons("members", "group_members", table.Text{"Членів", "Members"}),
		{Name: "female", Title: table.Text{"З них жінок", "Of them women"}, Kind: table.Count, People: true, Figure: "group_members", At: "sex=female"},
		{Name: "others", Title: table.Text{"Інших", "Others"}, Kind: table.Count, People: true, Figure: "group_members", At: "sex=others"},
		sharing("female_share", table.Text{"% жінок", "% women"}, 4, 3),
	}, Chart: table.Chart{Columns: []int{3}}}
	row := func(groups, large int, people []int32) []table.Cell {
		slices.Sort(people)
		people = slices.Compact(people)
		m := r.membershipOf(people, day)
		return append(counts(groups, large, m.members, m.female, m.members-m.female), table.Nothing())
	}
	sum := func(numbers []int) (n int) {
		for _, one := range numbers {
			n += one
		}
		return n
	}
	return []table.Table{
		categoryTable(kinds, table.Text{"Вид", "Kind"}, groupKindNames, func(i int) []table.Cell {
			if counted[i] == 0 {
				return nil
			}
			return row(counted[i], large[i], byKind[i])
		}, row(sum(counted), sum(large), all)),
		each, r.representation(day),
	}
}

// eachGroup is a table with a row for each group; visit is called with each, and
// with the numbers of who is in it.
func (r *run) eachGroup(day int32, visit func(*fieldwork.Group, []int32)) table.Table {
	tab := table.Table{Name: "by_group", Title: table.Text{"Кожна група", "Each group"}, Internal: true, Columns: slices.Concat(groupColumns(), []table.Column{
		things("members", table.Text{"Членів", "Members"}), things("declared", table.Text{"Заявлено", "Declared"}),
		{Name: "enough", Title: table.Text{"15 або більше", "15 or more"}, Kind: table.Words},
		things("female", table.Text{"Жінок", "Women"}), sharing("female_share", table.Text{"% жінок", "% women"}, 7, 4),
		things("age_0_17", table.Text{"До 18", "Under 18"}), things("age_18", table.Text{"18", "18"}),
		things("age_19_24", table.Text{"19–24", "19-24"}), things("age_25_35", table.Text{"25–35", "25-35"}),
		things("idp", table.Text{"ВПО", "IDPs"}), things("veteran", table.Text{"Ветеранів", "Veterans"}), things("disability", table.Text{"З інвалідністю", "With a disability"}),
	})}
	yes, no := table.Wording(table.Text{"так", "yes"}), table.Wording(table.Text{"ні", "no"})
	for i := range r.Groups() {
		g := &r.Groups()[i]
		var people []int32
		for _, member := range g.MembersOn(day) {
			people = append(people, r.number[member.Person])
		}
		visit(g, people)
		m := r.membershipOf(people, day)
		declared, enough := table.Nothing(), no
		if g.Message.DeclaredSize != nil {
			declared = table.Number(int(g.Message.GetDeclaredSize()))
		}
		if m.members >= memberLeast {
			enough = yes
		}
		row := r.groupRow(g)
		row.Cells = append(row.Cells, table.Number(m.members), declared, enough, table.Number(m.female), table.Nothing())
		row.Cells = append(row.Cells, counts(m.under18, m.age18, m.age19, m.age25, m.idp, m.veteran, m.disabled)...)
		tab.Rows = append(tab.Rows, row)
	}
	sortRows(&tab, 3, 1, 0)
	return tab
}

func groupColumns() []table.Column {
	return append([]table.Column{
		{Name: "group", Title: table.Text{"Група", "Group"}, Kind: table.Words},
		{Name: "kind", Title: table.Text{"Вид", "Kind"}, Kind: table.Words},
	}, placeColumns()...)
}

func (r *run) groupRow(g *fieldwork.Group) table.Row {
	kind := groupKindNames[indexOf(groupKinds, g.Message.GetKind())].title
	uk, en := g.Message.GetNameUk(), g.Message.GetNameEn()
	name := orElse(orElse(table.Text{uk, en}, table.Text{en, uk}), kind)
	row := r.placeRow(g.Community)
	row.Key, row.At = g.Ref.Record.String(), ""
	row.Cells = append([]table.Cell{table.Wording(name), table.Wording(kind)}, row.Cells...)
	return row
}

// representation says for whom the members of each group speak.
func (r *run) representation(day int32) table.Table {
	tab := table.Table{Name: "representation", Title: table.Text{"Кого представляють", "For whom they speak"}, Internal: true, Columns: groupColumns()}
	tab.Columns = append(tab.Columns, things("members", table.Text{"Членів", "Members"}))
	for _, c := range constituencyNames {
		tab.Columns = append(tab.Columns, things(c.key, c.title))
	}
	for i := range r.Groups() {
		g := &r.Groups()[i]
		members := g.MembersOn(day)
		speak := make([]int, len(constituencyNames))
		for _, m := range members {
			for _, of := range m.Represents {
				if of >= 1 && int(of) <= len(speak) {
					speak[of-1]++
				}
			}
		}
		row := r.groupRow(g)
		row.Cells = append(append(row.Cells, table.Number(len(members))), counts(speak...)...)
		tab.Rows = append(tab.Rows, row)
	}
	sortRows(&tab, 3, 1, 0)
	return tab
}
