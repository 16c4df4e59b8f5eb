package credential

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Invitation is what a tablet reads from a screen or a sheet of paper to become
// known. It is good for one tablet and a short time.
type Invitation struct {
	// Server is where to enrol, such as https://register.example.org.
	Server string
	// Pins are SHA-256 of the SubjectPublicKeyInfo of certificates: with any pin
	// the server must show one of them. One is the present, others are kept for
	// when its key has to be changed.
	Pins [][32]byte
	// Organisation is whose server it is.
	Organisation OrganisationID
	// Secret is good once.
	Secret Secret
	// WipeKey, if set, is the Ed25519 key by which alone an order to wipe the
	// tablet is signed: 32 bytes.
	WipeKey []byte
	// Recipients, if set, are who can read what is sealed, as age names them
	// (age1…).
	Recipients []string
}

// The bounds of an invitation, which has to fit a picture that the camera of an
// old phone reads.
const (
	invitationBytes = 1024
	invitationList  = 4
	recipientBytes  = 100
)

// An invitation is one line: zhurnal:enrol?v=1&server=…&organisation=…&secret=…
const (
	scheme  = "zhurnal"
	purpose = "enrol"
	version = "1"
)

var text64 = base64.RawURLEncoding.Strict()

// Text returns the invitation as one line.
func (i *Invitation) Text() string {
	q := url.Values{}
	for _, pin := range i.Pins {
		q.Add("pin", text64.EncodeToString(pin[:]))
	}
	if len(i.WipeKey) > 0 {
		q.Set("wipe", text64.EncodeToString(i.WipeKey))
	}
	for _, recipient := range i.Recipients {
		q.Add("recipient", recipient)
	}
	line := scheme + ":" + purpose + "?v=" + version + "&server=" + url.QueryEscape(i.Server) +
		"&organisation=" + i.Organisation.String() + "&secret=" + text64.EncodeToString(i.Secret[:])
	if len(q) > 0 {
		line += "&" + q.Encode()
	}
	return line
}

// ParseInvitation reads the line of an invitation. Its errors say nothing of
// what is in it.
func ParseInvitation(line string) (Invitation, error) {
	line = strings.TrimSpace(line)
	if len(line) > invitationBytes {
		return Invitation{}, notOne("it has %d characters, and no invitation has more than %d", len(line), invitationBytes)
	}
	u, err := url.Parse(line)
	if err != nil || u.Scheme != scheme || u.Opaque != purpose {
		return Invitation{}, notOne("it does not begin with %s:%s", scheme, purpose)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Invitation{}, notOne("what follows the question mark is not whole")
	}
	if q.Get("v") != version {
		return Invitation{}, notOne("it is of version %q and this app knows %s: update the app", q.Get("v"), version)
	}
	return parseInvitation(q)
}

func notOne(format string, args ...any) error {
	return fault.New(fault.Malformed, "not a whole invitation: "+format, args...)
}

func parseInvitation(q url.Values) (i Invitation, err error) {
	for name, values := range q {
		switch name {
		case "pin", "recipient":
			if len(values) > invitationList {
				return i, notOne("%s stands there %d times, and may %d times", name, len(values), invitationList)
			}
		case "v", "server", "organisation", "secret", "wipe":
			if len(values) > 1 {
				return i, notOne("%s stands there twice", name)
			}
		default:
			return i, notOne("this app does not know what %q means: update the app", name)
		}
	}
	i.Server = q.Get("server")
	if err := CheckServer(i.Server); err != nil {
		return i, notOne("%w", err)
	}
	if n, err := hex.Decode(i.Organisation[:], clip(q.Get("organisation"), 2*len(i.Organisation))); err != nil || n != len(i.Organisation) || i.Organisation == (OrganisationID{}) {
		return i, notOne("organisation is not 32 hexadecimal digits")
	}
	if !decode64(i.Secret[:], q.Get("secret")) {
		return i, notOne("the secret is not 16 bytes")
	}
	i.Pins = make([][32]byte, len(q["pin"]))
	for n, pin := range q["pin"] {
		if !decode64(i.Pins[n][:], pin) {
			return i, notOne("a pin is not 32 bytes")
		}
	}
	if wipe := q.Get("wipe"); wipe != "" {
		i.WipeKey = make([]byte, ed25519.PublicKeySize)
		if !decode64(i.WipeKey, wipe) {
			return i, notOne("the wipe key is not 32 bytes")
		}
	}
	for _, recipient := range q["recipient"] {
		if !isRecipient(recipient) {
			return i, notOne("a recipient is none of age's (age1…)")
		}
		i.Recipients = append(i.Recipients, recipient)
	}
	return i, nil
}

// clip returns the text if it is of this length, and nothing otherwise.
func clip(text string, length int) []byte {
	if len(text) != length {
		return nil
	}
	return []byte(text)
}

func decode64(to []byte, text string) bool {
	data, err := text64.DecodeString(text)
	return err == nil && copy(to, data) == len(to) && len(data) == len(to)
}

// isRecipient tells whether the text is as Bech32 writes it in lower case.
func isRecipient(text string) bool {
	rest, ok := strings.CutPrefix(text, "age1")
	return ok && len(text) <= recipientBytes && rest != "" && strings.Trim(rest, "023456789acdefghjklmnpqrstuvwxyz") == ""
}

// CheckServer tells whether the text is the address of a server, and says what
// one looks like if it is not.
func CheckServer(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(fault.Malformed, "the server is not an address such as https://register.example.org")
	}
	return nil
}
