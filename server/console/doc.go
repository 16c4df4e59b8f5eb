// Package console has the pages for people at a desk: who has not synced, what
// disagrees, whom we reached. They are rendered here, work without a script, and
// are served by the program itself.
//
// # What a page may show
//
// The package decides about nobody's rights. It asks the services of the server,
// by a client that calls them as whoever asks for the page ([Console.Ask]), so
// that the same guard judges, the same log keeps what was asked for, and the same
// bounds hold. What the caller may not have is a page that is not there. Names of
// spaces and of people come from the directory, as it is for the caller.
//
// # How a page is added
//
//  1. A file templates/NAME.html, which defines "main". Each text in it is {{.T
//     "key"}}, or {{.Count "key" n}} where it counts; both languages of a text stand
//     in a file text*.go of package page, whose texts are in page.parts. What
//     several pages need is in templates/parts.html.
//  2. A handler, func(v *visit) error, in a file of its own. It asks by v.calls,
//     fills a struct for the template and ends with v.show(page.Page{Name: "NAME",
//     Title: "key", Wide: true, Data: data}). An error that it returns is shown on a
//     page: what a service refuses as not there, as not there.
//  3. A line in the routes of its group, and the group in groups (route.go): the
//     pattern, and the procedure that the page asks. Whoever may not call that
//     anywhere is not shown the way, and gets no page. A route with a text is a
//     section of its own, in the order of the lines.
//
// A part of a page that is to stay up to date has an id and the attribute
// data-live: when a space of the reader moves on, the script takes the part anew
// from the same address. What changes something is a form with method="post"; its
// handler ends with v.done, which goes back to a page that says what was done. What
// needs a fresh proof asks v.prove() on the page before the button, so that nobody
// fills in a form for nothing.
//
// Tests sign in to a whole server with newOffice; TestEveryPageIsForThoseWhoMayAskWhatItAsks asks for each route
// in each role, and looks at what it gets.
package console
