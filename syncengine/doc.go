// Package syncengine merges the change-logs of tablets that were offline, and
// keeps what came of it.
//
// # The nouns
//
// A space is one audience's register: a community's, a programme desk's, a
// counselling room's. A replica is one local store of a space. A change is one
// transaction on a replica; its identity is replica, sequence number and tag.
// A change writes cells of records, and each write names the values its author
// saw there. A cell holds the values of applied writes that no applied write
// names as replaced; almost always one. More than one distinct value is a
// disagreement: data, not an error.
//
// # The way of a change
//
// A tablet pushes a batch. The engine decodes and verifies it (package wire),
// judges it by the schema (package schema), and appends it to the log (package
// log). Applying the entry merges it (package merge) into the rows of the
// store (package store), gives each applied change the next position of its
// space, and notes a verdict:
//
//	APPLIED      merged
//	FLAGGED      merged; something about it is before a person, or has not come
//	QUARANTINED  kept, not merged: no access, nothing that explains it
//	DISMISSED    given back to its author by a person, after quarantine
//
// A change that is well formed is never refused for its content. What is
// malformed is an error, and leaves the store as it was.
//
// Everyone else pulls the space's log beyond a cursor and applies it with the
// same merge.Apply, so every copy is equal at equal positions.
//
// # Where to read on
//
// admit.go judges, apply.go and applychange.go apply, pull.go serves, grant.go
// gives access, release.go tries again what was held back, dismiss.go gives it
// back for good, desk.go writes for coordinators, history.go tells what became of
// a record. hub.go and upstream.go make a hub of the same engine. epoch.go says
// what a restored server does otherwise; durable.go, restore.go and check.go are
// backup, restore and check (packages backup and register).
//
// The other packages here: limits (every limit with its reason), fault (kinds
// of error), sim (seasons of a whole fleet, as tests), fieldwork (rules over
// records: who attended, who is the same person; no engine package imports it).
package syncengine
