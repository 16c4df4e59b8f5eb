// Package audit keeps the log of who did what with people's data: settlements,
// exports, erasures, reads of personal and clinical records, sign-ins, grants,
// and what became of devices. It says that something was done and to which ids;
// never what was in it: a line has no name, no value and no text that a person
// wrote.
//
// The log is a file of JSON lines. Each ends with a SHA-256 over itself and the
// hash of the line before it, so that a line which was altered, taken out, put
// in or moved does not fit (Schneier and Kelsey, "Secure audit logs to support
// computer forensics", ACM TISSEC 1999, without their keys). A chain alone cannot
// tell that its end is missing, or that somebody wrote all of it anew. So its
// [Head] is kept elsewhere too: in the register's own log, in its backups, and on
// paper, if somebody prints it.
//
// The package knows no engine and no network.
package audit
