package token_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/miekg/pkcs11"

	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

// TestSecrets: what the token keeps sealed comes back, and only under its own name and kind.
func TestSecrets(t *testing.T) {
	h, library := openHSM(t)
	if err := h.AddSecret("gp/one", []byte("master of one")); err != nil {
		t.Fatal(err)
	}
	if b, err := h.Secret("gp/one"); err != nil || string(b) != "master of one" {
		t.Errorf("%q, %v", b, err)
	}
	if err := h.AddSecret("gp/one", []byte("another")); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("name twice: %v", err)
	}
	if _, err := h.Secret("gp/two"); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("no such secret: %v", err)
	}
	if _, err := h.Opener("gp/one"); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("a secret as an opener: %v", err)
	}
	ctx, session := secondDoor(t, library)
	data := softhsmtest.Find(t, ctx, session, pkcs11.NewAttribute(pkcs11.CKA_LABEL, "gp/one/secret"))
	got, err := ctx.GetAttributeValue(session, data[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)})
	if err != nil || bytes.Contains(got[0].Value, []byte("master")) {
		t.Errorf("%v, or the secret lies in clear", err)
	}
	if err := ctx.DestroyObject(session, data[0]); err != nil {
		t.Fatal(err)
	}
	// A program was killed after it had made the pair: the pair is taken.
	if err := h.AddSecret("gp/one", []byte("once more")); err != nil {
		t.Fatal(err)
	}
	if b, err := h.Secret("gp/one"); err != nil || string(b) != "once more" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := h.Generate("signs", ec.P256().OID()); err != nil {
		t.Fatal(err)
	}
	if err := h.AddSecret("signs", []byte("x")); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("sealed to a key that signs: %v", err)
	}
}

// secondDoor opens a session of its own behind the HSM's back.
func secondDoor(t *testing.T, library string) (*pkcs11.Ctx, pkcs11.SessionHandle) {
	t.Helper()
	ctx := pkcs11.New(library)
	t.Cleanup(ctx.Destroy)
	slots, err := ctx.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	session, err := ctx.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	return ctx, session
}

// TestKeysStay: the token gives no private value, whether it is read or wrapped, and the marks say so.
func TestKeysStay(t *testing.T) {
	h, library := openHSM(t)
	if _, err := h.CreateToken(); err != nil {
		t.Fatal(err)
	}
	if err := h.AddSecret("gp/one", []byte("master")); err != nil {
		t.Fatal(err)
	}
	ctx, session := secondDoor(t, library)
	wrapping, err := ctx.GenerateKey(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)},
		[]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32), pkcs11.NewAttribute(pkcs11.CKA_WRAP, true)})
	if err != nil {
		t.Fatal(err)
	}
	found := softhsmtest.Find(t, ctx, session, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY))
	if len(found) != 3 {
		t.Fatalf("%d private keys", len(found))
	}
	for _, o := range found {
		value := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)}
		if got, err := ctx.GetAttributeValue(session, o, value); err == nil && len(got[0].Value) > 0 {
			t.Error("a private key left the token")
		}
		kw := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_WRAP_PAD, nil)}
		if _, err := ctx.WrapKey(session, kw, wrapping, o); !errors.Is(err, pkcs11.Error(pkcs11.CKR_KEY_UNEXTRACTABLE)) {
			t.Errorf("wrapped: %v", err)
		}
		for kind, want := range map[uint]byte{
			pkcs11.CKA_SENSITIVE: 1, pkcs11.CKA_EXTRACTABLE: 0, pkcs11.CKA_ALWAYS_SENSITIVE: 1, pkcs11.CKA_NEVER_EXTRACTABLE: 1,
		} {
			got, err := ctx.GetAttributeValue(session, o, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
			if err != nil || len(got[0].Value) != 1 || got[0].Value[0] != want {
				t.Errorf("attribute %x: %v", kind, err)
			}
		}
	}
}
