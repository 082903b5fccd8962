package station

import (
	"slices"
	"strings"
)

// bars on what an application may hold, so that nobody hides a register in one.
const (
	maxProxies   = 3
	maxSignature = 64 << 10 // bytes
)

// Unlisted names the fields that hold what the profile does not let anybody enter.
func (a Application) Unlisted(p Profile) []Missing {
	var out []Missing
	deny := func(field string, entered, allowed bool) {
		if entered && !allowed {
			out = append(out, Missing{field, ErrProfile})
		}
	}
	who := a.Applicant
	deny("applicant.placeOfBirth", who.PlaceOfBirth != "", p.Lists(FieldPlaceOfBirth))
	deny("applicant.localSurname", who.LocalSurname+who.LocalGivenNames != "", p.Lists(FieldLocalNames))
	deny("applicant.patronymic", who.Patronymic != "", p.Lists(FieldPatronymic))
	deny("applicant.personalNumber", who.PersonalNumber != "", p.Lists(FieldPersonalNumber))
	deny("signature", len(a.Signature) > 0, p.Lists(FieldSignature) && len(a.Signature) <= maxSignature)
	deny("oldPassport", a.OldPassport != nil, p.Lists(FieldOldPassport))
	deny("oldPassport.scan", a.OldPassport != nil && len(a.OldPassport.Scan) > 0, p.Lists(FieldOldScan))
	if a.OldPassport != nil && a.OldPassport.Page != nil {
		page := a.OldPassport.Page
		deny("applicant.placeOfBirth", page.PlaceOfBirth != "", p.Lists(FieldPlaceOfBirth))
		deny("applicant.personalNumber", page.PersonalNumber != "", p.Lists(FieldPersonalNumber))
	}
	deny("guardians", len(a.Guardians) > 0, p.Lists(FieldGuardians))
	deny("proxies", len(a.Proxies) > 0, p.Lists(FieldProxies) && len(a.Proxies) <= maxProxies)
	for _, x := range a.Proxies {
		if x.Check() != nil {
			out = append(out, Missing{"proxies", ErrMalformed})
		}
	}
	for _, e := range a.Evidence {
		_, known := p.worth(e.Kind)
		deny("evidence", len(p.Worth) > 0, known || e.Kind == ChipProof)
	}
	return out
}

// Enter refuses an application that holds what the profile does not list: it is not saved.
func (a Application) Enter(p Profile) error {
	if unlisted := a.Unlisted(p); len(unlisted) > 0 {
		return &UnlistedError{unlisted}
	}
	return nil
}

// UnlistedError names the fields that the profile does not let anybody enter. It wraps ErrProfile.
type UnlistedError struct{ Fields []Missing }

// Error names the fields, never their values.
func (e *UnlistedError) Error() string {
	names := make([]string, len(e.Fields))
	for i, m := range e.Fields {
		names[i] = m.Field
	}
	return "the profile does not list " + strings.Join(slices.Compact(names), ", ")
}

// Unwrap returns ErrProfile.
func (e *UnlistedError) Unwrap() error { return ErrProfile }

// Mask takes out of an application what the profile hides until an officer asks for it, and names what it
// took.
func (a Application) Mask(r Rules) (Application, []Optional) {
	var hidden []Optional
	hide := func(f Optional, filled bool, take func()) {
		if r.Hides(f) && filled {
			hidden = append(hidden, f)
			take()
		}
	}
	who := &a.Applicant
	hide(FieldPlaceOfBirth, who.PlaceOfBirth != "", func() { who.PlaceOfBirth = "" })
	hide(FieldPatronymic, who.Patronymic != "", func() { who.Patronymic = "" })
	hide(FieldPersonalNumber, who.PersonalNumber != "", func() { who.PersonalNumber = "" })
	hide(FieldSignature, len(a.Signature) > 0, func() { a.Signature = nil })
	hide(FieldGuardians, len(a.Guardians) > 0, func() { a.Guardians = nil })
	hide(FieldProxies, len(a.Proxies) > 0, func() { a.Proxies = nil })
	if a.OldPassport != nil {
		old := *a.OldPassport
		hide(FieldOldPassport, true, func() {
			old.MRZ, old.Scan, old.Page, old.Decided = [2]string{}, nil, nil, nil
			if old.Chip != nil {
				chip := *old.Chip
				chip.Zone = nil
				old.Chip = &chip
			}
		})
		hide(FieldOldScan, len(old.Scan) > 0, func() { old.Scan = nil })
		a.OldPassport = &old
	}
	return a, hidden
}

// Field returns the value of one optional field, as an officer who asks for it sees it.
func (a Application) Field(f Optional) string {
	who := a.Applicant
	switch f {
	case FieldPlaceOfBirth:
		return who.PlaceOfBirth
	case FieldLocalNames:
		return strings.TrimSpace(who.LocalSurname + " " + who.LocalGivenNames)
	case FieldPatronymic:
		return who.Patronymic
	case FieldPersonalNumber:
		return who.PersonalNumber
	case FieldOldPassport:
		if a.OldPassport != nil {
			return strings.Join(a.OldPassport.MRZ[:], "\n")
		}
	case FieldGuardians:
		names := make([]string, len(a.Guardians))
		for i, g := range a.Guardians {
			names[i] = g.Name
		}
		return strings.Join(names, ", ")
	case FieldProxies:
		names := make([]string, len(a.Proxies))
		for i, x := range a.Proxies {
			names[i] = x.Name + " " + x.Document
		}
		return strings.Join(names, ", ")
	}
	return ""
}
