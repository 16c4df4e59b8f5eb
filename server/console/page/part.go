package page

import (
	"net/http"
	"net/url"
)

// IsPart tells of a request by which a script fetches a page to take a part of it.
func IsPart(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// Whole is the page on which that script runs, or the page that is asked for.
func Whole(r *http.Request) string {
	if at, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && IsPart(r) {
		return Within(at.RequestURI(), "/")
	}
	return r.URL.RequestURI()
}
