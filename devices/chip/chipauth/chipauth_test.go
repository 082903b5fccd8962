package chipauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/pki/ec"
)

// card is the chip's end without the session that usually lies under it.
type card struct {
	private *big.Int
	key     chipauth.Key
	named   []byte
	next    *sm.Session
}

func (c *card) Transmit(_ context.Context, command []byte) ([]byte, error) {
	cmd, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if cmd.INS == 0x22 {
		c.named = cmd.Data
		return []byte{0x90, 0}, nil
	}
	answer, next, err := chipauth.Respond(c.key.Suite, c.key.Curve, c.private, cmd.Data)
	if err != nil {
		return apdu.Response{Status: apdu.WrongData}.Bytes(), nil
	}
	c.next = next
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

func TestBothEndsAgree(t *testing.T) {
	for _, test := range []struct {
		name  string
		suite sm.Suite
		curve *ec.Curve
		keyID []byte
	}{
		{"AES-128 on P-256", sm.AES128, ec.P256(), nil},
		{"AES-256 on brainpoolP384r1, numbered key", sm.AES256, ec.BrainpoolP384r1(), []byte{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, p, err := test.curve.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			k := chipauth.Key{Suite: test.suite, Curve: test.curve, Public: p, KeyID: test.keyID}
			c := &card{private: d, key: k}
			session, err := chipauth.Terminal{Rand: rand.Reader}.Run(t.Context(), &sm.Channel{Transmitter: c}, k)
			if err != nil {
				t.Fatal(err)
			}
			if test.keyID != nil && !bytes.HasSuffix(c.named, []byte{0x84, 1, 2}) {
				t.Errorf("key number not named: % X", c.named)
			}
			wrapped, err := session.Wrap(apdu.Command{INS: 0xB0, Ne: 8})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.next.Unprotect(wrapped); err != nil {
				t.Errorf("ends do not agree: %v", err)
			}
		})
	}
}

func TestAnotherKeyDoesNotAgree(t *testing.T) {
	d, _, err := ec.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := ec.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := chipauth.Key{Suite: sm.AES128, Curve: ec.P256(), Public: p}
	c := &card{private: d, key: k}
	session, err := chipauth.Terminal{Rand: rand.Reader}.Run(t.Context(), &sm.Channel{Transmitter: c}, k)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := session.Wrap(apdu.Command{INS: 0xB0, Ne: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.next.Unprotect(wrapped); !errors.Is(err, sm.ErrMAC) {
		t.Errorf("error %v, want ErrMAC", err)
	}
}

func TestIdentifiers(t *testing.T) {
	for _, s := range []sm.Suite{sm.AES128, sm.AES192, sm.AES256} {
		if got, err := chipauth.ParseOID(chipauth.OID(s)); err != nil || got != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := chipauth.ParseOID(chipauth.OID(sm.TripleDES)); !errors.Is(err, chipauth.ErrUnsupported) {
		t.Errorf("3DES: %v", err)
	}
}

func FuzzRespond(f *testing.F) {
	f.Add([]byte{0x7C, 2, 0x80, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, s, err := chipauth.Respond(sm.AES128, ec.P256(), big.NewInt(7), b)
		if (s == nil) != (err != nil) {
			t.Error("session and error do not exclude each other")
		}
	})
}
