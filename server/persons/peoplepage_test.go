package persons

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Everybody comes once, in one order, also while others are registered and whoever
// was shown last is erased.
func TestPeopleComePageByPage(t *testing.T) {
	p := newProgramme(t)
	var all []string
	ids := map[string]merge.RecordID{}
	for i := range 25 {
		family, where := fmt.Sprintf("Коваль%c", []rune("абвгґдеєжзиіїйклмнопрстуф")[i]), []string{"lyman", "svatove"}[i%2]
		data, err := proto.Marshal(&recordsv1.Participant{FamilyName: family, GivenName: "Іван"})
		if err != nil {
			t.Fatal(err)
		}
		name := family + " Іван"
		all, ids[name] = append(all, name), record(fmt.Sprintf("person %d", i))
		p.write("iryna", where, syncengine.WriteRecord{Type: participantType, Record: ids[name], Message: data})
	}
	page := func(token string) ([]string, string) {
		t.Helper()
		got, err := p.finder.Search(t.Context(), by("iryna", "desk"), "коваль", token, 10)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, someone := range got.People {
			names = append(names, nameOf(someone.Registrations[0].Shown))
		}
		return names, got.Next
	}
	first, next := page("")
	if !slices.Equal(first, all[:10]) || next == "" {
		t.Fatalf("first %v, then %q", first, next)
	}
	p.register("lyman", "Коваль Іван") // before all
	second, last := page(next)
	if !slices.Equal(second, all[10:20]) {
		t.Errorf("after somebody was registered: %v", second)
	}
	if _, err := p.Erase(t.Context(), person("dpo"), space("svatove"), ids[all[9]], nil); err != nil { // who was shown last
		t.Fatal(err)
	}
	if second, _ = page(next); !slices.Equal(second, all[10:20]) {
		t.Errorf("after who was shown last was erased: %v", second)
	}
	third, end := page(last)
	if !slices.Equal(third, all[20:]) || end != "" {
		t.Errorf("last %v, then %q", third, end)
	}
	for _, token := range []string{"x", "00", next + "00"} {
		if _, err := p.finder.Search(t.Context(), by("iryna", "desk"), "", token, 0); fault.KindOf(err) != fault.Invalid {
			t.Errorf("token %q: %v", token, err)
		}
	}
}
