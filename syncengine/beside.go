package syncengine

import (
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Beside is what lies beside a store and goes into its backups: whole files, each
// of which stays as it is.
type Beside interface {
	// Files calls each with the files that there are, in ascending order of their
	// names.
	Files(each func(name string, from io.Reader) error) error
	// Take takes the files of a backup, piece by piece, one after the other. A file
	// that is there stays.
	Take(name string, piece []byte) error
	// Taken says that there are no more.
	Taken() error
}

// nothingBeside refuses to lose what a backup has.
type nothingBeside struct{}

var errBeside = fault.New(fault.Internal, "the backup has files that lie beside the store, and nothing says where they go")

func (nothingBeside) Files(func(string, io.Reader) error) error { return nil }
func (nothingBeside) Take(string, []byte) error                 { return errBeside }
func (nothingBeside) Taken() error                              { return nil }

func (o *Options) beside() Beside {
	if o.Beside == nil {
		return nothingBeside{}
	}
	return o.Beside
}
