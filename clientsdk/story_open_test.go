package clientsdk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// askAttention lists what somebody should look at: on a tablet what it says
// itself, at home the disagreements that the server hands the coordinator.
func (w *world) askAttention(said words) ([]string, error) {
	return w.askAll(said["viewer"], anySpace, func(who string) ([]string, error) {
		list := w.attentionOf
		if who == homeName {
			list = w.attentionAtHome
		}
		lines, err := list(who)
		slices.Sort(lines)
		return orNothing(slices.Compact(lines)), err
	})
}

const contested = ": called a mistake by somebody who had not seen all of it"

func (w *world) attentionAtHome(who string) ([]string, error) {
	coordinator, err := w.author(who)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, space := range w.spaces {
		list, _, err := w.home.engine.Disagreements(context.Background(), named[merge.PersonID](coordinator), space.id, "")
		if err != nil {
			return nil, err
		}
		for i := range list {
			switch d := &list[i]; {
			case d.Cell.Key == merge.Lifecycle:
				lines = append(lines, w.nameOf(d.Record[:])+contested)
			case d.Cell.Review:
				lines = append(lines, w.nameOf(d.Record[:])+": "+w.disagreement(recordTypes().Plan(d.Type), &d.Cell))
			}
		}
	}
	return lines, nil
}

func (w *world) attentionOf(who string) ([]string, error) {
	tab, err := w.tablet(who)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, a := range tab.attention() {
		switch a.Key {
		case clientsdk.KeyDisagreement:
			lines = append(lines, w.nameOf(a.Record[:])+": "+w.disagreement(tab.known.Plan(a.Type), a.Disagreement))
		case clientsdk.KeyVoidContested:
			lines = append(lines, w.nameOf(a.Record[:])+contested)
		default:
			lines = append(lines, w.finding(&a))
		}
	}
	return lines, nil
}

// finding tells what the server found about a change of the tablet's own.
func (w *world) finding(a *clientsdk.Attention) string {
	line := "the server about an own change: " + a.Key
	if a.Record != (merge.RecordID{}) {
		line += " in " + strings.TrimSpace(a.Field+" of "+w.nameOf(a.Record[:]))
	}
	if a.Quarantined {
		line += ", in quarantine"
	}
	return line
}

// askChanges tells how far the changes of a tablet are.
func (w *world) askChanges(said words) ([]string, error) {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, space := range tab.spaces {
		tab.space = space.id
		s := tab.status()
		line := fmt.Sprintf("%s: %d saved", space.name, s.Saved)
		for _, part := range []struct {
			n    int
			what string
		}{{s.Confirmed, "confirmed"}, {s.Waiting, "waiting"}, {s.Handed, "of them with a hub"}, {s.Quarantined, "in quarantine"}, {s.Dismissed, "given back"}} {
			if part.n > 0 {
				line += fmt.Sprintf(", %d %s", part.n, part.what)
			}
		}
		if !s.Readable {
			line += "; not to be read any more"
		}
		lines = append(lines, line)
	}
	return lines, nil
}
