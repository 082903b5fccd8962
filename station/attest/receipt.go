package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"strings"

	"padarozhnik/station"
)

// Receipt is what the holder of a book gets with it: which book, when and where, and by which signature
// its chip is known. It names nobody.
type Receipt struct {
	Station string            `cbor:"1,keyasint" json:"station"`
	State   string            `cbor:"2,keyasint" json:"state"` // that issues, three letters
	Serial  station.Serial    `cbor:"3,keyasint" json:"serial"`
	Issue   station.Date      `cbor:"4,keyasint" json:"issue"`
	Expiry  station.Date      `cbor:"5,keyasint" json:"expiry"`
	Handed  station.Date      `cbor:"6,keyasint" json:"handed"`
	SOD     []byte            `cbor:"7,keyasint" json:"sod"` // SHA-256 of EF.SOD
	Case    station.CaseToken `cbor:"8,keyasint" json:"case"`
	Old     station.Custody   `cbor:"9,keyasint" json:"old"` // of the old passport
}

const (
	receiptPrefix = "PADAROZHNIK1:"
	maxText       = 4096 // characters of a receipt
)

// SignReceipt writes a receipt as text for a QR code, signed by the station whose seal is given.
func SignReceipt(r Receipt, seal []byte, key crypto.Signer) (string, error) {
	if len(seal) == 0 {
		return "", fmt.Errorf("receipt: the charter seals no key: %w", ErrMalformed)
	}
	raw, err := sign(r, overReceipt, seal, key)
	if err != nil {
		return "", err
	}
	return receiptPrefix + base45(raw), nil
}

// CheckReceipt checks a receipt against headquarters' key alone. It returns ErrForged where the key does
// not stand behind it, or where a station speaks for another.
func CheckReceipt(text string, root *ecdsa.PublicKey) (Receipt, error) {
	var r Receipt
	body, ok := strings.CutPrefix(strings.Trim(text, "\r\n\t"), receiptPrefix)
	if !ok || len(text) > maxText {
		return r, fmt.Errorf("receipt: %w", ErrMalformed)
	}
	raw, err := unbase45(body)
	if err != nil {
		return r, fmt.Errorf("receipt: %w", err)
	}
	s, err := openSealed(raw, overReceipt, root, &r)
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", err)
	}
	if s.Name != r.Station || s.Name == VaultName || r.Handed.Before(s.From) {
		return Receipt{}, fmt.Errorf("receipt of %s under the seal of %s: %w", r.Station, s.Name, ErrForged)
	}
	return r, nil
}

// FindReceipt finds a receipt's text in a file: the text alone, or our PDF, which has it among its
// keywords.
func FindReceipt(file []byte) (string, error) {
	i := bytes.Index(file, []byte(receiptPrefix))
	if i < 0 {
		return "", fmt.Errorf("receipt: %w", ErrMalformed)
	}
	rest := file[i+len(receiptPrefix):]
	end := bytes.IndexFunc(rest, func(c rune) bool { return !strings.ContainsRune(alphabet45, c) })
	if end < 0 {
		end = len(rest)
	}
	if end > maxText {
		return "", fmt.Errorf("receipt: %w", ErrMalformed)
	}
	return receiptPrefix + string(rest[:end]), nil
}

// alphabet45 are the characters that a QR code packs densest (ISO/IEC 18004, 7.3.4; RFC 9285).
const alphabet45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// base45 writes bytes in the alphabet of RFC 9285: two bytes as three characters, the least significant
// first, and a last single one as two.
func base45(data []byte) string {
	var b strings.Builder
	for len(data) >= 2 {
		n := int(data[0])<<8 | int(data[1])
		b.WriteByte(alphabet45[n%45])
		b.WriteByte(alphabet45[n/45%45])
		b.WriteByte(alphabet45[n/45/45])
		data = data[2:]
	}
	if len(data) == 1 {
		b.WriteByte(alphabet45[data[0]%45])
		b.WriteByte(alphabet45[data[0]/45])
	}
	return b.String()
}

// unbase45 reads what base45 wrote.
func unbase45(text string) ([]byte, error) {
	var out []byte
	for len(text) > 0 {
		n := min(3, len(text))
		if n == 1 {
			return nil, ErrMalformed
		}
		value, weight := 0, 1
		for _, c := range text[:n] {
			digit := strings.IndexRune(alphabet45, c)
			if digit < 0 {
				return nil, ErrMalformed
			}
			value, weight = value+digit*weight, weight*45
		}
		switch {
		case n == 3 && value <= 0xffff:
			out = append(out, byte(value>>8), byte(value))
		case n == 2 && value <= 0xff:
			out = append(out, byte(value))
		default:
			return nil, ErrMalformed
		}
		text = text[n:]
	}
	return out, nil
}
