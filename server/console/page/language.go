package page

import (
	"net/http"

	"golang.org/x/text/language"
)

// readerLanguage is one in which texts are.
type readerLanguage int

// tags are the languages, in the order of each text. The first is for those whose
// browser asks for neither.
var tags = []language.Tag{language.Ukrainian, language.English}

var matcher = language.NewMatcher(tags)

// languageCookie keeps what a reader has chosen. It says nothing of who that is.
const languageCookie = "zhurnal-language"

func languageOf(r *http.Request) readerLanguage {
	chosen := ""
	if cookie, err := r.Cookie(languageCookie); err == nil {
		chosen = cookie.Value
	}
	_, at := language.MatchStrings(matcher, chosen, r.Header.Get("Accept-Language"))
	return readerLanguage(at)
}

// chooseLanguage keeps what the reader has chosen and goes back.
func chooseLanguage(w http.ResponseWriter, r *http.Request) {
	_, at := language.MatchStrings(matcher, r.PathValue("tag"))
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: tags[at].String(), Path: "/", HttpOnly: true,
		Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 60 * 60,
	})
	Protect(w)
	http.Redirect(w, r, Within(r.URL.Query().Get("to"), "/"), http.StatusSeeOther)
}

// LanguageOf is that of who reads the answer to a request, as HTML names it.
func LanguageOf(r *http.Request) string { return tags[languageOf(r)].String() }
