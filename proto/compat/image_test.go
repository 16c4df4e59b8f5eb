package compat_test

import (
	"os"
	"testing"

	"google.golang.org/protobuf/reflect/protoregistry"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

const (
	broken = `%s
	The image in proto/compat says how records were released. Put the option or the field back as it was, and add a new
	field or type for what is to be different: tablets and servers hold records that would be read in another way.`
	behind = `proto/compat/image.binpb does not have it yet: %s
	If this is a change that only adds, make the image again, at the root of the repository:
	go tool -modfile=.ci/tools/go.mod buf build --exclude-source-info -o proto/compat/image.binpb`
)

// released returns the record types of the committed image, and today's.
func released(t *testing.T) (image, today *protoregistry.Files) {
	t.Helper()
	data, err := os.ReadFile("image.binpb")
	if err != nil {
		t.Fatal(err)
	}
	image, err = compat.ParseImage(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	today = new(protoregistry.Files)
	home := recordsv1.File_zhurnal_records_v1_place_proto.Package()
	for _, md := range compat.RecordTypes(protoregistry.GlobalFiles) {
		if md.ParentFile().Package() != home {
			continue
		}
		if _, err := today.FindFileByPath(md.ParentFile().Path()); err == nil {
			continue
		}
		if err := today.RegisterFile(md.ParentFile()); err != nil {
			t.Fatal(err)
		}
	}
	return image, today
}

// What was released holds.
func TestRecordTypesKeepWhatTheyPromised(t *testing.T) {
	image, today := released(t)
	if len(compat.RecordTypes(image)) == 0 {
		t.Fatal("there is no record type in image.binpb")
	}
	for _, b := range compat.Files(image, today) {
		t.Errorf(broken, b)
	}
}

// What is new today is in the image, or nothing would hold it tomorrow.
func TestImageHasEveryRecordType(t *testing.T) {
	image, today := released(t)
	if len(compat.RecordTypes(today)) == 0 {
		t.Fatal("no record type is compiled in")
	}
	if len(compat.Files(image, today)) > 0 {
		return // told by the other test; the image is not to be made again
	}
	for _, b := range compat.Files(today, image) {
		t.Errorf(behind, b)
	}
}
