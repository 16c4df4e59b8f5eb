package directory

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Engine keeps the rows.
type Engine interface {
	// DirectoryVersion is that of the last change which was answered.
	DirectoryVersion() uint64
	// DirectoryRows calls each with the rows written after a version.
	DirectoryRows(after uint64, each func(key syncengine.DirectoryKey, version uint64, row []byte) error) (version uint64, err error)
	// DirectoryRow returns a row; that there is none is a fault.NotFound.
	DirectoryRow(key syncengine.DirectoryKey) ([]byte, error)
	// ChangeDirectory puts all rows, or is a fault.Conflict.
	ChangeDirectory(ctx context.Context, by merge.PersonID, puts []syncengine.DirectoryPut) (version uint64, err error)
	// People lists who has access to a space.
	People(space merge.SpaceID) ([]merge.PersonID, error)
	// SetAccess gives access to a space or takes it.
	SetAccess(ctx context.Context, by merge.PersonID, space merge.SpaceID, kind syncengine.SpaceKind, person merge.PersonID, allowed bool) (released int, err error)
}

// Directory is open on an engine. It is safe for concurrent use.
type Directory struct {
	engine Engine
	now    func() int64 // milliseconds since 1970
	random io.Reader

	reading sync.Mutex // held by the one who reads what is new
	view    atomic.Pointer[View]

	settling sync.Mutex // held by the one who gives and takes access
	settled  atomic.Pointer[settled]

	telling  sync.Mutex
	onChange []func() // called after each change
}

// Open reads the directory of an engine, and settles who has access. now is the
// clock in milliseconds since 1970; random gives unguessable bytes, to many at
// once.
func Open(engine Engine, now func() int64, random io.Reader) (*Directory, error) {
	d := &Directory{engine: engine, now: now, random: random}
	d.view.Store(emptyView())
	return d, d.Settle(context.Background())
}

// View returns the directory as it is now: at least as new as every change that
// was answered before the call.
func (d *Directory) View() (*View, error) {
	if v := d.view.Load(); v.version >= d.engine.DirectoryVersion() {
		return v, nil
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	v := d.view.Load()
	if v.version >= d.engine.DirectoryVersion() {
		return v, nil
	}
	next, err := v.next(d.engine)
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "directory: %w", err)
	}
	d.view.Store(next)
	return next, nil
}

// change judges on the directory as it is, puts what comes of it, and settles
// who has access then.
func (d *Directory) change(ctx context.Context, by merge.PersonID, judge func(w *writing) error) error {
	if err := d.put(ctx, by, judge); err != nil {
		return err
	}
	return d.Settle(ctx)
}

// put judges and puts, again as often as somebody else was faster: each time one
// of both has come further.
func (d *Directory) put(ctx context.Context, by merge.PersonID, judge func(w *writing) error) error {
	for {
		view, err := d.View()
		if err != nil {
			return err
		}
		w := &writing{view: view, now: d.now(), by: by}
		if err := judge(w); err != nil || !w.writes {
			return err
		}
		if _, err = d.engine.ChangeDirectory(ctx, by, w.puts); fault.KindOf(err) != fault.Conflict {
			d.tell()
			return err
		}
		if err := ctx.Err(); err != nil {
			return fault.New(fault.Unavailable, "directory: %w; nothing was changed", err)
		}
	}
}

// OnChange has f called after each change, before it is answered.
func (d *Directory) OnChange(f func()) {
	d.telling.Lock()
	defer d.telling.Unlock()
	d.onChange = append(d.onChange, f)
}

func (d *Directory) tell() {
	d.telling.Lock()
	defer d.telling.Unlock()
	for _, f := range d.onChange {
		f()
	}
}

// writing is one change while it is judged.
type writing struct {
	view   *View
	now    int64
	by     merge.PersonID
	puts   []syncengine.DirectoryPut
	writes bool
}

// byOrNobody is what rows have of who changed them.
func (w *writing) byOrNobody() []byte {
	if w.by == (merge.PersonID{}) {
		return nil
	}
	return w.by[:]
}

// put writes a row, which is judged to be one that may be.
func (w *writing) put(key syncengine.DirectoryKey, row proto.Message, lasting syncengine.Lasting) error {
	data, err := proto.Marshal(row)
	if err != nil {
		return fault.New(fault.Internal, "encode row %s of the directory: %w", key, err)
	}
	put := w.at(key)
	put.Row, put.Lasting, w.writes = data, lasting, true
	return nil
}

// restsOn says that what is judged holds only as long as a row is what it is.
func (w *writing) restsOn(key syncengine.DirectoryKey) { w.at(key) }

// at returns the put of a row, of which a change has one.
func (w *writing) at(key syncengine.DirectoryKey) *syncengine.DirectoryPut {
	i := slices.IndexFunc(w.puts, func(put syncengine.DirectoryPut) bool { return put.Key == key })
	if i < 0 {
		i = len(w.puts)
		w.puts = append(w.puts, syncengine.DirectoryPut{Key: key, Expected: w.view.rows[key].version})
	}
	return &w.puts[i]
}

// AddOrganisation makes a tenant.
func (d *Directory) AddOrganisation(ctx context.Context, by merge.PersonID, name string) (OrganisationID, error) {
	id, err := newID[OrganisationID](d.random)
	if err != nil {
		return id, err
	}
	if err := checkName("organisation", name); err != nil {
		return id, err
	}
	return id, d.change(ctx, by, func(w *writing) error {
		return w.put(keyOf(directoryv1.RowKind_ROW_KIND_ORGANISATION, id), &directoryv1.Organisation{Name: name}, syncengine.NotLasting)
	})
}
