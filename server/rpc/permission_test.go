package rpc

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
)

// Whatever is served has a line that says who may call it: what is on the
// operator's socket, the operator alone; what is on the port, nobody who is not
// known. Who needs a role in a space names the space where it is looked for.
func TestEveryProcedureSaysWhoMayCallIt(t *testing.T) {
	for _, path := range proceduresOf(t, slices.Concat(Services, HubServices)...) {
		need, ok := auth.NeedOf(path)
		due := auth.Member
		proving := []string{enrolv1connect.EnrolServiceName, enrolv1connect.WipeServiceName, signinv1connect.SignInServiceName}
		if slices.Contains(proving, strings.Split(path, "/")[1]) {
			due = auth.Anyone // who proves itself with what it asks
		}
		if !ok || need.Caller != due {
			t.Errorf("%s is on the port: %+v, there is a line: %v; say in server/auth/permission.go who may call it", path, need, ok)
		}
		if need.Where != auth.Somewhere && !namesASpace(t, path) {
			t.Errorf("%s needs a role in a space, and its request has no field that names one", path)
		}
	}
	for _, path := range proceduresOf(t, OperatorServices...) {
		if need, ok := auth.NeedOf(path); !ok || need.Caller != auth.TheOperator {
			t.Errorf("%s is on the operator's socket: %+v, there is a line: %v", path, need, ok)
		}
	}
}

func namesASpace(t *testing.T, path string) bool {
	t.Helper()
	method := strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(method))
	if err != nil {
		t.Fatal(err)
	}
	fields := d.(protoreflect.MethodDescriptor).Input().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		name := string(field.Name())
		if field.IsList() {
			name = strings.TrimSuffix(name, "s")
		}
		if name == "space_id" || strings.HasSuffix(name, "_space_id") {
			return true
		}
	}
	return false
}
