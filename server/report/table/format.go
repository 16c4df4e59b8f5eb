package table

import "fmt"

// hidden stands for a number that is not published.
const hidden = "*"

// HiddenMeans says what stands for a number that is not published.
var HiddenMeans = Text{
	"* — число не публікується: воно мале або видало б мале",
	"* — the number is not published: it is small, or would give a small one away",
}

// Format writes a cell as people read it. It is empty where there is no value.
func (c *Column) Format(cell Cell, l Language) string {
	switch cell.State {
	case None:
		return ""
	case Suppressed:
		return hidden
	}
	switch n := cell.Number; c.Kind {
	case Words:
		return cell.Words.In(l)
	case Tenths, Share:
		return decimal(n, l)
	case Day:
		return day(n)
	case Month:
		return fmt.Sprintf("%04d-%02d", n/100, n%100)
	default:
		return fmt.Sprint(n)
	}
}

// day keeps what is no day of the calendar readable.
func day(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", n/1_00_00, n/1_00%1_00, n%1_00)
}

// decimal writes tenths with the mark that readers of the language expect.
func decimal(tenths int64, l Language) string {
	mark := "."
	if l == Ukrainian {
		mark = ","
	}
	sign := ""
	if tenths < 0 {
		sign, tenths = "-", -tenths
	}
	return fmt.Sprintf("%s%d%s%d", sign, tenths/10, mark, tenths%10)
}

// Numeric tells whether the column is set to the right, as numbers are.
func (c *Column) Numeric() bool { return c.Kind == Count || c.Kind == Tenths || c.Kind == Share }
