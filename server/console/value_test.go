package console

import (
	"testing"

	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/console/page"
)

// Every type, field and value that a record may have is called something in both
// languages.
func TestAllThatRecordsHoldHasAText(t *testing.T) {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range types.Types() {
		if typeKey(name) == "" {
			t.Errorf("%s has no text", name)
		}
		fields := types.Plan(name).Descriptor().Fields()
		for i := range fields.Len() {
			field := fields.Get(i)
			if key := "field." + string(field.Name()); !page.Has(key) {
				t.Errorf("%s, of %s, has no text %q", field.Name(), name, key)
			}
			if field.Enum() == nil {
				continue
			}
			values := field.Enum().Values()
			for j := range values.Len() {
				if key := enumWord(field.Enum(), values.Get(j).Number()).Key; key == "" {
					t.Errorf("%s has no text %q", values.Get(j).Name(), "value."+string(values.Get(j).Name()))
				}
			}
		}
	}
}
