package rpc

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/export"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A person asks what is held of them, gets it to read, and asks to be erased.
func TestAPersonsRights(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	r := openRegister(t, func(o *syncengine.Options) { o.Schema = types })
	rights := syncv1grpc.NewRightsServiceClient(r.dial())
	batch := firstChange(t, types, olena, hall, &recordsv1.Participant{FamilyName: "Коваль", Phone: "+380441234567", Sex: recordsv1.Sex_SEX_FEMALE})
	if _, err := r.push(olena, hall, batch); err != nil {
		t.Fatal(err)
	}
	ctx := as(t.Context(), protector)
	ask := &syncv1.ExportRequest{SpaceId: hall[:], SubjectId: course[:]}
	page, err := rights.Export(ctx, ask)
	if err != nil || len(page.Records) != 1 || len(page.Records[0].Changes) != 1 || page.NextPageToken != "" {
		t.Fatalf("%v, %v", page, err)
	}
	mustBe(t, "author", merge.PersonID(page.Records[0].Changes[0].Author), olena)
	var text bytes.Buffer
	if err := export.WriteJSON(&text, types, hall, page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"zhurnal.records.v1.Participant", "Коваль", "+380441234567", "SEX_FEMALE", `"live":true`, `"written":"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the export lacks %q: %s", want, text.String())
		}
	}
	erase := &syncv1.EraseRequest{SpaceIds: [][]byte{hall[:]}, SubjectId: course[:]}
	erased, err := rights.Erase(ctx, erase)
	if err != nil || len(erased.Spaces) != 1 || erased.Spaces[0].Records != 1 || erased.Spaces[0].Entries != 1 {
		t.Fatalf("%v, %v", erased, err)
	}
	if page, err = rights.Export(ctx, ask); err != nil || len(page.Records) != 1 || !page.Records[0].Erased {
		t.Fatalf("%v, %v", page, err)
	}
	text.Reset()
	if err := export.WriteJSON(&text, types, hall, page); err != nil || strings.Contains(text.String(), "Коваль") || !strings.Contains(text.String(), "SEX_FEMALE") {
		t.Errorf("after it: %s, %v", text.String(), err)
	}

	nobody := merge.RecordID{0xee}
	if _, err := rights.Erase(ctx, &syncv1.EraseRequest{SpaceIds: [][]byte{hall[:]}, SubjectId: nobody[:]}); status.Code(err) != codes.NotFound {
		t.Errorf("nobody: %v", err)
	}
	if _, err := rights.Erase(ctx, &syncv1.EraseRequest{SubjectId: course[:]}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("nowhere: %v", err)
	}
	// Who reads the space does not see to that, and who does sees to no counselling.
	for _, person := range []merge.PersonID{iryna, olena, stranger} {
		if _, err := rights.Export(as(t.Context(), person), ask); status.Code(err) != codes.NotFound {
			t.Errorf("%s asks: %v", person, err)
		}
		if _, err := rights.Erase(as(t.Context(), person), erase); status.Code(err) != codes.NotFound {
			t.Errorf("%s erases: %v", person, err)
		}
	}
	inRoom := &syncv1.ExportRequest{SpaceId: room[:], SubjectId: course[:]}
	if _, err := rights.Export(ctx, inRoom); status.Code(err) != codes.NotFound {
		t.Errorf("of a client: %v", err)
	}
	if page, err := rights.Export(as(t.Context(), iryna), inRoom); err != nil || len(page.Records) != 0 {
		t.Errorf("of a client, by the supervisor: %v, %v", page, err)
	}
}

// refreshed counts how often what is kept in memory was brought up to date.
type refreshed struct {
	Persons
	times int
}

func (r *refreshed) Refresh(context.Context) error {
	r.times++
	return errors.New("no time")
}

func TestErasingForgetsWhatIsKeptInMemory(t *testing.T) {
	r := openRegister(t)
	kept := &refreshed{}
	data, err := proto.Marshal(&recordsv1.Participant{FamilyName: "Коваль"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.engine.Write(t.Context(), iryna, hall, []syncengine.WriteRecord{{Type: "zhurnal.records.v1.Participant", Record: course, Message: data}}); err != nil {
		t.Fatal(err)
	}
	req := connect.NewRequest(&syncv1.EraseRequest{SpaceIds: [][]byte{hall[:]}, SubjectId: course[:]})
	if _, err := (&rightsService{r.engine, kept}).Erase(auth.As(t.Context(), auth.Principal{Person: protector}), req); err != nil {
		t.Fatal(err)
	}
	rules := &adminv1.ExpireRequest{Rules: []*adminv1.ExpiryRule{{Type: "zhurnal.records.v1.Participant", Months: 12}}}
	if _, err := (&expiryService{r.engine, kept, func() int64 { return 0 }}).Expire(auth.As(t.Context(), auth.Principal{Person: protector}), connect.NewRequest(rules)); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "times", kept.times, 2)
}
