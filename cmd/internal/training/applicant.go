package training

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"padarozhnik/printing"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait/utopian"
)

// Applicant is an invented Utopian who comes to the desk: what they look like, what they say, and
// the old passport that they bring.
type Applicant struct {
	Face      utopian.Person
	Person    station.Applicant
	OldNumber station.Serial
	OldIssue  station.Date
	Evidence  []station.Evidence
}

// Example is the applicant of the demo. The person does not exist.
func Example() Applicant {
	return Applicant{
		Face: utopian.Person{Seed: 7, Age: 35, Hair: utopian.HairLong, Tone: 0.2, Skin: 0.1, Jaw: -0.4},
		Person: station.Applicant{
			Surname: "VANDROUNAIA", GivenNames: "ZORKA MIRA",
			LocalSurname: "Вандроўная", LocalGivenNames: "Зорка Міра",
			Birth: station.Date{Year: 1991, Month: 5, Day: 14}, PlaceOfBirth: "Востраў Утопія",
			Sex: mrz.Female, Nationality: "UTO",
		},
		OldNumber: "UT0031416", OldIssue: station.Date{Year: 2014, Month: 3, Day: 3},
		Evidence: []station.Evidence{
			{Kind: "old-passport", Note: "expired, page read", Scores: map[station.Question]int{
				station.IdentityExists: 2, station.LinkedToIt: 2}},
			{Kind: "interview", Note: "answers agree with the document", Scores: map[station.Question]int{
				station.LinkedToIt: 1, station.UsesIt: 2}},
		},
	}
}

// Profile is the built-in profile of Utopia.
func Profile() (station.Profile, error) {
	var p station.Profile
	strict := toml.NewDecoder(bytes.NewReader(resources.UtopiaProfile)).DisallowUnknownFields()
	if err := strict.Decode(&p); err != nil {
		return p, fmt.Errorf("built-in profile: %w", err)
	}
	return p, p.Check()
}

// WholePage draws a page as it looks when the printer is done: blank and ink.
func WholePage(ctx context.Context, p printing.Page, l printing.Layout, serial string, dpi int) (image.Image, error) {
	whole, err := printing.Compose(ctx, p, l, printing.Options{DPI: dpi, Serial: serial})
	if err != nil {
		return nil, err
	}
	return whole.RGBA(ctx)
}

// Photograph writes the applicant's picture as a camera would give it.
func (a Applicant) Photograph(path string) error {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, utopian.Draw(a.Face, 900, 1200), &jpeg.Options{Quality: 92}); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// scanDPI is the resolution of the old passport's picture in the scanner's folder.
const scanDPI = 300

// LayOldPassport puts the applicant's old passport, open at its data page, onto the glass of the
// virtual scanner: a sheet of A4 on which the page lies askew, with the noise of a sensor.
func (a Applicant) LayOldPassport(ctx context.Context, path string) error {
	page, err := a.oldPage(ctx)
	if err != nil {
		return fmt.Errorf("old passport: %w", err)
	}
	glass := image.NewRGBA(image.Rect(0, 0, mm(210), mm(297)))
	draw.Draw(glass, glass.Bounds(), image.NewUniform(color.RGBA{0xF2, 0xF1, 0xEC, 0xFF}), image.Point{}, draw.Src)
	sin, cos := math.Sincos(2.3 * math.Pi / 180)
	askew := f64.Aff3{cos, -sin, float64(mm(46)), sin, cos, float64(mm(58))}
	draw.BiLinear.Transform(glass, askew, page, page.Bounds(), draw.Over, nil)
	addNoise(glass, 6)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, glass, &jpeg.Options{Quality: 82}); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

func mm(n int) int { return int(math.Round(float64(n) / 25.4 * scanDPI)) }

// oldPage draws the data page that was issued long ago, with the one-letter code of its time.
func (a Applicant) oldPage(ctx context.Context) (image.Image, error) {
	p, err := Profile()
	if err != nil {
		return nil, err
	}
	layout, err := printing.Utopia()
	if err != nil {
		return nil, err
	}
	p.DocumentCode = "P"
	expiry := p.Expiry(a.Person.Birth, a.OldIssue)
	zone, err := station.Zone(p, a.Person, a.OldNumber, a.OldIssue, expiry)
	if err != nil {
		return nil, err
	}
	date := func(d station.Date) string { return printing.DateText(d.Year, d.Month, d.Day) }
	younger := a.Face
	younger.Age -= 12
	page := printing.Page{
		DocumentCode: p.DocumentCode, Issuer: p.IssuingState, Number: string(a.OldNumber),
		Surname: a.Person.Surname, GivenNames: a.Person.GivenNames,
		SurnameLocal: a.Person.LocalSurname, GivenNamesLocal: a.Person.LocalGivenNames,
		Nationality: p.Nationality.BE + " / " + p.Nationality.EN, Birth: date(a.Person.Birth),
		Sex: string(a.Person.Sex), PlaceOfBirth: a.Person.PlaceOfBirth, Issue: date(a.OldIssue), Expiry: date(expiry),
		Authority: p.Authority.BE + " / " + p.Authority.EN, MRZ: zone, Portrait: utopian.Draw(younger, 630, 810),
	}
	return WholePage(ctx, page, layout, string(a.OldNumber), scanDPI)
}

// addNoise gives every sample an error of the given standard deviation, the same each time.
func addNoise(img *image.RGBA, sigma float64) {
	r := rand.New(rand.NewPCG(9303, 3))
	for i := range img.Pix {
		if i%4 == 3 {
			continue
		}
		v := float64(img.Pix[i]) + r.NormFloat64()*sigma
		img.Pix[i] = uint8(max(0, min(255, v)))
	}
}
