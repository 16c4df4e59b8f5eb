package signin

import (
	"net/http"

	"github.com/zhurnal/zhurnal/server/auth"
)

// toConsole hands a request of somebody who is signed in to the console. Nothing
// of what is there, or not, is told to anybody else. The request is cut when the
// session ends.
func (s *Service) toConsole(admit Admit) func(http.ResponseWriter, *http.Request) error {
	console := auth.Attended(s, s.console)
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := s.Identify(r)
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
