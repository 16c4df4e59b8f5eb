package operator

import "golang.org/x/sys/windows"

// connectionRefused is what a socket without a server answers.
const connectionRefused = windows.WSAECONNREFUSED
