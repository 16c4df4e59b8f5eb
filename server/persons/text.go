package persons

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
)

// WriteText prints pairs for a terminal, with the reasons in a language.
func WriteText(w io.Writer, pairs []*personsv1.RegistrationPair, language string) error {
	for _, p := range pairs {
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n%s", line(p.First), line(p.Second))
		switch {
		case p.Points >= names.PointsLikely:
			fmt.Fprintf(&b, "  likely (%d):", p.Points)
		case p.Points > 0:
			fmt.Fprintf(&b, "  possible (%d):", p.Points)
		}
		for i, key := range p.ReasonKeys {
			text := names.Reason(key).Text(language)
			if text == "" { // of a newer server
				text = key
			}
			if i > 0 {
				b.WriteString(";")
			}
			b.WriteString(" " + text)
		}
		if p.Points > 0 {
			b.WriteString("\n")
		}
		for _, d := range p.Decisions {
			fmt.Fprintf(&b, "  %s says %s", hexOf(d.DeciderId), verdictWord(d.Verdict))
			if d.Basis != "" {
				fmt.Fprintf(&b, ": %s", printable(d.Basis))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
		if _, err := io.WriteString(w, b.String()); err != nil {
			return fmt.Errorf("duplicates: %w", err)
		}
	}
	return nil
}

// line is a registration: its id, and what tells who it is.
func line(r *personsv1.Registration) string {
	p := r.GetParticipant()
	words := []string{printable(nameOf(p))}
	for _, more := range []string{born(p), sexWord(p.GetSex()), p.GetPhone(), p.GetResidencePcode(), p.GetCode()} {
		if more != "" {
			words = append(words, printable(more))
		}
	}
	text := fmt.Sprintf("%s  %s", hexOf(r.GetPersonId()), strings.Join(words, ", "))
	if r.GetRegistrations() > 1 {
		text += fmt.Sprintf(" (%d registrations)", r.Registrations)
	}
	return text
}

func born(p *recordsv1.Participant) string {
	switch p.GetBirthPrecision() {
	case recordsv1.BirthPrecision_BIRTH_PRECISION_DATE:
		return fmt.Sprintf("born %d-%02d-%02d", p.GetBirthDate()/1_00_00, p.GetBirthDate()/1_00%1_00, p.GetBirthDate()%1_00)
	case recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR:
		return fmt.Sprintf("born in %d", p.GetBirthYear())
	case recordsv1.BirthPrecision_BIRTH_PRECISION_AGE:
		return fmt.Sprintf("%d years old in %d", p.GetAgeYears(), p.GetAgeAsOf()/1_00_00)
	}
	return ""
}

func sexWord(s recordsv1.Sex) string {
	if s == recordsv1.Sex_SEX_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(s.String(), "SEX_"))
}

func verdictWord(v recordsv1.LinkVerdict) string {
	return strings.ToLower(strings.TrimPrefix(v.String(), "LINK_VERDICT_"))
}

func hexOf(id []byte) string { return fmt.Sprintf("%x", id) }

// printable keeps what somebody has entered from moving the cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, text)
}
