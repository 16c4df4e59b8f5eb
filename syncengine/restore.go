package syncengine

import (
	"context"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Restored says what a restore has made.
type Restored struct {
	Backup backup.Summary
	// Epoch is the number of the epoch that begins with the restored store.
	Epoch uint64
}

// Restore makes a store of a backup file where there is none: in o.Dir, or
// o.Memory. The file is verified before anything is written. The store begins a
// new epoch, in which devices offer what they have and the backup lacks. What lay
// beside the store goes to o.Beside. What the
// register has stays so: what was dismissed, whether the backup has it or not,
// who was erased, and what has ended in the directory. After an error what is there cannot be
// opened, and must be cleared away.
func Restore(o Options, file string, kept register.Contents) (Restored, error) {
	from := backup.File{Name: file, Identities: o.Identities}
	verified, err := from.Verify()
	if err != nil {
		return Restored{}, err
	}
	if err := roomFor(o, &verified); err != nil {
		return Restored{}, err
	}
	restored := Restored{Backup: verified}
	rows := func(put func(key, value []byte) error) error {
		again, err := from.ReadAll(put, o.beside().Take)
		if err == nil {
			err = o.beside().Taken()
		}
		if err == nil && again != verified {
			err = fault.New(fault.Damaged, "%s was altered while it was read", file)
		}
		return err
	}
	err = store.Restore(store.Options{Dir: o.Dir, Memory: o.Memory, Master: o.Master, Random: o.Random}, rows, func(st *store.Store) error {
		lg := log.OpenLocal(st, applier{})
		defer lg.Close()
		// Before anything has a position that the lost log gave to something else.
		begun, err := beginEpoch(st, lg, o)
		if err != nil {
			return err
		}
		restored.Epoch = begun.number
		if err := dismissAgain(lg, o, kept.Dismissals); err != nil {
			return err
		}
		if err := eraseAgain(st, lg, o, kept.Erasures); err != nil {
			return err
		}
		return endAgain(st, lg, o, kept.Ends)
	})
	return restored, err
}

// roomFor refuses what would fill the disk: a store is written twice before what
// was written first is cleared away.
func roomFor(o Options, of *backup.Summary) error {
	free, err := o.freeBytes()
	if err != nil {
		return err
	}
	if need := 2*of.RowBytes + of.FilesBytes + o.FreeBytesMin; free < need {
		return fault.New(fault.NoRoom, "%d MB free, %d MB needed: free some space", free>>20, need>>20)
	}
	return nil
}

// dismissAgain puts what the register has into the log, where it is not there.
func dismissAgain(lg log.Log, o Options, dismissed []register.Dismissal) error {
	for len(dismissed) > 0 {
		n := 1
		for n < min(len(dismissed), dismissBatch) && dismissed[n].Space == dismissed[0].Space && dismissed[n].Reason == dismissed[0].Reason {
			n++
		}
		if err := dismissBefore(lg, o, dismissed[:n]); err != nil {
			return fault.New(fault.KindOf(err), "dismiss again: %w", err)
		}
		dismissed = dismissed[n:]
	}
	return nil
}

// dismissBefore appends the dismissal of changes of one space, for one reason,
// whether they have come or not.
func dismissBefore(lg log.Log, o Options, dismissed []register.Dismissal) error {
	body := &logv1.Dismissal{ReasonKey: dismissed[0].Reason, Unreceived: true}
	for i := range dismissed {
		body.Changes = append(body.Changes, wire.ChangeIDToProto(dismissed[i].Change))
	}
	entry, err := dismissal(dismissed[0].Space, body)
	if err != nil {
		return err
	}
	entry.Received, entry.Level = o.Now(), log.Level
	_, err = lg.Append(context.Background(), store.Partition(entry.Space), entry)
	return err
}

// eraseAgain erases who is in the register as erased, where there is anything of
// them, and what comes of them later.
func eraseAgain(st *store.Store, lg log.Log, o Options, list []register.Erasure) error {
	if len(list) == 0 {
		return nil
	}
	var spaces []merge.SpaceID // in the order of the register
	of := map[merge.SpaceID][]merge.Erasure{}
	for i := range list {
		space := list[i].Space
		if len(of[space]) == 0 {
			spaces = append(spaces, space)
		}
		of[space] = append(of[space], list[i].Erasure)
	}
	for _, space := range spaces {
		run := &erasing{store: st, space: space, erasures: of[space], append: func(ctx context.Context, entry log.Entry) (log.Outcome, error) {
			entry.Received, entry.Level = o.Now(), log.Level
			return lg.Append(ctx, store.Partition(entry.Space), entry)
		}}
		err := run.begin(context.Background())
		if err == nil {
			err = run.all(context.Background())
		}
		if err != nil {
			return fault.New(fault.KindOf(err), "erase again: %w", err)
		}
	}
	return st.Scrub()
}
