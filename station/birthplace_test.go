package station_test

import (
	"errors"
	"testing"

	"padarozhnik/station"
)

func TestPlaceOnPage(t *testing.T) {
	for place, want := range map[string]string{
		"":                 "",
		"Zenith":           "Zenith",
		" Zénith, Utopia ": "Zénith, Utopia",
		"Востраў Утопія":   "Востраў Утопія / Vostraw Utopiia",
		"г. Зеніт (2)":     "г. Зеніт (2) / h. Zienit (2)",
		"Щитово":           "Щитово / Shchitovo", // И and Щ are no letters of Belarusian
		"Зеніт / ZENITH":   "Зеніт / ZENITH",     // the officer wrote both
		"НАДЗІР, ВОСТРАЎ-ПОЎНЫ": "НАДЗІР, ВОСТРАЎ-ПОЎНЫ / NADZIR, VOSTRAW-POWNY",
	} {
		if got, err := station.PlaceOnPage(place); got != want || err != nil {
			t.Errorf("%q is printed as %q (%v), want %q", place, got, err, want)
		}
	}
	if got, err := station.PlaceOnPage("Їжакове"); !errors.Is(err, station.ErrPlace) {
		t.Errorf("a letter of neither language gave %q, %v", got, err)
	}
}
