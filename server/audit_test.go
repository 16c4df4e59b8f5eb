package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/audit"
)

func TestTheLogOfWhoDidWhatIsVerifiedAndShown(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit")
	log, err := audit.Open(name, nowMillis)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if out, code := ran(t, "audit", "verify", name); code != exitOK || !strings.Contains(out, "empty") {
		t.Fatalf("%d, %s", code, out)
	}
	events := []audit.Event{{Action: "records.read", By: "0e01"}, {Action: "device.revoke", By: "0e02", Device: "d1"}, {Action: "device.retire", By: "0e01"}}
	if err := log.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	out, code := ran(t, "audit", "verify", name)
	head := regexp.MustCompile(`head (3:[0-9a-f]{64})\n`).FindStringSubmatch(out)
	if code != exitOK || head == nil || !strings.HasPrefix(out, "3 entries") {
		t.Fatalf("%d, %s", code, out)
	}
	if out, _ := ran(t, "audit", "show", name, "--about", "0E01"); strings.Count(out, "\n") != 2 || strings.Contains(out, "0e02") {
		t.Errorf("about one person: %s", out)
	}
	if out, _ := ran(t, "audit", "show", name, "--action", "device."); strings.Count(out, "\n") != 2 || strings.Contains(out, "records") {
		t.Errorf("about devices: %s", out)
	}
	if out, code := ran(t, "audit", "verify", name, "--head", head[1]); code != exitOK {
		t.Errorf("%d, %s", code, out)
	}
	lines, _ := os.ReadFile(name)
	cut := strings.SplitAfter(string(lines), "\n")
	if err := os.WriteFile(name, []byte(cut[0]+cut[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := ran(t, "audit", "verify", name); code != exitOK {
		t.Errorf("the beginning of a log fits: %d, %s", code, out)
	}
	if out, code := ran(t, "audit", "verify", name, "--head", head[1]); code != exitFailed || !strings.Contains(out, "ends at 2") {
		t.Errorf("%d, %s", code, out)
	}
	if out, code := ran(t, "audit", "verify", name, "--head", "3:12"); code != exitUsage || !strings.Contains(out, "as `zhurnal audit verify` prints it") {
		t.Errorf("%d, %s", code, out)
	}
}

func ran(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	code, out, log := runHere(t, args...)
	return out + log, code
}
