package report

import (
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
)

// ListToWire writes a list of reports as it is sent.
func ListToWire(reports []Definition) (list []*reportv1.ListedReport) {
	for i := range reports {
		d := &reports[i]
		w := &reportv1.ListedReport{Name: d.Name, Title: textToWire(d.Title), About: textToWire(d.About), Publishable: d.Publishable}
		for _, p := range d.Parameters {
			parameter := &reportv1.Parameter{Name: p.Name, Title: textToWire(p.Title)}
			for _, c := range p.Choices {
				parameter.Choices = append(parameter.Choices, &reportv1.Choice{Name: c.Name, Title: textToWire(c.Title)})
			}
			w.Parameters = append(w.Parameters, parameter)
		}
		list = append(list, w)
	}
	return list
}

func textToWire(t table.Text) *reportv1.Text {
	return &reportv1.Text{Uk: t.In(table.Ukrainian), En: t.In(table.English)}
}
