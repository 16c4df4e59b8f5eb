package fieldwork_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

func TestAWithdrawalWins(t *testing.T) {
	const (
		given     = recordsv1.ConsentState_CONSENT_STATE_GIVEN
		withdrawn = recordsv1.ConsentState_CONSENT_STATE_WITHDRAWN
		refused   = recordsv1.ConsentState_CONSENT_STATE_REFUSED
		undecided = recordsv1.ConsentState_CONSENT_STATE_UNSPECIFIED
		this      = recordsv1.ConsentPurpose(1)
	)
	of := func(state recordsv1.ConsentState, day int32) *recordsv1.Consent {
		return &recordsv1.Consent{Purpose: this, State: state, DecidedOn: day}
	}
	for _, c := range []struct {
		what     string
		consents []*recordsv1.Consent
		want     bool
	}{
		{"nothing was decided", nil, false},
		{"taken back to undecided", []*recordsv1.Consent{of(undecided, 20160801)}, false},
		{"given", []*recordsv1.Consent{of(given, 20160801)}, true},
		{"given, without a day", []*recordsv1.Consent{of(given, 0)}, true},
		{"for something else", []*recordsv1.Consent{{Purpose: 2, State: given, DecidedOn: 20160801}}, false},
		{"withdrawn later", []*recordsv1.Consent{of(given, 20160801), of(withdrawn, 20160802)}, false},
		{"given again later", []*recordsv1.Consent{of(withdrawn, 20160802), of(given, 20160803)}, true},
		{"both on one day", []*recordsv1.Consent{of(withdrawn, 20160802), of(given, 20160802)}, false},
		{"withdrawn, nobody wrote when", []*recordsv1.Consent{of(given, 20160803), of(withdrawn, 0)}, false},
		{"refused", []*recordsv1.Consent{of(refused, 20160802)}, false},
	} {
		for range 2 {
			if got := fieldwork.Allows(c.consents, this); got != c.want {
				t.Errorf("%s: %t; want %t", c.what, got, c.want)
			}
			for i, j := 0, len(c.consents)-1; i < j; i, j = i+1, j-1 {
				c.consents[i], c.consents[j] = c.consents[j], c.consents[i]
			}
		}
	}
}
