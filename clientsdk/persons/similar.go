// Package persons asks a tablet's register, offline, whether somebody who is about
// to be registered is there already. It knows the record of a participant, which
// package clientsdk does not: an app with records of its own has no use for it.
package persons

import (
	"context"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
)

// Known is somebody in the register who may be the one about to be registered.
type Known struct {
	clientsdk.Row[*recordsv1.Participant]
	// Match says why; its reasons have texts for the screen.
	names.Match
}

// Similar returns who in a space may be this person, the likeliest first: by the
// name in any script, by age, sex and telephone, by the same rules as the server.
// It asks, and decides nothing: who is registered all the same is two registrations
// until a coordinator links them. What is void is left out.
//
// It reads every participant of the space: call it when the name has been entered,
// and not at each letter.
func Similar(ctx context.Context, from clientsdk.Reader, space clientsdk.SpaceID, person *recordsv1.Participant) ([]Known, error) {
	rows, err := clientsdk.Query[*recordsv1.Participant](ctx, from, space)
	if err != nil {
		return nil, err
	}
	people := make([]names.Person, len(rows))
	for i := range rows {
		people[i] = fieldwork.NamedBy(rows[i].Message)
	}
	var known []Known
	for _, hit := range names.NewIndex(people).Similar(fieldwork.NamedBy(person)) {
		known = append(known, Known{rows[hit.Person], hit.Match})
	}
	return known, nil
}
