package chipauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// card is the chip's end without the session that usually lies under it.
type card struct {
	private *big.Int
	key     chipauth.Key
	asked   chipauth.Request
	next    *sm.Session
}

func (c *card) Transmit(_ context.Context, command []byte) ([]byte, error) {
	cmd, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	answer, err := c.answer(cmd)
	if err != nil {
		return apdu.Response{Status: apdu.WrongData}.Bytes(), nil
	}
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

func (c *card) answer(cmd apdu.Command) (answer []byte, err error) {
	switch {
	case cmd.P2 == 0xA4:
		c.asked, err = chipauth.ParseSetAT(cmd.Data)
		return nil, err
	case cmd.P2 == 0xA6:
		if c.asked, err = chipauth.ParseSetKAT(cmd.Data); err != nil {
			return nil, err
		}
		c.next, err = chipauth.Agree(sm.TripleDES, c.key.Group, c.private, c.asked.Public)
		return nil, err
	}
	answer, c.next, err = chipauth.Respond(c.asked.Protocol.Suite, c.key.Group, c.private, cmd.Data)
	return answer, err
}

// newCard draws a key pair.
func newCard(t testing.TB, suite sm.Suite, parameterID int, keyID []byte) *card {
	t.Helper()
	g, err := domain.ByParameterID(parameterID)
	if err != nil {
		t.Fatal(err)
	}
	d, p, err := g.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := chipauth.Key{Protocol: chipauth.Protocol{OnCurve: g.OnCurve(), Suite: suite}, Group: g, Public: p, KeyID: keyID}
	return &card{private: d, key: k}
}

func (c *card) run(ctx context.Context) (*sm.Session, error) {
	return chipauth.Terminal{Rand: rand.Reader}.Run(ctx, &sm.Channel{Transmitter: c}, c.key)
}

// agrees tells whether the chip understands the terminal's new session.
func (c *card) agrees(t *testing.T, session *sm.Session) error {
	t.Helper()
	wrapped, err := session.Wrap(apdu.Command{INS: 0xB0, Ne: 8})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.next.Unprotect(wrapped)
	return err
}

func TestBothEndsAgree(t *testing.T) {
	for _, suite := range []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256} {
		for _, id := range []int{0, 1, 2, 8, 10, 12, 13, 15, 17, 18} {
			for _, keyID := range [][]byte{nil, {2}} {
				c := newCard(t, suite, id, keyID)
				t.Run(fmt.Sprintf("%s on %s, key %x", c.key.Protocol, c.key.Group.Name(), keyID), func(t *testing.T) {
					session, err := c.run(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(c.asked.Reference, keyID) || (c.asked.Reference == nil) != (keyID == nil) {
						t.Errorf("key number %x named", c.asked.Reference)
					}
					if (suite == sm.TripleDES) != (c.asked.Public != nil) {
						t.Errorf("%s by the other command", suite)
					}
					if err := c.agrees(t, session); err != nil {
						t.Errorf("ends do not agree: %v", err)
					}
				})
			}
		}
	}
}

func TestAnotherKeyDoesNotAgree(t *testing.T) {
	for _, suite := range []sm.Suite{sm.TripleDES, sm.AES128} {
		c, other := newCard(t, suite, 12, nil), newCard(t, suite, 12, nil)
		c.private = other.private
		session, err := c.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.agrees(t, session); !errors.Is(err, sm.ErrMAC) {
			t.Errorf("%s: error %v, want ErrMAC", suite, err)
		}
	}
}

func TestKindOfKey(t *testing.T) {
	c := newCard(t, sm.AES128, 2, nil)
	c.key.Protocol.OnCurve = true
	if _, err := c.run(t.Context()); !errors.Is(err, chipauth.ErrUnsupported) {
		t.Errorf("integers for ECDH: %v", err)
	}
	c.key.Group = domain.Group{}
	if _, err := c.run(t.Context()); !errors.Is(err, chipauth.ErrUnsupported) {
		t.Errorf("no group: %v", err)
	}
}

func TestChipRefusesEphemeralKeys(t *testing.T) {
	curve, integers := newCard(t, sm.AES128, 12, nil), newCard(t, sm.AES128, 0, nil)
	for _, test := range []struct {
		name string
		c    *card
		key  []byte
	}{
		{"infinity", curve, []byte{0}},
		{"zeros", curve, append([]byte{4}, make([]byte, 64)...)},
		{"integer one", integers, []byte{1}},
		{"integer outside the subgroup", integers, []byte{2}},
		{"nothing", integers, nil},
	} {
		_, err := chipauth.Agree(sm.AES128, test.c.key.Group, test.c.private, test.key)
		if !errors.Is(err, chipauth.ErrProtocol) {
			t.Errorf("%s: %v, want ErrProtocol", test.name, err)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	for _, curve := range []bool{false, true} {
		for _, s := range []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256} {
			want := chipauth.Protocol{OnCurve: curve, Suite: s}
			if got, err := chipauth.ParseOID(want.OID()); err != nil || got != want {
				t.Errorf("%s: %v, %v", want, got, err)
			}
		}
	}
	const family = "\x04\x00\x7F\x00\x07\x02\x02\x03"
	for _, oid := range []string{"", family + "\x03\x01", family + "\x02\x05", family + "\x02\x00", family} {
		if _, err := chipauth.ParseOID([]byte(oid)); !errors.Is(err, chipauth.ErrUnsupported) {
			t.Errorf("%X: %v", oid, err)
		}
	}
}

func FuzzRespond(f *testing.F) {
	f.Add([]byte{0x7C, 2, 0x80, 0})
	g, err := domain.ByParameterID(12)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, s, err := chipauth.Respond(sm.AES128, g, big.NewInt(7), b)
		if (s == nil) != (err != nil) {
			t.Error("session and error do not exclude each other")
		}
	})
}

func FuzzRequests(f *testing.F) {
	f.Add(tlv.Encode(0x80, chipauth.Protocol{OnCurve: true, Suite: sm.AES128}.OID()))
	f.Add(append(tlv.Encode(0x91, []byte{4, 5}), 0x84, 1, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := chipauth.ParseSetAT(b); err == nil && !bytes.Contains(b, r.Protocol.OID()) {
			t.Error("protocol from nowhere")
		}
		if r, err := chipauth.ParseSetKAT(b); err == nil && !bytes.Contains(b, r.Public) {
			t.Error("key from nowhere")
		}
	})
}
