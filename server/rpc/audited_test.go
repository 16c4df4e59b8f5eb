package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// kept is a log of who did what in memory.
type kept struct {
	mu     sync.Mutex
	events []audit.Event
	fails  bool
}

func (k *kept) Append(_ context.Context, events ...audit.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails {
		return fault.New(fault.Unavailable, "audit: nothing is done that cannot be logged: %w", errors.New("the disk is full"))
	}
	k.events = append(k.events, events...)
	return nil
}

// taken returns what was kept since, and forgets it.
func (k *kept) taken() (events []audit.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	events, k.events = k.events, nil
	return events
}

func TestEveryProcedureSaysWhatIsKeptOfIt(t *testing.T) {
	served := proceduresOf(t, slices.Concat(Services, HubServices, OperatorServices)...)
	for _, path := range served {
		if _, ok := audited[path]; !ok {
			t.Errorf("%s: say in audited.go what the log of who did what keeps of it", path)
		}
	}
	for path := range maps.Keys(audited) {
		if !slices.Contains(served, path) {
			t.Errorf("%s is not served", path)
		}
	}
}

// Who reads, settles, exports and erases is kept, with the ids and nothing else;
// who was refused, too.
func TestWhoDidWhatIsKept(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	log := &kept{}
	r := openRegisterWith(t, func(o *Options) { o.Audit = log }, func(o *syncengine.Options) { o.Schema = types })
	rights := syncv1grpc.NewRightsServiceClient(r.dial())
	if _, err := r.push(olena, hall, firstChange(t, types, olena, hall, &recordsv1.Participant{FamilyName: canaryBytes})); err != nil {
		t.Fatal(err)
	}
	ask := &syncv1.ExportRequest{SpaceId: hall[:], SubjectId: course[:]}
	for _, c := range []struct {
		what string
		do   func() error
		want []audit.Event
	}{
		{"a tablet that is given something", func() error {
			_, err := r.tablet.Pull(as(t.Context(), taras), &syncv1.PullRequest{SpaceId: hall[:]})
			return err
		}, []audit.Event{{Action: "records.read", By: taras.String(), Space: hall.String(), Count: 1, Position: 1}}},
		{"a sync that brings nothing", func() error {
			_, err := r.tablet.Sync(as(t.Context(), taras), &syncv1.SyncRequest{})
			return err
		}, nil},
		{"a history", func() error {
			_, err := r.desk.ListHistory(as(t.Context(), iryna), &syncv1.ListHistoryRequest{SpaceId: hall[:], Record: &syncv1.RecordName{Type: "zhurnal.records.v1.Participant", RecordId: course[:]}})
			return err
		}, []audit.Event{{Action: "records.read", By: iryna.String(), Space: hall.String(), Record: course.String()}}},
		{"an export", func() error {
			_, err := rights.Export(as(t.Context(), protector), ask)
			return err
		}, []audit.Event{{Action: "person.export", By: protector.String(), Space: hall.String(), Person: course.String()}}},
		{"an export that is refused", func() error {
			if _, err := rights.Export(as(t.Context(), taras), ask); status.Code(err) != codes.NotFound {
				t.Errorf("%v", err)
			}
			return nil
		}, []audit.Event{{Action: "person.export", By: taras.String(), Space: hall.String(), Person: course.String(), Outcome: "no_access"}}},
		{"an erasure", func() error {
			_, err := rights.Erase(as(t.Context(), protector), &syncv1.EraseRequest{SpaceIds: [][]byte{hall[:], desk[:]}, SubjectId: course[:]})
			return err
		}, []audit.Event{
			{Action: "person.erase", By: protector.String(), Space: hall.String(), Person: course.String()},
			{Action: "person.erase", By: protector.String(), Space: desk.String(), Person: course.String()},
		}},
	} {
		log.taken()
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		got := log.taken()
		for i := range got {
			if text, err := json.Marshal(got[i]); err != nil || strings.Contains(string(text), canaryBytes) || got[i].Device == "" || got[i].Organisation == "" {
				t.Errorf("%s: %s, %v", c.what, text, err)
			}
			got[i].Device, got[i].Organisation = "", ""
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: kept %+v, want %+v", c.what, got, c.want)
		}
	}
}

// What cannot be kept is not handed out.
func TestWhatCannotBeKeptIsNotHandedOut(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	log := &kept{}
	r := openRegisterWith(t, func(o *Options) { o.Audit = log }, func(o *syncengine.Options) { o.Schema = types })
	if _, err := r.push(olena, hall, firstChange(t, types, olena, hall, &recordsv1.Participant{FamilyName: canaryBytes})); err != nil {
		t.Fatal(err)
	}
	log.fails = true
	page, err := r.tablet.Pull(as(t.Context(), taras), &syncv1.PullRequest{SpaceId: hall[:]})
	if status.Code(err) != codes.Unavailable || page != nil {
		t.Fatalf("%v, %v", page, err)
	}
}
