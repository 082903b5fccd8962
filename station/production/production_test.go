package production_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/lint"
	"padarozhnik/station/mrz"
	"padarozhnik/station/pki"
	"padarozhnik/station/production"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// country is a CSCA and one document signer.
func country(t *testing.T) (*pki.Certificate, production.Signer) {
	t.Helper()
	newKey := func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t) }
	root, key := newKey(), newKey()
	ten := pki.Span{Years: 10}
	csca := must(pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", Organization: "Test", CommonName: "CSCA", SerialNumber: "1"},
		AltName: pki.AltName{Locality: "UTO"}, CRLPoints: []string{"https://example.org/UTO.crl"},
		NotBefore: now.AddDate(0, 0, -7), KeyUse: pki.Span{Years: 3}, SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: ten,
	}, root, rand.Reader))(t)
	dsc := must(pki.NewDocumentSigner(pki.SignerSpec{
		Subject:       pki.Name{Country: "UT", Organization: "Test", CommonName: "DS", SerialNumber: "1"},
		DocumentTypes: []string{"P"}, NotBefore: now.AddDate(0, 0, -7), KeyUse: pki.Span{Months: 1}, DocumentValidity: ten,
	}, key.Public(), csca, root, rand.Reader))(t)
	return csca, production.Signer{Key: key, Certificate: dsc}
}

func profile() station.Profile {
	return station.Profile{
		Version: 1, Name: "test", Mode: station.ModeSpecimen, DocumentCode: "P", IssuingState: "UTO", CountryCode: "UT",
		Nationalities: []string{"UTO"}, NumberForm: "UT[0-9]{7}", Overprint: "SPECIMEN",
		Validity: []station.Validity{{Years: 10}}, PACEParameter: 12, FaceFormat: station.Face39794,
	}
}

// picture is a grey portrait.
func picture(t *testing.T, grey uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 400))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func book(t *testing.T, p station.Profile) production.Book {
	t.Helper()
	a := station.Application{Portrait: picture(t, 128), Applicant: station.Applicant{
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Birth: station.Date{Year: 1974, Month: 8, Day: 12},
		PlaceOfBirth: "Zenith", Sex: mrz.Female, Nationality: "UTO",
	}}
	issue := station.DateOf(now)
	d := station.Decision{
		Case: "AAAAA-AAAAA", Serial: "UT0000001", Issue: issue, Expiry: p.Expiry(a.Applicant.Birth, issue),
	}
	zone := must(station.Zone(p, a.Applicant, d.Serial, d.Issue, d.Expiry))(t)
	dg1, dg2, err := lds.PersonalGroups(zone, a.Portrait, string(p.FaceFormat))
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha256.Sum256(dg1), sha256.Sum256(dg2)
	d.Hashes = map[string][]byte{"DG1": one[:], "DG2": two[:]}
	return production.Book{Profile: p, Decision: d, Application: a, ChipID: []byte("12345678")}
}

// TestOrdersConform holds the files of an order under each choice and each curve against the rules of
// Doc 9303.
func TestOrdersConform(t *testing.T) {
	csca, signer := country(t)
	choices := []station.ChipKeys{{ChipAuth: station.ChipAuthMapping, ActiveAuth: station.ActiveAuthRSA3072}}
	for _, way := range []station.ChipAuth{station.ChipAuthNone, station.ChipAuthAlone, station.ChipAuthMapping} {
		for _, active := range []station.ActiveAuth{station.ActiveAuthNone, station.ActiveAuthECDSA} {
			choices = append(choices, station.ChipKeys{ChipAuth: way, ActiveAuth: active})
		}
	}
	for n, keys := range choices {
		for _, parameter := range []int{10, 12, 13, 14, 15, 16, 17, 18} {
			if n == 0 && parameter > 12 {
				continue // the curve has no say in an RSA key
			}
			t.Run(fmt.Sprintf("%v on %d", keys, parameter), func(t *testing.T) {
				p := profile()
				p.ChipKeys, p.PACEParameter = keys, parameter
				o := must(production.Draft(book(t, p)))(t)
				if o.File("EF.SOD") != nil {
					t.Fatal("a draft is signed")
				}
				if err := production.Sign(p, &o, signer); err != nil {
					t.Fatal(err)
				}
				files := map[string][]byte{}
				for _, f := range o.Files {
					files[f.Name] = f.Data
				}
				report := lint.Lint(files, lint.Trust{CSCA: [][]byte{csca.Raw}}, now)
				if failed := report.Failed(); len(failed) > 0 {
					t.Errorf("checks failed: %q", failed)
				}
				if has := files["EF.CardSecurity"] != nil; has != (keys.ChipAuth == station.ChipAuthMapping) {
					t.Errorf("EF.CardSecurity: %v", has)
				}
				if has := files["DG15"] != nil; has != (keys.ActiveAuth != station.ActiveAuthNone) {
					t.Errorf("DG15: %v", has)
				}
			})
		}
	}
}

func TestSignRefusesOutsideKeyUse(t *testing.T) {
	_, signer := country(t)
	p := profile()
	b := book(t, p)
	b.Decision.Issue = station.DateOf(now.AddDate(0, 2, 0))
	o := must(production.Draft(b))(t)
	if err := production.Sign(p, &o, signer); err == nil || o.File("EF.SOD") != nil {
		t.Errorf("signed two months after the key's use: %v", err)
	}
}

// TestRule changes one fact at a time.
func TestRule(t *testing.T) {
	member := func(id string, r station.Role) station.Officer {
		return station.Officer{Pseudonym: id, KeyID: id, Roles: []station.Role{r}}
	}
	sound := func() production.Approval {
		c := station.Charter{Profile: profile(), Officers: []station.Officer{
			member("e", station.RoleEnrol), member("a", station.RoleApprove), member("o", station.RoleOperate),
		}}
		return production.Approval{
			Charter: c, Case: "AAAAA-AAAAA", Enrolled: "e", Approved: "a", Serial: "UT0000001",
			Blank: production.Blank{Allocated: true}, Revoked: func(string) bool { return false }, Now: now,
		}
	}
	if err := sound().Allowed(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*production.Approval)
		cause string
	}{
		"one person for both":    {func(a *production.Approval) { a.Enrolled = "a" }, production.CauseFourEyes},
		"approved by nobody":     {func(a *production.Approval) { a.Approved = "x" }, production.CauseFourEyes},
		"approved by operator":   {func(a *production.Approval) { a.Approved = "o" }, production.CauseFourEyes},
		"blank of another":       {func(a *production.Approval) { a.Blank.Allocated = false }, production.CauseBlank},
		"blank used":             {func(a *production.Approval) { a.Blank.Used = true }, production.CauseBlank},
		"blank lost":             {func(a *production.Approval) { a.Blank.Lost = true }, production.CauseRevoked},
		"number of another form": {func(a *production.Approval) { a.Serial = "XX0000001" }, production.CauseBlank},
		"token revoked": {func(a *production.Approval) {
			a.Revoked = func(id string) bool { return id == "e" }
		}, production.CauseRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			a := sound()
			c.spoil(&a)
			var refusal *production.Refusal
			if err := a.Allowed(); !errors.As(err, &refusal) || refusal.Cause != c.cause {
				t.Errorf("got %v", err)
			}
		})
	}
	a := sound()
	a.Charter.Profile.OrdersPerDay, a.Made = 1, []time.Time{now}
	if err := a.Allowed(); !errors.Is(err, production.ErrQuota) {
		t.Errorf("over quota: %v", err)
	}
}

func TestDecisionIsHeldAgainstTheApplication(t *testing.T) {
	p := profile()
	for name, c := range map[string]struct {
		spoil func(*production.Book)
		cause string
	}{
		"sound":           {func(*production.Book) {}, ""},
		"a year too long": {func(b *production.Book) { b.Decision.Expiry = b.Decision.Expiry.AddYears(1) }, production.CauseDecision},
		"another name":    {func(b *production.Book) { b.Application.Applicant.Surname = "ERIKSEN" }, production.CauseDataGroups},
		"another picture": {func(b *production.Book) {
			b.Application.Portrait = picture(t, 64)
		}, production.CauseDataGroups},
		"another blank": {func(b *production.Book) { b.Decision.Serial = "UT0000002" }, production.CauseDataGroups},
	} {
		t.Run(name, func(t *testing.T) {
			b := book(t, p)
			c.spoil(&b)
			err := production.Bound(p, b.Application, b.Decision)
			var refusal *production.Refusal
			if c.cause == "" && err != nil || c.cause != "" && (!errors.As(err, &refusal) || refusal.Cause != c.cause) {
				t.Errorf("got %v", err)
			}
		})
	}
}
