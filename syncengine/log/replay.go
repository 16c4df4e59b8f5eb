package log

import (
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Replay applies an entry of one store's log to another store that has all
// entries before it, and only those. Since applying depends on the entry and
// the state alone, the second store then has the same rows as the first had.
func Replay(st *store.Store, applier Applier, partition uint16, e Entry) error {
	fold := st.Fold()
	outcome, err := applyNext(fold, applier, partition, &e)
	if err == nil && !outcome.Recorded {
		err = fault.New(fault.Damaged, "it changes nothing where it stands")
	}
	if err != nil {
		fold.Discard()
		return err
	}
	return fold.Commit()
}

// applyNext applies an entry, and puts it at the end of its partition's log if
// it did something. Of what is put there, applying may have erased something.
func applyNext(fold *store.Fold, applier Applier, partition uint16, e *Entry) (Outcome, error) {
	seq, err := fold.NextEntrySeq(partition)
	if err != nil {
		return Outcome{}, err
	}
	outcome, err := applier.Apply(fold, partition, seq, e)
	if err != nil || !outcome.Recorded {
		return outcome, err
	}
	return outcome, fold.PutEntry(partition, seq, Encode(partition, seq, e))
}
