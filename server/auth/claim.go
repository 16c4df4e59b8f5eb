package auth

import (
	"encoding/hex"
	"net/http"

	"connectrpc.com/authn"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Claimed believes a request: it comes from the user whose id it says, or from
// the device whose id it says and that device's user.
func Claimed(d *directory.Directory) Authenticator {
	return func(request *http.Request) (Principal, error) {
		id, err := claimOf(request)
		if err != nil {
			return Principal{}, err
		}
		view, err := d.View()
		if err != nil {
			return Principal{}, err
		}
		if device := view.Device(directory.DeviceID(id)); device != nil {
			return Principal{
				Person: merge.PersonID(device.UserId), Organisation: directory.OrganisationID(device.OrganisationId), Device: directory.DeviceID(id),
			}, nil
		}
		if user := view.User(id); user != nil {
			return Principal{Person: id, Organisation: directory.OrganisationID(user.OrganisationId)}, nil
		}
		return Principal{}, errNotLetIn
	}
}

// ClaimedAtHub believes a request too. A hub knows of people only which spaces
// home has named to them.
func ClaimedAtHub(request *http.Request) (Principal, error) {
	person, err := claimOf(request)
	return Principal{Person: person}, err
}

// Header returns the value of the Authorization header by which a client claims
// to be this person.
func Header(person merge.PersonID) string { return "Bearer " + person.String() }

const howToSay = "send the header `Authorization: Bearer ` followed by the 32 hexadecimal digits of your person id"

func claimOf(request *http.Request) (merge.PersonID, error) {
	var person merge.PersonID
	token, ok := authn.BearerToken(request)
	if !ok {
		return person, fault.New(fault.Unauthenticated, "the request does not say who sends it: %s", howToSay)
	}
	if len(token) != hex.EncodedLen(len(person)) {
		return person, fault.New(fault.Unauthenticated, "the token is %d characters long: %s", len(token), howToSay)
	}
	if _, err := hex.Decode(person[:], []byte(token)); err != nil {
		return person, fault.New(fault.Unauthenticated, "the token is not hexadecimal: %s", howToSay)
	}
	if person == Operator {
		return person, fault.New(fault.Unauthenticated, "that person id is the operator's, who calls through the socket in the register's directory: %s", howToSay)
	}
	if person == (merge.PersonID{}) {
		return person, fault.New(fault.Unauthenticated, "the person id is all zeros, which is nobody: %s", howToSay)
	}
	return person, nil
}
