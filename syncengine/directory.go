package syncengine

import (
	"context"
	"slices"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// The directory says who is known to the server. To the engine its rows are
// bytes with a version: whoever changes some says which versions were seen, of
// those that are written and of those that the decision rested on, and the change
// happens only if they are what they were. Rules are judged before, by whoever
// knows what rows mean; an answer that has become wrong meanwhile is a conflict,
// and is judged again.

// DirectoryKey names a row of the directory.
type DirectoryKey = store.DirectoryKey

// DirectoryPut is one row that is written, or looked at.
type DirectoryPut struct {
	Key DirectoryKey
	// Expected is the version of the row that was seen; zero, that it was not
	// there.
	Expected uint64
	// Row is what it becomes; empty, if it stays.
	Row []byte
	// Lasting says whether the change must outlive the restore of an older
	// backup.
	Lasting Lasting
	// Frees says that something may wait in quarantine for the row: it is tried
	// again with the next Sync.
	Frees bool
}

// Lasting says what the register is told of a change to the directory.
type Lasting uint8

// What the register is told.
const (
	NotLasting Lasting = iota
	Ended              // what the row stands for has ended, whatever a backup says
	Resumed            // it has not, although it had
)

// directory is what an engine knows of its directory without reading.
type directory struct{ version atomic.Uint64 }

func (d *directory) reached(version uint64) {
	for before := d.version.Load(); before < version; before = d.version.Load() {
		if d.version.CompareAndSwap(before, version) {
			return
		}
	}
}

func (e *Engine) loadDirectory() error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	version, err := snapshot.DirectoryVersion()
	e.directory.reached(version)
	return err
}

// DirectoryVersion returns the version of the directory: whoever has all rows as
// of this version has what every change left that was answered until now.
func (e *Engine) DirectoryVersion() uint64 { return e.directory.version.Load() }

// DirectoryRows calls each with the rows of the directory that were written
// after a version, in the order of keys; it owns them. version is what the
// directory then has.
func (e *Engine) DirectoryRows(after uint64, each func(key DirectoryKey, version uint64, row []byte) error) (version uint64, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if version, err = snapshot.DirectoryVersion(); err != nil {
		return 0, err
	}
	return version, snapshot.DirectoryRows(func(key DirectoryKey, row *logv1.DirectoryRow) error {
		if row.Version <= after {
			return nil
		}
		return each(key, row.Version, row.Row)
	})
}

// DirectoryRow returns a row of the directory, which the caller owns. An error of
// kind NotFound says that there is none.
func (e *Engine) DirectoryRow(key DirectoryKey) ([]byte, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	row, err := snapshot.DirectoryRow(key)
	if err == nil && row.Version == 0 {
		err = fault.New(fault.NotFound, "directory: there is no row %s", key)
	}
	return row.Row, err
}

// ChangeDirectory writes rows of the directory, all of them or, if one is no
// longer as it was seen, none: an error of kind Conflict. It returns the version
// of the directory that has them, which is the version of each row written. What
// is to last is told to the register before it returns; if that fails it is
// there, and must be asked for again so that it lasts.
func (e *Engine) ChangeDirectory(ctx context.Context, by merge.PersonID, puts []DirectoryPut) (version uint64, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, err
	}
	defer e.gate.leave()
	ends := func(put DirectoryPut) bool { return put.Lasting == Ended }
	if !slices.ContainsFunc(puts, ends) { // who is to be let in no more is not, however full the disk is
		if err := e.checkRoom(); err != nil {
			return 0, err
		}
	}
	entry, err := directoryEntry(puts, 0)
	if err != nil {
		return 0, err
	}
	entry.Principal = by
	outcome, err := e.append(ctx, entry)
	if err != nil {
		return 0, fault.New(fault.KindOf(err), "directory: %w", err)
	}
	e.directory.reached(outcome.Position) // of a conflict too: what it is with is to be seen
	if !outcome.Recorded {
		return 0, fault.New(fault.Conflict, "directory: somebody else changed it meanwhile; look again, and ask again")
	}
	if slices.ContainsFunc(puts, func(put DirectoryPut) bool { return put.Frees }) {
		e.owed.Store(true)
	}
	if err := e.registerEnds(puts, outcome.Position); err != nil {
		return 0, fault.New(fault.KindOf(err), "directory: %w: ask again, or a restore may take it back", err)
	}
	return outcome.Position, nil
}

// directoryEntry returns an entry that is not dated yet.
func directoryEntry(puts []DirectoryPut, afterVersion uint64) (log.Entry, error) {
	if err := checkPuts(puts); err != nil {
		return log.Entry{}, err
	}
	m := &logv1.Directory{AfterVersion: afterVersion}
	for i := range puts {
		put := &puts[i]
		m.Puts = append(m.Puts, &logv1.DirectoryPut{Key: put.Key[:], ExpectedVersion: put.Expected, Row: put.Row})
	}
	body, err := proto.Marshal(m)
	if err != nil {
		return log.Entry{}, marshalFailed("directory", err)
	}
	return log.Entry{Kind: log.Directory, Body: body, SizeBytes: len(body)}, nil
}

func checkPuts(puts []DirectoryPut) error {
	seen, writes := make(map[DirectoryKey]bool, len(puts)), false
	sizeBytes := 0
	for i := range puts {
		put := &puts[i]
		switch {
		case seen[put.Key]:
			return fault.New(fault.Invalid, "directory: row %s twice in one change", put.Key)
		case len(put.Row) > limits.DirectoryRowBytes:
			return fault.New(fault.TooLarge, "directory: row %s has %d bytes; at most %d", put.Key, len(put.Row), limits.DirectoryRowBytes)
		}
		seen[put.Key], writes = true, writes || len(put.Row) > 0
		sizeBytes += len(put.Row)
	}
	switch {
	case !writes:
		return fault.New(fault.Invalid, "directory: a change that writes nothing")
	case len(puts) > limits.DirectoryPuts || sizeBytes > limits.DirectoryBytes:
		return fault.New(fault.TooLarge, "directory: %d rows of %d bytes in one change; at most %d of %d", len(puts), sizeBytes, limits.DirectoryPuts, limits.DirectoryBytes)
	}
	return nil
}

// registerEnds tells the register what is to last.
func (e *Engine) registerEnds(puts []DirectoryPut, version uint64) error {
	var ends []register.End
	for i := range puts {
		if puts[i].Lasting != NotLasting {
			ends = append(ends, register.End{Row: puts[i].Key, Version: version, Resumed: puts[i].Lasting == Resumed})
		}
	}
	if e.options.Register == nil || len(ends) == 0 {
		return nil
	}
	return e.options.Register.AddEnds(ends)
}

// directory puts rows, if all are as they were seen.
func (a applier) directory(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
	var body logv1.Directory
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "directory entry: %w", err)
	}
	version, err := fold.DirectoryVersion()
	if err != nil {
		return log.Outcome{}, err
	}
	for _, put := range body.Puts {
		if len(put.Key) != len(DirectoryKey{}) {
			return log.Outcome{}, fault.New(fault.Damaged, "directory entry: a key of %d bytes", len(put.Key))
		}
		row, err := fold.DirectoryRow(DirectoryKey(put.Key))
		if err != nil || row.Version != put.ExpectedVersion {
			return log.Outcome{Position: version}, err
		}
	}
	version = max(version, body.AfterVersion) + 1
	for _, put := range body.Puts {
		if len(put.Row) == 0 {
			continue
		}
		if err := fold.PutDirectoryRow(DirectoryKey(put.Key), &logv1.DirectoryRow{Version: version, Row: put.Row}); err != nil {
			return log.Outcome{}, err
		}
	}
	return log.Outcome{Recorded: true, Position: version}, fold.PutDirectoryVersion(version)
}

// endAgain ends in a restored directory what had ended after the backup was
// made. Of a row that the backup lacks there is nothing to end: what it does not
// know, the server lets in nowhere. Versions go on beyond those of before, so
// that which of two changes was later can be told across restores.
func endAgain(st *store.Store, lg log.Log, o Options, ends []register.End) error {
	puts, after, err := endedSince(st, o, ends)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(puts, limits.DirectoryPuts/16) {
		entry, err := directoryEntry(some, after)
		if err != nil {
			return err
		}
		entry.Received, entry.Level = o.Now(), log.Level
		if _, err := lg.Append(context.Background(), store.DirectoryPartition(), entry); err != nil {
			return fault.New(fault.KindOf(err), "end again: %w", err)
		}
	}
	return nil
}

// endedSince returns what is to be put, and beyond which version.
func endedSince(st *store.Store, o Options, ends []register.End) (puts []DirectoryPut, after uint64, err error) {
	if len(ends) > 0 && o.EndRow == nil {
		return nil, 0, fault.New(fault.Internal, "restore: the register has what ended in the directory, and nothing that says what an ended row is")
	}
	last := map[DirectoryKey]register.End{}
	for _, end := range ends {
		last[end.Row], after = end, max(after, end.Version)
	}
	snapshot := st.Snapshot()
	defer snapshot.Close()
	err = snapshot.DirectoryRows(func(key DirectoryKey, row *logv1.DirectoryRow) error {
		end, ok := last[key]
		if !ok || end.Resumed || end.Version <= row.Version {
			return nil
		}
		ended, err := o.EndRow(key, row.Row, o.Now())
		if err == nil && len(ended) > 0 {
			puts = append(puts, DirectoryPut{Key: key, Expected: row.Version, Row: ended})
		}
		return err
	})
	return puts, after, err
}
