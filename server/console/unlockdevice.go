package console

import (
	"strconv"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// A tablet whose offline lease is over is unlocked by whoever hears over a telephone
// what it shows.
var unlockRoutes = []route{
	{pattern: "GET " + devicesPath + "/{id}/unlock", asks: directoryv1connect.DirectoryServiceUnlockDeviceProcedure, handle: askUnlock},
	{pattern: "POST " + devicesPath + "/{id}/unlock", asks: directoryv1connect.DirectoryServiceUnlockDeviceProcedure, handle: unlock},
}

// unlockPage is what unlock.html is given.
type unlockPage struct {
	devicePage
	// Heard is what was typed of what the tablet shows, and Days for how long.
	Heard string
	Days  int
	// DaysMost is the longest that may be asked for.
	DaysMost int
	// Code is what is to be read back; empty until it is given.
	Code string
}

// unlockDaysUsual is for how long a tablet is unlocked if nothing else is said.
const unlockDaysUsual = 7

func (v *visit) unlockPage() (unlockPage, error) {
	d, err := v.device()
	if err == nil && (!d.Changes || !d.LetIn()) {
		err = errNoPage
	}
	if err != nil {
		return unlockPage{}, err
	}
	return unlockPage{devicePage: d, Days: unlockDaysUsual, DaysMost: credential.UnlockDaysMost}, v.prove()
}

func (v *visit) showUnlock(data unlockPage, problem string) error {
	return v.showAgain(page.Page{Name: "unlock", Title: "unlock.title", Data: data, Problem: problem})
}

func askUnlock(v *visit) error {
	data, err := v.unlockPage()
	if err != nil {
		return err
	}
	return v.showUnlock(data, "")
}

// unlock shows the code. It is kept nowhere, so there is no other page to go to.
func unlock(v *visit) error {
	data, err := v.unlockPage()
	if err != nil {
		return err
	}
	data.Heard = v.asked("shows")
	if data.Days, err = strconv.Atoi(v.asked("days")); err != nil || data.Days < 1 || data.Days > credential.UnlockDaysMost {
		data.Days = unlockDaysUsual
		return v.showUnlock(data, "unlock.problem.days")
	}
	challenge, err := credential.ParseUnlockChallenge(data.Heard)
	switch {
	case err != nil:
		return v.showUnlock(data, "unlock.problem.typed")
	case !challenge.IsOf(credential.DeviceID(data.DeviceId)):
		return v.showUnlock(data, "unlock.problem.other")
	}
	resp, err := v.calls.directory.UnlockDevice(v.ctx(), connect.NewRequest(&directoryv1.UnlockDeviceRequest{
		DeviceId: data.DeviceId, Challenge: data.Heard, Days: uint32(data.Days),
	}))
	if err != nil {
		return err
	}
	data.Code = resp.Msg.Code
	return v.showUnlock(data, "")
}
