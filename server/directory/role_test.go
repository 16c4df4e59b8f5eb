package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const (
	community = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	desk      = schemav1.SpaceKind_SPACE_KIND_DESK
	room      = schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
)

// told is a world as it was told to the directory, by which a naive reader
// judges who may read what.
type told struct {
	*office
	other      directory.OrganisationID
	tenants    [2]*directory.Tenant
	programmes []toldProgramme
	spaces     []toldSpace
	people     []*toldPerson
}

type toldProgramme struct {
	tenant int
	id     directory.ProgrammeID
}

type toldSpace struct {
	tenant, programme int
	id                merge.SpaceID
	kind              schemav1.SpaceKind
	place             string
}

type toldPerson struct {
	tenant int
	id     merge.PersonID
	ended  bool
	roles  []*toldRole
}

type toldRole struct {
	id          directory.AssignmentID
	role        directory.Role
	programme   int // in programmes, -1: none
	place       string
	space       int // in spaces, -1: none
	from, until int64
}

// mayRead is what the roles are said to open, in plain words: nothing of it is
// the directory's own.
func (w *told) mayRead(p *toldPerson, s toldSpace, now int64) bool {
	if p.ended || p.tenant != s.tenant {
		return false
	}
	for _, r := range p.roles {
		begun, over := r.from == 0 || now >= r.from, r.until != 0 && now >= r.until
		if !begun || over {
			continue
		}
		named := r.space >= 0 && w.spaces[r.space].id == s.id
		around := r.programme >= 0 && r.programme == s.programme || r.place != "" && r.place == s.place
		switch r.role {
		case directory.Facilitator:
			if s.kind == community && (named || around) {
				return true
			}
		case directory.Coordinator:
			if (s.kind == community || s.kind == desk) && (named || around) {
				return true
			}
		case directory.Psychologist, directory.ClinicalSupervisor:
			if s.kind == room && named {
				return true
			}
		}
	}
	return false
}

// mustAgree compares what the engine has with what a naive reader says.
func (w *told) mustAgree(rt *rapid.T) {
	for _, s := range w.spaces {
		var want []merge.PersonID
		for _, p := range w.people {
			if w.mayRead(p, s, w.clock.Load()) {
				want = append(want, p.id)
			}
		}
		slices.SortFunc(want, func(a, b merge.PersonID) int { return slices.Compare(a[:], b[:]) })
		if have, err := w.engine.People(s.id); err != nil || !slices.Equal(have, want) {
			rt.Fatalf("%s of programme %d at %q: the engine lets in %v, want %v, %v", s.kind, s.programme, s.place, have, want, err)
		}
	}
}

func (w *told) addSpace(rt *rapid.T) {
	programme := rapid.IntRange(0, len(w.programmes)-1).Draw(rt, "programme")
	s := toldSpace{
		tenant: w.programmes[programme].tenant, programme: programme,
		kind:  rapid.SampledFrom([]schemav1.SpaceKind{community, community, desk, room}).Draw(rt, "kind"),
		place: rapid.SampledFrom([]string{"", "UA14", "UA44"}).Draw(rt, "place"),
	}
	var err error
	s.id, err = w.tenants[s.tenant].AddSpace(w.Context(), w.admin, merge.SpaceID{}, directory.NewSpace{
		Programme: w.programmes[programme].id, Kind: s.kind, PCode: s.place, Name: "space",
	})
	if err != nil {
		rt.Fatal(err)
	}
	w.spaces = append(w.spaces, s)
}

// assign gives a role with any scope. One that means nothing is refused, and one
// of what is another tenant's; all others must be taken.
func (w *told) assign(rt *rapid.T) {
	p := rapid.SampledFrom(w.people).Draw(rt, "person")
	r := &toldRole{
		role: directory.Role(rapid.IntRange(1, 7).Draw(rt, "role")), programme: -1, space: -1,
		from: w.drawTime(rt, "from"), until: w.drawTime(rt, "until"),
	}
	if r.until != 0 && r.until <= r.from {
		r.until = 0
	}
	opens, mine, scope := r.role <= directory.Coordinator, true, directory.Everywhere()
	means := !opens
	switch rapid.SampledFrom([]string{"programme", "place", "space", "everywhere"}).Draw(rt, "scope") {
	case "programme":
		r.programme = rapid.IntRange(0, len(w.programmes)-1).Draw(rt, "of")
		scope = directory.InProgramme(w.programmes[r.programme].id)
		mine = w.programmes[r.programme].tenant == p.tenant
		means = r.role == directory.Facilitator || r.role == directory.Coordinator || r.role == directory.MEL
	case "place":
		r.place = rapid.SampledFrom([]string{"UA14", "UA44", "UA63"}).Draw(rt, "at")
		scope = directory.InPlace(r.place)
		means = r.role == directory.Facilitator || r.role == directory.Coordinator
	case "space":
		if len(w.spaces) == 0 {
			return
		}
		r.space = rapid.IntRange(0, len(w.spaces)-1).Draw(rt, "named")
		s := w.spaces[r.space]
		scope, mine = directory.InSpace(s.id), s.tenant == p.tenant
		isRoom := r.role == directory.Psychologist || r.role == directory.ClinicalSupervisor
		means = opens && isRoom == (s.kind == room) && (s.kind != desk || r.role == directory.Coordinator)
		if opens && !mine {
			means = true // it is refused before that is looked at
		}
	}
	var err error
	r.id, err = w.tenants[p.tenant].Assign(w.Context(), w.admin, p.id, directory.NewAssignment{Role: r.role, Scope: scope, From: r.from, Until: r.until})
	switch {
	case p.ended || !means:
		if fault.KindOf(err) != fault.Invalid {
			rt.Fatalf("%+v, ended %v: %v", r, p.ended, err)
		}
	case !mine:
		if fault.KindOf(err) != fault.NotFound {
			rt.Fatalf("%+v of another tenant: %v", r, err)
		}
	case err != nil:
		rt.Fatalf("%+v: %v", r, err)
	default:
		p.roles = append(p.roles, r)
	}
}

// drawTime is near the clock, or open.
func (w *told) drawTime(rt *rapid.T, label string) int64 {
	if rapid.Bool().Draw(rt, label+" open") {
		return 0
	}
	return w.clock.Load() + rapid.Int64Range(-4, 8).Draw(rt, label)
}

func (w *told) endAssignment(rt *rapid.T) {
	p := rapid.SampledFrom(w.people).Draw(rt, "person")
	if len(p.roles) == 0 {
		return
	}
	r := rapid.SampledFrom(p.roles).Draw(rt, "role")
	if err := w.tenants[p.tenant].EndAssignment(w.Context(), w.admin, p.id, r.id); err != nil {
		rt.Fatal(err)
	}
	switch now := w.clock.Load(); {
	case r.from > now:
		p.roles = slices.DeleteFunc(p.roles, func(other *toldRole) bool { return other == r })
	case r.until == 0 || r.until > now:
		r.until = now
	}
}

func (w *told) endUser(rt *rapid.T) {
	p := rapid.SampledFrom(w.people).Draw(rt, "person")
	status := directoryv1.UserStatus_USER_STATUS_ACTIVE
	if p.ended = rapid.Bool().Draw(rt, "ended"); p.ended {
		status = directoryv1.UserStatus_USER_STATUS_ENDED
	}
	if err := w.tenants[p.tenant].SetUserStatus(w.Context(), w.admin, p.id, status); err != nil {
		rt.Fatal(err)
	}
}

// pass moves the clock, and looks as each request does.
func (w *told) pass(rt *rapid.T) {
	w.clock.Add(rapid.Int64Range(-3, 9).Draw(rt, "millis"))
	if err := w.dir.Settle(w.Context()); err != nil {
		rt.Fatal(err)
	}
}

// For any roles and times the engine's access is what a naive reader says, after
// every change and after every passing of time; also when the server was
// restarted meanwhile, and time went on.
func TestAccessIsWhatRolesSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &told{office: newOffice(t)}
		defer w.close()
		w.other = must(w.dir.AddOrganisation(t.Context(), merge.PersonID{}, "Другі"))(t)
		w.tell()
		rt.Repeat(map[string]func(*rapid.T){
			"a space":   w.addSpace,
			"a role":    w.assign,
			"a role 2":  w.assign,
			"a role 3":  w.assign,
			"end":       w.endAssignment,
			"status":    w.endUser,
			"time":      w.pass,
			"restarted": w.restarted,
			"":          w.mustAgree,
		})
	})
}

// tell makes two programmes and three people in each of two organisations.
func (w *told) tell() {
	w.tenants = [2]*directory.Tenant{w.tenant(), w.dir.In(w.other)}
	for i, tenant := range w.tenants {
		stays, err := tenant.AddUser(w.Context(), w.admin, merge.PersonID{}, "an administrator, who stays")
		w.must(err)
		_, err = tenant.Assign(w.Context(), w.admin, stays, directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere()})
		w.must(err)
		for range 2 {
			id, err := tenant.AddProgramme(w.Context(), w.admin, "programme")
			w.must(err)
			w.programmes = append(w.programmes, toldProgramme{i, id})
		}
		for j := range 3 {
			id, err := tenant.AddUser(w.Context(), w.admin, merge.PersonID{}, fmt.Sprint("user ", j))
			w.must(err)
			w.people = append(w.people, &toldPerson{tenant: i, id: id})
		}
	}
}

func (w *told) restarted(*rapid.T) {
	w.close()
	w.clock.Add(3)
	w.open()
	w.tenants = [2]*directory.Tenant{w.tenant(), w.dir.In(w.other)}
}

// What somebody brings before the role begins is kept back, and merged when it
// begins; what comes after it has ended is kept back too.
func TestWorkBesideARoleIsKeptAndMergedByItself(t *testing.T) {
	o := newOffice(t)
	programme := must(o.tenant().AddProgramme(t.Context(), o.admin, "Спільно"))(t)
	lyman := must(o.tenant().AddSpace(t.Context(), o.admin, merge.SpaceID{}, directory.NewSpace{Programme: programme, Kind: community, Name: "Лиман"}))(t)
	oksana := o.user("Оксана")
	assignment := must(o.tenant().Assign(t.Context(), o.admin, oksana, directory.NewAssignment{
		Role: directory.Facilitator, Scope: directory.InProgramme(programme), From: year2026 + hour,
	}))(t)
	writer := &writer{t: t, w: &mergetest.Writer{Space: lyman, Replica: merge.ReplicaID{1}, Author: oksana}}
	mustBe := func(when string, want wire.Verdict, outcomes []wire.Outcome) {
		t.Helper()
		if len(outcomes) != 1 || outcomes[0].Verdict != want {
			t.Fatalf("%s: %+v, want %v", when, outcomes, want)
		}
	}
	mustBe("before", wire.Quarantined, writer.push(o))
	o.clock.Add(hour)
	o.must(o.dir.Settle(t.Context()))
	mustBe("before, when it has begun", wire.Applied, writer.again(o))
	mustBe("meanwhile", wire.Applied, writer.push(o))
	o.must(o.tenant().EndAssignment(t.Context(), o.admin, oksana, assignment))
	mustBe("after", wire.Quarantined, writer.push(o))
	must(o.tenant().Assign(t.Context(), o.admin, oksana, directory.NewAssignment{Role: directory.Facilitator, Scope: directory.InSpace(lyman)}))(t)
	mustBe("after, with another role", wire.Applied, writer.again(o))
	o.mustBeHealthy()
}

// writer writes changes of one person in one space, and pushes them one by one.
type writer struct {
	t    *testing.T
	w    *mergetest.Writer
	last []byte
	n    int64
}

func (w *writer) push(o *office) []wire.Outcome {
	w.t.Helper()
	types := must(catalogue.Types())(w.t)
	w.n++
	writes, err := types.Plan("zhurnal.records.v1.Participant").Compose(w.w.Space, nil, schema.Draft{
		Record: merge.RecordID{byte(w.n)}, Message: &recordsv1.Participant{FamilyName: "Шевченко"},
	})
	o.must(err)
	w.last, err = wire.EncodeBatch(w.w.Space, []*merge.Change{w.w.Seal(merge.Salt{byte(w.n)}, w.n, writes)})
	o.must(err)
	return w.again(o)
}

func (w *writer) again(o *office) []wire.Outcome {
	w.t.Helper()
	return must(o.engine.Push(w.t.Context(), w.w.Author, w.w.Space, [][]byte{w.last}))(w.t)
}

// A disk without room keeps nobody in: access is taken all the same. What is to
// be given waits for room.
func TestAFullDiskKeepsNobodyIn(t *testing.T) {
	o := newOffice(t)
	full := false
	o.must(o.engine.Close())
	options := o.options()
	options.FreeBytes = func() (uint64, error) { return map[bool]uint64{true: 1, false: 100}[full], nil }
	options.FreeBytesMin = 10
	o.openWith(options)
	programme := must(o.tenant().AddProgramme(t.Context(), o.admin, "p"))(t)
	space := must(o.tenant().AddSpace(t.Context(), o.admin, merge.SpaceID{}, directory.NewSpace{Programme: programme, Kind: community, Name: "s"}))(t)
	people := map[string]merge.PersonID{}
	for name, times := range map[string][2]int64{"until": {0, year2026 + hour}, "ended": {}, "from": {year2026 + hour, 0}} {
		people[name] = o.user(name)
		must(o.tenant().Assign(t.Context(), o.admin, people[name], directory.NewAssignment{
			Role: directory.Facilitator, Scope: directory.InSpace(space), From: times[0], Until: times[1],
		}))(t)
	}
	lets := func(names ...string) {
		t.Helper()
		var want []merge.PersonID
		for _, name := range names {
			want = append(want, people[name])
		}
		if have := must(o.engine.People(space))(t); !maps.Equal(set(have), set(want)) {
			t.Fatalf("lets in %v, want %v: %v", have, names, want)
		}
	}
	lets("until", "ended")
	full = true
	o.must(o.tenant().SetUserStatus(t.Context(), o.admin, people["ended"], directoryv1.UserStatus_USER_STATUS_ENDED))
	lets("until")
	o.clock.Add(hour)
	o.must(o.dir.Settle(t.Context()))
	lets()
	full = false
	o.must(o.dir.Settle(t.Context()))
	lets("from")
}

func set(people []merge.PersonID) map[merge.PersonID]bool {
	in := map[merge.PersonID]bool{}
	for _, person := range people {
		in[person] = true
	}
	return in
}
