package signin

import (
	"net/http"
	"net/url"
)

// cookies are the names under which a browser keeps what it is given.
//
// Over TLS they begin with __Host-, so browsers take them from this host alone, by
// TLS, and no page of a neighbouring name can put one in its place (RFC 6265bis,
// 4.1.3). Plain HTTP is for loopback alone. There such names, and Secure, are not
// taken by every browser: Chromium and Firefox trust http://localhost, Safari
// does not. So both are left out there, and the rest holds.
type cookies struct {
	secure  bool
	session string
	proof   string
}

func cookiesAt(at *url.URL) cookies {
	if at.Scheme == "https" {
		return cookies{secure: true, session: "__Host-zhurnal-session", proof: "__Host-zhurnal-proof"}
	}
	return cookies{session: "zhurnal-session", proof: "zhurnal-proof"}
}

// set gives the browser a value until it is closed. Lax: it comes along when
// somebody follows a link to the server, as back from a provider, and with
// nothing else that another site asks for.
func (c cookies) set(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

func (c cookies) clear(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}
