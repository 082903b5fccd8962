package issuance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image/jpeg"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
)

// hashes are the SHA-256 of DG1 and DG2 as a Decision carries them.
func hashes(dg1, dg2 []byte) map[string][]byte {
	h1, h2 := sha256.Sum256(dg1), sha256.Sum256(dg2)
	return map[string][]byte{"DG1": h1[:], "DG2": h2[:]}
}

// Page is what the order puts onto the data page.
func Page(p station.Profile, o station.Order) (printing.Page, error) {
	img, err := jpeg.Decode(bytes.NewReader(o.Portrait))
	if err != nil {
		return printing.Page{}, fmt.Errorf("portrait of the order: %w", err)
	}
	date := func(d station.Date) string { return printing.DateText(d.Year, d.Month, d.Day) }
	a := o.Applicant
	place, err := station.PlaceOnPage(a.PlaceOfBirth)
	if err != nil {
		return printing.Page{}, err
	}
	can := ""
	if p.PrintCAN {
		can = o.Secrets.CAN
	}
	return printing.Page{
		DocumentCode: p.DocumentCode, Issuer: p.IssuingState, Number: string(o.Serial),
		Surname: a.Surname, GivenNames: a.GivenNames,
		SurnameLocal: a.LocalSurname, GivenNamesLocal: a.LocalGivenNames,
		Nationality: p.Nationality.BE + " / " + p.Nationality.EN,
		Birth:       date(a.Birth), Sex: string(a.Sex), PlaceOfBirth: place,
		Issue: date(o.Issue), Expiry: date(o.Expiry), Authority: p.Authority.BE + " / " + p.Authority.EN,
		CAN: can, MRZ: o.MRZ, Portrait: img, Overprint: overprint(p),
	}, nil
}

// overprint is the word across the pages of a profile. Only an office that may issue prints without.
func overprint(p station.Profile) printing.Overprint {
	switch {
	case p.Overprint == "TRAINING":
		return printing.Training
	case p.Overprint == "" && p.Mode == station.ModeIssue:
		return printing.NoOverprint
	}
	return printing.Specimen
}

// ChipOrder is what the encoder is told to write. Its secrets are copies.
func ChipOrder(o station.Order) devices.ChipOrder {
	s := o.Secrets
	out := devices.ChipOrder{
		ChipID: o.ChipID, MRZHash: o.MRZHash, CAN: s.CAN,
		SCP03: devices.SCP03Keys{Enc: slices.Clone(s.Enc), Mac: slices.Clone(s.Mac), Dek: slices.Clone(s.Dek)},
	}
	if len(s.Private) > 0 {
		out.Auth = devices.ChipAuthKey{ParameterID: s.ParameterID, Private: slices.Clone(s.Private), KeyID: s.KeyID}
	}
	if m := s.Mapping; len(m.Private) > 0 {
		out.Mapping = devices.ChipAuthKey{ParameterID: s.ParameterID, Private: slices.Clone(m.Private), KeyID: m.KeyID}
	}
	switch a := s.Active; {
	case len(a.RSA) > 0:
		out.Active = devices.ActiveAuthKey{RSA: slices.Clone(a.RSA), HashBits: a.HashBits}
	case len(a.Private) > 0:
		out.Active = devices.ActiveAuthKey{
			ParameterID: s.ParameterID, Private: slices.Clone(a.Private), HashBits: a.HashBits,
		}
	}
	for _, f := range o.Files {
		out.Files = append(out.Files, devices.ChipFile{Name: f.Name, Data: f.Data})
	}
	return out
}

// EraseChip clears the secrets that ChipOrder copied.
func EraseChip(o devices.ChipOrder) {
	for _, b := range [][]byte{
		o.Auth.Private, o.Mapping.Private, o.Active.RSA, o.Active.Private, o.SCP03.Enc, o.SCP03.Mac, o.SCP03.Dek,
	} {
		clear(b)
	}
}

// Destroy clears an opened order's secrets and pictures. Strings stay until they are collected.
func Destroy(o *station.Order) {
	for _, b := range append(o.Secrets.Hidden(), o.Portrait, o.MRZHash) {
		clear(b)
	}
	for _, f := range o.Files {
		clear(f.Data)
	}
	*o = station.Order{}
}
