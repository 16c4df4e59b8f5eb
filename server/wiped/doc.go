// Package wiped keeps what devices have sealed before they were wiped: files that
// the holders of the recovery identity open, and nobody on this machine.
//
// A file comes in pieces, from the device, from a hub, or from whoever has it, and
// shows by its receipt what it is: the receipt names its length and its hash, and
// is signed by the device's key. It is there under its name once it is whole.
//
// The files are in the backups of the register beside which they lie.
//
// The package opens nothing and knows no device; whose receipt it is, the
// directory says.
package wiped
