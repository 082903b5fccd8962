package issuance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// ErrSheet: the run sheet is damaged, signed by nobody of this station, or of another station.
var ErrSheet = errors.New("run sheet not acceptable")

// sheetType is signed along with every sheet, so that a signature made for anything else never passes.
const sheetType = "padarozhnik/run-sheet/1\n"

// maxSheet bounds the file of a run sheet, in bytes.
const maxSheet = 1 << 20

// SignedSheet is a run sheet as it lies in a file: readable, and signed by the officer who wrote it.
type SignedSheet struct {
	Sheet     station.Sheet `json:"sheet"`
	Signature []byte        `json:"signature"` // ECDSA over SHA-256, ASN.1
}

// digest is what is signed: the sheet in its one encoding.
func (s SignedSheet) digest() ([]byte, error) {
	raw, err := journal.Encode(s.Sheet)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(sheetType), raw...))
	return sum[:], nil
}

// ParseSheet reads the file of a run sheet. It does not verify the signature; BeginRun does.
func ParseSheet(raw []byte) (SignedSheet, error) {
	var s SignedSheet
	if len(raw) > maxSheet {
		return s, fmt.Errorf("run sheet of %d bytes: %w", len(raw), ErrSheet)
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&s); err != nil || strict.More() {
		return s, fmt.Errorf("run sheet: %w", errors.Join(ErrSheet, err))
	}
	return s, nil
}

// WaitingSheet writes a sheet of the orders that wait for their booklet, lowest serial first, and signs
// it. It holds as many as the profile lets one run have.
func (d *Desk) WaitingSheet(ctx context.Context, seat Seat) (SignedSheet, error) {
	now := d.Now()
	if err := maySheet(seat.Officer, station.DateOf(now)); err != nil {
		return SignedSheet{}, fmt.Errorf("run sheet: %w", err)
	}
	s := SignedSheet{Sheet: station.Sheet{Station: d.Charter.Station, Made: now.Unix(), By: seat.Officer.KeyID}}
	err := d.Store.View(ctx, func(tx Tx) error {
		if err := d.admitKey(tx, seat.Key); err != nil {
			return err
		}
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		for _, c := range cases {
			waits, err := waitsForBooklet(tx, c)
			if err != nil {
				return err
			}
			if waits {
				s.Sheet.Lines = append(s.Sheet.Lines, station.SheetLine{Case: c.Token, Serial: c.Serial})
			}
		}
		return nil
	})
	if err != nil {
		return SignedSheet{}, fmt.Errorf("run sheet: %w", err)
	}
	if len(s.Sheet.Lines) == 0 {
		return SignedSheet{}, fmt.Errorf("run sheet: no order waits: %w", ErrNoOrder)
	}
	slices.SortFunc(s.Sheet.Lines, func(a, b station.SheetLine) int { return strings.Compare(string(a.Serial), string(b.Serial)) })
	s.Sheet.Lines = s.Sheet.Lines[:min(len(s.Sheet.Lines), d.Charter.Profile.Size())]
	return s, s.sign(seat.Key)
}

// maySheet allows those who take blanks out of the safe, and those who work on them.
func maySheet(o station.Officer, today station.Date) error {
	if o.May(station.RoleCustody, today) == nil {
		return nil
	}
	return o.May(station.RoleOperate, today)
}

// waitsForBooklet tells whether there is an order whose page is not printed yet.
func waitsForBooklet(tx Tx, c station.Case) (bool, error) {
	if c.Stage != station.StageOrdered && c.Stage != station.StageProducing {
		return false, nil
	}
	b, err := tx.Booklet(c.Serial)
	return err == nil && b.State != station.StatePrinted && !b.Terminal(), err
}

func (s *SignedSheet) sign(by Key) error {
	digest, err := s.digest()
	if err != nil {
		return err
	}
	if s.Signature, err = by.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
		return fmt.Errorf("sign run sheet: %w", err)
	}
	return nil
}

// verifySheet holds a sheet against the charter: of this station, in form, signed by an officer of today.
func (d *Desk) verifySheet(s SignedSheet) (digest []byte, err error) {
	if s.Sheet.Station != d.Charter.Station {
		return nil, fmt.Errorf("run sheet of %s: %w", s.Sheet.Station, ErrSheet)
	}
	if err := s.Sheet.Check(d.Charter.Profile); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSheet, err)
	}
	officer, ok := d.Charter.Officer(s.Sheet.By)
	if !ok {
		return nil, fmt.Errorf("run sheet: %w: %w", ErrSheet, ErrNotOfficer)
	}
	if err := maySheet(officer, station.DateOf(d.Now())); err != nil {
		return nil, fmt.Errorf("run sheet: %w", err)
	}
	key, err := journal.ParseKey(officer.SPKI)
	if err != nil {
		return nil, fmt.Errorf("run sheet: %w", err)
	}
	if digest, err = s.digest(); err != nil {
		return nil, err
	}
	if !ecdsa.VerifyASN1(key, digest, s.Signature) {
		return nil, fmt.Errorf("run sheet: signature: %w", ErrSheet)
	}
	return digest, nil
}
