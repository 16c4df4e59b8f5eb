// Package operator is how the person who runs a server reaches it: through a
// unix socket in the register's directory, which its owner alone may open.
// Whoever can open it could as well read the register's files, so nothing else
// is asked of them; and what is served there is on no other port.
package operator
