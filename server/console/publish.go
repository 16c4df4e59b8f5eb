package console

import (
	"strings"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/publication"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// publishPage is what publish.html is given.
type publishPage struct {
	Title, Back, Action string
	// Facts and Stamp are those of the report as it is now; empty where there is none.
	Facts        []shownFact
	Stamp        string
	Note, Reason string
	// Others are those whose place it can take.
	Others []shownPublication
}

// askPublish asks for a proof first, and then shows what is going to be published.
func askPublish(v *visit) error {
	if err := v.prove(); err != nil {
		return err
	}
	return v.showPublish(nil)
}

// showPublish shows the form, with what was wrong with it before, if it is that.
func (v *visit) showPublish(wrong error) error {
	form, listed, err := v.reportForm()
	if err != nil {
		return err
	}
	l := v.language()
	here := *v.r.URL
	data := publishPage{Title: textIn(listed.Title, l), Action: here.RequestURI(), Note: v.asked("note"), Reason: v.asked("reason")}
	here.Path = strings.TrimSuffix(here.Path, "/publish")
	data.Back = here.RequestURI()
	p := page.Page{Name: "publish", Title: "publish.title"}
	document, err := v.report(form)
	switch {
	case err != nil:
		return err
	case wrong != nil:
		v.explain(&p, wrong)
		p.Detail = textOf(wrong)
	}
	data.Facts, data.Stamp = inLanguage(document, l).Facts, document.Stamp
	if data.Others, err = v.superseded(form); err != nil {
		return err
	}
	p.Data = data
	return v.show(p)
}

// superseded are the publications whose place the report may take: those of its kind
// that still hold.
func (v *visit) superseded(form *reportForm) (others []shownPublication, err error) {
	desk, err := chosenDesk(form.Desks)
	if err != nil {
		return nil, err
	}
	resp, err := v.calls.report.ListPublications(v.ctx(), connect.NewRequest(&reportv1.ListPublicationsRequest{DeskSpaceId: desk[:]}))
	if err != nil {
		return nil, err
	}
	for _, p := range resp.Msg.Publications {
		if p.Report == form.Name && p.Public == form.Public && p.SupersededBy == nil {
			shown := v.publicationShown(p)
			shown.Chosen = shown.Number == v.asked("instead")
			others = append(others, shown)
		}
	}
	return others, nil
}

// publish publishes what was looked at, and leads to it.
func publish(v *visit) error {
	if err := v.prove(); err != nil {
		return err
	}
	form, _, err := v.reportForm()
	if err != nil {
		return err
	}
	asked, err := v.reportRequest(form)
	if err != nil {
		return err
	}
	req := &reportv1.PublishReportRequest{
		DeskSpaceId: asked.DeskSpaceId, Report: asked.Report, From: asked.From, To: asked.To, Settings: asked.Settings, Public: asked.Public,
		Stamp: v.asked("stamp"), Note: v.asked("note"), Reason: v.asked("reason"),
	}
	if instead := v.asked("instead"); instead != "" {
		if req.Supersedes, err = publication.ParseNumber(instead); err != nil {
			return errNoPage
		}
	}
	resp, err := v.calls.report.PublishReport(v.ctx(), connect.NewRequest(req))
	switch kind := kindOf(err); {
	case err != nil && (kind == fault.Invalid || kind == fault.Conflict || kind == fault.TooLarge):
		return v.showPublish(err)
	case err != nil:
		return err
	}
	p := resp.Msg.Publication
	return v.done(publicationPath(merge.SpaceID(p.DeskSpaceId), p.Year, p.Number, ""), "published")
}
