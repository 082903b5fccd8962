package issuance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

// What is asked of an old chip, beside the mechanisms that the driver names.
const (
	checkAnswers = "chip"
	checkZone    = "zone"
	checkWeak    = "algorithms"
)

// Mechanisms that decide, as the driver names them in its verdicts.
const (
	mechanismPACE         = "PACE"
	mechanismBAC          = "BAC"
	mechanismNoAccess     = "no access control"
	mechanismAccess       = "EF.CardAccess"
	mechanismPassive      = "passive authentication"
	mechanismCardSecurity = "EF.CardSecurity"
	mechanismActiveAuth   = "active authentication"
	mechanismChipAuth     = "chip authentication"
	mechanismMapping      = "chip authentication mapping"
)

// JudgeOldChip says how much a chip proves that was opened with a zone. The signer is judged on the day
// of the inspection, or on the last day of the book's validity if that is past: a signer's certificate
// ends with the last of its books (ICAO Doc 9303-12, 5).
func JudgeOldChip(r devices.ChipReading, zone []string, trust *pki.TrustStore, now time.Time) station.OldChip {
	j := oldJudge{verdict: station.OldChip{Level: station.ChipFalse}}
	j.mechanisms(r.Verdicts)
	j.zone(r.File("DG1"), zone)
	j.signature(r, trust, lastDay(r.File("DG1"), now))
	j.details(r)
	switch {
	case j.broken:
	case !j.trusted:
		j.verdict.Level = station.ChipUnknownState
	case j.proven:
		j.verdict.Level = station.ChipGenuine
	default:
		j.verdict.Level = station.ChipSigned
	}
	return j.verdict
}

// oldJudge gathers what speaks for and against a chip.
type oldJudge struct {
	verdict station.OldChip
	broken  bool // something is not what it should be
	trusted bool // the signer's state is one that we carry
	proven  bool // the chip has shown a key that cannot be copied
}

func (j *oldJudge) add(what string, ok bool, why station.ChipReason, reason string) {
	j.verdict.Checks = append(j.verdict.Checks, station.ChipCheck{What: what, OK: ok, Reason: reason, Why: why})
}

// fail adds a check that the chip did not stand.
func (j *oldJudge) fail(what string, why station.ChipReason, reason string) {
	j.broken = true
	j.add(what, false, why, reason)
}

// mechanisms takes over what the driver has tried. Its verdict on passive authentication is made again,
// because an old book is judged on another day and may be of a state that we do not know.
func (j *oldJudge) mechanisms(list []devices.Verdict) {
	for _, v := range list {
		switch v.Mechanism {
		case mechanismPassive:
			continue
		case mechanismCardSecurity:
			if !v.OK { // as signed as EF.SOD is, which is judged by itself
				continue
			}
		case mechanismActiveAuth, mechanismChipAuth, mechanismMapping:
			j.proven = j.proven || v.OK
			j.broken = j.broken || !v.OK
		default:
			j.broken = j.broken || !v.OK
		}
		j.add(v.Mechanism, v.OK, whyOf(v), v.Reason)
	}
}

// whyOf is what a mechanism of the driver came to.
func whyOf(v devices.Verdict) station.ChipReason {
	words := map[string][2]station.ChipReason{ // passed, not passed
		mechanismPACE:         {station.ChipOpenedPACE, station.ChipOtherFailed},
		mechanismBAC:          {station.ChipOpenedBAC, station.ChipOtherFailed},
		mechanismNoAccess:     {station.ChipOpenToAll, station.ChipOtherFailed},
		mechanismAccess:       {station.ChipAccessKept, station.ChipAccessFalse},
		mechanismCardSecurity: {station.ChipKeysSigned, station.ChipOtherFailed},
		mechanismActiveAuth:   {station.ChipKeyShown, station.ChipKeyMissing},
		mechanismChipAuth:     {station.ChipKeyShown, station.ChipKeyMissing},
		mechanismMapping:      {station.ChipKeyShown, station.ChipKeyMissing},
	}
	pair, known := words[v.Mechanism]
	switch {
	case !known:
		return station.ChipCheck{OK: v.OK}.Word()
	case v.OK:
		return pair[0]
	}
	return pair[1]
}

// whyUnsigned is what passive authentication came to where it did not pass.
func whyUnsigned(err error) station.ChipReason {
	for _, known := range []struct {
		err error
		why station.ChipReason
	}{
		{pki.ErrSignature, station.ChipAltered}, {pki.ErrRevoked, station.ChipSignerRevoked},
		{pki.ErrExpired, station.ChipSignerDate}, {pki.ErrOutsideKeyUse, station.ChipSignerDate},
		{lds.ErrIncomplete, station.ChipFileMissing}, {pki.ErrUntrusted, station.ChipUnvouched},
	} {
		if errors.Is(err, known.err) {
			return known.why
		}
	}
	return station.ChipSignerUnfit
}

// zone compares DG1 with the zone of the page.
func (j *oldJudge) zone(dg1 []byte, zone []string) {
	d, err := lds.ParseDG1(dg1)
	if err == nil {
		j.verdict.Zone = d.Lines()
	}
	switch {
	case err != nil:
		j.fail(checkZone, station.ChipZoneUnread, "DG1 cannot be read")
	case !slices.Equal(d.Lines(), zone):
		j.fail(checkZone, station.ChipZoneDiffers, "the chip says something else than the page")
	default:
		j.add(checkZone, true, station.ChipZoneSame, "DG1 is the zone of the page")
	}
}

// signature is passive authentication (ICAO Doc 9303-11, 5.1).
func (j *oldJudge) signature(r devices.ChipReading, trust *pki.TrustStore, at time.Time) {
	sod, err := lds.ParseSOD(r.File("EF.SOD"))
	if err != nil {
		j.fail(mechanismPassive, station.ChipUnsigned, "EF.SOD cannot be read")
		return
	}
	code := ""
	if d, err := lds.ParseDG1(r.File("DG1")); err == nil {
		code = strings.TrimRight(d.MRZ[:2], "<")
	}
	v, err := sod.Judge(trust, at, code, dataGroups(r, sod))
	unread := slices.DeleteFunc(v.Unread, func(n int) bool { return n == 3 || n == 4 })
	for _, weak := range v.Weak {
		j.add(checkWeak, false, station.ChipWeak, weak)
	}
	switch {
	case errors.Is(err, pki.ErrUntrusted) && !errors.Is(err, pki.ErrSignature) && len(v.Checked) > 0 && len(unread) == 0:
		j.add(mechanismPassive, false, station.ChipUnvouched,
			fmt.Sprintf("signed and whole, but no certificate of %s is carried", signerOf(sod)))
	case err != nil:
		j.fail(mechanismPassive, whyUnsigned(err), err.Error())
	case len(unread) > 0:
		j.fail(mechanismPassive, station.ChipFileMissing, fmt.Sprintf("DG%d is signed and missing", unread[0]))
	default:
		j.trusted, j.verdict.Origin = true, v.Path.Origin
		j.add(mechanismPassive, true, station.ChipVouched,
			fmt.Sprintf("signature, chain to %s and %d data groups agree", v.Path.Origin, len(v.Checked)))
	}
}

func signerOf(sod *lds.SOD) string {
	if sod.Signer == nil {
		return "its state"
	}
	return sod.Signer.Country()
}

// dataGroups are the files of a reading by number, as far as they are signed. What is not signed proves
// nothing and is used for nothing.
func dataGroups(r devices.ChipReading, sod *lds.SOD) map[int][]byte {
	groups := map[int][]byte{}
	for n := range maps.Keys(sod.DataGroups) {
		if b := r.File("DG" + strconv.Itoa(n)); b != nil {
			groups[n] = b
		}
	}
	return groups
}

// lastDay is today, or the day on which the book expired.
func lastDay(dg1 []byte, now time.Time) time.Time {
	d, err := lds.ParseDG1(dg1)
	if err != nil {
		return now
	}
	doc, err := d.Document()
	if err != nil {
		return now
	}
	day, _ := doc.Expiry.ExpiryDay(now)
	if last, ok := day.Time(); ok && last.Before(now) {
		return last
	}
	return now
}

// details keeps what the signed files say beyond the zone. A chip that is not authentic says nothing.
func (j *oldJudge) details(r devices.ChipReading) {
	if j.broken {
		return
	}
	if d, err := lds.ParseDG11(r.File("DG11")); err == nil {
		j.verdict.FullName = d.FullName
		j.verdict.PlaceOfBirth = strings.Join(d.PlaceOfBirth, ", ")
	}
	if d, err := lds.ParseDG12(r.File("DG12")); err == nil {
		j.verdict.Authority, j.verdict.Issued = d.Authority, d.Issued
	}
	if d, err := lds.ParseDG2(r.File("DG2")); err == nil && len(d.Faces) > 0 {
		j.verdict.Face, j.verdict.FaceType = d.Faces[0].Image, "image/jpeg"
		if d.Faces[0].Type == lds.ImageJPEG2000 {
			j.verdict.FaceType = "image/jp2"
		}
	}
}
