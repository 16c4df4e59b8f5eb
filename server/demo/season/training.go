package season

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

func (c *community) days() int { return c.programme.Training.Days }

// The days, from 1, on which things happen that do not happen every day. The
// programme's trainings have three.
const (
	signedOn = 1 // one recorder misses who has signed
	restOn   = 2 // the second recorder closes the register with "rest absent"
)

// date is the calendar day of the training's n-th day.
func (c *community) date(number int) day { return after(c.start, number-1) }

func (c *community) dayKey(number int) *recordsv1.TrainingDay {
	return &recordsv1.TrainingDay{TrainingId: c.training().id(), DayNumber: int32(number)}
}

// cancelled says whether the first tablet called the day off, which the second
// did not know and held.
func (c *community) cancelled(number int) bool {
	return c.index == c.casting.cancelledIn && number == c.days()
}

// The times of a training day, in minutes since midnight.
const (
	startsMinute = 9*60 + 30
	endsMinute   = 16*60 + 30
	taughtMinute = 6 * 60
)

// train makes the days of the training as both tablets record them, each for
// itself: the days are made on both.
func (c *community) train() {
	for number := 1; number <= c.days(); number++ {
		first, second := c.rollCall(number)
		for _, d := range []*diary{&c.first.diary, &c.second.diary} {
			d.turnTo(c.date(number), startsMinute)
		}
		if c.cancelled(number) {
			c.first.diary.write(c.space, Act{Message: c.callOff(number)})
		} else {
			c.first.diary.write(c.space, Act{Message: c.openDay(number, &c.first)})
		}
		c.second.diary.write(c.space, Act{Message: c.openDay(number, &c.second)})
		c.enterLate(number, &c.first.diary, &c.second.diary)
		if !c.cancelled(number) {
			c.takeRegister(&c.first, number, first)
			c.closeDay(number, first)
		}
		c.takeRegister(&c.second, number, second)
	}
}

// openDay is what a tablet writes when the day begins. Both write the same time
// and place; each adds its own trainer.
func (c *community) openDay(number int, r *recorder) *recordsv1.TrainingDay {
	d := c.dayKey(number)
	c.times(d, number, endsMinute)
	d.Topics = []recordsv1.Topic{topics[(number-1)%len(topics)]}
	d.TrainerIds = [][]byte{r.person.id()}
	return d
}

// times fills in the cell that says when the day was held.
func (c *community) times(d *recordsv1.TrainingDay, number int, ends int32) *recordsv1.TrainingDay {
	starts := int32(startsMinute)
	d.FieldDate, d.StartsMinute, d.EndsMinute, d.TaughtMinutes = c.date(number), &starts, &ends, taughtMinute
	return d
}

func (c *community) callOff(number int) *recordsv1.TrainingDay {
	d := c.times(c.dayKey(number), number, endsMinute)
	d.Status = recordsv1.SessionStatus_SESSION_STATUS_CANCELLED
	d.StatusReason = "Повідомили про обстріл на трасі; частина людей не виїхала."
	return d
}

// closeDay says that the day was held, and how many signed the paper sheet.
func (c *community) closeDay(number int, taken *register) {
	d := c.dayKey(number)
	d.Status = recordsv1.SessionStatus_SESSION_STATUS_HELD
	signatures := int32(taken.present())
	d.SheetCount = &signatures
	c.first.diary.write(c.space, Act{Message: d})
}

// takeRegister writes a register as it is taken: every tap is durable by
// itself, "rest absent" is one transaction for all.
func (c *community) takeRegister(r *recorder, number int, taken *register) {
	session := idOf(c.space, c.dayKey(number))
	for _, m := range taken.byHand {
		r.diary.write(c.space, Act{Message: m.record(session, r)})
	}
	var rest []Act
	for _, participant := range taken.rest {
		absent := mark{participant: participant, presence: absentDefault, evidence: bulkDefault}
		rest = append(rest, Act{Message: absent.record(session, r)})
	}
	for len(rest) > 0 {
		n := min(len(rest), marksAtOnce)
		r.diary.write(c.space, rest[:n]...)
		rest = rest[n:]
	}
}

// marksAtOnce bounds one transaction: a register closes in blocks of a screen.
const marksAtOnce = 60
