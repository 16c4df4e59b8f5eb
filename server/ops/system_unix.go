//go:build unix

package ops

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// freeBytes is what a user without privileges may still write.
func freeBytes(dir string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), nil
}

// OwnerOnlyFiles makes every file that the process creates from here on
// readable by its user alone: the store creates its files with mode 0644.
func OwnerOnlyFiles() { unix.Umask(0o077) }

// openToOthers reports whether other users of the machine may enter.
func openToOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
