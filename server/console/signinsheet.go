package console

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var sheetRoutes = []route{
	{pattern: "GET " + trainingsPath + "/{space}/{training}/sheet", asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, handle: showSheet},
	{pattern: "GET /qr/{code}", asks: syncv1connect.DeskServiceListRecordsProcedure, handle: showQR},
}

// sheetPage is what sheet.html is given.
type sheetPage struct {
	Space, SpaceID, Training, ID string
	Number                       int32
	Date                         int32
	Code                         string
	Lines                        []sheetLine
	Spare                        []int
	Days                         []choice
}

// sheetLine is a line for somebody who is expected.
type sheetLine struct {
	Number     int
	Name, Code string
}

// spareLines are for those who come unexpected.
const spareLines = 8

// showSheet is the sheet that people sign: who is expected, in the order of names,
// so that a line's number is the same for all days that are printed together.
func showSheet(v *visit) error {
	r, t, err := v.training()
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(cmp.Or(v.asked("day"), "1")) // no such day is none
	data := sheetPage{Space: v.spaceName(r.space), SpaceID: r.space.String(), Training: titleOf(t.Message), ID: t.Ref.Record.String(), Number: int32(number)}
	for i := range t.Days {
		day := &t.Days[i]
		data.Days = append(data.Days, choice{Value: decimal(day.Message.DayNumber), Text: decimal(day.Message.DayNumber), Is: int(day.Message.DayNumber) == number})
		if int(day.Message.DayNumber) == number {
			data.Date, data.Code = day.Date(), recordCode(day.Ref.Record)
		}
	}
	if len(t.Days) > 0 && data.Code == "" {
		return errNoPage
	}
	for i := range t.Attendees {
		if a := &t.Attendees[i]; a.Enrolled || a.Days > 0 {
			data.Lines = append(data.Lines, sheetLine{Name: r.person(a.Person), Code: recordCode(a.Person)})
		}
	}
	slices.SortFunc(data.Lines, func(a, b sheetLine) int { return compareNames(a.Name, b.Name) })
	for i := range data.Lines {
		data.Lines[i].Number = i + 1
	}
	for i := range spareLines {
		data.Spare = append(data.Spare, len(data.Lines)+i+1)
	}
	return v.show(page.Page{Name: "sheet", Title: "sheet.title", Section: trainingsPath, Wide: true, Data: data})
}

// recordCode is a record's id as a QR code of a sheet or card has it: it names nobody to
// who has no register.
func recordCode(id merge.RecordID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// codePrefix says to a tablet what it has read.
const codePrefix = "zhurnal:record:"

// showQR draws the code of a record. It tells nothing that is not in the address.
func showQR(v *visit) error {
	data, err := base64.RawURLEncoding.Strict().DecodeString(v.r.PathValue("code"))
	if err != nil || len(data) != 16 {
		return fault.New(fault.NotFound, "no code of a record")
	}
	v.w.Header().Set("Cache-Control", "private, max-age=86400")
	return v.picture(codePrefix + v.r.PathValue("code"))
}
