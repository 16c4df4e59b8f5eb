package clientsdk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// A facilitator's tablet is made known to the server in the office. Then it takes
// the register of a day in a village without a network, and syncs in the evening.
func Example() {
	ctx := context.Background()
	dir, scanned := exampleSetting()

	// In the office: the camera reads an invitation from a coordinator's screen. A
	// phone's key store is the signer; the app keeps what Enrol returns, as text.
	invitation, err := clientsdk.ParseInvitation(scanned)
	check(err)
	signer, err := clientsdk.NewSoftwareKey(rand.Reader)
	check(err)
	web := &http.Client{Timeout: time.Minute}
	identity, err := clientsdk.Enrol(ctx, invitation, "Tablet 7", signer, web)
	check(err)

	// The key comes from the key store of the device, the schema is made once
	// from the generated files of the app's record types.
	reg, err := clientsdk.Open(ctx, clientsdk.Options{
		Dir: dir, Key: key, Author: identity.Person, Device: identity.Device, Signer: signer, Schema: recordTypes(),
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

	// It proves who it is by itself, now and whenever the server wants that anew.
	home, err := clientsdk.HomeClient(identity, signer, web)
	check(err)
	result, err := reg.Sync(ctx, home)
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

// exampleSetting returns a fresh directory, and the invitation of a server that
// lets the facilitator into the village.
func exampleSetting() (dir, invitation string) {
	parent, err := os.MkdirTemp("", "zhurnal")
	check(err)
	o := newOffice()
	invitation = o.invite("oksana")
	o.access(village, "oksana")
	return filepath.Join(parent, "register"), invitation
}
