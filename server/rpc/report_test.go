package rpc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
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
	got := ask(iryna, fmt.Sprintf(`{"deskSpaceId": %q, "expectedRecorderIds": [%q]}`, id, base64.StdEncoding.EncodeToString(olena[:])))
	var answer struct {
		Report struct {
			Spaces       int
			Completeness struct {
				MissingRecorderIds []string
				MadeOn             int
			}
		}
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	mustBe(t, "spaces", answer.Report.Spaces, 3)
	mustBe(t, "day of the report by the server's clock", answer.Report.Completeness.MadeOn, 20250801)
	mustBe(t, "recorders of whom nothing came", len(answer.Report.Completeness.MissingRecorderIds), 1)

	mustBe(t, "status for who has no desk", ask(olena, fmt.Sprintf(`{"deskSpaceId": %q}`, id)).status, http.StatusNotFound)
	mustBe(t, "status without a desk", ask(iryna, `{}`).status, http.StatusBadRequest)
	mustBe(t, "status for a recorder of 3 bytes", ask(iryna, fmt.Sprintf(`{"deskSpaceId": %q, "expectedRecorderIds": ["AAAA"]}`, id)).status, http.StatusBadRequest)
	mustBe(t, "status for a day that is none", ask(iryna, fmt.Sprintf(`{"deskSpaceId": %q, "from": 20160931}`, id)).status, http.StatusBadRequest)
}
