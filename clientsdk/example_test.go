package clientsdk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// A facilitator takes the register of a day in a village without a network, and
// syncs in the evening.
func Example() {
	ctx := context.Background()
	dir, client := exampleSetting()

	// The key comes from the key store of the device, the schema is made once
	// from the generated files of the app's record types.
	reg, err := clientsdk.Open(ctx, clientsdk.Options{
		Dir: dir, Key: key, Author: facilitator, Schema: recordTypes(),
		Clock: func() int64 { return time.Now().UnixMilli() }, Random: rand.Reader,
	})
	check(err)
	defer reg.Close()
	check(reg.Join(ctx, village, schemav1.SpaceKind_SPACE_KIND_COMMUNITY))

	// One transaction over several records. It is on the disk when it returns.
	var day clientsdk.RecordID
	_, err = reg.Write(ctx, village, func(tx *clientsdk.Tx) error {
		training, err := tx.Create(&recordsv1.Training{TitleEn: "First aid"})
		check(err)
		day, err = tx.Put(&recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 1, FieldDate: 20160801})
		check(err)
		olena, err := tx.Create(&recordsv1.Participant{FamilyName: "Коваленко", GivenName: "Олена"})
		check(err)
		_, err = tx.Put(&recordsv1.AttendanceMark{
			SessionId: day[:], ParticipantId: olena[:], RecorderId: facilitator[:],
			Presence: recordsv1.Presence_PRESENCE_PRESENT, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
		})
		return err
	})
	check(err)

	// The marks of the day, as they are now and after a sync.
	marks, err := clientsdk.Query[*recordsv1.AttendanceMark](ctx, reg, village, clientsdk.Refers("session_id", day))
	check(err)
	fmt.Println(len(marks), marks[0].Message.Presence, "provisional:", marks[0].Provisional)

	result, err := reg.Sync(ctx, client)
	check(err)
	marks, err = clientsdk.Query[*recordsv1.AttendanceMark](ctx, reg, village, clientsdk.Refers("session_id", day))
	check(err)
	fmt.Println("sent:", result.Sent, "round trips:", result.RoundTrips, "provisional:", marks[0].Provisional)

	// Output:
	// 1 PRESENCE_PRESENT provisional: true
	// sent: 1 round trips: 1 provisional: false
}

var (
	key         = []byte("32 random bytes of the key store")
	facilitator = named[clientsdk.PersonID]("oksana")
	village     = named[clientsdk.SpaceID]("lyman")
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// exampleSetting returns a fresh directory, and a client of a server that knows
// the facilitator. An app makes its own with syncv1connect.NewSyncServiceClient.
func exampleSetting() (dir string, client syncv1connect.SyncServiceClient) {
	parent, err := os.MkdirTemp("", "zhurnal")
	check(err)
	h := &home{clock: clock{millis: august2016}}
	h.engine, err = syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: h.clock.now, Random: rand.Reader})
	check(err)
	_, err = h.engine.SetAccess(context.Background(), named[merge.PersonID]("admin"), village, community, facilitator, true)
	check(err)
	return filepath.Join(parent, "register"), h.line("oksana")
}
