package demo

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
)

const bodyBytes = 10_000

// post sends a body over a link, and returns how much the server read and
// answered.
func post(t *testing.T, way *link) (read int, answer []byte, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		read = len(body)
		_, _ = w.Write(bytes.Repeat([]byte("a"), bodyBytes))
	}))
	resp, err := (&http.Client{Transport: way.transport()}).Post(server.URL, "text/plain", strings.NewReader(strings.Repeat("u", bodyBytes)))
	if err == nil {
		answer, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	way.hangUp()
	server.Close() // waits for the handler
	return read, answer, err
}

func TestALinkCountsWhatPasses(t *testing.T) {
	way := new(link)
	read, answer, err := post(t, way)
	if err != nil || read != bodyBytes || len(answer) != bodyBytes {
		t.Fatalf("read %d, answered %d, %v", read, len(answer), err)
	}
	headers := int64(1000)
	up, down := way.passed()
	if up <= bodyBytes || up > bodyBytes+headers || down <= bodyBytes || down > bodyBytes+headers {
		t.Errorf("counted %d bytes up and %d down", up, down)
	}
	if way.wasCut() {
		t.Error("it was never cut")
	}
}

func TestACutUpKeepsTheRequestFromComing(t *testing.T) {
	way := &link{cut: &cut{up: true, afterBytes: 3000}}
	read, _, err := post(t, way)
	up, _ := way.passed()
	if err == nil || read >= bodyBytes || up != 3000 || !way.wasCut() {
		t.Errorf("the server read %d, %d passed, %v", read, up, err)
	}
}

func TestACutDownLosesTheAnswerToWhatWasDone(t *testing.T) {
	way := &link{cut: &cut{afterBytes: 3000}}
	read, answer, err := post(t, way)
	_, down := way.passed()
	if err == nil || read != bodyBytes || len(answer) >= bodyBytes || down != 3000 || !way.wasCut() {
		t.Errorf("the server read %d, %d of the answer came, %v", read, len(answer), err)
	}
}

func TestIdsOfARunStandForThoseOfThePlan(t *testing.T) {
	ids := newIdentities()
	lyman, pokrovsk := season.Name("lyman/person").Record(), season.Name("pokrovsk/person").Record()
	ids.set(lyman, [16]byte{15: 9})
	ids.set(pokrovsk, [16]byte{15: 1})
	planned := &recordsv1.PersonLink{FirstPersonId: lyman[:], SecondPersonId: pokrovsk[:], Basis: "Шевченко"} // 16 bytes, and no id
	played, err := ids.play(planned)
	if err != nil {
		t.Fatal(err)
	}
	link := played.(*recordsv1.PersonLink)
	if link.FirstPersonId[15] != 9 || link.SecondPersonId[15] != 1 || link.Basis != planned.Basis {
		t.Errorf("played as %v", link)
	}
	data, err := proto.Marshal(played)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ids.unplay(planned.ProtoReflect().Descriptor(), data)
	want, wantErr := proto.Marshal(planned)
	if err := errors.Join(err, wantErr); err != nil || !bytes.Equal(back, want) {
		t.Errorf("back as %x, %v", back, err)
	}
}

func TestAListOfSeenMarksComesBackInOneOrderWithoutTags(t *testing.T) {
	ids := newIdentities()
	marks := []season.Name{"a", "b", "c"}
	var seen, planned [][]byte
	for i, name := range marks {
		real := [16]byte{0: byte(200 - i)}
		ids.set(name.Record(), real)
		seen = append(seen, append(real[:], 1, 2, 3, 4, 5, 6, 7, byte(i)))
		planned = append(planned, season.SeenStandIn(name.Record()))
	}
	s := season.Settlement{Present: true}
	cell := func(list [][]byte) []byte {
		m := s.Message([16]byte{}, [16]byte{}, [16]byte{}, list)
		m.SessionId, m.ParticipantId, m.RecorderId = nil, nil, nil // the key is in no cell
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	back, err := ids.unplay((&recordsv1.AttendanceMark{}).ProtoReflect().Descriptor(), cell(seen))
	if err != nil || !bytes.Equal(back, cell(planned)) {
		t.Errorf("back as %x, %v", back, err)
	}
}

func TestWhatWasNeverPlayedIsMissed(t *testing.T) {
	id := season.Name("nobody").Record()
	if _, err := newIdentities().play(&recordsv1.Membership{ParticipantId: id[:]}); err == nil || !strings.Contains(err.Error(), "participant_id") {
		t.Errorf("%v", err)
	}
}
