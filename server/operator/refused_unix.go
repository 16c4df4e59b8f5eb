//go:build unix

package operator

import "golang.org/x/sys/unix"

// connectionRefused is what a socket without a server answers.
const connectionRefused = unix.ECONNREFUSED
