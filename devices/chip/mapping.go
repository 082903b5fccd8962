package chip

import (
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

// cardSecurity is passive authentication of EF.CardSecurity (ICAO Doc 9303-11, 4.4.3.5.2 and 5.1):
// its signature and its signer's chain to a trusted CSCA.
func (f fileSet) cardSecurity(trust *pki.TrustStore, now time.Time) devices.Verdict {
	v := devices.Verdict{Mechanism: MechanismCardSecurity}
	origin, err := f.checkCardSecurity(trust, now)
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	v.OK, v.Reason = true, "signature and chain to "+origin+" agree"
	return v
}

func (f fileSet) checkCardSecurity(trust *pki.TrustStore, now time.Time) (origin string, err error) {
	s, err := f.parseCardSecurity()
	if err != nil {
		return "", err
	}
	if err := s.Verify(); err != nil {
		return "", err
	}
	code, err := f.documentCode()
	if err != nil {
		return "", err
	}
	if trust == nil {
		return "", errors.New("no trusted certificates")
	}
	path, err := trust.Verify(s.Signer, now, code)
	if err != nil {
		return "", fmt.Errorf("EF.CardSecurity: %w", err)
	}
	return path.Origin, nil
}

func (f fileSet) parseCardSecurity() (*lds.CardSecurity, error) {
	b := f["EF.CardSecurity"]
	if b == nil {
		return nil, errors.New("EF.CardSecurity is missing")
	}
	return lds.ParseCardSecurity(b)
}

// mapping holds the proof of PACE with chip authentication mapping against the keys of
// EF.CardSecurity, which must be numbered and lie on the curve that PACE ran on.
func (f fileSet) mapping(proof *pace.Proof) devices.Verdict {
	v := devices.Verdict{Mechanism: MechanismMapping}
	s, err := f.parseCardSecurity()
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	v.Reason = "EF.CardSecurity has no numbered key on the curve of PACE"
	for _, k := range s.Infos.ChipAuthenticationKeys {
		if k.KeyID == nil || k.ParameterID != proof.ParameterID() {
			continue
		}
		if err := proof.Verify(k.Point); err != nil {
			v.Reason = err.Error()
			continue
		}
		v.OK, v.Reason = true, "chip holds the key of EF.CardSecurity"
		return v
	}
	return v
}

// access compares EF.CardAccess, which is not signed, with DG14 and, where it is there, with
// EF.CardSecurity, which are (ICAO Doc 9303-11, 4.2 and 9.2.11). Both must repeat every info of it,
// and neither may know a way of PACE that it does not show: whoever takes one away makes a terminal
// choose a weaker one.
func (f fileSet) access() devices.Verdict {
	v := devices.Verdict{Mechanism: MechanismAccess, Reason: "DG14 repeats it"}
	shown, err := lds.ParseCardAccess(f["EF.CardAccess"])
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	dg14, err := lds.ParseDG14(f["DG14"])
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	if v.Reason = sameAccess(shown.Infos, dg14.Infos, "DG14"); v.Reason != "" {
		return v
	}
	v.Reason = "DG14 repeats it"
	if f["EF.CardSecurity"] != nil {
		s, err := f.parseCardSecurity()
		if err != nil {
			v.Reason = err.Error()
			return v
		}
		if v.Reason = sameAccess(shown.Infos, s.Infos, "EF.CardSecurity"); v.Reason != "" {
			return v
		}
		v.Reason = "DG14 and EF.CardSecurity repeat it"
	}
	v.OK = true
	return v
}

// sameAccess returns what is wrong, or nothing.
func sameAccess(shown, signed lds.SecurityInfos, where string) string {
	if !signed.Contains(shown) {
		return "offers what " + where + " does not sign"
	}
	if !shown.Contains(lds.SecurityInfos{PACE: signed.PACE}) {
		return "hides PACE that " + where + " signs"
	}
	return ""
}

// hidden is access for a chip that was opened without PACE: DG14 must not know of any.
func (f fileSet) hidden() (v devices.Verdict, tested bool) {
	if f["DG14"] == nil {
		return v, false
	}
	v = devices.Verdict{Mechanism: MechanismAccess, Reason: "DG14 signs no PACE either"}
	dg14, err := lds.ParseDG14(f["DG14"])
	switch {
	case err != nil:
		v.Reason = err.Error()
	case len(dg14.Infos.PACE) > 0:
		v.Reason = "hides PACE that DG14 signs"
	default:
		v.OK = true
	}
	return v, true
}
