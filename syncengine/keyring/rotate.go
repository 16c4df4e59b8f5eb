package keyring

import (
	"fmt"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// BeginRotation adds a root key, by which Seal wraps from then on. Until
// EndRotation both the present master key and the new one open the ring. What
// was begun before and cut off is taken up.
func (r *Ring) BeginRotation(to Master) error {
	if to.ID() == r.master.ID() {
		return fault.New(fault.Invalid, "the store is sealed under the master key %s already; name another one", to.ID())
	}
	for i := range r.roots {
		if err := r.roots[i].wrap(to); err != nil {
			return err
		}
	}
	made, err := newRoot(r.master, to)
	if err != nil {
		return err
	}
	r.roots = append(r.roots, made)
	return r.replace()
}

// EndRotation forgets all roots but the newest, and that the present master key
// has wrapped it. Everything that was wrapped by the others must have been
// wrapped again, durably.
func (r *Ring) EndRotation(to Master) error {
	newest := *r.newest()
	newest.wraps = nil
	if err := newest.wrap(to); err != nil {
		return err
	}
	r.roots, r.master = []root{newest}, to
	return r.replace()
}

func (r *Ring) replace() error {
	data := r.encode()
	if err := atomicfile.Replace(r.name, data); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	r.data = data
	return nil
}
