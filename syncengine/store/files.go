package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// checkFiles finds, in a directory that has a store, what Badger would answer
// with a panic in a goroutine of its own: a registry of keys that is missing or
// cut short, or lacks a key that a file of the store is encrypted by.
func checkFiles(dir string, key []byte) error {
	manifest, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a new store
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer manifest.Close()
	name := filepath.Join(dir, badger.KeyRegistryFileName)
	if err := wholeRegistry(name); err != nil {
		return err
	}
	registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true, EncryptionKey: key})
	if err != nil {
		return errRegistry(name, err)
	}
	used, err := keysInUse(dir, manifest)
	if err != nil {
		return err
	}
	for file, id := range used {
		if _, err := registry.DataKey(id); err != nil {
			return errRegistry(name, fmt.Errorf("it lacks the key of %s", filepath.Base(file)))
		}
	}
	return nil
}

func errRegistry(name string, err error) error {
	return fault.New(fault.Damaged, "%s: %w: without it nothing in the store can be read; put a copy of it back that is as new as the store, or restore a backup", name, err)
}

// What Badger's registry begins with: an initialisation vector and a text by
// which it knows a wrong key. Then each key follows its length and CRC-32C.
const (
	registryHeadBytes    = 16 + len("Hello Badger")
	registryKeyHeadBytes = 4 + 4
)

// wholeRegistry looks that the registry ends where one of its keys does. Badger
// takes memory for any length that it reads there.
func wholeRegistry(name string) error {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errRegistry(name, errors.New("it is missing"))
	case err != nil:
		return fmt.Errorf("store: %w", err)
	case len(data) < registryHeadBytes:
		return errRegistry(name, errCutShort)
	}
	for data = data[registryHeadBytes:]; len(data) > 0; {
		if len(data) < registryKeyHeadBytes {
			return errRegistry(name, errCutShort)
		}
		sizeBytes := uint64(binary.BigEndian.Uint32(data))
		if data = data[registryKeyHeadBytes:]; sizeBytes > uint64(len(data)) {
			return errRegistry(name, errCutShort)
		}
		data = data[sizeBytes:]
	}
	return nil
}

var errCutShort = errors.New("it is cut short")

// keysInUse returns the number of the key of each file of the store: of tables
// the manifest has it, logs begin with it.
func keysInUse(dir string, manifest *os.File) (map[string]uint64, error) {
	listed, _, err := badger.ReplayManifestFile(manifest, 0, badger.DefaultOptions(dir))
	if err != nil {
		return nil, fault.New(fault.Damaged, "%s: %w: the store cannot be opened; restore it from a backup", manifest.Name(), err)
	}
	used := map[string]uint64{}
	for number, table := range listed.Tables {
		used[fmt.Sprintf("table %d", number)] = table.KeyID
	}
	for _, pattern := range []string{"*.mem", "*.vlog"} {
		logs, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		for _, name := range logs {
			if used[name], err = keyOfLog(name); err != nil {
				return nil, fmt.Errorf("store: %w", err)
			}
		}
	}
	return used, nil
}

// keyOfLog reads how a log begins; one that a crash has left without a beginning
// has no key, and Badger begins it anew.
func keyOfLog(name string) (uint64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var id [8]byte
	if _, err := io.ReadFull(file, id[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(id[:]), nil
}
