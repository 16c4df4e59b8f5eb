package clientsdk

import (
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// takePage takes a page that answers the space's cursor. Pages up to and
// including the first consistent one take effect together: until then they are
// staged, and the views stay at the position where they were. The caller
// finishes.
func (f *follower) takePage(m *syncv1.Page) error {
	if len(f.space.Cursor) == 0 {
		m.ReplacesAll = true // whatever the base holds, these pages begin anew
	}
	f.space.Cursor = m.Cursor
	if !m.Consistent {
		return f.stage(m)
	}
	f.reached = f.space.Position
	if err := f.noteDurable(m.DurableThrough); err != nil {
		return err
	}
	if err := f.tx.Staged(f.space.N, f.stagedPage); err != nil {
		return err
	}
	if err := f.parsedPage(m); err != nil {
		return err
	}
	f.space.Position, f.space.Readable = f.reached, true
	return f.tx.DropStaged(f.space.N)
}

func (f *follower) stage(m *syncv1.Page) error {
	data, err := proto.Marshal(m)
	if err != nil {
		return fault.New(fault.Malformed, "page: %w", err)
	}
	return f.tx.Stage(f.space.N, data)
}

func (f *follower) stagedPage(data []byte) error {
	var m syncv1.Page
	if err := proto.Unmarshal(data, &m); err != nil {
		return fault.New(fault.Malformed, "staged page: %w", err)
	}
	return f.parsedPage(&m)
}

func (f *follower) parsedPage(m *syncv1.Page) error {
	page, err := wire.PageFromProto(m)
	if err != nil {
		return err
	}
	return f.page(&page)
}

// restart lets the space begin anew at the next pull. What it has stays in the
// views until that has come.
func (w *workspace) restart() error {
	w.space.Cursor = nil
	return w.tx.DropStaged(w.space.N)
}

// offerAll makes the own changes of the space go to the server again, those
// too that have just been sent: it may have lost some, and its answer says
// which. Drafts stay drafts.
func (w *workspace) offerAll(sent []int64) error {
	w.open = nil
	if err := w.tx.MarkSent(sent); err != nil {
		return err
	}
	return w.tx.ReopenOwn(w.space.N, uint8(wire.Dismissed))
}

// loseAccess removes what home delivered, since the author may not read the
// space any more. What the author has written and home has not merged stays,
// and what a restored server must be offered first: it may have lost that the
// author has access. The caller finishes.
func (f *follower) loseAccess() error {
	if !f.space.Readable {
		return nil
	}
	f.space.Readable, f.space.Position = false, 0
	if err := f.restart(); err != nil {
		return err
	}
	if err := f.tx.DropCarried(f.space.N); err != nil {
		return err
	}
	f.space.HubCursor = nil
	if err := f.endDelivered(true); err != nil {
		return err
	}
	return f.clear()
}
