package lds

import (
	"crypto"
	"fmt"
	"time"

	"padarozhnik/station/pki"
)

// CardSecurity is EF.CardSecurity: the security infos of the chip, signed by a document signer. A
// chip with PACE chip authentication mapping must have it (ICAO Doc 9303-11, 9.2).
type CardSecurity struct {
	Infos      SecurityInfos
	SignedData *pki.SignedData
	Signer     *pki.Certificate // the embedded document signer, nil where there is none
}

// SignCardSecurity returns a whole EF.CardSecurity, read back and verified. The infos must hold a
// chip authentication key with a key identifier (ErrContent) and should be all those of
// EF.CardAccess besides. The signer's key must be in use at issued; hash 0 is as strong as it.
// Errors are those of SignSOD.
func SignCardSecurity(infos SecurityInfos, issued time.Time, signer crypto.Signer, cert *pki.Certificate,
	hash crypto.Hash) ([]byte, error) {
	const file = "EF.CardSecurity"
	if issued.IsZero() || len(infos.ChipAuthenticationKeys) == 0 {
		return nil, fmt.Errorf("%s without date or key: %w", file, ErrContent)
	}
	for _, key := range infos.ChipAuthenticationKeys {
		if key.KeyID == nil {
			return nil, fmt.Errorf("%s key without identifier: %w", file, ErrContent)
		}
	}
	if err := cert.CheckSigning(issued, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	set, err := infos.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	signed, err := pki.SignData(pki.CardSecurity(), set, signer, cert, hash)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	back, err := ParseCardSecurity(signed)
	if err != nil {
		return nil, err
	}
	if err := back.Verify(); err != nil {
		return nil, err
	}
	return signed, nil
}

// ParseCardSecurity reads the file. It proves nothing: Verify does.
func ParseCardSecurity(b []byte) (*CardSecurity, error) {
	const file = "EF.CardSecurity"
	if err := tooLong(file, b); err != nil {
		return nil, err
	}
	signed, err := pki.ParseSignedData(append([]byte(nil), b...))
	if err != nil {
		return nil, malformed(file, err)
	}
	if !signed.ContentType.Equal(pki.CardSecurity()) {
		return nil, fmt.Errorf("%s: content type %v: %w", file, signed.ContentType, ErrMalformed)
	}
	infos, err := ParseSecurityInfos(signed.Content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &CardSecurity{infos, signed, signed.Signer()}, nil
}

// Verify proves that the embedded document signer signed the infos; its certificate is for
// pki.TrustStore to judge. It returns pki.ErrSignature, or pki.ErrUntrusted where no certificate is
// embedded.
func (c *CardSecurity) Verify() error {
	if err := c.SignedData.Verify(); err != nil {
		return fmt.Errorf("EF.CardSecurity: %w", err)
	}
	return nil
}
