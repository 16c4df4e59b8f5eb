package signin

import (
	"net/http"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
)

// toConsole hands a request of somebody who is signed in to the console. Nothing
// of what is there, or not, is told to anybody else. The request is cut when the
// session ends.
func (s *Service) toConsole(admit Admit) func(http.ResponseWriter, *http.Request) error {
	console := auth.Attended(s, s.console)
	return func(w http.ResponseWriter, r *http.Request) error {
		token, err := s.tokenOf(r)
		if err != nil {
			return err
		}
		// What an open page asks by itself keeps nobody signed in who has gone home.
		who, err := s.sessions.look(token, !page.IsPart(r) && !s.console.IsStream(r))
		if err != nil {
			return err
		}
		r = r.WithContext(auth.As(r.Context(), who))
		leave, err := admit(r.Context(), s.console.IsStream(r))
		if err != nil {
			s.waitHeader(w, err)
			return err
		}
		defer leave()
		console.ServeHTTP(w, r)
		return nil
	}
}
