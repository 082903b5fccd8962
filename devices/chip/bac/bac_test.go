package bac_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/published"
)

type bacVector struct {
	SHA1   string `json:"sha1"`
	RndIC  string `json:"RND_IC"`
	RndIFD string `json:"RND_IFD"`
	KIFD   string `json:"K_IFD"`
	KIC    string `json:"K_IC"`
	Ext    string `json:"external_authenticate"`
	EIC    string `json:"E_IC"`
	MIC    string `json:"M_IC"`
	KSEnc  string `json:"KS_Enc"`
	KSMac  string `json:"KS_MAC"`
	SSC    string `json:"SSC"`
}

func load(t *testing.T) bacVector {
	t.Helper()
	var all struct {
		V bacVector `json:"bac"`
	}
	published.Doc9303(t, &all)
	return all.V
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// card joins a terminal to the chip's end.
type card struct {
	end     bac.Chip
	sent    []byte
	got     []byte
	session *sm.Session
}

func (c *card) Transmit(_ context.Context, command []byte) ([]byte, error) {
	cmd, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if cmd.INS == 0x84 {
		return apdu.Response{Data: c.end.RndIC, Status: apdu.OK}.Bytes(), nil
	}
	c.got = command
	answer, s, err := c.end.Authenticate(cmd.Data)
	if err != nil {
		return apdu.Response{Status: apdu.AuthFailed}.Bytes(), nil
	}
	c.session, c.sent = s, answer
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

// TestPublished runs both ends through ICAO Doc 9303-11, Appendix D.3.
func TestPublished(t *testing.T) {
	v := load(t)
	hash := unhex(t, v.SHA1)
	c := &card{end: bac.Chip{Rand: bytes.NewReader(unhex(t, v.KIC)), MRZHash: hash, RndIC: unhex(t, v.RndIC)}}
	terminal := bac.Terminal{Rand: bytes.NewReader(append(unhex(t, v.RndIFD), unhex(t, v.KIFD)...))}
	session, err := terminal.Run(t.Context(), c, hash)
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex(t, v.Ext); !bytes.Equal(c.got, want) {
		t.Errorf("command %X\nwant    %X", c.got, want)
	}
	if want := unhex(t, v.EIC+v.MIC); !bytes.Equal(c.sent, want) {
		t.Errorf("answer %X\nwant   %X", c.sent, want)
	}
	peer, err := sm.New(sm.TripleDES, unhex(t, v.KSEnc), unhex(t, v.KSMac), unhex(t, v.SSC))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := session.Wrap(apdu.Command{INS: 0xB0, Ne: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Unprotect(wrapped); err != nil {
		t.Errorf("the published keys do not open the session: %v", err)
	}
}

func TestWrongKey(t *testing.T) {
	v := load(t)
	c := &card{end: bac.Chip{Rand: rand.Reader, MRZHash: unhex(t, v.SHA1), RndIC: unhex(t, v.RndIC)}}
	_, err := bac.Terminal{Rand: rand.Reader}.Run(t.Context(), c, make([]byte, 20))
	if !errors.Is(err, bac.ErrPassword) || !errors.Is(err, apdu.AuthFailed) {
		t.Errorf("error %v, want ErrPassword with its status", err)
	}
}

func TestNoChallenge(t *testing.T) {
	end := bac.Chip{Rand: rand.Reader, MRZHash: make([]byte, 20)}
	if _, _, err := end.Authenticate(make([]byte, 40)); !errors.Is(err, bac.ErrProtocol) {
		t.Errorf("error %v, want ErrProtocol", err)
	}
}
