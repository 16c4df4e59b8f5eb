package shared_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/shared"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Two facilitators share a tablet in a hall without a network.
func Example() {
	dir := must(os.MkdirTemp("", "shared"))
	defer os.RemoveAll(dir)
	clock := func() int64 { return 1_790_000_000_000 }
	tablet := must(shared.Open(shared.Options{Dir: filepath.Join(dir, "users"), Clock: clock, Random: rand.Reader}))

	// Once, in the office. Each user enrols too, and the app keeps what comes of it:
	// oksana.Keep("identity", []byte(identity.Text())).
	oksana := must(tablet.AddUser("Оксана", "271828"))
	must(tablet.AddUser("Петро", "correct horse"))
	oksana.Lock()

	// In the hall.
	var chosen shared.User
	for _, user := range must(tablet.Users()) {
		fmt.Println(user.Name)
		if user.Name == "Оксана" {
			chosen = user
		}
	}
	if _, err := tablet.Unlock(chosen.ID, "314159"); errors.Is(err, shared.ErrPIN) {
		fmt.Println(err)
	}
	unlocked := must(tablet.Unlock(chosen.ID, "271828"))
	defer unlocked.Lock()
	files, key, err := unlocked.Register()
	if err != nil {
		panic(err)
	}
	types := must(schema.New(recordsv1.File_zhurnal_records_v1_person_proto))
	register := must(clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: files, Key: key, Author: clientsdk.PersonID{1}, Schema: types, Clock: clock, Random: rand.Reader,
		// Wiping: &clientsdk.Wiping{Identity: identity, Signer: signer, DestroyKeys: unlocked.Destroy},
	}))
	defer register.Close()
	lyman := clientsdk.SpaceID{2}
	if err := register.Join(context.Background(), lyman, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
		panic(err)
	}
	must(register.Write(context.Background(), lyman, func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Participant{FamilyName: "Шевченко"})
		return err
	}))
	fmt.Println(must(register.Status(context.Background())).Spaces[0].Saved, "saved")

	// Output:
	// Оксана
	// Петро
	// this is not the PIN
	// 1 saved
}
