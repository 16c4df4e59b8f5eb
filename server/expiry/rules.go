package expiry

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Rules say what is kept for how long.
type Rules struct {
	Rules []Rule `json:"rules"`
	// Held are records that stay, and persons whose records do, whatever the rules
	// say: those of an inquiry or an audit.
	Held []ID `json:"held"`
}

// Rule is for one record type.
type Rule struct {
	// Type is the full name of the record type.
	Type string `json:"type"`
	// Months is how long a record is kept, 1 to MonthsMax.
	Months int `json:"months"`
	// Date names the field with the day from which that counts. Empty, or where a
	// record does not say it: the day on which it was last written to, and if it is a
	// person, anything about the person.
	Date string `json:"date"`
}

// MonthsMax bounds a rule: a century.
const MonthsMax = 1200

// ID is an id as 32 hexadecimal digits.
type ID merge.RecordID

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	if n, err := hex.Decode(id[:], text[:min(len(text), 2*len(id))]); err != nil || n != len(id) || len(text) != 2*len(id) {
		return fault.New(fault.Invalid, "%q is no id: 32 hexadecimal digits are due", text)
	}
	return nil
}

// Read reads rules from JSON.
func Read(from io.Reader) (rules Rules, err error) {
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		return rules, fault.New(fault.Invalid, "rules: %w: {\"rules\": [{\"type\": \"zhurnal.records.v1.Note\", \"months\": 24}], \"held\": []} is a file of one rule", err)
	}
	if rest, _ := io.ReadAll(io.MultiReader(decoder.Buffered(), from)); len(bytes.TrimSpace(rest)) > 0 {
		return rules, fault.New(fault.Invalid, "rules: there is more behind their end")
	}
	return rules, nil
}

// kept is a rule with what the schema says of its type.
type kept struct {
	Rule
	plan *schema.Plan
	date protoreflect.FieldDescriptor // nil without one
	// cells are those that stay.
	cells []uint32
}

// against reads the rules with the record types that there are.
func (r *Rules) against(types *schema.Schema) (map[string]kept, error) {
	byType := map[string]kept{}
	for _, rule := range r.Rules {
		plan := types.Plan(rule.Type)
		switch {
		case plan == nil:
			return nil, fault.New(fault.Invalid, "rules: there is no record type %q; its full name is due, such as zhurnal.records.v1.Note", rule.Type)
		case rule.Months < 1 || rule.Months > MonthsMax:
			return nil, fault.New(fault.Invalid, "rules: %s: %d months, 1 to %d are due", rule.Type, rule.Months, MonthsMax)
		case byType[rule.Type].plan != nil:
			return nil, fault.New(fault.Invalid, "rules: there are two for %s", rule.Type)
		}
		k := kept{Rule: rule, plan: plan, cells: plan.KeptWhenErased()}
		if rule.Date != "" {
			k.date = plan.Descriptor().Fields().ByName(protoreflect.Name(rule.Date))
			if k.date == nil || k.date.Kind() != protoreflect.Int32Kind || k.date.IsList() {
				return nil, fault.New(fault.Invalid, "rules: %s has no day in a field %q", rule.Type, rule.Date)
			}
		}
		byType[rule.Type] = k
	}
	return byType, nil
}
