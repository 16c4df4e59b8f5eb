package clientsdk_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// sessionsADay is what a psychologist comes to: each with a note of a paragraph.
const sessionsADay = 6

var paragraph = strings.Repeat("Говорили про переїзд і про роботу. ", 8)

// day writes the day of a psychologist: sessions, notes, what was agreed.
func (tab *tablet) day() {
	for range sessionsADay {
		tab.write(func(tx *clientsdk.Tx) error {
			session, err := tx.Create(&recordsv1.CounsellingSession{PsychologistId: tab.line.person[:], FieldDate: 20160905, DurationMinutes: 60})
			if err != nil {
				return err
			}
			if _, err := tx.Create(&recordsv1.FollowUp{SessionId: session[:], DueOn: 20160912}); err != nil {
				return err
			}
			_, err = tx.Create(&recordsv1.Note{SessionId: session[:], AuthorId: tab.line.person[:], Kind: recordsv1.NoteKind_NOTE_KIND_NOTE, Text: paragraph})
			return err
		})
	}
}

// BenchmarkSyncADayOfNotes is the sync of a psychologist's day, to a home that is
// in the same process, without a network. Beside it: the processor's time for
// that, the home's included, and for sealing the day's notes to three recipients,
// which was done when they were written.
func BenchmarkSyncADayOfNotes(b *testing.B) {
	p := openPractice(b)
	var to []age.Recipient
	for _, person := range []string{"iryna", "svitlana", "halyna"} {
		to = append(to, p.identity(person).Recipient())
	}
	place := sealed.Place{Space: p.iryna.space, Author: named[merge.PersonID]("iryna"), Type: noteType, Field: 5}
	var sealingTime, syncTime time.Duration
	for b.Loop() {
		b.StopTimer()
		p.iryna.day()
		began := processorTime(b)
		for range sessionsADay {
			if _, err := sealing.Seal(place, []byte(paragraph), to); err != nil {
				b.Fatal(err)
			}
		}
		sealingTime += processorTime(b) - began
		began = processorTime(b)
		b.StartTimer()
		p.iryna.sync()
		syncTime += processorTime(b) - began
	}
	b.ReportMetric(float64(sealingTime.Microseconds())/float64(b.N), "cpu-µs-sealing/op")
	b.ReportMetric(float64(syncTime.Microseconds())/float64(b.N), "cpu-µs-sync/op")
}

// processorTime is what this process has used, so that others on the machine do
// not count.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkWriteNote writes a note and its session, durable: with it the sealing.
func BenchmarkWriteNote(b *testing.B) {
	p := openPractice(b)
	b.ReportAllocs()
	for b.Loop() {
		p.iryna.note(paragraph)
	}
}

// BenchmarkQueryNotes reads 200 notes and opens all of them.
func BenchmarkQueryNotes(b *testing.B) {
	p := openPractice(b)
	for range 200 {
		p.iryna.note(paragraph)
	}
	b.ReportAllocs()
	for b.Loop() {
		rows, err := clientsdk.Query[*recordsv1.Note](b.Context(), p.iryna, p.iryna.space)
		if err != nil || len(rows) != 200 || rows[0].Message.Text != paragraph {
			b.Fatal(err)
		}
	}
}
