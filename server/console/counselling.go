package console

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

const counsellingPath = "/counselling"

// roomRoles are those of whoever reads the records of a counselling room. To
// everybody else there is no such page.
var roomRoles = []directory.Role{directory.Psychologist, directory.ClinicalSupervisor}

func inRooms(view *directory.View, who auth.Principal, now int64) bool {
	return view.Has(who.Person, now, roomRoles...)
}

var counsellingRoutes = []route{
	{pattern: "GET " + counsellingPath, asks: syncv1connect.DeskServiceListRecordsProcedure, only: inRooms, text: "counselling.title", handle: showCounselling},
}

// counsellingPage is what counselling.html is given: numbers, and nobody in them.
type counsellingPage struct{ Rooms []room }

type room struct {
	Name                                         string
	Sessions, Individual, Family, Group, Clients int
	Anonymous                                    int
}

func showCounselling(v *visit) error {
	data := counsellingPage{}
	for _, id := range v.spaces(roomRoles...) {
		if v.view.Space(id).Kind != schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM {
			continue
		}
		r, err := v.register(id)
		if err != nil {
			return err
		}
		data.Rooms = append(data.Rooms, roomOf(v.spaceName(id), r.Counselling(fieldwork.Period{})))
	}
	return v.show(page.Page{Name: "counselling", Title: "counselling.title", Data: data})
}

func roomOf(name string, c fieldwork.Counselling) room {
	one := room{
		Name: name, Individual: c.Sessions[recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL], Family: c.Sessions[recordsv1.SessionKind_SESSION_KIND_COUPLE_FAMILY],
		Group: c.Sessions[recordsv1.SessionKind_SESSION_KIND_GROUP], Clients: c.Clients, Anonymous: c.Anonymous,
	}
	for _, n := range c.Sessions {
		one.Sessions += n
	}
	return one
}
