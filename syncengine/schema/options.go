package schema

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

// subjectSelf is the subject of a record that is itself the person.
const subjectSelf = "self"

// checkMessage refuses what no cell could hold.
func (p *planner) checkMessage() {
	md := p.plan.desc
	if md.ExtensionRanges().Len() > 0 {
		p.fail("", "extension ranges are not possible: give every field a number in the message")
	}
	for i := range md.Oneofs().Len() {
		p.checkOneof(md.Oneofs().Get(i))
	}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		for _, part := range partsOf(fd) {
			p.checkPart(fd.Name(), part)
		}
	}
}

// checkOneof holds a oneof in one cell: in two, both values could be live.
func (p *planner) checkOneof(oneof protoreflect.OneofDescriptor) {
	if oneof.IsSynthetic() {
		return
	}
	first := oneof.Fields().Get(0)
	group := p.options[first.Number()].GetGroup()
	if group == "" {
		p.fail(first.Name(), "a member of oneof %s without a group: put all members of the oneof into one group", oneof.Name())
	}
	for i := 1; i < oneof.Fields().Len(); i++ {
		if fd := oneof.Fields().Get(i); p.options[fd.Number()].GetGroup() != group {
			p.fail(fd.Name(), "in another group than %s of the same oneof %s: put all members of the oneof into one group", first.Name(), oneof.Name())
		}
	}
}

// checkPart refuses options that mean something only on a record's own fields.
// field is the one of the record in which the part is.
func (p *planner) checkPart(field protoreflect.Name, part protoreflect.MessageDescriptor) {
	if compat.CollectionOf(part) != nil {
		p.fail(field, "%s is a record type and cannot be a part of another: hold its id with a reference", part.FullName())
		return
	}
	if part.ExtensionRanges().Len() > 0 {
		p.fail(field, "%s has extension ranges, which are not possible", part.FullName())
	}
	for i := range part.Fields().Len() {
		fd := part.Fields().Get(i)
		said := proto.CloneOf(compat.FieldOf(fd))
		said.Sensitivity = schemav1.Sensitivity_SENSITIVITY_UNSPECIFIED
		if proto.Size(said) > 0 {
			p.fail(field, "%s: inside a part only sensitivity may be said, since a part is merged whole and references are looked for in the record's own fields", fd.FullName())
		}
		if fd.Kind() == protoreflect.GroupKind || fd.Cardinality() == protoreflect.Required {
			p.fail(field, "%s: neither a proto2 group nor a required field is possible", fd.FullName())
		}
	}
}

func (p *planner) checkCollection() {
	spaces := p.plan.collection.GetSpace()
	if len(spaces) == 0 {
		p.fail("", "collection.space is empty: say in which kinds of space its records may live")
	}
	for i, kind := range spaces {
		if kind == schemav1.SpaceKind_SPACE_KIND_UNSPECIFIED || kind.Descriptor().Values().ByNumber(kind.Number()) == nil {
			p.fail("", "collection.space: %d is no kind of space that is known here", kind)
		}
		if slices.Contains(spaces[:i], kind) {
			p.fail("", "collection.space: %s stands there twice", kind)
		}
	}
	if slices.Contains(spaces, schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM) {
		p.checkCounselling(spaces)
	}
	if p.plan.collection.GetAppendOnly() && len(p.plan.collection.GetKey()) > 0 {
		p.fail("", "collection.append_only: a record with a key may be made twice, and the second time is an edit: leave out the key")
	}
	if len(p.plan.collection.ProtoReflect().GetUnknown()) > 0 {
		p.fail("", "the collection option says something that this version does not know: use a newer one")
	}
}

// checkCounselling keeps what happens in a counselling room there: everyone
// else must not even learn that a record exists.
func (p *planner) checkCounselling(spaces []schemav1.SpaceKind) {
	if len(spaces) > 1 {
		p.fail("", "collection.space: a counselling room admits no other kind beside it, and its records no other audience: make a type of its own")
	}
	if len(p.plan.collection.GetKey()) > 0 {
		p.fail("", "collection.key: a record in a counselling room may have no key, since an id that follows from the key can be guessed: use random ids")
	}
}

// keyFields returns the fields that the key names.
func (p *planner) keyFields() map[protowire.Number]bool {
	keys := make(map[protowire.Number]bool)
	for _, name := range p.plan.collection.GetKey() {
		fd := p.plan.desc.Fields().ByName(protoreflect.Name(name))
		switch {
		case fd == nil:
			p.fail("", "collection.key: there is no field %q", name)
		case keys[fd.Number()]:
			p.fail(fd.Name(), "named twice in collection.key")
		default:
			keys[fd.Number()] = true
		}
	}
	return keys
}

func (p *planner) checkSubject() {
	subject := p.plan.collection.GetSubject()
	if subject == "" || subject == subjectSelf {
		return
	}
	fd := p.plan.desc.Fields().ByName(protoreflect.Name(subject))
	switch {
	case fd == nil:
		p.fail("", "collection.subject: there is no field %q; for a record that is the person itself say %q", subject, subjectSelf)
	case fd.IsList() || len(p.options[fd.Number()].GetReference()) == 0:
		p.fail(fd.Name(), "collection.subject names it, so it must be a single field with a reference")
	}
}
