package rpc

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestACoordinatorReadsTheFigures(t *testing.T) {
	r := openRegister(t)
	r.grant(desk, schemav1.SpaceKind_SPACE_KIND_DESK, iryna)
	ask := func(person merge.PersonID, body string) reply {
		return r.post(httpClient(t, 2), reportv1connect.ReportServiceReportProcedure, []byte(body),
			"Content-Type", "application/json", "Authorization", office.Header(person))
	}
	id := base64.StdEncoding.EncodeToString(desk[:])
	got := ask(iryna, fmt.Sprintf(`{"report": "overview", "deskSpaceId": %q, "expectedRecorderIds": [%q]}`, id, base64.StdEncoding.EncodeToString(olena[:])))
	var answer reportv1.ReportResponse
	if err := protojson.Unmarshal(got.body, &answer); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	document := table.FromWire(answer.Document)
	number := func(key string) int {
		cell, _ := document.Table("completeness").Cell(key, "number")
		return int(cell.Number)
	}
	mustBe(t, "spaces", number("spaces"), 3)
	mustBe(t, "day of the report by the server's clock", document.Facts[2].Value.In(table.English), "2025-07-31")
	mustBe(t, "recorders of whom nothing came", number("recorders_missing"), 1)

	mustBe(t, "status for who has no desk", ask(olena, fmt.Sprintf(`{"report": "overview", "deskSpaceId": %q}`, id)).status, http.StatusNotFound)
	mustBe(t, "status without a desk", ask(iryna, `{}`).status, http.StatusBadRequest)
	mustBe(t, "status for a recorder of 3 bytes", ask(iryna, fmt.Sprintf(`{"report": "overview", "deskSpaceId": %q, "expectedRecorderIds": ["AAAA"]}`, id)).status, http.StatusBadRequest)
	mustBe(t, "status for a report that there is not", ask(iryna, fmt.Sprintf(`{"report": "people", "deskSpaceId": %q}`, id)).status, http.StatusBadRequest)
	mustBe(t, "status for a day that is none", ask(iryna, fmt.Sprintf(`{"report": "overview", "deskSpaceId": %q, "from": 20160931}`, id)).status, http.StatusBadRequest)
}
