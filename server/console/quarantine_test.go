package console

import (
	"context"
	"net/http"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// Taras has no role in the hall any more when what his tablet held comes. The
// coordinator sees what it would write, and vouches for it.
func TestWhatIsKeptBackIsVouchedFor(t *testing.T) {
	l := newLesson(t)
	l.second.put(&recordsv1.Event{TitleUk: "Концерт надвечір"})
	_, err := l.engine.SetAccess(t.Context(), l.admin, l.hall, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, l.people["taras"], false)
	l.must(err)
	_, err = l.second.Sync(context.WithoutCancel(t.Context()), l.second.home)
	l.must(err)
	b := l.signIn("coordinator")
	kept := b.get(quarantinePath)
	kept.mustBe(http.StatusOK, quarantinePath, "Концерт надвечір", "Its author has no access here.", "Merge it")
	_, change, _ := strings.Cut(kept.body, `name="change" value="`)
	change, _, _ = strings.Cut(change, `"`)
	after := b.post(quarantinePath+"/accept", "space", l.hall.String(), "change", change)
	after.mustBe(http.StatusOK, quarantinePath, "Merged.", "Everything is merged")
	b.get(eventsPath+"/"+l.hall.String()).mustBe(http.StatusOK, eventsPath+"/"+l.hall.String(), "Концерт надвечір")
}
