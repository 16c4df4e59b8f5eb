package rpc

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// filler fills requests from tenants, field by field. The names of fields say
// what belongs into them, so that a request is filled the day that it is added;
// a name that is not known here fails the test.
type filler struct {
	t *testing.T
	// choice is which of three spaces, and which member of a oneof.
	choice int
	// from is whose ids are filled in, but at swapped, a path, where swappedFrom's
	// are.
	from, swappedFrom *tenant
	swapped           string
	// ids are the paths of fields that name something, as they are met.
	ids []string
	// used is what was filled in there.
	used [][]byte
}

// idsNamed gives what a field of a name holds.
var idsNamed = map[string]func(t *tenant, choice int) []byte{
	"space_id":              func(t *tenant, n int) []byte { return t.places[n].space[:] },
	"space_ids":             func(t *tenant, n int) []byte { return t.places[n].space[:] },
	"desk_space_id":         func(t *tenant, n int) []byte { return t.places[(n+1)%3].space[:] },
	"subject_id":            func(t *tenant, n int) []byte { return t.places[n].record[:] },
	"record_id":             func(t *tenant, n int) []byte { return t.places[n].record[:] },
	"person_id":             func(t *tenant, _ int) []byte { return t.twice[0][:] },
	"first_person_id":       func(t *tenant, _ int) []byte { return t.twice[0][:] },
	"second_person_id":      func(t *tenant, _ int) []byte { return t.twice[1][:] },
	"record_ids":            func(t *tenant, n int) []byte { return t.places[n].record[:] },
	"replica":               func(t *tenant, n int) []byte { return t.places[n].change.Replica[:] },
	"tag":                   func(t *tenant, n int) []byte { return t.places[n].change.Tag[:] },
	"batches":               func(t *tenant, n int) []byte { return t.places[n].batch },
	"cursor":                func(t *tenant, n int) []byte { return t.places[n].cursor },
	"hub_cursor":            func(t *tenant, n int) []byte { return t.places[n].cursor },
	"page_token":            func(t *tenant, n int) []byte { return []byte(hex.EncodeToString(t.victim[:])) },
	"about_id":              func(t *tenant, _ int) []byte { return t.victim[:] },
	"replica_ids":           func(t *tenant, n int) []byte { return t.places[n].change.Replica[:] },
	"user_id":               func(t *tenant, _ int) []byte { return t.victim[:] },
	"expected_recorder_ids": func(t *tenant, _ int) []byte { return t.victim[:] },
	"programme_id":          func(t *tenant, _ int) []byte { return t.programme[:] },
	"assignment_id":         func(t *tenant, _ int) []byte { return t.assignment[:] },
	"invitation_id":         func(t *tenant, _ int) []byte { return t.invitation[:] },
	"organisation_id":       func(t *tenant, _ int) []byte { return t.organisation[:] },
	"device_id":             func(t *tenant, _ int) []byte { return t.victimDevice[:] },
}

// wordsNamed are what fields hold that name nothing of a tenant.
var wordsNamed = map[string][]byte{
	"name": []byte("Somebody"), "administrator_name": []byte("Somebody"), "p_code": []byte("UA1423049010"),
	"type": []byte("zhurnal.records.v1.Training"), "header": nil, "message": trainingBytes(), "reason_key": []byte("draft.entered_twice"), "basis": []byte("they said so"), "query": nil,
	"buckets": make([]byte, 2048), "file_descriptor_set": []byte("no set"),
	"secret": make([]byte, 16), "label": []byte("Tablet 7"), "public_key": bytes.Repeat([]byte{7}, 32), "signature": make([]byte, 64), "nonce": make([]byte, 32),
	"action": []byte("device."), "app_version": []byte("1.0"),
	"login": []byte("somebody@example.org"), "password": []byte("four words that are nobody's"),
	"report": []byte("data-quality"), "parameter": []byte("silent_days"), "value": []byte("1"),
	"package_hash": make([]byte, 32), "piece": []byte("a piece"),
	"stamp": nil, "note": []byte("for the donor"), "reason": nil,
	"challenge": []byte("000011 000022 000033"),
	"backup_id": bytes.Repeat([]byte{7}, 16), "hash": bytes.Repeat([]byte{7}, 32),
}

// onlyAt are fields of which a request has one or the other: at the second choice,
// or at the others.
var onlyAt = map[string]bool{"record_ids": true, "buckets": false}

func trainingBytes() []byte {
	data, err := proto.Marshal(&recordsv1.Training{TitleUk: "Домедична допомога"})
	if err != nil {
		panic(err)
	}
	return data
}

// fill fills a message.
func (f *filler) fill(m protoreflect.Message, path string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if of := field.ContainingOneof(); of != nil && !of.IsSynthetic() && of.Fields().Get(f.choice%of.Fields().Len()) != field {
			continue
		}
		if choice, ok := onlyAt[string(field.Name())]; ok && choice != (f.choice == 1) {
			continue
		}
		at := path + "." + string(field.Name())
		switch field.Kind() {
		case protoreflect.MessageKind:
			if field.IsMap() {
				f.t.Fatalf("%s is a map, which this test does not fill: teach it", at)
			}
			if field.IsList() {
				f.fill(m.Mutable(field).List().AppendMutable().Message(), at)
			} else {
				f.fill(m.Mutable(field).Message(), at)
			}
		case protoreflect.BytesKind, protoreflect.StringKind:
			f.put(m, field, f.value(field, at))
		default:
			f.number(m, field)
		}
	}
}

func (f *filler) put(m protoreflect.Message, field protoreflect.FieldDescriptor, data []byte) {
	value := protoreflect.ValueOfBytes(data)
	if field.Kind() == protoreflect.StringKind {
		value = protoreflect.ValueOfString(string(data))
	}
	if field.IsList() {
		m.Mutable(field).List().Append(value)
		return
	}
	m.Set(field, value)
}

func (f *filler) value(field protoreflect.FieldDescriptor, at string) []byte {
	name := string(field.Name())
	if word, ok := wordsNamed[name]; ok {
		return word
	}
	id, ok := idsNamed[name]
	if !ok {
		f.t.Fatalf("%s: this test does not know what a field of this name holds; say in idsNamed what of a tenant it names, or in wordsNamed that it names nothing", at)
	}
	f.ids = append(f.ids, at)
	of := f.from
	if at == f.swapped {
		of = f.swappedFrom
	}
	data := id(of, f.choice)
	f.used = append(f.used, data)
	if name == "page_token" && strings.Contains(at, "Quarantined") { // of another form
		data = []byte(hex.EncodeToString(append(id(of, 0)[:0:0], bytes.Repeat(of.victim[:], 2)...)))
	}
	if name == "page_token" && strings.Contains(at, "Pairs") { // behind as many points as there can be
		data = []byte("7fffffff" + hex.EncodeToString(bytes.Repeat(of.victim[:], 2)))
	}
	return data
}

// number sets what is no id so that requests do something, and no harm.
func (f *filler) number(m protoreflect.Message, field protoreflect.FieldDescriptor) {
	switch {
	case field.Kind() == protoreflect.EnumKind && !field.IsList():
		m.Set(field, protoreflect.ValueOfEnum(1))
	case field.Name() == "fields":
		m.Mutable(field).List().Append(protoreflect.ValueOfUint32(1))
	case field.Name() == "seq", field.Name() == "position":
		m.Set(field, protoreflect.ValueOfUint64(1))
	case field.Kind() == protoreflect.BoolKind && field.ContainingOneof() != nil:
		m.Set(field, protoreflect.ValueOfBool(true))
	}
}

// requestOf makes a filled request of a procedure.
func (f *filler) requestOf(input protoreflect.MessageType) proto.Message {
	m := input.New()
	f.ids, f.used = nil, nil
	f.fill(m, string(input.Descriptor().Name()))
	return m.Interface()
}

// secretsOf are what an answer to somebody of another tenant must not have, but
// what the request itself has said.
func (t *tenant) secrets(used [][]byte) (secrets [][]byte) {
	secrets = append(secrets, []byte(t.canary))
	for _, id := range t.ids() {
		said := false
		for _, data := range used {
			said = said || bytes.Contains(data, id) || bytes.Contains(id, data)
		}
		if !said {
			secrets = append(secrets, id, fmt.Appendf(nil, "%x", id))
		}
	}
	return secrets
}
