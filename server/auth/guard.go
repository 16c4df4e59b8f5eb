package auth

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Guard is the interceptor that lets a request through if its caller may ask for
// it; see [Need]. Its refusals are faults.
type Guard struct {
	directory *directory.Directory
	now       func() int64 // milliseconds since 1970
}

var _ connect.Interceptor = (*Guard)(nil)

// NewGuard returns the guard of a home server. A hub has no directory: there all
// that is asked is that somebody calls.
func NewGuard(d *directory.Directory, now func() int64) *Guard { return &Guard{d, now} }

// WrapUnary implements connect.Interceptor.
func (g *Guard) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := g.check(ctx, req.Spec().Procedure, req.Any()); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// WrapStreamingHandler implements connect.Interceptor. Who may no longer ask for
// a stream is sent no more of it.
func (g *Guard) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return next(ctx, &guarded{StreamingHandlerConn: conn, guard: g, ctx: ctx})
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (g *Guard) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// guarded is a stream of which the request is looked at when it comes, and again
// with each message that is sent.
type guarded struct {
	connect.StreamingHandlerConn
	guard   *Guard
	ctx     context.Context
	request any
}

// Receive implements connect.StreamingHandlerConn.
func (c *guarded) Receive(m any) error {
	if err := c.StreamingHandlerConn.Receive(m); err != nil {
		return err
	}
	c.request = m
	return c.guard.check(c.ctx, c.Spec().Procedure, m)
}

// Send implements connect.StreamingHandlerConn.
func (c *guarded) Send(m any) error {
	if err := c.guard.check(c.ctx, c.Spec().Procedure, c.request); err != nil {
		return err
	}
	return c.StreamingHandlerConn.Send(m)
}

// errNotYours is the same whatever a caller lacks, and whether what it asks for
// is there or not.
var errNotYours = fault.New(fault.NoAccess, "it is not there, or not for the caller")

// errNotLetIn is for whoever is not known, has ended or was revoked.
var errNotLetIn = fault.New(fault.Unauthenticated, "this user or device is not let in: ask an administrator of your organisation")

// check refuses what the caller may not ask for.
func (g *Guard) check(ctx context.Context, procedure string, request any) error {
	need, ok := needs[procedure]
	switch {
	case !ok || need.Caller == Nobody:
		return fault.New(fault.Internal, "%s: nothing says who may call it", procedure)
	case need.Caller == Anyone:
		return nil
	}
	p, err := Caller(ctx)
	if err != nil || g.directory == nil {
		return err
	}
	if p.Operator || need.Caller == TheOperator {
		if p.Operator && need.Caller == TheOperator {
			return nil
		}
		return errNotYours
	}
	return g.checkMember(ctx, &need, p, request)
}

func (g *Guard) checkMember(ctx context.Context, need *Need, p Principal, request any) error {
	if err := g.directory.Settle(ctx); err != nil {
		return err
	}
	view, err := g.directory.View()
	if err != nil {
		return err
	}
	if !isLetIn(view, p) {
		return errNotLetIn
	}
	if need.Hub && !view.Device(p.Device).GetHub() {
		return errNotYours
	}
	if !need.met(view, p.Person, SpacesOf(request, need.Where != Somewhere), g.now()) {
		return errNotYours
	}
	if need.Fresh {
		if err := p.Fresh(); err != nil {
			return err
		}
	}
	if need.Returns && view.Device(p.Device).GetStatus() == directoryv1.DeviceStatus_DEVICE_STATUS_RETIRED {
		return g.returned(ctx, p.Device)
	}
	return nil
}

// returned makes a device active again. A disk without room keeps it from
// nothing: it is so with a later request.
func (g *Guard) returned(ctx context.Context, id directory.DeviceID) error {
	err := g.directory.Return(ctx, id)
	if fault.KindOf(err) == fault.NoRoom {
		return nil
	}
	return err
}

// isLetIn tells whether a principal is still what it was when it was found out.
func isLetIn(v *directory.View, p Principal) bool {
	user := v.User(p.Person)
	if user == nil || directory.OrganisationID(user.OrganisationId) != p.Organisation || !v.Active(p.Person) {
		return false
	}
	if p.Device == (directory.DeviceID{}) {
		return true
	}
	device := v.LetIn(p.Device)
	return device != nil && merge.PersonID(device.UserId) == p.Person
}

// SpacesOf returns the spaces that a request names itself: those of a list only
// if lists are asked for, as they are where a role is due in each. For Watch, and
// for Sync, which names them deeper, the handler answers for each of them apart.
// What is no id is left to the handler, which says so.
func SpacesOf(request any, lists bool) (spaces []merge.SpaceID) {
	m, ok := request.(proto.Message)
	if !ok {
		return nil
	}
	take := func(value protoreflect.Value) {
		if id := value.Bytes(); len(id) == len(merge.SpaceID{}) {
			spaces = append(spaces, merge.SpaceID(id))
		}
	}
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.Kind() != protoreflect.BytesKind:
		case field.IsList() && lists && (name == "space_ids" || strings.HasSuffix(name, "_space_ids")):
			for i := range value.List().Len() {
				take(value.List().Get(i))
			}
		case !field.IsList() && (name == "space_id" || strings.HasSuffix(name, "_space_id")):
			take(value)
		}
		return true
	})
	return spaces
}
