package clientsdk_test

import (
	"errors"
	"sync"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// The app writes, reads and syncs from several goroutines at once.
func TestConcurrentUse(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	var all sync.WaitGroup
	failed := make(chan error, 64)
	work := func(what func() error) {
		all.Go(func() {
			for range 12 {
				if err := what(); err != nil {
					failed <- err
				}
			}
		})
	}
	for range 3 {
		work(func() error {
			_, err := oksana.Write(t.Context(), oksana.space, func(tx *clientsdk.Tx) error {
				_, err := tx.Create(&recordsv1.Participant{FamilyName: "Бондар"})
				return errors.Join(err, tx.Update(olena, &recordsv1.Participant{NameLatin: "Olena"}))
			})
			return err
		})
		work(func() error {
			_, err := clientsdk.Query[*recordsv1.Participant](t.Context(), oksana, oksana.space)
			return err
		})
		work(func() error {
			result, err := oksana.Sync(t.Context(), oksana.line)
			return errors.Join(err, result.Err())
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	oksana.sync()
	oksana.mustEqual(h)
	if n := len(oksana.people()); n != 37 {
		t.Fatalf("%d people", n)
	}
}
