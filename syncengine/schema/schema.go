package schema

import (
	"errors"
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

// SpaceKind says who may hold a space.
type SpaceKind = schemav1.SpaceKind

// Schema knows a number of record types. It never changes and is safe for
// concurrent use; [Schema.With] makes another.
type Schema struct {
	plans map[string]*Plan
	// known finds what a later descriptor set imports without bringing it.
	known protodesc.Resolver
}

// New returns the schema of all record types in these files, usually those
// linked into the binary. An option that makes no sense is an error that names
// file, message and field; all of them are reported together.
func New(files ...protoreflect.FileDescriptor) (*Schema, error) {
	var types []protoreflect.MessageDescriptor
	for _, file := range files {
		types = compat.AppendRecordTypes(types, file.Messages())
	}
	empty := &Schema{known: resolverOf(files)}
	return empty.extended(types)
}

// With returns a schema that also knows the record types of a serialized
// FileDescriptorSet, and the full names of all record types in the set, sorted.
// The set may leave out imports that are linked in or known already.
//
// A type that is known already may come with more (fields, kinds of space, a
// higher sensitivity), and is then known so, or with less, as from an older
// app, and then stays as it is. If each of the two has what the other could not
// live with, the error says what changed. Errors are fault.Invalid, and leave
// the schema as it was.
func (s *Schema) With(fileDescriptorSet []byte) (*Schema, []string, error) {
	files, err := compat.ParseImage(fileDescriptorSet, s.known)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "descriptor set: %w", err)
	}
	types := compat.RecordTypes(files)
	if len(types) == 0 {
		return nil, nil, fault.New(fault.Invalid, "descriptor set: no message has the option (zhurnal.schema.v1.collection): there is no record type in it")
	}
	names := make([]string, len(types))
	var newer []protoreflect.MessageDescriptor
	var refused []error
	for i, md := range types {
		names[i] = string(md.FullName())
		take, err := s.supersedes(md)
		if err != nil {
			refused = append(refused, err)
		} else if take {
			newer = append(newer, md)
		}
	}
	if err := errors.Join(refused...); err != nil {
		return nil, nil, fault.New(fault.Invalid, "descriptor set: %w", err)
	}
	extended, err := s.extended(newer)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "descriptor set: %w", err)
	}
	extended.known = resolvers{files, s.known}
	return extended, names, nil
}

// supersedes tells whether the type is to be taken in: it is new, or no older
// than the one that is known. Two versions that each have what the other lacks
// are an error.
func (s *Schema) supersedes(md protoreflect.MessageDescriptor) (bool, error) {
	known := s.plans[string(md.FullName())]
	if known == nil {
		return true, nil
	}
	breaks := compat.Types(known.desc, md)
	if len(breaks) == 0 {
		return true, nil
	}
	if len(compat.Types(md, known.desc)) == 0 {
		return false, nil
	}
	return false, brokenBy(breaks)
}

func brokenBy(breaks []compat.Break) error {
	errs := make([]error, len(breaks))
	for i := range breaks {
		errs[i] = errors.New(breaks[i].String())
	}
	return errors.Join(errs...)
}

// extended plans the types and adds them to those of the schema.
func (s *Schema) extended(types []protoreflect.MessageDescriptor) (*Schema, error) {
	names := make(map[string]bool, len(s.plans)+len(types))
	for name := range s.plans {
		names[name] = true
	}
	for _, md := range types {
		names[string(md.FullName())] = true
	}
	plans, err := planAll(types, names)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*Plan, len(names))
	maps.Copy(all, s.plans)
	for _, plan := range plans {
		all[plan.Name] = plan
	}
	return &Schema{plans: all, known: s.known}, nil
}

// Plan returns the plan of the record type with this full name, nil if it is
// unknown.
func (s *Schema) Plan(typeName string) *Plan { return s.plans[typeName] }

// SealingKeyTypes returns the plans of the record types that announce keys, sorted
// by name.
func (s *Schema) SealingKeyTypes() []*Plan {
	var plans []*Plan
	for _, name := range s.Types() {
		if plan := s.plans[name]; plan.SealingKeyField() != 0 {
			plans = append(plans, plan)
		}
	}
	return plans
}

// Types returns the full names of all record types, sorted. The caller owns
// the slice.
func (s *Schema) Types() []string { return slices.Sorted(maps.Keys(s.plans)) }
