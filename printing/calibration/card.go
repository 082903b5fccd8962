package calibration

import (
	"context"
	"image"

	"padarozhnik/printing"
)

// CardZone is what stands on the MRZ test card: the standard's own example of a passport (ICAO Doc
// 9303-4, appendix B).
func CardZone() [2]string {
	return [2]string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
}

// Card draws the MRZ test card: a Utopian specimen page with a grey field for a portrait.
func Card(ctx context.Context, l printing.Layout, dpi int) (*image.RGBA, error) {
	zone := CardZone()
	p := printing.Page{
		DocumentCode: "P", Issuer: "UTO", Number: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Nationality: "УТОПІЯ / UTOPIAN", PersonalNumber: "ZE184226B", Birth: printing.DateText(1974, 8, 12), Sex: "F",
		PlaceOfBirth: "ЗЕНІТ / ZENITH", Issue: printing.DateText(2007, 4, 16), Expiry: printing.DateText(2012, 4, 15),
		Authority: "ТЭСТ / TEST", MRZ: zone, Portrait: field(),
	}
	blank, err := printing.RenderBlank(ctx, "TESTCARD", l, dpi)
	if err != nil {
		return nil, err
	}
	ink, err := printing.Render(ctx, p, l, dpi)
	if err != nil {
		return nil, err
	}
	return printing.Overlay(blank, ink)
}

// field is what stands in the place of a portrait.
func field() image.Image {
	img := image.NewGray(image.Rect(0, 0, 35, 45))
	for i := range img.Pix {
		img.Pix[i] = 0xb0
	}
	return img
}
