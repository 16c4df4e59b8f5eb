package signin

import (
	"errors"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// problems are the texts of what people can do something about.
var problems = []struct {
	of   error
	text string
}{
	{errWrong, "problem.wrong"},
	{errLink, "problem.link"},
	{directory.ErrNotFirst, "problem.not_first"},
	{directory.ErrTaken, "problem.taken"},
	{errShort, "problem.short"},
	{errLong, "problem.long"},
	{errSimple, "problem.simple"},
	{errNamed, "problem.name"},
	{errAgain, "problem.again"},
	{errPasskey, "problem.passkey"},
	{errNotBegun, "problem.begin"},
	{errOldProof, "problem.old"},
	{errProvider, "problem.provider"},
	{errProviderSilent, "problem.silent"},
	{errStranger, "problem.stranger"},
	{errNoPassword, "problem.none"},
	{errLastWay, "problem.last"},
	{errForeign, "problem.foreign"},
}

// problemOf returns the key of the text that says what is wrong, more of it where
// that is only known in English, and the status of HTTP.
func problemOf(err error) (text, detail string, status int) {
	status = statuses[fault.KindOf(err)]
	if status == 0 {
		status = 500
	}
	for _, p := range problems {
		if errors.Is(err, p.of) {
			return p.text, "", status
		}
	}
	switch fault.KindOf(err) {
	case fault.Throttled:
		return "problem.throttled", "", status
	case fault.Invalid, fault.NotFound, fault.Malformed:
		return "problem.input", err.Error(), status
	case fault.Unavailable, fault.Conflict, fault.NoRoom:
		return "problem.busy", "", status
	}
	return "problem.server", "", status
}

var statuses = map[fault.Kind]int{
	fault.Invalid: 422, fault.Malformed: 400, fault.NotFound: 404, fault.NoAccess: 403, fault.Unauthenticated: 401,
	fault.Throttled: 429, fault.Unavailable: 503, fault.NoRoom: 503, fault.Conflict: 409, fault.TooLarge: 413,
}
