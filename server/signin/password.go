package signin

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Bounds of a password, in characters. Long ones are let in as they are and
// nothing is asked about digits and signs (NIST SP 800-63B-4, 3.1.1.2).
const (
	passwordMin = 12
	passwordMax = 256
)

// usualCost is the second recommended choice of RFC 9106, with one lane: office
// servers have two cores.
var usualCost = argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashesAtOnce bounds how many hashes are worked out at the same time, each of
// which takes 64 MiB; hashesWaiting how many wait for that.
const (
	hashesAtOnce  = 2
	hashesWaiting = 64
)

// passwords hashes and compares.
type passwords struct {
	cost    argon2id.Params
	working chan struct{}
	waiting chan struct{}
	// nobody is the hash of a password that nobody has, which is compared where
	// there is no account: that takes as long as where there is one.
	nobody string
	// compared is told of each comparison, in tests.
	compared func(hash string)
}

func newPasswords(cost argon2id.Params, random func([]byte) error) (*passwords, error) {
	p := &passwords{
		cost: cost, working: make(chan struct{}, min(hashesAtOnce, runtime.GOMAXPROCS(0))), waiting: make(chan struct{}, hashesWaiting),
		compared: func(string) {},
	}
	// It is made up, in place of worked out: nothing has this hash.
	made := make([]byte, cost.SaltLength+cost.KeyLength)
	if err := random(made); err != nil {
		return nil, err
	}
	text := base64.RawStdEncoding
	p.nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Iterations, cost.Parallelism,
		text.EncodeToString(made[:cost.SaltLength]), text.EncodeToString(made[cost.SaltLength:]))
	return p, nil
}

// enter waits for a turn.
func (p *passwords) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, fault.New(fault.Unavailable, "too many people sign in at once: try again in a minute")
	}
	defer func() { <-p.waiting }()
	select {
	case p.working <- struct{}{}:
		return func() { <-p.working }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "sign-in: %w", ctx.Err())
	}
}

// plain is how a password is hashed: the same, whether a keyboard makes й of one
// sign or of two.
func plain(password string) string { return norm.NFC.String(password) }

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(plain(password), &p.cost)
	if err != nil {
		return "", fault.New(fault.Internal, "hash a password: %w", err)
	}
	return hash, nil
}

// fits tells whether it is the password of the hash; an empty hash is nobody's,
// and takes as long.
func (p *passwords) fits(ctx context.Context, password, hash string) (bool, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	is := hash != ""
	if !is {
		hash = p.nobody
	}
	p.compared(hash)
	same, err := argon2id.ComparePasswordAndHash(plain(password), hash)
	if err != nil {
		return false, fault.New(fault.Damaged, "compare a password with its hash: %w", err)
	}
	return same && is, nil
}

// Why a password may not be somebody's.
var (
	errShort  = fault.New(fault.Invalid, "password: %d characters or more are due; four words that have nothing to do with each other are good", passwordMin)
	errLong   = fault.New(fault.Invalid, "password: at most %d characters", passwordMax)
	errSimple = fault.New(fault.Invalid, "password: it is one of those that are tried first; four words that have nothing to do with each other are good")
	errNamed  = fault.New(fault.Invalid, "password: it has your login or a name in it, which is tried first")
)

// checkPassword tells whether it may be somebody's new password; about is what
// must not be in it.
func checkPassword(password string, about ...string) error {
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || length < passwordMin:
		return errShort
	case length > passwordMax:
		return errLong
	case isSimple(password):
		return errSimple
	}
	for _, name := range about {
		for _, word := range strings.FieldsFunc(directory.FoldLogin(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(word) >= 4 && strings.Contains(directory.FoldLogin(password), word) {
				return errNamed
			}
		}
	}
	return nil
}

// isSimple tells whether a password has few different characters, or goes along
// a row of keys.
func isSimple(password string) bool {
	folded := directory.FoldLogin(password)
	different := map[rune]bool{}
	for _, r := range folded {
		different[r] = true
	}
	if len(different) < 5 {
		return true
	}
	for _, row := range []string{"12345678901234567890", "qwertyuiopasdfghjklzxcvbnm", "йцукенгшщзхїфівапролджєячсмитьбю", "abcdefghijklmnopqrstuvwxyz", "passwordpassword", "парольпароль"} {
		if strings.Contains(row+row, folded) {
			return true
		}
	}
	return false
}
