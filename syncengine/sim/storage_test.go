package sim

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
)

// storage is where the register of a tablet lies: in the files of SQLite or in
// memory.
type storage interface {
	// copied returns a copy of what is there now, register open or not.
	copied() (storage, error)
	// into says to a register that it is there.
	into(o *clientsdk.Options)
	// beside opens the store beside the register that has it open.
	beside() (localstore.Store, error)
}

// newStorage returns an empty one, of the season's kind.
func (f *fleet) newStorage() storage {
	if f.SQLite {
		return f.newFiles()
	}
	return memory{localstore.NewMemory()}
}

type memory struct{ *localstore.Memory }

func (m memory) copied() (storage, error)  { return memory{m.Clone()}, nil }
func (m memory) into(o *clientsdk.Options) { o.Memory = m.Memory }

func (m memory) beside() (localstore.Store, error) { return m.Open(noCut, registerKey) }

type files struct {
	fleet *fleet
	dir   string
}

func (f *fleet) newFiles() *files {
	f.directories++
	return &files{f, filepath.Join(f.dir, fmt.Sprint("register-", f.directories))}
}

func (f *files) copied() (storage, error) {
	to := f.fleet.newFiles()
	return to, os.CopyFS(to.dir, os.DirFS(f.dir))
}

func (f *files) into(o *clientsdk.Options) { o.Dir = f.dir }

func (f *files) beside() (localstore.Store, error) { return localstore.Open(noCut, f.dir, registerKey) }
