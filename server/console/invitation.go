package console

import (
	"crypto/rand"
	"strings"
	"sync"

	"github.com/zhurnal/zhurnal/server/enrol/qr"
	"github.com/zhurnal/zhurnal/syncengine/merge"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// invitationsMax bounds the invitations that are shown at the same time.
const invitationsMax = 100

// invitations are those that are being shown. They are in memory alone, as long as
// they are good: the server keeps no secret of them.
type invitations struct {
	mu   sync.Mutex
	byID map[string]invited
}

type invited struct {
	by, user      merge.PersonID
	line          string
	made, expires int64
	printed       bool
}

// keep remembers an invitation under a name that nobody guesses.
func (i *invitations) keep(one invited, now int64) string {
	one.made = now
	id := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	var oldest string
	for other, o := range i.byID {
		if o.expires <= now {
			delete(i.byID, other)
		} else if oldest == "" || o.made < i.byID[oldest].made {
			oldest = other
		}
	}
	if len(i.byID) >= invitationsMax {
		delete(i.byID, oldest)
	}
	if i.byID == nil {
		i.byID = map[string]invited{}
	}
	i.byID[id] = one
	return id
}

// of returns an invitation to whoever made it.
func (i *invitations) of(by merge.PersonID, id string, now int64) (invited, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	one, ok := i.byID[id]
	return one, ok && one.by == by && now < one.expires
}

func drawn(text string) ([]byte, error) { return qr.PNG(text) }

// invites tells whether a user is worth showing among those who can be invited; the
// directory judges once more. Of tablets, who writes on one has need.
func (v *visit) invites(user merge.PersonID) bool {
	for _, space := range v.view.SpacesOf(v.who.Organisation) {
		if v.view.Knows(user, space) && v.view.Space(space).Kind != 0 {
			return true
		}
	}
	return false
}

// compareNames orders names as a Ukrainian register does.
func compareNames(a, b string) int {
	collating.Lock()
	defer collating.Unlock()
	return collating.by.CompareString(strings.TrimSpace(a), strings.TrimSpace(b))
}

// collating is guarded: a collator has buffers of its own.
var collating = struct {
	sync.Mutex
	by *collate.Collator
}{by: collate.New(language.Ukrainian, collate.IgnoreCase)}
