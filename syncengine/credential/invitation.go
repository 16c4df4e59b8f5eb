package credential

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Home is what a device must know of its home server before it trusts it.
type Home struct {
	// Server is its address, such as https://register.example.org.
	Server string
	// Pins are SHA-256 of the SubjectPublicKeyInfo of certificates: with any pin
	// the server must show one of them. One is the present, others are kept for
	// when its key has to be changed.
	Pins [][32]byte
	// Organisation is whose server it is.
	Organisation OrganisationID
	// WipeKey, if set, is the Ed25519 key by which alone an order to wipe the
	// tablet is signed: 32 bytes.
	WipeKey []byte
	// Recipients, if set, are who can open what the tablet has not sent when it is
	// wiped, as age names them (age1…). With a WipeKey there is at least one.
	Recipients []string
}

// Invitation is what a tablet reads from a screen or a sheet of paper to become
// known. It is good for one tablet and a short time.
type Invitation struct {
	Home
	// Secret is good once.
	Secret Secret
}

// Identity is what a device is known by once it has enrolled. Nothing in it is
// secret; with the device's key it proves who calls.
type Identity struct {
	Home
	// Device is the device's id.
	Device DeviceID
	// Person is who uses it, and so the author of its changes.
	Person merge.PersonID
}

// The bounds of a line, which as an invitation has to fit a picture that the
// camera of an old phone reads.
const (
	lineBytes      = 1024
	listMax        = 4
	recipientBytes = 100
)

// A line is zhurnal:enrol?v=1&server=…&organisation=…&secret=… for an invitation,
// and zhurnal:device?v=1&server=…&organisation=…&device=…&person=… for an identity.
const (
	scheme         = "zhurnal"
	version        = "1"
	invitationLine = "enrol"
	identityLine   = "device"
)

var text64 = base64.RawURLEncoding.Strict()

// Text returns the invitation as one line. Whoever reads it can use it.
func (i *Invitation) Text() string {
	return i.line(invitationLine, "&secret="+text64.EncodeToString(i.Secret[:]))
}

// Text returns the identity as one line, to be kept.
func (i *Identity) Text() string {
	return i.line(identityLine, "&device="+i.Device.String()+"&person="+i.Person.String())
}

func (h *Home) line(purpose, own string) string {
	q := url.Values{}
	for _, pin := range h.Pins {
		q.Add("pin", text64.EncodeToString(pin[:]))
	}
	if len(h.WipeKey) > 0 {
		q.Set("wipe", text64.EncodeToString(h.WipeKey))
	}
	for _, recipient := range h.Recipients {
		q.Add("recipient", recipient)
	}
	line := scheme + ":" + purpose + "?v=" + version + "&server=" + url.QueryEscape(h.Server) + "&organisation=" + h.Organisation.String() + own
	if len(q) > 0 {
		line += "&" + q.Encode()
	}
	return line
}

// ParseInvitation reads the line of an invitation. Its errors say nothing of
// what is in it.
func ParseInvitation(line string) (i Invitation, err error) {
	q, err := parseLine(line, invitationLine, "secret")
	if err == nil {
		i.Home, err = parseHome(q)
	}
	if err == nil && !decode64(i.Secret[:], q.Get("secret")) {
		err = fault.New(fault.Malformed, "the secret is not 16 bytes")
	}
	if err != nil {
		return Invitation{}, fault.New(fault.Malformed, "not a whole invitation: %w", err)
	}
	return i, nil
}

// ParseIdentity reads the line of an identity.
func ParseIdentity(line string) (i Identity, err error) {
	q, err := parseLine(line, identityLine, "device", "person")
	if err == nil {
		i.Home, err = parseHome(q)
	}
	if err == nil && !(decodeID((*[16]byte)(&i.Device), q.Get("device")) && decodeID((*[16]byte)(&i.Person), q.Get("person"))) {
		err = fault.New(fault.Malformed, "device and person are not 32 hexadecimal digits each")
	}
	if err != nil {
		return Identity{}, fault.New(fault.Malformed, "not a whole identity: %w", err)
	}
	return i, nil
}

// parseLine takes a line apart; own are the names that only such a line has.
func parseLine(line, purpose string, own ...string) (url.Values, error) {
	line = strings.TrimSpace(line)
	if len(line) > lineBytes {
		return nil, fault.New(fault.Malformed, "it has %d characters, and none has more than %d", len(line), lineBytes)
	}
	u, err := url.Parse(line)
	if err != nil || u.Scheme != scheme || u.Opaque != purpose {
		return nil, fault.New(fault.Malformed, "it does not begin with %s:%s", scheme, purpose)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Malformed, "what follows the question mark is not whole")
	}
	if q.Get("v") != version {
		return nil, fault.New(fault.Malformed, "it is of version %q and this app knows %s: update the app", q.Get("v"), version)
	}
	most := map[string]int{"v": 1, "server": 1, "organisation": 1, "wipe": 1, "pin": listMax, "recipient": listMax}
	for _, name := range own {
		most[name] = 1
	}
	for name, values := range q {
		switch n := most[name]; {
		case n == 0:
			return nil, fault.New(fault.Malformed, "this app does not know what %q means: update the app", name)
		case len(values) > n:
			return nil, fault.New(fault.Malformed, "%s stands there %d times, and may %d", name, len(values), n)
		}
	}
	return q, nil
}

func parseHome(q url.Values) (h Home, err error) {
	h.Server = q.Get("server")
	if err := CheckServer(h.Server); err != nil {
		return h, err
	}
	if !decodeID((*[16]byte)(&h.Organisation), q.Get("organisation")) {
		return h, fault.New(fault.Malformed, "organisation is not 32 hexadecimal digits")
	}
	h.Pins = make([][32]byte, len(q["pin"]))
	for n, pin := range q["pin"] {
		if !decode64(h.Pins[n][:], pin) {
			return h, fault.New(fault.Malformed, "a pin is not 32 bytes")
		}
	}
	if wipe := q.Get("wipe"); wipe != "" {
		h.WipeKey = make([]byte, ed25519.PublicKeySize)
		if !decode64(h.WipeKey, wipe) {
			return h, fault.New(fault.Malformed, "the wipe key is not 32 bytes")
		}
	}
	for _, recipient := range q["recipient"] {
		if !isRecipient(recipient) {
			return h, fault.New(fault.Malformed, "a recipient is none of age's (age1…)")
		}
		h.Recipients = append(h.Recipients, recipient)
	}
	return h, h.checkWipe()
}

// checkWipe refuses a device that could be wiped and had nobody to seal for what
// it has not sent.
func (h *Home) checkWipe() error {
	if len(h.WipeKey) > 0 && len(h.Recipients) == 0 {
		return fault.New(fault.Malformed, "there is a wipe key and no recipient, who could open what was not sent before a wipe")
	}
	return nil
}

// decodeID reads an id that is not zero.
func decodeID(to *[16]byte, text string) bool {
	if len(text) != hex.EncodedLen(len(to)) {
		return false
	}
	_, err := hex.Decode(to[:], []byte(text))
	return err == nil && *to != [16]byte{}
}

func decode64(to []byte, text string) bool {
	data, err := text64.DecodeString(text)
	// The length of the text too: the decoder passes over line breaks.
	return err == nil && len(text) == text64.EncodedLen(len(to)) && copy(to, data) == len(to)
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
