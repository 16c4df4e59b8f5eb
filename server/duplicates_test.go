package main

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A coordinator who has a terminal alone lists, decides, and takes it back.
func TestDuplicatesAreDecidedFromATerminal(t *testing.T) {
	dir, community := privateDir(t), merge.SpaceID{0xc0, 15: 7}
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, community)
	ctx, stop := context.WithCancel(t.Context())
	log, ended := new(lines), make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, streams{log, log})
	}()
	defer func() { stop(); <-ended }()
	url := waitForURL(t, log)
	key := keyFileOf(t, dir, url, hex.EncodeToString(coordinator[:]))
	first, second := merge.RecordID{1, 15: 1}, merge.RecordID{2, 15: 1}
	registerAt(t, key, url, community, first, &recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена", BirthPrecision: 2, BirthYear: 1984, Phone: "+380501234567"})
	registerAt(t, key, url, community, second, &recordsv1.Participant{FamilyName: "Shevchenko", GivenName: "Elena\x1b[2J", Sex: recordsv1.Sex_SEX_FEMALE})

	ask := func(want int, args ...string) (out, log string) {
		t.Helper()
		code, out, log := runHere(t, append([]string{"duplicates"}, append(args, "--key", key, "--server", url, "--space", hex.EncodeToString(community[:]))...)...)
		if code != want {
			t.Fatalf("%v: code %d, %s%s", args, code, out, log)
		}
		return out, log
	}
	out, told := ask(exitOK)
	for _, want := range []string{first.String() + "  Шевченко Олена, born in 1984, +380501234567", second.String() + "  Shevchenko Elena�[2J, female", "possible", "spelt another way"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list has no %q:\n%s", want, out)
		}
	}
	if !strings.Contains(told, "1 pairs waiting") || strings.Contains(out, "\x1b") {
		t.Errorf("%q, %q", told, out)
	}
	if out, _ := ask(exitOK, "list", "--lang", "uk"); !strings.Contains(out, "в іншому написанні") {
		t.Errorf("in Ukrainian:\n%s", out)
	}
	decide := func(want int, args ...string) (out, told string) {
		return ask(want, append([]string{"decide"}, append(args, "--first", second.String(), "--second", first.String())...)...)
	}
	if out, told = decide(exitOK, "same", "--because", "both cards seen"); !strings.Contains(told, "as one person") || !strings.Contains(out, "says same: both cards seen") {
		t.Errorf("%s%s", told, out)
	}
	if _, told = ask(exitOK); !strings.Contains(told, "0 pairs") {
		t.Errorf("still waiting: %s", told)
	}
	if _, told = decide(exitFailed, "unsure"); !strings.Contains(told, "what would help") {
		t.Errorf("unsure without a reason: %s", told)
	}
	if _, told = decide(exitOK, "take-back"); !strings.Contains(told, "as two people") {
		t.Errorf("taken back: %s", told)
	}
}

func registerAt(t *testing.T, key, url string, space merge.SpaceID, id merge.RecordID, p *recordsv1.Participant) {
	t.Helper()
	caller, err := keyfile.NewCaller(key, url, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	message, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	client := syncv1connect.NewDeskServiceClient(caller.Client, caller.Address, caller.Option)
	_, err = client.Write(t.Context(), connect.NewRequest(&syncv1.WriteRequest{SpaceId: space[:], Records: []*syncv1.RecordValues{{
		Record: &syncv1.RecordName{Type: "zhurnal.records.v1.Participant", RecordId: id[:]}, Message: message,
	}}}))
	if err != nil {
		t.Fatal(err)
	}
}
