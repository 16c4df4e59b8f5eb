// Package credential has what devices prove themselves with: their keys, what
// they sign and in which bytes, and the text of an invitation. The server and the
// tablet's side share it, so what one signs is what the other verifies.
//
// Each thing that is signed begins with a name of its own and a zero byte, so a
// signature for one is never good for another. The package keeps nothing and asks
// nobody; whom a key belongs to is the directory's to say.
package credential
