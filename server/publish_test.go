package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A coordinator who has a terminal alone publishes, corrects, lists and shows again.
func TestReportsArePublishedFromATerminal(t *testing.T) {
	dir, desk := privateDir(t), merge.SpaceID{0xde, 15: 7}
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_DESK, desk)
	ctx, stop := context.WithCancel(t.Context())
	log, ended := new(lines), make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, streams{log, log})
	}()
	defer func() { stop(); <-ended }()
	url := waitForURL(t, log)
	key := keyFileOf(t, dir, url, hex.EncodeToString(coordinator[:]))
	ask := func(want int, args ...string) string {
		t.Helper()
		code, out, log := runHere(t, append([]string{"report"}, append(args, "--key", key, "--server", url, "--desk", hex.EncodeToString(desk[:]))...)...)
		if code != want {
			t.Fatalf("%v: code %d, %s%s", args, code, out, log)
		}
		return out + log
	}
	must := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
	must(ask(exitOK, "people-reached", "--from", "20240501"), "People reached", "Stamp: ")
	month := []string{"publish", "people-reached", "--public", "--from", "20240501", "--to", "20240531"}
	first := ask(exitOK, append(month, "--note", "for the embassy")...)
	must(first, "/1  People reached (people-reached) 20240501 20240531 --public", `note: "for the embassy"`, "SHA-256 ")
	year, _, _ := strings.Cut(first, "/")
	must(ask(exitFailed, month...), "supersede that")
	must(ask(exitOK, append(month, "--supersedes", year+"/1", "--because", "a sheet came late")...), year+"/2", "takes the place of "+year+`/1: "a sheet came late"`)
	must(ask(exitOK, "publications"), year+"/2", "its place is taken by "+year+"/2", "for the embassy")
	must(ask(exitOK, "publications", year+"/1", "--lang", "uk"), "Охоплені люди", "Штамп: ")
	file := filepath.Join(t.TempDir(), "again.csv")
	ask(exitOK, "publications", year+"/1", "--csv", file)
	csv, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	must(string(csv), "People reached", "2024-05-01 to 2024-05-31")
	must(ask(exitFailed, "publish", "data-quality"), "names people")
	must(ask(exitFailed, "publications", year+"/9"), "not there")
	must(ask(exitUsage, "publications", "third"), "a year and a number")
}
