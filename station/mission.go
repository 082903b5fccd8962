package station

import "fmt"

// MissionSigning says whether an office that headquarters has given a document signer of its own may
// sign its books itself, and when. The zero value is never: a book is signed at headquarters.
type MissionSigning string

// Rules of mission signers.
const (
	MissionNever      MissionSigning = ""
	MissionAfterClear MissionSigning = "after-clear" // when the vault has found no other case of the applicant
	MissionAtApproval MissionSigning = "at-approval" // at once; the vault's word comes afterwards
)

// maxMissionOrders bounds what one mission signer may sign, whatever a profile says.
const maxMissionOrders = 1000

// MissionRule is what a profile says of mission signers. Orders is how many books one of them may sign.
type MissionRule struct {
	MissionSigning MissionSigning `toml:"mission_signing" cbor:"34,keyasint,omitempty" json:"missionSigning,omitempty"`
	MissionOrders  int            `toml:"mission_orders" cbor:"35,keyasint,omitempty" json:"missionOrders,omitempty"`
}

func (r MissionRule) check(p Profile) error {
	switch r.MissionSigning {
	case MissionNever:
		if r.MissionOrders == 0 {
			return nil
		}
	case MissionAfterClear, MissionAtApproval:
		if r.MissionOrders > 0 && r.MissionOrders <= maxMissionOrders {
			return nil
		}
	}
	return fmt.Errorf("profile %s: mission signers: %w", p.Name, ErrMalformed)
}

// MissionSigner is a document signer that headquarters made for one office.
type MissionSigner struct {
	Certificate []byte `cbor:"1,keyasint" json:"certificate"` // DER
	Orders      int    `cbor:"2,keyasint" json:"orders"`      // books that it may sign at most
}

// Mission returns the office's own document signer: the newest, if the profile allows any.
func (c Charter) Mission() (MissionSigner, bool) {
	if c.Profile.MissionSigning == MissionNever || len(c.Signers) == 0 {
		return MissionSigner{}, false
	}
	s := c.Signers[len(c.Signers)-1]
	s.Orders = min(s.Orders, c.Profile.MissionOrders)
	return s, true
}
