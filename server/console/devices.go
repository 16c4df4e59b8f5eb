package console

import (
	"encoding/hex"
	"net/http"
	"slices"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	devicesPath = "/devices"
	invitePath  = "/invitations"
	invitedPath = invitePath + "/{id}"
)

var deviceRoutes = []route{
	{pattern: "GET " + devicesPath, asks: directoryv1connect.DirectoryServiceListDevicesProcedure, text: "devices.title", handle: showDevices},
	{pattern: "GET " + devicesPath + "/{id}", asks: directoryv1connect.DirectoryServiceListDevicesProcedure, handle: showDevice},
	{pattern: "GET " + devicesPath + "/{id}/revoke", asks: directoryv1connect.DirectoryServiceRevokeDeviceProcedure, handle: askRevoke},
	{pattern: "POST " + devicesPath + "/{id}/revoke", asks: directoryv1connect.DirectoryServiceRevokeDeviceProcedure, handle: revoke},
	{pattern: "POST " + devicesPath + "/{id}/retire", asks: directoryv1connect.DirectoryServiceRetireDeviceProcedure, handle: retire},
	{pattern: "GET " + invitePath, asks: directoryv1connect.DirectoryServiceInviteDeviceProcedure, handle: showInvite},
	{pattern: "POST " + invitePath, asks: directoryv1connect.DirectoryServiceInviteDeviceProcedure, handle: invite},
	{pattern: "GET " + invitedPath, asks: directoryv1connect.DirectoryServiceInviteDeviceProcedure, handle: showInvited},
	{pattern: "GET " + invitedPath + "/code.png", asks: directoryv1connect.DirectoryServiceInviteDeviceProcedure, handle: showCode},
}

// devicesPage is what devices.html is given.
type devicesPage struct {
	Tablets []tablet
	More    more
	// Invites says that the reader may invite.
	Invites bool
}

func showDevices(v *visit) error {
	tablets, err := v.tablets()
	if err != nil {
		return err
	}
	return v.show(page.Page{
		Name: "devices", Title: "devices.title", Wide: true,
		Data: devicesPage{Tablets: tablets, Invites: v.open(directoryv1connect.DirectoryServiceInviteDeviceProcedure)},
	})
}

// devicePage is what device.html and revoke.html are given.
type devicePage struct {
	tablet
	Spaces []string
	// Changes says that the reader may revoke, retire and order a wipe.
	Changes bool
	// SeesHeld says that the reader may see what the tablet was given.
	SeesHeld bool
}

// device finds a device that the reader may see.
func (v *visit) device() (devicePage, error) {
	id, err := pathID[credential.DeviceID](v, "id")
	if err != nil {
		return devicePage{}, err
	}
	tablets, err := v.tablets()
	if err != nil {
		return devicePage{}, err
	}
	i := slices.IndexFunc(tablets, func(t tablet) bool { return string(t.DeviceId) == string(id[:]) })
	if i < 0 {
		return devicePage{}, errNoPage
	}
	d := devicePage{
		tablet: tablets[i], Changes: v.open(directoryv1connect.DirectoryServiceRevokeDeviceProcedure),
		SeesHeld: v.open(directoryv1connect.DirectoryServiceGetDeviceManifestProcedure),
	}
	listed, err := v.o.Directory.In(v.who.Organisation).By(v.who.Person).List()
	if err != nil {
		return d, err
	}
	for _, space := range listed.Spaces() {
		if v.view.Knows(merge.PersonID(d.UserId), space) {
			d.Spaces = append(d.Spaces, v.spaceName(space))
		}
	}
	return d, nil
}

func showDevice(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	return v.show(page.Page{Name: "device", Heading: d.TabletLabel, Data: d})
}

// askRevoke asks for a proof first, and then whether it is meant.
func askRevoke(v *visit) error {
	d, err := v.device()
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	title := "revoke.title"
	if d.WipeOrdered() {
		title = "lost.wipe.back.title"
	}
	return v.show(page.Page{Name: "revoke", Title: title, Data: d})
}

func revoke(v *visit) error {
	id, err := pathID[credential.DeviceID](v, "id")
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	if _, err := v.calls.directory.RevokeDevice(v.ctx(), connect.NewRequest(&directoryv1.RevokeDeviceRequest{DeviceId: id[:]})); err != nil {
		return err
	}
	return v.done(devicesPath+"/"+id.String(), "revoked")
}

func retire(v *visit) error {
	id, err := pathID[credential.DeviceID](v, "id")
	if err != nil {
		return err
	}
	retired := v.asked("retired") != ""
	req := &directoryv1.RetireDeviceRequest{DeviceId: id[:], Retired: retired}
	if _, err := v.calls.directory.RetireDevice(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	if retired {
		return v.done(devicesPath+"/"+id.String(), "retired")
	}
	return v.done(devicesPath+"/"+id.String(), "returned")
}

// invitePage is what invite.html is given.
type invitePage struct {
	Users      []choice
	Programmes []choice
}

func showInvite(v *visit) error {
	data := invitePage{}
	listed, err := v.o.Directory.In(v.who.Organisation).By(v.who.Person).List()
	if err != nil {
		return err
	}
	for _, id := range listed.Users() {
		if user := v.view.User(id); v.view.Active(id) && v.invites(id) {
			data.Users = append(data.Users, choice{Value: id.String(), Text: user.Name, Is: v.asked("user") == id.String()})
		}
	}
	for _, id := range listed.Programmes() {
		data.Programmes = append(data.Programmes, choice{Value: hex.EncodeToString(id[:]), Text: v.view.Programme(id).Name})
	}
	slices.SortFunc(data.Users, func(a, b choice) int { return compareNames(a.Text, b.Text) })
	return v.show(page.Page{Name: "invite", Title: "invite.title", Section: devicesPath, Data: data})
}

// invite makes an invitation, for somebody who is there or for a new facilitator.
func invite(v *visit) error {
	user, err := v.invitedUser()
	if err != nil {
		return err
	}
	req := &directoryv1.InviteDeviceRequest{UserId: user[:], Printed: v.asked("printed") != ""}
	resp, err := v.calls.directory.InviteDevice(v.ctx(), connect.NewRequest(req))
	if err != nil {
		return err
	}
	id := v.invitations.keep(invited{
		by: v.who.Person, user: user, line: resp.Msg.Invitation, expires: resp.Msg.ExpiresMillis, printed: req.Printed,
	}, v.o.Now())
	return v.goTo(invitePath + "/" + id)
}

func (v *visit) invitedUser() (merge.PersonID, error) {
	if v.asked("name") == "" {
		user, err := parseID[merge.PersonID](v.asked("user"))
		if err != nil {
			return user, fault.New(fault.Invalid, "who is invited? Choose somebody, or give the name of somebody new")
		}
		return user, nil
	}
	programme, ok := fromHex(v.asked("programme"))
	if !ok {
		return merge.PersonID{}, errNoID
	}
	resp, err := v.calls.directory.AddUser(v.ctx(), connect.NewRequest(&directoryv1.AddUserRequest{Name: v.asked("name"), ProgrammeId: programme}))
	if err != nil {
		return merge.PersonID{}, err
	}
	return merge.PersonID(resp.Msg.UserId), nil
}

// invitedPage is what invited.html is given.
type invitedPage struct {
	Name, ID, Line string
	Expires        int64
	Printed        bool
	// Enrolled are the tablets of the user that have enrolled since.
	Enrolled []string
}

func showInvited(v *visit) error {
	one, ok := v.invitations.of(v.who.Person, v.r.PathValue("id"), v.o.Now())
	if !ok {
		return errNoPage
	}
	data := invitedPage{Name: v.userName(one.user[:]), ID: v.r.PathValue("id"), Line: one.line, Expires: one.expires, Printed: one.printed}
	tablets, err := v.tablets()
	if err != nil {
		return err
	}
	for _, t := range tablets {
		if string(t.UserId) == string(one.user[:]) && t.EnrolledMillis >= one.made {
			data.Enrolled = append(data.Enrolled, t.TabletLabel)
		}
	}
	return v.show(page.Page{Name: "invited", Title: "invited.title", Section: devicesPath, Data: data})
}

// showCode draws the invitation.
func showCode(v *visit) error {
	one, ok := v.invitations.of(v.who.Person, v.r.PathValue("id"), v.o.Now())
	if !ok {
		return errNoPage
	}
	return v.picture(one.line)
}

// picture sends a QR code.
func (v *visit) picture(text string) error {
	picture, err := drawn(text)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "image/png")
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(picture) // the browser has gone
	return nil
}
