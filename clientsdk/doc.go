// Package clientsdk is the tablet's side: a durable, encrypted register that
// works without a network, and syncs with the home server when there is one.
//
// # How to use it
//
// [Open] the register, [Register.Join] the spaces that the tablet holds, write
// records with [Register.Write], read them with [Get] and [Query], and call
// [Register.Sync] whenever there is a network. The example shows all of it.
//
// # What it promises
//
// What Write returned is on the disk. A crash at any point loses nothing of it;
// a change is sealed before it is sent first, so sending it again after a cut
// or a crash is the same change, and the server has it once.
//
// What a view shows is computed by the same merge that the server runs. The
// base is what home delivered, at one position of its log; the overlay is what
// the tablet wrote and home has not confirmed. A view is the base with the
// overlay on it, and is kept for each record, so reading is looking up. What
// rests on the overlay is marked provisional.
//
// Accept first, flag second: a value that breaks a rule of its field is written
// and reported as a warning, since the person who saw it happen has gone home.
// What could never be sent, or is no record of that space, is an error.
//
// # What is sealed
//
// A field with the option sealed is read and written as any other, by who has
// keys ([Options].Keys); what is stored, merged and sent is an age file for its
// author and the supervisors of the room. It is sealed as part of the write, so
// nothing unsealed lies even in the register, and opened when a row is read. See
// package sealing for who is sealed to, and Row.Sealed for what did not open.
//
// # What it must not know
//
// No record type by name: types come as a schema. No transport: it calls a
// generated client, whose HTTP client the app makes. It imports neither the
// server nor the server's store.
package clientsdk
