package directory

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Tenant is the directory as one organisation sees and changes it: all of it, or
// what one of its users may; see [Tenant.By].
type Tenant struct {
	directory    *Directory
	organisation OrganisationID
	keeper       *merge.PersonID // nil: whoever runs the server
}

// In returns the directory of one organisation.
func (d *Directory) In(organisation OrganisationID) *Tenant {
	return &Tenant{directory: d, organisation: organisation}
}

// nameBytes bounds names, which are for people to read.
const nameBytes = 200

func checkName(what, name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
	if odd || strings.TrimSpace(name) == "" || len(name) > nameBytes || !utf8.ValidString(name) {
		return fault.New(fault.Invalid, "%s: the name is 1 to %d bytes of UTF-8 on one line", what, nameBytes)
	}
	return nil
}

// errNotHere is the same for what is not there and what is another's.
func errNotHere(what string) error {
	return fault.New(fault.NotFound, "there is no such %s in your organisation", what)
}

// owned is a row that says whose it is.
type owned interface {
	proto.Message
	GetOrganisationId() []byte
}

// of returns a row of the tenant that a change rests on.
func of[M owned, ID ~[16]byte](t *Tenant, w *writing, kind directoryv1.RowKind, id ID, what string) (M, syncengine.DirectoryKey, error) {
	key := keyOf(kind, id)
	row := find[M](w.view, key)
	if w.view.rows[key].message == nil || string(row.GetOrganisationId()) != string(t.organisation[:]) {
		return row, key, errNotHere(what)
	}
	return proto.CloneOf(row), key, nil
}

// add puts a new row of the tenant, which must be there itself.
func (t *Tenant) add(w *writing, key syncengine.DirectoryKey, row proto.Message) error {
	if w.view.Organisation(t.organisation) == nil {
		return errNotHere("organisation")
	}
	return w.put(key, row, syncengine.NotLasting)
}

// AddProgramme makes a programme.
func (t *Tenant) AddProgramme(ctx context.Context, by merge.PersonID, name string) (ProgrammeID, error) {
	id, err := newID[ProgrammeID](t.directory.random)
	if err != nil {
		return id, err
	}
	if err := checkName("programme", name); err != nil {
		return id, err
	}
	return id, t.directory.change(ctx, by, func(w *writing) error {
		if p := t.powersIn(w); !p.changes {
			return errNotHere("organisation")
		}
		row := &directoryv1.Programme{OrganisationId: t.organisation[:], Name: name}
		return t.add(w, keyOf(directoryv1.RowKind_ROW_KIND_PROGRAMME, id), row)
	})
}

// NewSpace is a space that is to be made.
type NewSpace struct {
	Programme ProgrammeID
	Kind      schemav1.SpaceKind
	PCode     string // empty where there is no one place
	Name      string
}

// AddSpace makes a space. If id is zero it gets one; a space that an app has made
// an id for is added under that.
func (t *Tenant) AddSpace(ctx context.Context, by merge.PersonID, id merge.SpaceID, s NewSpace) (merge.SpaceID, error) {
	if err := checkSpace(s); err != nil {
		return id, err
	}
	if id == (merge.SpaceID{}) {
		var err error
		if id, err = newID[merge.SpaceID](t.directory.random); err != nil {
			return id, err
		}
	}
	return id, t.directory.change(ctx, by, func(w *writing) error {
		_, programme, err := of[*directoryv1.Programme](t, w, directoryv1.RowKind_ROW_KIND_PROGRAMME, s.Programme, "programme")
		if p := t.powersIn(w); err == nil && !p.changes {
			err = errNotHere("programme")
		}
		if err != nil {
			return err
		}
		key := keyOf(directoryv1.RowKind_ROW_KIND_SPACE, id)
		if w.view.rows[key].message != nil {
			return fault.New(fault.Invalid, "space %s: the id is taken; leave it out, and the space gets one", id)
		}
		w.restsOn(programme)
		return t.add(w, key, &directoryv1.Space{
			OrganisationId: t.organisation[:], ProgrammeId: s.Programme[:], Kind: s.Kind, PCode: s.PCode, Name: s.Name,
		})
	})
}

func checkSpace(s NewSpace) error {
	switch s.Kind {
	case schemav1.SpaceKind_SPACE_KIND_COMMUNITY, schemav1.SpaceKind_SPACE_KIND_DESK, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM:
	default:
		return fault.New(fault.Invalid, "space: of kind %s; a community, a desk or a counselling room is due", s.Kind)
	}
	if s.PCode != "" {
		if err := checkPCode(s.PCode); err != nil {
			return err
		}
	}
	return checkName("space", s.Name)
}

// pCodeBytes bounds p-codes; those of settlements in Ukraine have 12.
const pCodeBytes = 32

func checkPCode(code string) error {
	odd := strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
	if odd != "" || code == "" || len(code) > pCodeBytes {
		return fault.New(fault.Invalid, "p-code: 1 to %d letters, digits and hyphens are due, such as UA1423049010", pCodeBytes)
	}
	return nil
}

// AddUser makes a user without roles. If id is zero the user gets one.
func (t *Tenant) AddUser(ctx context.Context, by, id merge.PersonID, name string) (merge.PersonID, error) {
	return t.addUser(ctx, by, id, name, func(_ *writing, p *powers, _ *directoryv1.User) error {
		if !p.changes {
			return errNotHere("programme")
		}
		return nil
	})
}

// AddFacilitator makes a user who is facilitator in a programme.
func (t *Tenant) AddFacilitator(ctx context.Context, by merge.PersonID, name string, programme ProgrammeID) (merge.PersonID, error) {
	assignment, err := newID[AssignmentID](t.directory.random)
	if err != nil {
		return merge.PersonID{}, err
	}
	return t.addUser(ctx, by, merge.PersonID{}, name, func(w *writing, p *powers, user *directoryv1.User) error {
		if !p.changes && !p.programmes[programme] {
			return errNotHere("programme")
		}
		user.Assignments = []*directoryv1.Assignment{{
			AssignmentId: assignment[:], Role: Facilitator, Scope: InProgramme(programme), GivenBy: w.byOrNobody(), GivenMillis: w.now,
		}}
		return t.checkProgramme(w, programme[:])
	})
}

func (t *Tenant) addUser(ctx context.Context, by, id merge.PersonID, name string, judge func(*writing, *powers, *directoryv1.User) error) (merge.PersonID, error) {
	if err := checkName("user", name); err != nil {
		return id, err
	}
	if id == (merge.PersonID{}) {
		var err error
		if id, err = newID[merge.PersonID](t.directory.random); err != nil {
			return id, err
		}
	}
	return id, t.directory.change(ctx, by, func(w *writing) error {
		user := &directoryv1.User{OrganisationId: t.organisation[:], Name: name, Status: directoryv1.UserStatus_USER_STATUS_ACTIVE}
		p := t.powersIn(w)
		if err := judge(w, &p, user); err != nil {
			return err
		}
		key := keyOf(directoryv1.RowKind_ROW_KIND_USER, id)
		if w.view.rows[key].message != nil {
			return fault.New(fault.Invalid, "user %s: the id is taken; leave it out, and the user gets one", id)
		}
		return t.add(w, key, user)
	})
}

// SetUserStatus ends a user, or takes it back.
func (t *Tenant) SetUserStatus(ctx context.Context, by, id merge.PersonID, status directoryv1.UserStatus) error {
	lasting := syncengine.Ended
	switch status {
	case directoryv1.UserStatus_USER_STATUS_ENDED:
	case directoryv1.UserStatus_USER_STATUS_ACTIVE:
		lasting = syncengine.Resumed
	default:
		return fault.New(fault.Invalid, "user: status %s; active or ended is due", status)
	}
	return t.directory.change(ctx, by, func(w *writing) error {
		user, key, err := of[*directoryv1.User](t, w, directoryv1.RowKind_ROW_KIND_USER, id, "user")
		if p := t.powersIn(w); err == nil && !p.changes {
			err = errNotHere("user")
		}
		if err != nil {
			return err
		}
		if status == directoryv1.UserStatus_USER_STATUS_ENDED {
			if err := t.staysAdministered(w, id); err != nil {
				return err
			}
		}
		if user.Status != status {
			user.Status, user.StatusBy, user.StatusMillis = status, w.byOrNobody(), w.now
		}
		return w.put(key, user, lasting) // also if it is so: the register may not have it
	})
}
