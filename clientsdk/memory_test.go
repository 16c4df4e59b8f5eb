package clientsdk_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// An app's tests may keep the register in memory, where it is the same.
func TestARegisterInMemory(t *testing.T) {
	o := clientsdk.Options{
		Memory: localstore.NewMemory(), Key: tabletKey, Author: named[clientsdk.PersonID]("oksana"), Schema: recordTypes(),
		Clock: func() int64 { return 1 }, Random: seeded(1),
	}
	open := func() *clientsdk.Register {
		r, err := clientsdk.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	reg, village := open(), named[clientsdk.SpaceID]("lyman")
	if err := reg.Join(t.Context(), village, community); err != nil {
		t.Fatal(err)
	}
	var id clientsdk.RecordID
	_, err := reg.Write(t.Context(), village, func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(&recordsv1.Training{TitleUk: "Перша допомога"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Close(); err != nil {
		t.Fatal(err)
	}
	reg = open()
	defer reg.Close()
	row, err := clientsdk.Get[*recordsv1.Training](t.Context(), reg, village, id)
	if err != nil || row.Message.TitleUk != "Перша допомога" {
		t.Fatalf("%v, %v", row.Message, err)
	}
	o.Dir = t.TempDir()
	if _, err := clientsdk.Open(t.Context(), o); fault.KindOf(err) != fault.Invalid {
		t.Errorf("in a directory and in memory: %v", err)
	}
	o.Dir, o.Memory = "", nil
	if _, err := clientsdk.Open(t.Context(), o); fault.KindOf(err) != fault.Invalid {
		t.Errorf("nowhere: %v", err)
	}
}
