// Package hub passes on what tablets bring to a hub to the home server, and what
// the home server has to the hub: a laptop in the hall of a training, where
// tablets meet and the internet does not reach, or not always.
//
// A hub is an ordinary engine, served by package rpc as a hub: it gives receipts
// and no verdicts. What it relays are the originals, in both directions; nothing
// of it counts before the home server has it. Losing a hub loses nothing: each
// tablet keeps its own changes until the home server has given a verdict.
//
// To whom a hub may show a space it learns from the home server, and it shows a
// space only to those. Who is not among them may bring changes all the same: they
// are kept back, and go up.
//
// The package knows no record types and no transport: clients are handed to it.
package hub
