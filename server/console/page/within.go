package page

import (
	"net/url"
	"strings"
)

// Within returns where to go next: a path of this server, whatever was asked for.
func Within(to, otherwise string) string {
	if len(to) > 2000 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return otherwise
	}
	at, err := url.Parse(to)
	if err != nil || at.IsAbs() || at.Host != "" || at.User != nil {
		return otherwise
	}
	return at.String()
}
