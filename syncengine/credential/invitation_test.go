package credential_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func invitations() []credential.Invitation {
	plain := credential.Invitation{
		Home: credential.Home{
			Server: "https://register.example.org:8765/zh", Organisation: credential.OrganisationID{1, 2, 3}, Pins: [][32]byte{},
		},
		Secret: credential.Secret{9, 8, 7},
	}
	full := plain
	full.Pins = [][32]byte{{1}, {2}}
	full.WipeKey = bytes.Repeat([]byte{5}, 32)
	full.Recipients = []string{"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}
	return []credential.Invitation{plain, full}
}

func TestAnInvitationIsReadAsItWasWritten(t *testing.T) {
	for _, i := range invitations() {
		read, err := credential.ParseInvitation(" " + i.Text() + "\n")
		if err != nil || !reflect.DeepEqual(read, i) {
			t.Errorf("%s\nis read as %#v, %v", i.Text(), read, err)
		}
	}
}

func TestAnIdentityIsReadAsItWasWritten(t *testing.T) {
	for _, i := range invitations() {
		identity := credential.Identity{Home: i.Home, Device: credential.DeviceID{4}, Person: merge.PersonID{5}}
		read, err := credential.ParseIdentity(identity.Text())
		if err != nil || !reflect.DeepEqual(read, identity) {
			t.Errorf("%s\nis read as %#v, %v", identity.Text(), read, err)
		}
		for _, text := range []string{i.Text(), strings.Replace(identity.Text(), "person=05", "person=5", 1), identity.Text() + "&secret=AAAA"} {
			if read, err := credential.ParseIdentity(text); fault.KindOf(err) != fault.Malformed {
				t.Errorf("%s is read as %#v, %v", text, read, err)
			}
		}
	}
}

func TestWhatIsNoInvitationIsRefusedAndTheErrorHasNoSecret(t *testing.T) {
	full := invitations()[1]
	line := full.Text()
	secret := line[strings.Index(line, "secret=")+len("secret="):][:22]
	swap := func(old, new string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("the line has no %q: %s", old, line)
		}
		return strings.Replace(line, old, new, 1)
	}
	for what, text := range map[string]string{
		"nothing":                    "",
		"a page":                     "https://register.example.org/enrol?v=1",
		"another purpose":            swap("zhurnal:enrol", "zhurnal:wipe"),
		"a later version":            swap("v=1", "v=2"),
		"no version":                 swap("v=1&", ""),
		"no server":                  swap("server=", "recipient="),
		"a server of another scheme": swap("https", "ftp"),
		"a server with a password":   swap("https%3A%2F%2F", "https%3A%2F%2Fme%3Apw%40"),
		"no organisation":            swap("organisation="+full.Organisation.String(), "organisation=00000000000000000000000000000000"),
		"a short secret":             swap("secret="+secret, "secret="+secret[:20]),
		"a long secret":              swap("secret="+secret, "secret="+secret+"AAAA"),
		"two secrets":                line + "&secret=" + secret,
		"a short pin":                line + "&pin=AAAA",
		"a line break in a pin":      line + "&pin=" + strings.Repeat("A", 43) + "%0A",
		"five pins":                  line + strings.Repeat("&pin="+strings.Repeat("A", 43), 3),
		"a short wipe key":           swap("wipe=", "wipe=AAAA&pin="),
		"a recipient of another":     line + "&recipient=AGE1QQ",
		"what no app knows":          line + "&role=administrator",
		"a broken escape":            line + "&pin=%zz",
		"without end":                line + "&pin=" + strings.Repeat("A", 1024),
	} {
		i, err := credential.ParseInvitation(text)
		if fault.KindOf(err) != fault.Malformed {
			t.Errorf("%s: read as %v, %v", what, i, err)
			continue
		}
		if strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: the error has the secret: %v", what, err)
		}
	}
}

func TestWhoCanBeWipedHasSomebodyToSealFor(t *testing.T) {
	i := invitations()[1]
	i.Recipients = nil
	if _, err := credential.ParseInvitation(i.Text()); fault.KindOf(err) != fault.Malformed || !strings.Contains(err.Error(), "recipient") {
		t.Errorf("a wipe key and no recipient: %v", err)
	}
}

func TestASecretDoesNotShowInALog(t *testing.T) {
	i := invitations()[1]
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		if shown := fmt.Sprintf(format, i); !strings.Contains(shown, "(secret)") || strings.Contains(shown, "9 8 7") || strings.Contains(shown, "090807") {
			t.Errorf("%s shows %s", format, shown)
		}
	}
}

func FuzzParseInvitation(f *testing.F) {
	for _, i := range invitations() {
		f.Add(i.Text())
	}
	f.Fuzz(func(t *testing.T, line string) {
		i, err := credential.ParseInvitation(line)
		if err != nil {
			return
		}
		again, err := credential.ParseInvitation(i.Text())
		if err != nil || !reflect.DeepEqual(again, i) {
			t.Fatalf("%q is read as %#v, which is written so that it is read as %#v, %v", line, i, again, err)
		}
	})
}
