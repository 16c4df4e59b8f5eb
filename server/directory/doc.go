// Package directory knows who is known to the server: organisations, their
// programmes, spaces, users with their roles, devices and invitations. It keeps
// a decoded copy of what the engine keeps as rows, some hundreds or thousands,
// and judges each change on it. The engine puts what a change writes only if the
// rows that it rests on are as they were seen; otherwise it is judged again.
//
// A [Tenant] is the directory as one organisation sees it: of others there is
// nothing, neither to be read nor to be changed, and what is another's is
// answered as if it were not there.
//
// It knows nothing of requests and of who makes them; those are packages auth
// and rpc.
package directory
