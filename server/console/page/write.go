package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count returns a text that counts, in the form that goes with the number.
func (p *Page) Count(key string, n int) (string, error) {
	text, ok := texts[key]
	if !ok {
		return "", fmt.Errorf("there is no text %q", key)
	}
	forms := strings.Split(text[p.language], "|")
	form := forms[min(formOf(p.language, n), len(forms)-1)]
	return strings.Replace(form, "%d", p.N(n), 1), nil
}

// N writes a whole number, with a narrow space between thousands.
func (p *Page) N(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0 && len(digits) > 4; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return sign + digits
}

// Signed writes a difference, with its sign.
func (p *Page) Signed(n int) string {
	if n > 0 {
		return "+" + p.N(n)
	}
	return p.N(n)
}

// Int makes a number of one that a message has.
func (p *Page) Int(n any) (int, error) {
	switch n := n.(type) {
	case uint32:
		return int(n), nil
	case int32:
		return int(n), nil
	case uint64:
		return int(n), nil
	}
	return 0, fmt.Errorf("%T is no number of a message", n)
}

// Time writes a moment, in milliseconds since 1970, by the server's time zone.
func (p *Page) Time(millis int64) string {
	at := time.UnixMilli(millis)
	return p.date(at) + ", " + at.Format("15:04")
}

// Machine writes a moment for programs.
func (p *Page) Machine(millis int64) string { return time.UnixMilli(millis).UTC().Format(time.RFC3339) }

func (p *Page) date(at time.Time) string {
	month := strings.Split(texts["months"][p.language], " ")[at.Month()-1]
	if at.Year() == time.UnixMilli(p.now).Year() {
		return fmt.Sprintf("%d %s", at.Day(), month)
	}
	return fmt.Sprintf("%d %s %d", at.Day(), month, at.Year())
}

// Day writes a calendar day, yyyymmdd, as it was entered; one that is in no
// calendar is written as it is, and zero is a dash.
func (p *Page) Day(day int32) string {
	if day == 0 {
		return "—"
	}
	at, err := time.Parse("20060102", strconv.Itoa(int(day)))
	if err != nil {
		return fmt.Sprintf("%d-%02d-%02d", day/10000, day/100%100, day%100)
	}
	month := strings.Split(texts["months"][p.language], " ")[at.Month()-1]
	return fmt.Sprintf("%d %s %d", at.Day(), month, at.Year())
}

// ShortDay writes a calendar day in as little room as a column of a register has.
func (p *Page) ShortDay(day int32) string {
	if day == 0 {
		return "—"
	}
	return fmt.Sprintf("%d.%02d", day%100, day/100%100)
}

// Ago writes how long ago a moment was.
func (p *Page) Ago(millis int64) (string, error) {
	text, err := p.Length(p.now - millis)
	if err != nil || p.now-millis < 60_000 {
		return texts["ago.now"][p.language], err
	}
	return p.T("ago", text)
}

// Length writes how long something lasts, in one unit, rounded down.
func (p *Page) Length(millis int64) (string, error) {
	length := time.Duration(max(millis, -millis)) * time.Millisecond
	switch {
	case length < time.Minute:
		return p.Count("length.seconds", int(length/time.Second))
	case length < time.Hour:
		return p.Count("length.minutes", int(length/time.Minute))
	case length < 48*time.Hour:
		return p.Count("length.hours", int(length/time.Hour))
	case length < 730*24*time.Hour:
		return p.Count("length.days", int(length/(24*time.Hour)))
	}
	return p.Count("length.years", int(math.Floor(length.Hours()/24/365.25)))
}

// Percent is how much of a whole something is, rounded down, so that what is not
// whole is not called so.
func (p *Page) Percent(n, of int) int {
	if of <= 0 {
		return 0
	}
	return n * 100 / of
}
