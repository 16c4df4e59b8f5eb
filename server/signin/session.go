package signin

import (
	"io"
	"sync"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// How long a session lasts, and how many there are.
const (
	minute     = int64(60_000) // milliseconds
	idleMillis = 30 * minute
	// wholeMillis is a long working day.
	wholeMillis = 12 * 60 * minute
	// provenMillis is how long a proof is fresh.
	provenMillis = 5 * minute
	// sessionsMax bounds sessions: some 200 bytes each. The largest programme has
	// some hundred people at desks.
	sessionsMax = 10_000
	// sessionsOfUserMax is a browser at work, one at home, a program, and more than
	// anybody keeps track of.
	sessionsOfUserMax = 8
)

// sessions are those that there are. A session is looked up by the hash of its
// token, so who measures how long that takes learns nothing of a token.
type sessions struct {
	directory *directory.Directory
	now       func() int64
	random    io.Reader

	mu     sync.Mutex
	byHash map[[32]byte]*session
}

type session struct {
	id           auth.SessionID
	user         merge.PersonID
	organisation directory.OrganisationID
	// statusMillis is when the user's status was last set before: a user who has
	// ended and is back signs in again.
	statusMillis        int64
	began, seen, proven int64 // milliseconds since 1970
	// attending are its requests under way, which are cut when it ends.
	attending map[*attendance]struct{}
}

type attendance struct{ cut func() }

func (e *session) isOver(now int64) bool {
	return now-e.seen >= idleMillis || now-e.began >= wholeMillis
}

// begin makes a session of a user who has just proven who it is, and is active.
func (s *sessions) begin(user merge.PersonID, row *directoryv1.User) (token Token, e session, err error) {
	now := s.now()
	e = session{user: user, organisation: directory.OrganisationID(row.OrganisationId), statusMillis: row.StatusMillis, began: now, seen: now, proven: now}
	if err := secret(s.random, e.id[:]); err != nil {
		return token, e, err
	}
	if err := secret(s.random, token[:]); err != nil {
		return token, e, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom(user, now)
	kept := e
	s.byHash[token.hash()] = &kept
	return token, e, nil
}

// makeRoom ends what is over; and what was not used for longest, of the same user
// if that has many, or of all.
func (s *sessions) makeRoom(user merge.PersonID, now int64) {
	var oldest, oldestOfUser [32]byte
	ofUser := 0
	for hash, e := range s.byHash {
		if e.isOver(now) {
			s.drop(hash)
			continue
		}
		if first := s.byHash[oldest]; first == nil || e.seen < first.seen {
			oldest = hash
		}
		if e.user != user {
			continue
		}
		ofUser++
		if first := s.byHash[oldestOfUser]; first == nil || e.seen < first.seen {
			oldestOfUser = hash
		}
	}
	if ofUser >= sessionsOfUserMax {
		s.drop(oldestOfUser)
	}
	if len(s.byHash) >= sessionsMax {
		s.drop(oldest)
	}
}

// find tells whose session it is, which goes on by that.
func (s *sessions) find(token Token) (who auth.Principal, err error) { return s.look(token, true) }

// look tells whose session it is. What no person has asked for does not make it go
// on.
func (s *sessions) look(token Token, goesOnByIt bool) (who auth.Principal, err error) {
	view, err := s.directory.View()
	if err != nil {
		return who, err
	}
	hash, now := token.hash(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byHash[hash]
	if e == nil {
		return who, errNoSession
	}
	if e.isOver(now) || !goesOn(view.User(e.user), e) {
		s.drop(hash)
		return who, errNoSession
	}
	if goesOnByIt {
		e.seen = now
	}
	return auth.Principal{Person: e.user, Organisation: e.organisation, Session: e.id, Proven: now-e.proven < provenMillis}, nil
}

func goesOn(user *directoryv1.User, e *session) bool {
	return user.GetStatus() == directoryv1.UserStatus_USER_STATUS_ACTIVE && user.StatusMillis == e.statusMillis
}

// prove notes that the person has proven anew who it is. The session gets another
// token, so one that somebody had taken before gains nothing; when it began stays.
func (s *sessions) prove(token Token) (next Token, err error) {
	if err := secret(s.random, next[:]); err != nil {
		return next, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byHash[token.hash()]
	if e == nil {
		return next, errNoSession
	}
	delete(s.byHash, token.hash())
	s.byHash[next.hash()] = e
	e.proven, e.seen = s.now(), s.now()
	return next, nil
}

// end ends one session.
func (s *sessions) end(token Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token.hash())
}

// endOf ends all sessions of a user, but one.
func (s *sessions) endOf(user merge.PersonID, but auth.SessionID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, e := range s.byHash {
		if e.user == user && e.id != but {
			s.drop(hash)
		}
	}
}

// drop forgets a session, and cuts its requests.
func (s *sessions) drop(hash [32]byte) {
	if e := s.byHash[hash]; e != nil {
		for a := range e.attending {
			a.cut()
		}
	}
	delete(s.byHash, hash)
}

// attend cuts a request when its session ends, until leave is called.
func (s *sessions) attend(id auth.SessionID, cut func()) (leave func()) {
	a := &attendance{sync.OnceFunc(cut)}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.byHash {
		if e.id != id {
			continue
		}
		if e.attending == nil {
			e.attending = map[*attendance]struct{}{}
		}
		e.attending[a] = struct{}{}
		return func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(e.attending, a)
		}
	}
	a.cut() // it has ended since it was asked about
	return func() {}
}

// recheck ends sessions that are over, or whose users have ended.
func (s *sessions) recheck() {
	view, err := s.directory.View()
	if err != nil {
		return // whoever asks is asked about again
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, e := range s.byHash {
		if e.isOver(s.now()) || !goesOn(view.User(e.user), e) {
			s.drop(hash)
		}
	}
}
