package sm_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/published"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type bacVector struct {
	SeedHex string `json:"K_seed"`
	EncHex  string `json:"K_Enc"`
	MacHex  string `json:"K_MAC"`
	KSEnc   string `json:"KS_Enc"`
	KSMac   string `json:"KS_MAC"`
	SSC     string `json:"SSC"`
	Steps   []struct {
		Step      string `json:"step"`
		Plain     string `json:"plain_apdu"`
		Protected string `json:"protected_apdu"`
		Response  string `json:"response"`
		Decrypted string `json:"decrypted"`
	} `json:"secure_messaging_3des"`
}

func vector(t *testing.T) bacVector {
	t.Helper()
	var all struct {
		BAC bacVector `json:"bac"`
	}
	published.Doc9303(t, &all)
	return all.BAC
}

func TestDeriveKeyPublished(t *testing.T) {
	v := vector(t)
	seed := unhex(t, v.SeedHex)
	if got := sm.TripleDES.DeriveKey(seed, sm.CounterEnc); !bytes.Equal(got, unhex(t, v.EncHex)) {
		t.Errorf("K_Enc = %X", got)
	}
	if got := sm.TripleDES.DeriveKey(seed, sm.CounterMac); !bytes.Equal(got, unhex(t, v.MacHex)) {
		t.Errorf("K_MAC = %X", got)
	}
}

// TestPublishedMessages runs both ends through ICAO Doc 9303-11, Appendix D.4.
func TestPublishedMessages(t *testing.T) {
	v := vector(t)
	if len(v.Steps) == 0 {
		t.Fatal("no published steps")
	}
	start := func() *sm.Session {
		s, err := sm.New(sm.TripleDES, unhex(t, v.KSEnc), unhex(t, v.KSMac), unhex(t, v.SSC))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	terminal, chip := start(), start()
	for _, step := range v.Steps {
		plain, err := apdu.ParseCommand(unhex(t, step.Plain))
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := terminal.Wrap(plain)
		if err != nil {
			t.Fatal(err)
		}
		b, err := wrapped.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, unhex(t, step.Protected)) {
			t.Errorf("%s: command %X, want %s", step.Step, b, step.Protected)
		}
		seen, err := chip.Unprotect(wrapped)
		if err != nil {
			t.Fatalf("%s: %v", step.Step, err)
		}
		if !bytes.Equal(seen.Data, plain.Data) || seen.Ne != plain.Ne {
			t.Errorf("%s: chip saw %+v, want %+v", step.Step, seen, plain)
		}
		r, err := chip.Protect(apdu.Response{Data: unhex(t, step.Decrypted), Status: apdu.OK})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(r.Bytes(), unhex(t, step.Response)) {
			t.Errorf("%s: response %X, want %s", step.Step, r.Bytes(), step.Response)
		}
		opened, err := terminal.Unwrap(r)
		if err != nil {
			t.Fatalf("%s: %v", step.Step, err)
		}
		if !bytes.Equal(opened.Data, unhex(t, step.Decrypted)) {
			t.Errorf("%s: opened %X", step.Step, opened.Data)
		}
	}
}

// TestCMACPublished uses the examples of RFC 4493, section 4.
func TestCMACPublished(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	if err != nil {
		t.Fatal(err)
	}
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"+
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for _, test := range []struct {
		n    int
		want string
	}{
		{0, "bb1d6929e95937287fa37d129b756746"},
		{16, "070a16b46b4d4144f79bdd9dd04a287c"},
		{40, "dfa66747de9ae63030ca32611497c827"},
		{64, "51f0bebf7e3b9d92fc49741779363cfe"},
	} {
		got := sm.CMAC(block, message[:test.n])
		if !bytes.Equal(got[:], unhex(t, test.want)) {
			t.Errorf("CMAC of %d bytes = %x", test.n, got)
		}
	}
}

func pair(t testing.TB, suite sm.Suite) (terminal, chip *sm.Session) {
	t.Helper()
	secret := bytes.Repeat([]byte{7}, 32)
	terminal, err := sm.FromSecret(suite, secret)
	if err != nil {
		t.Fatal(err)
	}
	chip, err = sm.FromSecret(suite, secret)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, chip
}

func TestBothEnds(t *testing.T) {
	commands := []struct {
		name string
		cmd  apdu.Command
	}{
		{"no data, no answer", apdu.Command{INS: 0xA4}},
		{"short read", apdu.Command{INS: 0xB0, Ne: 256}},
		{"extended read", apdu.Command{INS: 0xB0, Ne: 4000}},
		{"all of an extended read", apdu.Command{INS: 0xB0, Ne: 65536}},
		{"odd instruction", apdu.Command{INS: 0xB1, Data: []byte{0x54, 2, 0x80, 0}, Ne: 200}},
		{"data that fills a block", apdu.Command{INS: 0xD6, Data: make([]byte, 16)}},
		{"extended data", apdu.Command{INS: 0xD6, Data: make([]byte, 5000)}},
	}
	for _, suite := range []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256} {
		terminal, chip := pair(t, suite)
		for _, test := range commands {
			t.Run(suite.String()+" "+test.name, func(t *testing.T) {
				wrapped, err := terminal.Wrap(test.cmd)
				if err != nil {
					t.Fatal(err)
				}
				b, err := wrapped.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				received, err := apdu.ParseCommand(b)
				if err != nil {
					t.Fatal(err)
				}
				seen, err := chip.Unprotect(received)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(seen.Data, test.cmd.Data) || seen.Ne != test.cmd.Ne || seen.INS != test.cmd.INS {
					t.Errorf("chip saw %d bytes, Ne %d", len(seen.Data), seen.Ne)
				}
				answer, err := chip.Protect(apdu.Response{Data: bytes.Repeat([]byte{5}, test.cmd.Ne/2), Status: 0x6282})
				if err != nil {
					t.Fatal(err)
				}
				opened, err := terminal.Unwrap(answer)
				if err != nil {
					t.Fatal(err)
				}
				if len(opened.Data) != test.cmd.Ne/2 || opened.Status != 0x6282 {
					t.Errorf("terminal saw %d bytes, %v", len(opened.Data), opened.Status)
				}
			})
		}
	}
}

func TestUnwrapRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(r apdu.Response) apdu.Response
		want  error
	}{
		{"answer in clear", func(apdu.Response) apdu.Response { return apdu.Response{Status: apdu.OK} }, sm.ErrNotProtected},
		{"error in clear", func(apdu.Response) apdu.Response { return apdu.Response{Status: 0x6988} }, sm.ErrNotProtected},
		{"changed bit", func(r apdu.Response) apdu.Response { r.Data[4] ^= 1; return r }, sm.ErrMAC},
		{"status in clear", func(r apdu.Response) apdu.Response { r.Status = 0x6282; return r }, sm.ErrStatus},
		{"truncated", func(r apdu.Response) apdu.Response { r.Data = r.Data[:len(r.Data)-1]; return r }, sm.ErrMalformed},
		{"no authenticator", func(r apdu.Response) apdu.Response {
			r.Data = r.Data[:len(r.Data)-10]
			return r
		}, sm.ErrMissing},
		{"foreign object", func(r apdu.Response) apdu.Response {
			r.Data = append([]byte{0x80, 0}, r.Data...)
			return r
		}, sm.ErrUnexpected},
		{"object twice", func(r apdu.Response) apdu.Response {
			r.Data = append(append([]byte(nil), r.Data[:19]...), r.Data...)
			return r
		}, sm.ErrUnexpected},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			terminal, chip := pair(t, sm.AES128)
			c, err := terminal.Wrap(apdu.Command{INS: 0xB0, Ne: 10})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := chip.Unprotect(c); err != nil {
				t.Fatal(err)
			}
			r, err := chip.Protect(apdu.Response{Data: []byte("0123456789"), Status: apdu.OK})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := terminal.Unwrap(test.spoil(r)); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if _, err := terminal.Wrap(apdu.Command{}); !errors.Is(err, sm.ErrEnded) {
				t.Errorf("after an error: %v, want ErrEnded", err)
			}
		})
	}
}

// deaf answers every command with the same bytes.
type deaf struct{ answer []byte }

func (d deaf) Transmit(context.Context, []byte) ([]byte, error) { return d.answer, nil }

func TestChannelReportsStatus(t *testing.T) {
	ch := sm.Channel{Transmitter: deaf{[]byte{0x6A, 0x82}}}
	_, err := ch.Do(t.Context(), apdu.Command{INS: 0xA4})
	if !errors.Is(err, apdu.FileNotFound) {
		t.Errorf("error %v, want FileNotFound", err)
	}
	ch.Transmitter = deaf{nil}
	if _, err := ch.Do(t.Context(), apdu.Command{INS: 0xA4}); !errors.Is(err, apdu.ErrShort) {
		t.Errorf("error %v, want ErrShort", err)
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte{0x99, 2, 0x90, 0, 0x8E, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0})
	f.Add([]byte{0x87, 0x82, 0xFF, 0xFF, 1})
	f.Add([]byte{0x90, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		terminal, chip := pair(t, sm.AES128)
		if r, err := apdu.ParseResponse(b); err == nil {
			if _, err := terminal.Unwrap(r); err == nil {
				t.Error("a made-up response opened")
			}
		}
		if c, err := apdu.ParseCommand(b); err == nil {
			if _, err := chip.Unprotect(c); err == nil {
				t.Error("a made-up command opened")
			}
		}
	})
}
