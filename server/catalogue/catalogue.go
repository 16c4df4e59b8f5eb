// Package catalogue has the record types that the program is built with. It is
// the one place of the server that names their package; adding a type adds a
// message to a .proto file, and nothing here.
package catalogue

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Types returns the schema of all record types in zhurnal.records.v1. An error
// names the option that makes no sense.
func Types() (*schema.Schema, error) {
	// Any file of the package will do to learn its name.
	home := recordsv1.File_zhurnal_records_v1_place_proto.Package()
	var files []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage(home, func(file protoreflect.FileDescriptor) bool {
		files = append(files, file)
		return true
	})
	return schema.New(files...)
}
