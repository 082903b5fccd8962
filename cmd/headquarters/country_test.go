package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"padarozhnik/station/pki"
)

func rootAt(t *testing.T, at time.Time) *pki.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root, err := pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", CommonName: "CSCA"}, AltName: pki.AltName{Locality: "UTO"},
		CRLPoints: []string{"https://utopia.example/crl"}, NotBefore: at, KeyUse: pki.Span{Years: 5},
		SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestNewKeyRests: for two days after a roll-over the old key signs, then the new one, and no key
// signs after its use.
func TestNewKeyRests(t *testing.T) {
	first := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	second := first.AddDate(4, 11, 0)
	old, young := rootAt(t, first), rootAt(t, second)
	both := country{roots: []*pki.Certificate{young, old}}
	alone := country{roots: []*pki.Certificate{old}}
	for name, test := range map[string]struct {
		country country
		at      time.Time
		want    *pki.Certificate
	}{
		"first key, first day":     {alone, first, old},
		"first key, last day":      {alone, first.AddDate(5, 0, 0), old},
		"first key, too late":      {alone, first.AddDate(5, 0, 1), nil},
		"new key just made":        {both, second, old},
		"new key, second day":      {both, second.Add(48*time.Hour - time.Second), old},
		"new key has rested":       {both, second.Add(48 * time.Hour), young},
		"before the first":         {both, first.Add(-time.Second), nil},
		"after the use of the new": {both, second.AddDate(5, 0, 1), nil},
	} {
		got, err := test.country.issuer(test.at)
		if got != test.want || (test.want == nil) != errors.Is(err, errNoCSCA) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
