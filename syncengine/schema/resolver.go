package schema

import (
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// resolvers asks one after the other.
type resolvers []protodesc.Resolver

// resolverOf finds the files, what they import, and what is linked in.
func resolverOf(files []protoreflect.FileDescriptor) protodesc.Resolver {
	given := new(protoregistry.Files)
	for _, file := range files {
		register(given, file)
	}
	return resolvers{given, protoregistry.GlobalFiles}
}

// register leaves out a file whose names are taken: the first one wins, and
// two record types of one name are reported elsewhere.
func register(into *protoregistry.Files, file protoreflect.FileDescriptor) {
	if file.IsPlaceholder() || into.RegisterFile(file) != nil {
		return
	}
	for i := range file.Imports().Len() {
		register(into, file.Imports().Get(i).FileDescriptor)
	}
}

// FindFileByPath returns the file of the first resolver that has it.
func (r resolvers) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	for _, resolver := range r {
		if file, err := resolver.FindFileByPath(path); err == nil {
			return file, nil
		}
	}
	return nil, protoregistry.NotFound
}

// FindDescriptorByName returns the descriptor of the first resolver that has it.
func (r resolvers) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	for _, resolver := range r {
		if d, err := resolver.FindDescriptorByName(name); err == nil {
			return d, nil
		}
	}
	return nil, protoregistry.NotFound
}
