package store

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// DirectoryKey names a row of the directory: a byte that says what it is about,
// and an id.
type DirectoryKey [17]byte

// String is for errors: the kind in decimal and the id in hexadecimal digits.
func (k DirectoryKey) String() string { return fmt.Sprintf("%d/%x", k[0], k[1:]) }

// DirectoryPartition is where entries that belong to no space are, those of the
// directory among them.
func DirectoryPartition() uint16 { return Partition(merge.SpaceID{}) }

func directoryKey(key DirectoryKey) []byte { return append([]byte{classDirectory}, key[:]...) }

// DirectoryRow returns a row of the directory; one of version zero if it is not
// there.
func (r rows) DirectoryRow(key DirectoryKey) (*logv1.DirectoryRow, error) {
	row := new(logv1.DirectoryRow)
	_, err := r.message(directoryKey(key), row)
	return row, err
}

// DirectoryVersion returns the version of the directory; zero if nothing is in
// it.
func (r rows) DirectoryVersion() (uint64, error) {
	head := new(logv1.DirectoryHead)
	_, err := r.message(metaKey(metaDirectory), head)
	return head.Version, err
}

// PutDirectoryRow keeps a row of the directory.
func (f *Fold) PutDirectoryRow(key DirectoryKey, row *logv1.DirectoryRow) error {
	return f.setMessage(directoryKey(key), row)
}

// PutDirectoryVersion keeps the version of the directory.
func (f *Fold) PutDirectoryVersion(version uint64) error {
	return f.setMessage(metaKey(metaDirectory), &logv1.DirectoryHead{Version: version})
}

// DirectoryRows calls each with every row of the directory, in the order of
// keys.
func (s *Snapshot) DirectoryRows(each func(key DirectoryKey, row *logv1.DirectoryRow) error) error {
	prefix := []byte{classDirectory}
	return s.scan(prefix, prefix, func(key, value []byte) error {
		if len(key) != 1+len(DirectoryKey{}) {
			return fault.New(fault.Damaged, "row %x: no such key: the store is damaged; restore it from a backup", key)
		}
		row := new(logv1.DirectoryRow)
		if err := proto.Unmarshal(value, row); err != nil {
			return fault.New(fault.Damaged, "row %x: %w: the store is damaged; restore it from a backup", key, err)
		}
		return each(DirectoryKey(key[1:]), row)
	})
}
