// Package signin proves who the people at a desk are: by a password or a passkey
// that this server knows, or by an OpenID Connect provider. What comes of it is a
// session, which browsers hold as a cookie and programs as a token.
//
// Nobody comes into being here: who may sign in is in the directory, and so is
// what they may do. A provider says who somebody is, and nothing else.
//
// [Service.Identify] tells whom a request comes from. Everything that waits for
// somebody to come back (sessions, links, half-done proofs) is in memory and
// bounded: a restart makes people sign in again.
package signin
