// Package page has what all pages of the server share: their frame and style,
// their languages, and the headers by which a browser is told what a page may do.
// It knows nothing of what pages are about. Everything is in the program: no page
// asks another host for anything.
package page
