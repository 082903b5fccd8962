package station

import (
	"fmt"
	"slices"
	"strings"
)

// ChipLevel says how much the chip of an old passport proves, best first.
type ChipLevel string

// Levels of an old chip.
const (
	ChipGenuine      ChipLevel = "genuine"       // signed by a state that we carry, and proven to be no copy
	ChipSigned       ChipLevel = "signed"        // signed by a state that we carry; it cannot prove to be no copy
	ChipUnknownState ChipLevel = "unknown-state" // signed and whole, but nobody whom we carry vouches for the signer
	ChipSilent       ChipLevel = "silent"        // no chip, or one that does not answer or open
	ChipFalse        ChipLevel = "not-authentic" // a signature, a key or the zone is not what it should be
)

// ChipLevels lists the levels, best first.
func ChipLevels() []ChipLevel {
	return []ChipLevel{ChipGenuine, ChipSigned, ChipUnknownState, ChipSilent, ChipFalse}
}

// ChipCheck is one thing that was asked of an old chip. Its reason is for an engineer, Why for an officer;
// neither holds personal data.
type ChipCheck struct {
	What   string     `cbor:"1,keyasint" json:"what"`
	OK     bool       `cbor:"2,keyasint" json:"ok"`
	Reason string     `cbor:"3,keyasint" json:"reason"`
	Why    ChipReason `cbor:"4,keyasint,omitempty" json:"why,omitempty"`
}

// OldChip is the verdict on the chip of an old passport, with what the chip says beyond the zone. The
// face on it is for the officer to compare: it is marked by where it lies, and never becomes a new
// portrait.
type OldChip struct {
	Level  ChipLevel   `cbor:"1,keyasint" json:"level"`
	Checks []ChipCheck `cbor:"2,keyasint" json:"checks"`
	Origin string      `cbor:"3,keyasint,omitempty" json:"origin,omitempty"` // of the certificate that vouches
	Reason string      `cbor:"4,keyasint,omitempty" json:"reason,omitempty"` // an officer's, for a chip that is silent

	FullName     string `cbor:"5,keyasint,omitempty" json:"fullName,omitempty"` // of DG11, not shortened
	PlaceOfBirth string `cbor:"6,keyasint,omitempty" json:"placeOfBirth,omitempty"`
	Authority    string `cbor:"7,keyasint,omitempty" json:"authority,omitempty"` // of DG12
	Issued       string `cbor:"8,keyasint,omitempty" json:"issued,omitempty"`    // YYYYMMDD, of DG12
	Face         []byte `cbor:"9,keyasint,omitempty" json:"-"`                   // of DG2
	FaceType     string `cbor:"10,keyasint,omitempty" json:"faceType,omitempty"` // image/jpeg or image/jp2

	Zone []string `cbor:"11,keyasint,omitempty" json:"-"` // DG1, also where it is not the page's, to be compared
}

// Failed returns the checks that did not pass.
func (c OldChip) Failed() []ChipCheck {
	return slices.DeleteFunc(slices.Clone(c.Checks), func(k ChipCheck) bool { return k.OK })
}

// ChipProof is the kind of evidence that an old chip is. Its points are those that the profile adds to an
// old passport whose chip is authentic.
const ChipProof = "old-passport-chip"

// Proven tells whether a state that we carry vouches for the chip. Being listed as lost by the state that
// issued it takes nothing away.
func (l ChipLevel) Proven() bool { return l == ChipGenuine || l == ChipSigned }

// TakeChip keeps the verdict on the old passport's chip and makes it evidence with its reasons; what an
// earlier reading left is replaced. It returns ErrIncomplete where no old passport was entered.
func (a *Application) TakeChip(c OldChip) error {
	if a.OldPassport == nil {
		return fmt.Errorf("old passport: %w", ErrIncomplete)
	}
	old := *a.OldPassport
	old.Chip = &c
	a.OldPassport = &old
	kept := slices.DeleteFunc(slices.Clone(a.Evidence), func(e Evidence) bool { return e.Kind == ChipProof })
	note, against := c.note(), old.Contradicted()
	if len(against) > 0 {
		note += "; printed page differs: " + strings.Join(against, ", ")
	}
	a.Evidence = append(kept, Evidence{Kind: ChipProof, Note: note, Proven: c.Level.Proven() && len(against) == 0})
	if c.PlaceOfBirth != "" && strings.TrimSpace(a.Applicant.PlaceOfBirth) == "" {
		a.Applicant.PlaceOfBirth = c.PlaceOfBirth
	}
	return nil
}

// KeepChip brings the evidence in step with the verdict on the old chip, where evidence or zone were
// entered anew: a zone that has not opened a chip proves nothing by one.
func (a *Application) KeepChip() error {
	if a.OldPassport == nil || a.OldPassport.Chip == nil {
		a.Evidence = slices.DeleteFunc(slices.Clone(a.Evidence), func(e Evidence) bool { return e.Kind == ChipProof })
		return nil
	}
	return a.TakeChip(*a.OldPassport.Chip)
}

// note is the verdict in one line, for the approving officer.
func (c OldChip) note() string {
	parts := []string{string(c.Level)}
	if c.Reason != "" {
		parts = append(parts, c.Reason)
	}
	for _, k := range c.Checks {
		if !k.OK || c.Level == ChipGenuine || c.Level == ChipSigned {
			parts = append(parts, k.What+": "+k.Reason)
		}
	}
	return strings.Join(parts, "; ")
}
