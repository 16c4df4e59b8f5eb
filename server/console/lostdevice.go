package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// What is done about a tablet that was lost, beside revoking it. The order to wipe
// it is signed by a key that is on no server, so a page can say how that is done,
// take the order, and show what has become of it.
var lostRoutes = []route{
	{pattern: "GET " + devicesPath + "/{id}/wipe", asks: directoryv1connect.DirectoryServiceWipeDeviceProcedure, handle: askWipe},
	{pattern: "POST " + devicesPath + "/{id}/wipe", asks: directoryv1connect.DirectoryServiceWipeDeviceProcedure, handle: orderWipe},
	{pattern: "GET " + devicesPath + "/{id}/held", asks: directoryv1connect.DirectoryServiceGetDeviceManifestProcedure, handle: showHeldOnDevice},
}

// WipeOrdered tells of a tablet for which an order to erase what it holds waits.
func (t tablet) WipeOrdered() bool {
	return t.Status == directoryv1.DeviceStatus_DEVICE_STATUS_WIPE_ORDERED
}

// Wiped tells of a tablet that has said that it erased what it held.
func (t tablet) Wiped() bool { return t.Status == directoryv1.DeviceStatus_DEVICE_STATUS_WIPED }

// wipePage is what wipe.html is given.
type wipePage struct {
	devicePage
	// Command makes the order, where the wipe key is.
	Command string
	// Pasted is what was sent and is no order for this tablet.
	Pasted string
}

func (v *visit) wipePage() (wipePage, error) {
	d, err := v.device()
	if err != nil {
		return wipePage{}, err
	}
	if err := v.prove(); err != nil {
		return wipePage{}, err
	}
	return wipePage{devicePage: d, Command: fmt.Sprintf("zhurnal device wipe --wipe-key wipe.key --print %s %s", v.who.Organisation, d.ID)}, nil
}

func (v *visit) showWipe(data wipePage, problem string) error {
	return v.showAgain(page.Page{Name: "wipe", Title: "wipe.title", Data: data, Problem: problem})
}

func askWipe(v *visit) error {
	data, err := v.wipePage()
	if err != nil {
		return err
	}
	return v.showWipe(data, "")
}

// orderWipe takes an order that was made elsewhere. One that the tablet would not
// obey is shown again, with what is wrong with it.
func orderWipe(v *visit) error {
	data, err := v.wipePage()
	if err != nil {
		return err
	}
	data.Pasted = v.asked("order")
	order, err := credential.ParseWipeOrder(data.Pasted)
	switch {
	case err != nil:
		return v.showWipe(data, "wipe.problem.line")
	case order.Device != credential.DeviceID(data.DeviceId) || order.Organisation != v.who.Organisation:
		return v.showWipe(data, "wipe.problem.other")
	}
	req := &directoryv1.WipeDeviceRequest{DeviceId: data.DeviceId, Order: order.ToProto()}
	if _, err := v.calls.directory.WipeDevice(v.ctx(), connect.NewRequest(req)); kindOf(err) == fault.Invalid && data.ObeysWipeKey && !data.Wiped() {
		return v.showWipe(data, "wipe.problem.key")
	} else if err != nil {
		return err
	}
	return v.done(devicesPath+"/"+data.ID, "wipe_ordered")
}

// heldPage is what held.html is given.
type heldPage struct {
	*directoryv1.DeviceManifest
	ID, Owner string
	Given     []heldSpace
	// NotGiven names the spaces of which nothing is known to have been given.
	NotGiven string
	// Since says that it is known from some day on alone what devices were given.
	Since bool
}

// heldSpace is what a tablet holds of a space.
type heldSpace struct {
	*directoryv1.ManifestSpace
	Types []heldType
}

// heldType are the records of one type.
type heldType struct {
	*directoryv1.ManifestType
	Key string // of the type's name; empty if there is none
}

// All is how many records of the type the tablet holds at most.
func (t heldType) All() uint64 { return t.Records + t.ChangedSince }

// SensitivityKey is the key of the text for who may be harmed.
func (heldType) SensitivityKey(s schemav1.Sensitivity) string {
	return "sensitivity." + cmp.Or(schemav1.Sensitivity_name[int32(s)], schemav1.Sensitivity_SENSITIVITY_CLINICAL.String())
}

// showHeldOnDevice shows, to whoever reports a breach, what a tablet was given.
func showHeldOnDevice(v *visit) error {
	id, err := pathID[credential.DeviceID](v, "id")
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	resp, err := v.calls.directory.GetDeviceManifest(v.ctx(), connect.NewRequest(&directoryv1.GetDeviceManifestRequest{DeviceId: id[:]}))
	if err != nil {
		return err
	}
	m := resp.Msg.Manifest
	data := heldPage{DeviceManifest: m, ID: id.String(), Owner: v.userName(m.UserId), Since: m.KnownSinceMillis == 0 || m.KnownSinceMillis > m.EnrolledMillis}
	var notGiven []string
	for _, s := range m.Spaces {
		if s.ServedThrough == 0 {
			notGiven = append(notGiven, s.Name)
			continue
		}
		of := heldSpace{ManifestSpace: s}
		for _, t := range s.Types {
			of.Types = append(of.Types, heldType{t, typeKey(t.Type)})
		}
		data.Given = append(data.Given, of)
	}
	slices.SortStableFunc(data.Given, func(a, b heldSpace) int { return compareNames(a.Name, b.Name) })
	slices.SortFunc(notGiven, compareNames)
	data.NotGiven = strings.Join(notGiven, ", ")
	return v.show(page.Page{Name: "held", Title: "held.title", Section: devicesPath, Wide: true, Data: data})
}
