package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestDiskSaysWhenThereIsNoRoom(t *testing.T) {
	free := uint64(3 << 30)
	disk := NewDisk(t.TempDir(), 2<<30)
	disk.free = func() (uint64, error) { return free, nil }
	if err := disk.Room(); err != nil {
		t.Errorf("3 GB free, 2 GB needed: %v", err)
	}
	free = 2<<30 - 1
	err := disk.Room()
	if fault.KindOf(err) != fault.NoRoom || !strings.Contains(err.Error(), "2047 MB free, 2048 MB needed") {
		t.Errorf("one byte short: %v", err)
	}
}

func TestDiskMeasuresTheRealFileSystem(t *testing.T) {
	dir := t.TempDir()
	free, err := NewDisk(dir, 0).FreeBytes()
	if err != nil || free == 0 {
		t.Fatalf("%d bytes free, %v", free, err)
	}
	if err := NewDisk(dir, free*2).Room(); fault.KindOf(err) != fault.NoRoom {
		t.Errorf("twice what is free was found: %v", err)
	}
	if _, err := NewDisk(filepath.Join(dir, "absent"), 0).FreeBytes(); err == nil {
		t.Error("a directory that is not there has free space")
	}
}

func TestDataDirIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes mean nothing there
	}
	dir := filepath.Join(t.TempDir(), "a", "register")
	if err := PrepareDataDir(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	file := filepath.Join(dir, "000001.sst")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("a file created with 0644 got mode %v", info.Mode())
	}
	if err := PrepareDataDir(dir); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

func TestDataDirOpenToOthersIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	err := PrepareDataDir(dir)
	if err == nil || !strings.Contains(err.Error(), "chmod 700 "+dir) {
		t.Errorf("got %v", err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o750 {
		t.Errorf("the mode was changed to %v", info.Mode())
	}
}

func TestDataDirThatIsAFileIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "register")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if err := PrepareDataDir(dir); err == nil || !strings.Contains(err.Error(), "is a file") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestHealthTellsServerAndServicesApart(t *testing.T) {
	var log bytes.Buffer
	var room error
	health := NewHealth(func() error { return room }, NewLogger(&log, LogJSON), "x.v1.Sync")
	expect := func(when, service string, want grpchealth.Status) {
		t.Helper()
		got, err := health.Check(context.Background(), &grpchealth.CheckRequest{Service: service})
		if err != nil || got.Status != want {
			t.Errorf("%s: %q is %v, %v; want %v", when, service, got, err, want)
		}
	}
	expect("at first", "", grpchealth.StatusServing)
	expect("at first", "x.v1.Sync", grpchealth.StatusServing)
	room = errors.New("no room")
	for range 3 {
		expect("disk full", "", grpchealth.StatusServing)
		expect("disk full", "x.v1.Sync", grpchealth.StatusNotServing)
	}
	room = nil
	expect("disk freed", "x.v1.Sync", grpchealth.StatusServing)
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("%d log lines for one turn to full and one back:\n%s", lines, &log)
	}
	if _, err := health.Check(context.Background(), &grpchealth.CheckRequest{Service: "x.v1.Other"}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("a service that is not here: %v", err)
	}
}

func TestLoggerWritesEachFormat(t *testing.T) {
	var text, lines bytes.Buffer
	NewLogger(&text, LogText).Info("listening", "address", "127.0.0.1:8765")
	NewLogger(&lines, LogJSON).Info("listening", "address", "127.0.0.1:8765")
	if !strings.Contains(text.String(), "address=127.0.0.1:8765") {
		t.Errorf("text: %s", &text)
	}
	var line map[string]any
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line["address"] != "127.0.0.1:8765" || line[slog.MessageKey] != "listening" {
		t.Errorf("json: %s, %v", &lines, err)
	}
}
