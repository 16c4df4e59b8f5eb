package rpc

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func with[M any](header http.Header, m *M) *connect.Request[M] {
	req := connect.NewRequest(m)
	maps.Copy(req.Header(), header)
	return req
}

// procedure is one of those that are served on the port.
type procedure struct {
	path   string
	input  protoreflect.MessageType
	output protoreflect.MessageType
	stream bool
}

func servedProcedures(t *testing.T) (all []procedure) {
	t.Helper()
	for _, name := range Services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		methods := d.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			m := methods.Get(i)
			input, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
			if err != nil {
				t.Fatal(err)
			}
			output, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, procedure{"/" + name + "/" + string(m.Name()), input, output, m.IsStreamingServer()})
		}
	}
	// These change what the others look at.
	last := []string{"RevokeDevice", "Decide", "Write"}
	slices.SortStableFunc(all, func(a, b procedure) int {
		return slices.Index(last, a.path[strings.LastIndex(a.path, "/")+1:]) - slices.Index(last, b.path[strings.LastIndex(b.path, "/")+1:])
	})
	return all
}

// heard is an answer: a code, and everything that is in it, unpacked.
type heard struct {
	code string // empty: it went well
	all  []byte
	body []byte // as it came, if it is one message
}

// ask asks one thing as somebody.
func (w *tenantWorld) ask(p procedure, who asker, request proto.Message) heard {
	w.t.Helper()
	body, err := proto.Marshal(request)
	if err != nil {
		w.t.Fatal(err)
	}
	kind := "application/proto"
	if p.stream {
		kind = "application/connect+proto"
		body = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
	}
	got := w.post(w.client, p.path, body, "Content-Type", kind, "Authorization", who.authorization)
	if got.status != http.StatusOK {
		return refusalHeard(w.t, got.body)
	}
	if !p.stream {
		return heard{all: w.opened(p, got.body), body: got.body}
	}
	var h heard
	for data := got.body; len(data) > 0; {
		n := 5 + int(binary.BigEndian.Uint32(data[1:5]))
		if data[0]&2 != 0 { // the end, with what went wrong
			var end struct{ Error json.RawMessage }
			if err := json.Unmarshal(data[5:n], &end); err != nil {
				w.t.Fatal(err)
			}
			if len(end.Error) > 0 {
				h = refusalHeard(w.t, end.Error)
			}
		} else {
			h.all = append(h.all, w.opened(p, data[5:n])...)
		}
		data = data[n:]
	}
	return h
}

func refusalHeard(t *testing.T, body []byte) heard {
	t.Helper()
	var r refusal
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	h := heard{code: r.Code, all: []byte(r.Message)}
	for _, d := range r.Details {
		value, err := base64.RawStdEncoding.DecodeString(d.Value)
		if err != nil {
			t.Fatal(err)
		}
		h.all = append(h.all, value...)
	}
	return h
}

// opened is an answer with everything that is packed in it laid open.
func (w *tenantWorld) opened(p procedure, body []byte) []byte {
	w.t.Helper()
	m := p.output.New()
	if err := proto.Unmarshal(body, m.Interface()); err != nil {
		w.t.Fatal(err)
	}
	all := bytes.Clone(body)
	var walk func(protoreflect.Message)
	walk = func(m protoreflect.Message) {
		m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			each := []protoreflect.Value{value}
			if field.IsList() {
				each = nil
				for i := range value.List().Len() {
					each = append(each, value.List().Get(i))
				}
			}
			for _, v := range each {
				switch field.Kind() {
				case protoreflect.MessageKind:
					walk(v.Message())
				case protoreflect.BytesKind:
					all = append(all, unpacked(v.Bytes())...)
				}
			}
			return true
		})
	}
	walk(m)
	return all
}

// Two organisations on one server, and everybody of both asks everything: with
// ids of the own, of the other's in the place of each single one of them, and of
// the other's throughout. No answer and no error has anything of the other in it,
// beyond what was asked with; and what is the other's is answered as what there
// is nowhere, to the last byte.
func TestNoTenantLearnsAnythingOfAnother(t *testing.T) {
	w := newTenantWorld(t)
	all := servedProcedures(t)
	went := map[string]map[string]bool{} // procedure to roles that it went well for
	calls, swaps, leaks := 0, 0, 0
	choices := 4 // of spaces and of members of a oneof
	if testing.Short() {
		choices = 1
	}
	for side, mine := range w.tenants {
		other := w.tenants[1-side]
		nobody := absent(other)
		for i := range nobody.places { // batches of a space that there is not
			nobody.places[i].batch = w.batchOf(&nobody.places[i])
		}
		for _, p := range all {
			for _, who := range mine.callers {
				s := &swapping{tenantWorld: w, p: p, who: who, mine: mine, other: other, nobody: nobody}
				for choice := range choices {
					if s.all(choice) {
						if went[p.path] == nil {
							went[p.path] = map[string]bool{}
						}
						went[p.path][who.role] = true
					}
				}
				calls, swaps, leaks = calls+s.calls, swaps+s.swaps, leaks+s.leaks
			}
		}
	}
	roles := len(w.tenants[0].callers)
	t.Logf("%d RPCs x %d roles x own and other tenant, %d ids swapped, %d calls: %d leaks", len(all), roles, swaps, calls, leaks)
	if !testing.Short() {
		mustBeForThose(t, went)
	}
}

// swapping is one procedure, asked by one caller.
type swapping struct {
	*tenantWorld
	p                   procedure
	who                 asker
	mine, other, nobody *tenant
	calls, swaps, leaks int
}

// all asks with own ids, and with others in their places; it tells whether it
// went well with own ids.
func (s *swapping) all(choice int) (well bool) {
	f := &filler{t: s.t, choice: choice % 3, from: s.mine}
	if choice == 3 { // the fourth member of a oneof
		f.choice = 2
		if s.p.path != "/zhurnal.directory.v1.DirectoryService/Assign" {
			return false
		}
	}
	own := f.requestOf(s.p.input)
	paths := f.ids
	answer := s.hear(own, f.used)
	again := s.hear(own, f.used)
	same := bytes.Equal(answer.all, again.all) // else it has something new in it each time
	s.compare("everything", f.choice, "", same)
	for _, path := range paths {
		s.compare(path, f.choice, path, same)
		isRoom := f.choice == 2 && strings.HasSuffix(path, ".space_id") || f.choice == 1 && strings.HasSuffix(path, ".desk_space_id")
		if isRoom && s.isOutside() {
			s.compareWithRoom(path, f.choice)
		}
	}
	return answer.code == ""
}

// isOutside tells whether the counselling room of the own organisation is to the
// caller as if it were not there. Who gives roles in it knows it.
func (s *swapping) isOutside() bool {
	inside := []string{"psychologist", "supervisor"}
	return !slices.Contains(inside, s.who.role) && (s.who.role != "administrator" || !strings.HasSuffix(s.p.path, "/Assign"))
}

// compareWithRoom asks with the own organisation's room and with a space that
// there is not.
func (s *swapping) compareWithRoom(path string, choice int) {
	s.t.Helper()
	s.swaps++
	var heards [2]heard
	for i, from := range []*tenant{s.mine, s.nobody} {
		f := &filler{t: s.t, choice: choice, from: s.mine, swapped: path, swappedFrom: from}
		heards[i] = s.hear(f.requestOf(s.p.input), f.used)
	}
	of, nobodys := s.mine.places[2].space, s.nobody.places[2].space
	if heards[0].code != heards[1].code || !bytes.Equal(alike(heards[0].all, of[:], nobodys[:]), heards[1].all) {
		s.leaks++
		s.t.Errorf("%s, asked by %s about a room: %s %q; about nothing: %s %q", s.p.path, s.who.role, heards[0].code, heards[0].all, heards[1].code, heards[1].all)
	}
}

// hear asks, and looks into the answer for what is another's.
func (s *swapping) hear(request proto.Message, used [][]byte) heard {
	s.t.Helper()
	s.calls++
	h := s.ask(s.p, s.who, request)
	for _, secret := range s.other.secrets(used) {
		if bytes.Contains(h.all, secret) {
			s.leaks++
			s.t.Errorf("%s, asked by %s of %s with %v: %q of the other is in the answer %s %q", s.p.path, s.who.role, s.mine.canary, request, secret, h.code, h.all)
		}
	}
	if slices.Contains([]string{"internal", "unknown", "data_loss", "unimplemented"}, h.code) {
		s.t.Fatalf("%s, asked by %s: %s %s", s.p.path, s.who.role, h.code, h.all)
	}
	return h
}

// compare asks with what is the other's and with what is nobody's, at one path or
// throughout.
func (s *swapping) compare(what string, choice int, path string, bodies bool) {
	s.t.Helper()
	s.swaps++
	var heards [2]heard
	var useds [2][][]byte
	goesOn := false
	for i, from := range []*tenant{s.other, s.nobody} {
		f := &filler{t: s.t, choice: choice, from: s.mine, swapped: path, swappedFrom: from}
		if path == "" {
			f.from = from
		}
		request := f.requestOf(s.p.input)
		heards[i], useds[i] = s.hear(request, f.used), f.used
		goesOn = goesOn || slices.ContainsFunc(f.ids, func(id string) bool { return strings.HasSuffix(id, "page_token") && (path == "" || path == id) })
	}
	if goesOn { // where a list goes on is no secret
		return
	}
	others, nobodys := heards[0], heards[1]
	if others.code == "" && nobodys.code == "" && !bodies {
		return
	}
	for i := range useds[0] {
		others.all = alike(others.all, useds[0][i], useds[1][i])
	}
	others.all, nobodys.all = stamped.ReplaceAll(others.all, nil), stamped.ReplaceAll(nobodys.all, nil)
	if others.code != nobodys.code || !bytes.Equal(others.all, nobodys.all) {
		s.leaks++
		s.t.Errorf("%s, asked by %s with another's %s: %s %q; with nobody's: %s %q", s.p.path, s.who.role, what, others.code, others.all, nobodys.code, nobodys.all)
	}
}

// stamped is the stamp of a report in the bytes of an answer. It is a hash over
// what was asked for, ids and all, so two questions never have the same.
var stamped = regexp.MustCompile(`\x32\x20[0-9a-f]{32}`)

// alike puts another id in the place of one, also where it is told in a text.
func alike(answer, id, other []byte) []byte {
	if len(id) == 0 {
		return answer
	}
	answer = bytes.ReplaceAll(answer, id, other)
	text, otherText := []byte(hex.EncodeToString(id)), []byte(hex.EncodeToString(other))
	for _, n := range []int{len(text), 8, 6} { // also cut, as in the name of a change
		if n <= len(text) && len(text) == len(otherText) {
			answer = bytes.ReplaceAll(answer, text[:n], otherText[:n])
		}
	}
	return answer
}

// batchOf seals a change of nobody's.
func (w *tenantWorld) batchOf(p *place) []byte {
	w.t.Helper()
	return titled(w.t, merge.PersonID(newID()), p.space, "nobody's")
}

// mustBeForThose holds what went well for whom to what is promised.
func mustBeForThose(t *testing.T, went map[string]map[string]bool) {
	t.Helper()
	var table strings.Builder
	for _, path := range slices.Sorted(maps.Keys(went)) {
		fmt.Fprintf(&table, "%s: %s\n", path[strings.LastIndex(path, ".")+1:], strings.Join(slices.Sorted(maps.Keys(went[path])), ", "))
	}
	if table.String() != promisedTo {
		t.Errorf("it goes well for others than is promised:\n%s", table.String())
	}
}

// promisedTo is who may ask what in their own organisation, of what there is.
const promisedTo = `DirectoryService/AddProgramme: administrator
DirectoryService/AddSpace: administrator
DirectoryService/AddUser: administrator, coordinator
DirectoryService/Assign: administrator, coordinator
DirectoryService/EndAssignment: administrator, coordinator
DirectoryService/GetDeviceManifest: data protection
DirectoryService/InviteDevice: administrator, coordinator
DirectoryService/ListDevices: administrator, coordinator, data protection, of another programme
DirectoryService/ListEvents: administrator, data protection
DirectoryService/ListProgrammes: administrator, coordinator, data protection, of another programme
DirectoryService/ListSpaces: administrator, coordinator, data protection, of another programme
DirectoryService/ListUsers: administrator, coordinator, data protection, of another programme
DirectoryService/RetireDevice: administrator, coordinator
DirectoryService/RevokeDevice: administrator, coordinator
DirectoryService/SetUserStatus: administrator
EnrolService/Challenge: administrator, coordinator, data protection, ended, facilitator, hub, monitoring, of another programme, psychologist, supervisor, with a revoked tablet, without a role
PersonsService/CountPairs: coordinator
PersonsService/Decide: coordinator
PersonsService/GetPerson: coordinator
PersonsService/ListPairs: coordinator
PersonsService/ListPeople: coordinator
ReportService/ListReports: coordinator, monitoring, of another programme
ReportService/Report: coordinator, monitoring
AudienceService/ListAudiences: hub
DeskService/Accept: coordinator, supervisor
DeskService/GetRecordAt: coordinator, facilitator, psychologist, supervisor
DeskService/ListDisagreements: coordinator, supervisor
DeskService/ListHistory: coordinator, facilitator, psychologist, supervisor
DeskService/ListQuarantined: coordinator, supervisor
DeskService/ListRecords: coordinator, facilitator, psychologist, supervisor
DeskService/ListReview: coordinator, supervisor
DeskService/Survey: coordinator, supervisor
DeskService/Write: coordinator, supervisor
RightsService/Export: data protection, supervisor
SyncService/Pull: coordinator, facilitator, psychologist
SyncService/Push: coordinator, facilitator, psychologist, supervisor
SyncService/Repair: coordinator, facilitator, psychologist
SyncService/Sync: administrator, coordinator, data protection, facilitator, hub, monitoring, of another programme, psychologist, supervisor, without a role
SyncService/Watch: administrator, coordinator, data protection, facilitator, hub, monitoring, of another programme, psychologist, supervisor, without a role
`
