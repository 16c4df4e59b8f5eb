package ops

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/windows"
)

// freeBytes is what the user may still write, quotas counted.
func freeBytes(dir string) (uint64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return free, nil
}

// OwnerOnlyFiles does nothing: files take the access list of their directory.
func OwnerOnlyFiles() {}

// openToOthers cannot be read from a file mode here.
func openToOthers(fs.FileInfo) bool { return false }
