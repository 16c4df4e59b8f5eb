package console

import "net/url"

// more is the way from one page of a list to the next. It goes forward, and back
// to the beginning.
type more struct {
	// Next and First are addresses; empty where they do not lead.
	Next, First string
}

// pageToken is the name of the parameter by which a list goes on.
const pageToken = "after"

// moreFrom makes the ways on from what a service has answered.
func (v *visit) moreFrom(next string) more {
	query := url.Values{}
	for name, values := range v.r.URL.Query() {
		if name != pageToken && name != "done" {
			query[name] = values
		}
	}
	m := more{}
	if v.asked(pageToken) != "" {
		m.First = v.r.URL.Path + "?" + query.Encode()
	}
	if next != "" {
		query.Set(pageToken, next)
		m.Next = v.r.URL.Path + "?" + query.Encode()
	}
	return m
}
