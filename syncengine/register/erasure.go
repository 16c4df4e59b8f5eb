package register

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// line is an erasure as a line of text: what was done, space, person, and by
// which rules, each type with the field that names the person and the cells that
// stay: "erase SPACE PERSON zhurnal.records.v1.Consent:1:4,zhurnal.… CRC".
func (e *Erasure) line() string {
	rules := make([]string, len(e.Rules))
	for i, r := range e.Rules {
		kept := make([]string, len(r.Kept))
		for j, field := range r.Kept {
			kept[j] = strconv.FormatUint(uint64(field), 10)
		}
		rules[i] = fmt.Sprintf("%s:%d:%s", r.Type, r.Field, strings.Join(kept, "+"))
	}
	return summed("%s %x %x %s", erased, e.Space[:], e.Subject[:], strings.Join(rules, ","))
}

func parseErasure(line string) (e Erasure, err error) {
	words := strings.Split(line, " ")
	if len(words) != 5 {
		return e, errLine
	}
	copy(e.Space[:], unhex(words[1]))
	copy(e.Subject[:], unhex(words[2]))
	for rule := range strings.SplitSeq(words[3], ",") {
		if words[3] == "" {
			break // records that are an erased person's, nobody says whose
		}
		r, err := parseRule(rule)
		if err != nil {
			return e, err
		}
		e.Rules = append(e.Rules, r)
	}
	if e.line() != line+"\n" { // also if an id was not what it should be
		return e, errLine
	}
	return e, nil
}

func parseRule(text string) (r merge.ErasureRule, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return r, errLine
	}
	r.Type = parts[0]
	field, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return r, errLine
	}
	r.Field = uint32(field)
	for kept := range strings.SplitSeq(parts[2], "+") {
		if parts[2] == "" {
			break
		}
		field, err := strconv.ParseUint(kept, 10, 32)
		if err != nil {
			return r, errLine
		}
		r.Kept = append(r.Kept, uint32(field))
	}
	return r, nil
}
