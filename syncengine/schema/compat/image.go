package compat

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// ParseImage reads a FileDescriptorSet, such as `buf build -o` or `protoc
// --descriptor_set_out` writes. Custom options are read with the types linked
// into the binary. An import that is not in the set is looked for in known;
// nil stands for what is linked in. The files are in no global registry.
func ParseImage(image []byte, known protodesc.Resolver) (*protoregistry.Files, error) {
	set := new(descriptorpb.FileDescriptorSet)
	options := proto.UnmarshalOptions{Resolver: protoregistry.GlobalTypes}
	if err := options.Unmarshal(image, set); err != nil {
		return nil, fmt.Errorf("not a FileDescriptorSet: %w", err)
	}
	if known == nil {
		known = protoregistry.GlobalFiles
	}
	l := linker{
		sources: make(map[string]*descriptorpb.FileDescriptorProto, len(set.GetFile())),
		entered: make(map[string]bool, len(set.GetFile())),
		known:   known,
	}
	for _, file := range set.GetFile() {
		if l.sources[file.GetName()] != nil {
			return nil, fmt.Errorf("%s: twice in the descriptor set", file.GetName())
		}
		l.sources[file.GetName()] = file
	}
	for _, file := range set.GetFile() {
		if err := l.link(file); err != nil {
			return nil, err
		}
	}
	return &l.files, nil
}

// linker turns the files of a set into descriptors, imports first. It is itself
// the resolver by which a file finds what it imports.
type linker struct {
	sources map[string]*descriptorpb.FileDescriptorProto
	entered map[string]bool
	files   protoregistry.Files
	known   protodesc.Resolver
}

func (l *linker) link(file *descriptorpb.FileDescriptorProto) error {
	name := file.GetName()
	if l.entered[name] {
		if _, err := l.files.FindFileByPath(name); err != nil {
			return fmt.Errorf("%s: imports itself", name)
		}
		return nil
	}
	l.entered[name] = true
	for _, path := range file.GetDependency() {
		if err := l.linkImport(name, path); err != nil {
			return err
		}
	}
	linked, err := protodesc.NewFile(file, l)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := l.files.RegisterFile(linked); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (l *linker) linkImport(importer, path string) error {
	if file := l.sources[path]; file != nil {
		return l.link(file)
	}
	if _, err := l.known.FindFileByPath(path); err != nil {
		return fmt.Errorf("%s: imports %s, which is neither in the set nor known here: build the set with its imports", importer, path)
	}
	return nil
}

// FindFileByPath prefers the files of the set.
func (l *linker) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if l.sources[path] != nil {
		return l.files.FindFileByPath(path)
	}
	return l.known.FindFileByPath(path)
}

// FindDescriptorByName prefers the files of the set, and passes over known
// files that the set has in a version of its own.
func (l *linker) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	d, err := l.files.FindDescriptorByName(name)
	if !errors.Is(err, protoregistry.NotFound) {
		return d, err
	}
	d, err = l.known.FindDescriptorByName(name)
	if err == nil && l.sources[d.ParentFile().Path()] != nil {
		return nil, protoregistry.NotFound
	}
	return d, err
}
