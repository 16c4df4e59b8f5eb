package console

import (
	"bytes"
	"net/url"
	"slices"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/export"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const rightsPath = "/rights"

var rightsRoutes = []route{
	{pattern: "GET " + rightsPath, asks: syncv1connect.RightsServiceExportProcedure, text: "rights.title", handle: showRights},
	{pattern: "GET " + rightsPath + "/person", asks: syncv1connect.RightsServiceExportProcedure, handle: showHeld},
	{pattern: "GET " + rightsPath + "/export", asks: syncv1connect.RightsServiceExportProcedure, handle: exportPerson},
	{pattern: "POST " + rightsPath + "/erase", asks: syncv1connect.RightsServiceEraseProcedure, handle: erasePerson},
}

// rightsPage is what rights.html and person-rights.html are given.
type rightsPage struct {
	Subject string
	Spaces  []choice
	// Records are what is held, by type; Query asks for the same again.
	Records []held
	Query   string
	Erased  bool
}

// held is how much of one kind a space holds about a person.
type held struct {
	Space, Type string
	Records     int
}

func showRights(v *visit) error {
	return v.show(page.Page{Name: "rights", Title: "rights.title", Data: rightsPage{Spaces: v.rightsSpaces(nil)}})
}

// rightsSpaces are those in which the reader sees to people's rights.
func (v *visit) rightsSpaces(chosen []merge.SpaceID) (choices []choice) {
	for _, id := range v.view.SpacesOf(v.who.Organisation) {
		if v.view.SeesToRights(v.who.Person, id, v.o.Now()) {
			choices = append(choices, choice{Value: id.String(), Text: v.spaceName(id), Is: slices.Contains(chosen, id)})
		}
	}
	slices.SortFunc(choices, func(a, b choice) int { return compareNames(a.Text, b.Text) })
	return choices
}

// subject is the person in the form, and where to look.
func (v *visit) subject() (subject merge.RecordID, spaces []merge.SpaceID, err error) {
	if err := v.r.ParseForm(); err != nil {
		return subject, nil, fault.New(fault.Malformed, "form: %w", err)
	}
	if subject, err = parseID[merge.RecordID](v.asked("subject")); err != nil {
		return subject, nil, fault.New(fault.Invalid, "the person's id is 32 hexadecimal digits, as the history of the record shows it")
	}
	for _, text := range v.r.Form["space"] {
		id, err := parseID[merge.SpaceID](text)
		if err != nil {
			return subject, nil, err
		}
		spaces = append(spaces, id)
	}
	if len(spaces) == 0 {
		for _, c := range v.rightsSpaces(nil) {
			id, _ := parseID[merge.SpaceID](c.Value) // it was one
			spaces = append(spaces, id)
		}
	}
	if len(spaces) == 0 {
		return subject, nil, errNoPage
	}
	return subject, spaces, nil
}

// eachExport calls each with what each space holds about a person.
func (v *visit) eachExport(subject merge.RecordID, spaces []merge.SpaceID, each func(merge.SpaceID, *syncv1.ExportResponse) error) error {
	for _, space := range spaces {
		for token := ""; ; {
			resp, err := v.calls.rights.Export(v.ctx(), connect.NewRequest(&syncv1.ExportRequest{SpaceId: space[:], SubjectId: subject[:], PageToken: token}))
			if kind := kindOf(err); kind == fault.NotFound || kind == fault.NoAccess && len(spaces) > 1 { // nobody has written there
				break
			}
			if err != nil {
				return err
			}
			if err := each(space, resp.Msg); err != nil {
				return err
			}
			if token = resp.Msg.NextPageToken; token == "" {
				break
			}
		}
	}
	return nil
}

// showHeld shows how much is held, and offers to take it away or to erase it.
func showHeld(v *visit) error {
	subject, spaces, err := v.subject()
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	data := rightsPage{Subject: subject.String(), Query: query(subject, spaces), Spaces: v.rightsSpaces(spaces)}
	err = v.eachExport(subject, spaces, func(space merge.SpaceID, m *syncv1.ExportResponse) error {
		for _, r := range m.Records {
			data.add(v.spaceName(space), typeKey(r.Record.GetType()))
			data.Erased = data.Erased || r.Erased
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(page.Page{Name: "person-rights", Title: "rights.person", Data: data})
}

func (p *rightsPage) add(space, typeKey string) {
	for i := range p.Records {
		if p.Records[i].Space == space && p.Records[i].Type == typeKey {
			p.Records[i].Records++
			return
		}
	}
	p.Records = append(p.Records, held{space, typeKey, 1})
}

func query(subject merge.RecordID, spaces []merge.SpaceID) string {
	values := url.Values{"subject": {subject.String()}}
	for _, id := range spaces {
		values.Add("space", id.String())
	}
	return values.Encode()
}

// exportPerson is a file for the person to take away. It is whole, or not there.
func exportPerson(v *visit) error {
	subject, spaces, err := v.subject()
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	var file bytes.Buffer
	err = v.eachExport(subject, spaces, func(space merge.SpaceID, m *syncv1.ExportResponse) error {
		return export.WriteJSON(&file, v.o.Schema(), space, m)
	})
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="person-`+subject.String()[:8]+`.jsonl"`)
	_, _ = file.WriteTo(v.w) // the browser has gone
	return nil
}

// erasePerson erases, for good, if that was said in so many words.
func erasePerson(v *visit) error {
	subject, spaces, err := v.subject()
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	if v.asked("sure") == "" {
		return fault.New(fault.Invalid, "tick that it is meant: nothing brings them back")
	}
	req := &syncv1.EraseRequest{SpaceIds: bytesOf(spaces), SubjectId: subject[:]}
	if _, err := v.calls.rights.Erase(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	return v.done(rightsPath, "erased")
}
