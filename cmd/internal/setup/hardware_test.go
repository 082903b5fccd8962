package setup_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/tokenfile"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/token"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

const pin = "482915"

// inHardware gives the officer "anna" a token of SoftHSM2 and the station's charter her key.
func (p *post) inHardware(library string) {
	t := p.t
	t.Helper()
	m, err := token.OpenModule(library)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	hsm, err := m.Open(token.Slot{Label: "anna", PIN: func() ([]byte, error) { return []byte(pin), nil }})
	if err != nil {
		t.Fatal(err)
	}
	key, err := hsm.CreateToken()
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	p.charter.Officers = append(p.charter.Officers, station.Officer{
		Pseudonym: "anna", KeyID: key.KeyID(), SPKI: spki, HPKE: key.HPKEPublic(), Roles: []station.Role{station.RoleEnrol},
	})
	p.put("charter.cose", p.sign(p.charter, p.root))
	p.put("station.toml", []byte("[tokens]\nmodule = \""+library+"\"\n"))
}

// TestOfficerInHardware signs an officer in with a token and its PIN. A wrong PIN is said with how the
// tries stand, and a token that is pulled out takes its officer with it, even if it comes back.
func TestOfficerInHardware(t *testing.T) {
	library := softhsmtest.New(t, pin, "anna").Library
	p := newPost(t)
	p.inHardware(library)
	o := p.open()
	if _, err := o.SignIn("pkcs11:boris", says(pin)); !errors.Is(err, issuance.ErrNoToken) {
		t.Errorf("a token that is not there: %v", err)
	}
	if _, err := o.SignIn("pkcs11:anna", says("000000")); !errors.Is(err, issuance.ErrTokenPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	if tries, err := o.Tries("anna"); tries != token.TriesFewer || err != nil {
		t.Errorf("after a wrong PIN: %v, %v", tries, err)
	}
	var prompt string
	seat, err := o.SignIn("pkcs11:anna", func(s string) ([]byte, error) { prompt = s; return []byte(pin), nil })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(prompt, "fewer tries") {
		t.Errorf("prompt %q", prompt)
	}
	if _, err := o.Desk.Enrol(t.Context(), seat); !errors.Is(err, issuance.ErrDayClosed) {
		t.Errorf("signed in on a closed day: %v", err)
	}
	softhsmtest.PullOut(t, library)
	for _, when := range []string{"pulled out", "back in its slot"} {
		if _, err := o.Desk.Enrol(t.Context(), seat); !errors.Is(err, issuance.ErrLocked) {
			t.Errorf("with a token %s: %v", when, err)
		}
	}
	if _, err := seat.Key.Sign(nil, make([]byte, 32), nil); !errors.Is(err, token.ErrClosed) {
		t.Errorf("a key of a token that was pulled out: %v", err)
	}
	if _, err := o.SignIn("pkcs11:anna", says(pin)); err != nil {
		t.Errorf("signed in again: %v", err)
	}
}

// TestStationInHardware runs a station whose own key never leaves a token: the key is made in it, no key
// file lies beside the configuration, the station signs its journal with it, and a token that is pulled out
// stops it with a sentence that says what to do.
func TestStationInHardware(t *testing.T) {
	library := softhsmtest.New(t, pin, "UTO-01").Library
	p := newPost(t)
	public := filepath.Join(p.dir, "station.json")
	err := tokenfile.CreateInHardware(library, "UTO-01", public, "UTO-01", func() ([]byte, error) { return []byte(pin), nil })
	if err != nil {
		t.Fatal(err)
	}
	var key tokenfile.PublicKey
	raw, err := os.ReadFile(public)
	if err := errors.Join(err, json.Unmarshal(raw, &key), os.Remove(filepath.Join(p.dir, "station.token"))); err != nil {
		t.Fatal(err)
	}
	p.charter.StationID = key.KeyID
	p.put("charter.cose", p.sign(p.charter, p.root))
	p.put("station.toml", []byte("token = \"pkcs11:UTO-01\"\n[tokens]\nmodule = \""+library+"\"\n"))
	o := p.openWith(says(pin))
	digest := sha256.Sum256([]byte("the station's word"))
	signature, err := o.Desk.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(o.Desk.Key.Public().(*ecdsa.PublicKey), digest[:], signature) {
		t.Error("the station's signature does not verify")
	}
	softhsmtest.PullOut(t, library)
	for _, when := range []string{"pulled out", "back in its slot"} {
		_, err := o.Desk.Key.Sign(nil, digest[:], crypto.SHA256)
		if !errors.Is(err, issuance.ErrOwnToken) || issuance.Cure(err) != "own-token" {
			t.Errorf("with a token %s: %v", when, err)
		}
	}
}

// TestSharedLibraryIsNamed: without a library the error says which key of the configuration is missing.
func TestSharedLibraryIsNamed(t *testing.T) {
	o := newPost(t).open()
	if _, err := o.SignIn("pkcs11:anna", says(pin)); !errors.Is(err, setup.ErrConfig) ||
		!strings.Contains(err.Error(), "tokens.module") {
		t.Errorf("got %v", err)
	}
}

func says(pin string) setup.Ask { return func(string) ([]byte, error) { return []byte(pin), nil } }
