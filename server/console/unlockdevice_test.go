package console

import (
	"net/http"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// A coordinator types what is read over the telephone, and reads back the code, with
// a fresh proof; what is mistyped or another tablet's is said.
func TestALockedTabletIsUnlockedOnItsPage(t *testing.T) {
	o := newOffice(t)
	tablet := o.losing()
	path := "/devices/" + tablet.id.String()
	shows := credential.NewUnlockChallenge(tablet.id, [4]byte{1, 2, 3, 4})
	key, err := o.engine.UnlockKey(tablet.id)
	o.must(err)
	code, err := key.Code(shows, 3)
	o.must(err)

	b := o.signIn("coordinator")
	b.get(path).mustBe(http.StatusOK, path, path+"/unlock")
	b.get(path+"/unlock").mustBe(http.StatusOK, path+"/unlock", "Make sure who is calling", `value="7"`)
	for _, c := range []struct{ shows, days, problem string }{
		{"000001" + shows.String()[6:], "3", "a mistake in the digits"},
		{credential.NewUnlockChallenge(credential.DeviceID{9}, [4]byte{}).String(), "3", "Another tablet"},
		{shows.String(), "31", "1 to 30"},
		{shows.String(), "0", "1 to 30"},
		{shows.String(), "x", "1 to 30"},
	} {
		b.post(path+"/unlock", "shows", c.shows, "days", c.days).mustBe(http.StatusUnprocessableEntity, path+"/unlock", c.problem, c.shows)
	}
	b.post(path+"/unlock", "shows", shows.String(), "days", "3").mustBe(http.StatusOK, path+"/unlock", code.String(), "for 3 days")

	o.ahead.Store(6 * 60_000) // since the reader has proved who it is
	b.post(path+"/unlock", "shows", shows.String(), "days", "3").mustBe(http.StatusOK, "/prove")
	b.post("/prove", "to", path+"/unlock", "password", password).mustBe(http.StatusOK, path+"/unlock")
	b.post(path+"/revoke").mustBe(http.StatusOK, path, "revoked")
	b.get(path).mustNotHave(path + "/unlock")
	b.get(path+"/unlock").mustBe(http.StatusNotFound, path+"/unlock")
}
