package attest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/attest"
)

func key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t testing.TB, name string, k, root *ecdsa.PrivateKey) []byte {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	s, err := attest.SealKey(name, spki, station.Date{Year: 2026, Month: 1, Day: 1}, root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keyText(t testing.TB, k *ecdsa.PrivateKey) string {
	t.Helper()
	text, err := attest.KeyText(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func receipt() attest.Receipt {
	return attest.Receipt{
		Station: "UTO-01", State: "UTO", Serial: "UT4200001", Issue: station.Date{Year: 2026, Month: 3, Day: 2},
		Expiry: station.Date{Year: 2036, Month: 3, Day: 1}, Handed: station.Date{Year: 2026, Month: 3, Day: 9},
		SOD: bytes.Repeat([]byte{7}, 32), Case: "AAAAA-BBBBB", Old: station.CustodyHolder,
	}
}

func list() attest.Revocations {
	return attest.Revocations{State: "UTO", Version: 3, Made: station.Date{Year: 2026, Month: 3, Day: 9}, Rows: []attest.Row{
		{First: "UT4200007", Last: "UT4200009", Reason: "stolen", Since: station.Date{Year: 2026, Month: 3, Day: 1}},
	}}
}

func TestReceiptIsCheckedByThePrintedKeyAlone(t *testing.T) {
	root, office := key(t), key(t)
	text, err := attest.SignReceipt(receipt(), sealed(t, "UTO-01", office, root), office)
	if err != nil {
		t.Fatal(err)
	}
	printed := keyText(t, root)
	trusted, err := attest.ParseKey(strings.ToLower(printed))
	if err != nil {
		t.Fatal(err)
	}
	got, err := attest.CheckReceipt(text, trusted)
	if err != nil || got.Serial != "UT4200001" || got.Handed != receipt().Handed {
		t.Fatalf("got %+v, %v", got, err)
	}
	if len(text) > 700 {
		t.Errorf("%d characters do not fit a QR code that a telephone reads", len(text))
	}
	file := append([]byte("%PDF-1.3 /Keywords ("+text+")\n"), bytes.Repeat([]byte{0xfe}, 99)...)
	if found, err := attest.FindReceipt(file); err != nil || found != text {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestForgedReceiptsAreRefused(t *testing.T) {
	root, office, other := key(t), key(t), key(t)
	seal := sealed(t, "UTO-01", office, root)
	elsewhere := receipt()
	elsewhere.Station = "UTO-02"
	early := receipt()
	early.Handed = station.Date{Year: 2025, Month: 12, Day: 31}
	for name, make := range map[string]func() (string, error){
		"another key under our seal": func() (string, error) { return attest.SignReceipt(receipt(), seal, other) },
		"a seal of another root": func() (string, error) {
			return attest.SignReceipt(receipt(), sealed(t, "UTO-01", office, other), office)
		},
		"a station speaks for another": func() (string, error) { return attest.SignReceipt(elsewhere, seal, office) },
		"handed before the key's time": func() (string, error) { return attest.SignReceipt(early, seal, office) },
		"the vault speaks for a station": func() (string, error) {
			r := receipt()
			r.Station = attest.VaultName
			return attest.SignReceipt(r, sealed(t, attest.VaultName, office, root), office)
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := make()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := attest.CheckReceipt(text, &root.PublicKey); !errors.Is(err, attest.ErrForged) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := attest.SignReceipt(receipt(), nil, office); err == nil {
		t.Error("signed without a seal")
	}
}

// TestEveryBitCounts flips each character of a receipt and each bit of a list: none is taken.
func TestEveryBitCounts(t *testing.T) {
	root, office := key(t), key(t)
	text, err := attest.SignReceipt(receipt(), sealed(t, "UTO-01", office, root), office)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		c := byte('A')
		if text[i] == c {
			c = 'B'
		}
		if _, err := attest.CheckReceipt(text[:i]+string(c)+text[i+1:], &root.PublicKey); err == nil {
			t.Fatalf("character %d was changed and nobody saw it", i)
		}
	}
	file, err := attest.SignRevocations(list(), sealed(t, attest.VaultName, office, root), office)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 1 << (i % 8)
		if _, err := attest.CheckRevocations(changed, &root.PublicKey); err == nil {
			t.Fatalf("byte %d was changed and nobody saw it", i)
		}
	}
}

func TestListTellsWhatIsRevoked(t *testing.T) {
	root, vault := key(t), key(t)
	file, err := attest.SignRevocations(list(), sealed(t, attest.VaultName, vault, root), vault)
	if err != nil {
		t.Fatal(err)
	}
	l, err := attest.CheckRevocations(file, &root.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for serial, want := range map[station.Serial]bool{
		"UT4200006": false, "UT4200007": true, "UT4200008": true, "UT4200010": false, "UT420008": false,
	} {
		if row, ok := l.Find(serial); ok != want || ok && row.Reason != "stolen" {
			t.Errorf("%s: %v, %+v", serial, ok, row)
		}
	}
	byStation, err := attest.SignRevocations(list(), sealed(t, "UTO-01", vault, root), vault)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attest.CheckRevocations(byStation, &root.PublicKey); !errors.Is(err, attest.ErrForged) {
		t.Errorf("a station's own list: %v", err)
	}
}

func TestPrintedKeyWithAWrongDigit(t *testing.T) {
	printed := keyText(t, key(t))
	wrong := strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return r
	}, printed[8:])
	if wrong == printed[8:] {
		wrong = "0" + wrong[1:] + "0"
	}
	for _, text := range []string{wrong, "", "PADKEY1:", printed + " 00"} {
		if _, err := attest.ParseKey(text); !errors.Is(err, attest.ErrMalformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	root, office := key(f), key(f)
	text, err := attest.SignReceipt(receipt(), sealed(f, "UTO-01", office, root), office)
	if err != nil {
		f.Fatal(err)
	}
	file, err := attest.SignRevocations(list(), sealed(f, attest.VaultName, office, root), office)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(text))
	f.Add(file)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := attest.CheckReceipt(string(data), &root.PublicKey); err == nil && strings.Trim(string(data), "\r\n\t") != text {
			t.Error("another text passes for a receipt")
		}
		if _, err := attest.CheckRevocations(data, &root.PublicKey); err == nil && !bytes.Equal(data, file) {
			t.Error("another file passes for a list")
		}
		_, _ = attest.FindReceipt(data)
		_, _ = attest.ParseKey(string(data))
	})
}
