package publication

import (
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Check refuses what must be possible to take back: who is named in it may be
// erased, and whose words are in it may withdraw them.
func Check(d *table.Document) error {
	for i := range d.Tables {
		if t := &d.Tables[i]; t.Personal {
			return fault.New(fault.Invalid,
				"publish: the table %q of %s names people or has their words, and what is published is kept for good: publish a report, or a public version, of figures alone, and give this one out as a file",
				t.Title.In(table.English), d.Name)
		}
	}
	return nil
}

// CheckCorrection refuses a public version that stands beside another of the same
// question and differs from it in a cell by fewer people than may be published: the
// two together would tell what each keeps back. now is as it was counted, before as
// it was published.
func CheckCorrection(before, now *table.Document) error {
	for i := range now.Tables {
		t := &now.Tables[i]
		if was := before.Table(t.Name); was != nil && t.Threshold > 0 {
			if err := checkTable(was, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkTable(was, is *table.Table) error {
	for c := range is.Columns {
		column := &is.Columns[c]
		if !column.People {
			continue
		}
		for r := range is.Rows {
			row := &is.Rows[r]
			before, there := was.Cell(row.Key, column.Name)
			if !there || before.State != table.Value || row.Cells[c].State != table.Value {
				continue
			}
			if moved := max(before.Number, row.Cells[c].Number) - min(before.Number, row.Cells[c].Number); moved > 0 && moved < int64(is.Threshold) {
				return fault.New(fault.Conflict,
					"publish: in the table %q the number of %q in %q is %d, and was published as %d: the two together tell of fewer than %d people; wait for the next period, or until more has changed",
					is.Title.In(table.English), column.Title.In(table.English), row.Key, row.Cells[c].Number, before.Number, is.Threshold)
			}
		}
	}
	return nil
}
