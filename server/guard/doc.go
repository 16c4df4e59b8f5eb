// Package guard stands between the network and the handlers of package rpc. It
// says from where the server may be reached, how many connections there may be,
// how often a caller may come, and in which order requests get their turn; all of
// it before anything of a request's body is decompressed. It knows nothing of
// procedures, identities and records: a caller is a key, a body is bytes.
package guard
