package issuance_test

import (
	"errors"
	"testing"

	"padarozhnik/station/issuance"
)

// An emergency PIN is counted in the signs that a person types, in any alphabet.
func TestWhichPINsAreTaken(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	for _, c := range []struct {
		name, pin, again string
		want             error
	}{
		{"digits", "482977", "482977", nil},
		{"Belarusian words", "дуб-ліпа", "дуб-ліпа", nil},
		{"five letters of two bytes", "дубок", "дубок", issuance.ErrWeakPIN},
		{"a row of digits", "123456", "123456", issuance.ErrWeakPIN},
		{"a row of letters", "абвгде", "абвгде", issuance.ErrWeakPIN},
		{"one sign", "яяяяяя", "яяяяяя", issuance.ErrWeakPIN},
		{"a control sign", "4829\t77", "4829\t77", issuance.ErrWeakPIN},
		{"no text", "\xff\xfe\xfd482977", "\xff\xfe\xfd482977", issuance.ErrWeakPIN},
		{"typed differently", "482977", "482971", issuance.ErrPIN},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := d.SetPIN(t.Context(), o.seat(d, "A"), o.seat(d, "C"), []byte(c.pin), []byte(c.again))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
