package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Token is the secret of a session. The server keeps its SHA-256 alone.
type Token [32]byte

// tokenPrefix tells what the token is where somebody finds one.
const tokenPrefix = "zhs_"

var text64 = base64.RawURLEncoding.Strict()

// Text is how it is sent.
func (t Token) Text() string { return tokenPrefix + text64.EncodeToString(t[:]) }

func (t Token) hash() [32]byte { return sha256.Sum256(t[:]) }

func parseToken(text string) (t Token, err error) {
	if !IsToken(text) || len(text) != len(tokenPrefix)+text64.EncodedLen(len(t)) {
		return t, errNoToken
	}
	if _, err := text64.Decode(t[:], []byte(text[len(tokenPrefix):])); err != nil {
		return t, errNoToken
	}
	return t, nil
}

// secret fills with unguessable bytes.
func secret(random io.Reader, to []byte) error {
	if _, err := io.ReadFull(random, to); err != nil {
		return fault.New(fault.Internal, "random bytes for a secret: %w", err)
	}
	return nil
}
