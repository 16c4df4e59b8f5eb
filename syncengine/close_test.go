package syncengine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// operations are all that one can ask of an engine, as oksana who has access to
// lyman.
func operations(e *syncengine.Engine, batches [][]byte) map[string]func() error {
	oksana, lyman := personNamed("oksana"), spaceNamed("lyman")
	stop := errors.New("stop")
	drop := func(_ any, err error) error { return err }
	return map[string]func() error{
		"Push":        func() error { return drop(e.Push(bg, oksana, lyman, batches)) },
		"PullEntries": func() error { return drop(e.PullEntries(bg, oksana, lyman, nil, 0)) },
		"Pull":        func() error { return drop(e.Pull(bg, oksana, lyman, nil, 0)) },
		"Sync": func() error {
			down, err := e.Sync(bg, oksana, []wire.SpaceUp{{Space: lyman, Batches: batches}}, 0)
			if err == nil {
				err = down[0].Err // what was let in is done to the end
			}
			return err
		},
		"Verdicts":   func() error { return drop(e.Verdicts(oksana, lyman, []merge.ID{{Seq: 1}})) },
		"Spaces":     func() error { return drop(e.Spaces()) },
		"Accessible": func() error { return drop(e.Accessible(oksana)) },
		"Records":    func() error { return drop(e.Records(lyman, func(*merge.Record) error { return nil })) },
		"Changed":    func() error { _, _, err := e.Changed(lyman, 1, func(*merge.Record) error { return nil }); return err },
		"Digest":     func() error { _, _, err := e.Digest(lyman); return err },
		"SetAccess":  func() error { return drop(e.SetAccess(bg, oksana, lyman, community, oksana, true)) },
		"AddSchema":  func() error { _, _, err := e.AddSchema(bg, oksana, nil); return err },
		"Dismiss": func() error {
			return unlessNotThere(e.Dismiss(bg, oksana, lyman, []merge.ID{{Replica: merge.ReplicaID{9}, Seq: 1}}, "reason"))
		},
		"Accept": func() error {
			return unlessNotThere(e.Accept(bg, oksana, lyman, []merge.ID{{Replica: merge.ReplicaID{9}, Seq: 1}}))
		},
		"Backup":        func() error { return drop(e.Backup(bg, io.Discard)) },
		"ConfirmBackup": func() error { return unlessNotThere(drop(e.ConfirmBackup(bg, oksana, backup.ID{}, [32]byte{}))) },
		"ListRecords":   func() error { _, _, _, err := e.ListRecords(bg, oksana, lyman, ""); return err },
		"Quarantined":   func() error { _, _, err := e.Quarantined(bg, oksana, lyman, ""); return err },
		"History":       func() error { return drop(e.History(bg, oksana, lyman, merge.RecordID{1}, 0, 0)) },
		"RecordAt":      func() error { return drop(e.RecordAt(bg, oksana, lyman, merge.RecordID{1}, 0)) },
		"SyncAsHub":     func() error { return drop(e.SyncAsHub(bg, oksana, []wire.SpaceUp{{Space: lyman}}, 0)) },
		"Erase":         func() error { return unlessNotThere(drop(e.Erase(bg, oksana, lyman, merge.RecordID{9}, nil))) },
		"Export":        func() error { return drop(e.Export(bg, lyman, merge.RecordID{9}, "")) },
		"Expire": func() error {
			return drop(e.Expire(bg, oksana, lyman, []wire.ErasedRecord{{Record: merge.RecordID{9}}}))
		},
		"AdoptErasures": func() error {
			return e.AdoptErasures(bg, oksana, lyman, []merge.Erasure{{Subject: merge.RecordID{9}}}, nil)
		},
		"People":      func() error { return drop(e.People(lyman)) },
		"Adopt":       func() error { return e.Adopt(bg, oksana, lyman, batches) },
		"Upstream":    func() error { return drop(e.Upstream(lyman)) },
		"SetUpstream": func() error { return e.SetUpstream(bg, lyman, syncengine.Upstream{}) },
		"Brought":     func() error { return drop(e.Brought(lyman, syncengine.Upstream{}, 1, 1)) },
		"HeldBack": func() error {
			return e.HeldBack(lyman, merge.ID{}, func(*merge.Change) bool { return true })
		},
		"NamedSpaces":   func() error { return drop(e.NamedSpaces()) },
		"Audiences":     func() error { return drop(e.Audiences(oksana)) },
		"Disagreements": func() error { _, _, err := e.Disagreements(bg, oksana, lyman, ""); return err },
		"Cut":           func() error { return drop(e.Cut(bg, oksana, syncengine.CutOptions{})) },
		"SetRetention":  func() error { return e.SetRetention(bg, oksana, lyman, syncengine.Retention{Days: 400}) },
		"Write": func() error {
			_, _, err := e.Write(bg, oksana, lyman, []syncengine.WriteRecord{{Type: participantType, Message: []byte{0x0a, 1, 'x'}}})
			return err
		},
		"Repair": func() error {
			return drop(e.Repair(bg, oksana, wire.RepairAsk{Space: lyman, Records: []merge.RecordID{{}}}))
		},
		"DirectoryRows": func() error {
			return drop(e.DirectoryRows(0, func(syncengine.DirectoryKey, uint64, []byte) error { return nil }))
		},
		"DirectoryRow": func() error { return unlessNotThere(drop(e.DirectoryRow(syncengine.DirectoryKey{9}))) },
		"ChangeDirectory": func() error {
			_, err := e.ChangeDirectory(bg, oksana, []syncengine.DirectoryPut{{Key: syncengine.DirectoryKey{1}, Row: []byte("row")}})
			if fault.KindOf(err) == fault.Conflict { // it is there already
				return nil
			}
			return err
		},
		"Watch": func() error {
			err := e.Watch(bg, oksana, []merge.SpaceID{lyman}, func(merge.SpaceID, uint64) error { return stop })
			if errors.Is(err, stop) {
				return nil
			}
			return err
		},
	}
}

// unlessNotThere passes over that there is no such thing, which only an open
// engine can tell.
func unlessNotThere(err error) error {
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func isStopping(err error) bool {
	return fault.KindOf(err) == fault.Unavailable && err.Error() == "the server is stopping; try again later"
}

// Nothing touches the store once it is closed, whatever is asked.
func TestAClosedEngineSaysSo(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	all := operations(e, a.batches(a.unsent...))
	// Five touch no store, or close it.
	for m := range reflect.TypeFor[*syncengine.Engine]().Methods() {
		if all[m.Name] == nil && !slices.Contains([]string{"Close", "Schema", "Epoch", "DirectoryVersion", "UnlockKey"}, m.Name) {
			t.Errorf("%s is not tried", m.Name)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for name, do := range all {
		if err := do(); err == nil || !isStopping(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The server stops in the midst of everything: what was let in is done to the
// end, the rest is told to come again, and nothing falls over.
func TestTheServerStopsUnderLoad(t *testing.T) {
	for range 3 {
		var now atomic.Int64
		now.Store(year2026)
		e, err := syncengine.Open(syncengine.Options{
			Dir: t.TempDir(), Master: testMaster, Schema: recordTypes(), Now: func() int64 { return now.Add(1) }, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		grant(t, e, "lyman", community, "oksana")
		a := newDevice(t, "oksana", "lyman", 1)
		for i := range 50 {
			a.raw(fat(merge.RecordID{1, byte(i), byte(i >> 8)}, participantType, 3_000, uint64(i)))
		}
		batches := a.batches(a.unsent...)
		a.push(e)
		var working, started sync.WaitGroup
		for name, do := range operations(e, batches) {
			started.Add(1)
			working.Go(func() {
				err := do()
				started.Done()
				for ; err == nil || fault.KindOf(err) == fault.Invalid; err = do() {
				}
				if !isStopping(err) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		started.Wait()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		working.Wait()
	}
}

// A reader who takes long over a message holds nothing of the store: it can
// even be closed meanwhile.
func TestAWatcherThatIsSlowHoldsNothing(t *testing.T) {
	e := openEngine(t, t.TempDir())
	grant(t, e, "lyman", community, "oksana")
	grant(t, e, "svatove", community, "oksana")
	told := 0
	err := e.Watch(context.Background(), personNamed("oksana"), []merge.SpaceID{spaceNamed("lyman"), spaceNamed("svatove")}, func(merge.SpaceID, uint64) error {
		told++
		return e.Close()
	})
	if !isStopping(err) || told != 2 {
		t.Fatalf("told %d times, then %v", told, err)
	}
}
