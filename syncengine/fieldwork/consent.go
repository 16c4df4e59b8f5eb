package fieldwork

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// Allows tells whether a person's data may be used for a purpose now, by what is
// recorded of their consents, in any order. Of several documents for the purpose
// the newest decision holds; of those of one day, or without a day, a withdrawal
// or a refusal holds. Where nothing was decided, nothing is allowed.
func Allows(consents []*recordsv1.Consent, purpose recordsv1.ConsentPurpose) bool {
	decided := slices.DeleteFunc(slices.Clone(consents), func(c *recordsv1.Consent) bool {
		return c.GetPurpose() != purpose || c.GetState() == recordsv1.ConsentState_CONSENT_STATE_UNSPECIFIED
	})
	newest := int32(0)
	for _, c := range decided {
		newest = max(newest, c.GetDecidedOn())
	}
	allowed := false
	for _, c := range decided {
		undated := c.GetDecidedOn() == 0
		switch {
		case c.GetState() != recordsv1.ConsentState_CONSENT_STATE_GIVEN && (undated || c.GetDecidedOn() == newest):
			return false
		case c.GetState() == recordsv1.ConsentState_CONSENT_STATE_GIVEN && c.GetDecidedOn() == newest:
			allowed = true
		}
	}
	return allowed
}
