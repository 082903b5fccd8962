package chip_test

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/sm"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// Commands of the applet's table.
const (
	appletKeys   = "00da00621d621b04094c38393839303243" + "3c0406363930383036" + "0406393430363233"
	appletCOM    = "00e00000066304" + "0010" + "011e"
	appletChoose = "00a4020c02011e"
	appletLock   = "00dadead"
	// the number has eight characters here
	appletUnpadded = "00da00621c621a04084c3839383930324304063639303830360406393430363233"
)

// script is a chip of the second kind behind some commands that it took.
func script(t *testing.T, commands ...string) (*virtual.Chip, *chiptest.Memory) {
	t.Helper()
	m := chiptest.NewApplet(t)
	c := chiptest.Insert(t, m)
	for _, command := range append([]string{selectApplication}, commands...) {
		if got := statusOf(t, c, command); got != apdu.OK {
			t.Fatalf("%s: %v", command, got)
		}
	}
	return c, m
}

// hashOf is the BAC key seed that the applet keeps.
func hashOf(m *chiptest.Memory) []byte { return m.State().MRZHash }

// basicSession runs BAC.
func basicSession(t *testing.T, c *virtual.Chip, hash []byte) *sm.Channel {
	t.Helper()
	slot := &virtual.Slot{}
	slot.Put(c)
	card, err := slot.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apdu.Exchange(t.Context(), card, apdu.Command{INS: 0xA4, P1: 4, P2: 0x0C,
		Data: unhex(t, "a0000002471001")}); err != nil {
		t.Fatal(err)
	}
	s, err := bac.Terminal{Rand: rand.Reader}.Run(t.Context(), card, hash)
	if err != nil {
		t.Fatal(err)
	}
	return &sm.Channel{Transmitter: card, Session: s}
}

// TestAppletInClear holds the chip against every row of the table that a plain command shows.
func TestAppletInClear(t *testing.T) {
	modulus := strings.Repeat("c1", 128)
	for _, test := range []struct {
		name    string
		before  []string
		command string
		want    apdu.Status
	}{
		{"select gives no FCI", nil, selectApplication, apdu.OK},
		{"extended length", nil, "00a4020c000002011e", apdu.WrongLength},
		{"create", nil, appletCOM, apdu.OK},
		{"create again, smaller", []string{appletCOM}, "00e00000066304" + "0008" + "011e", apdu.OK},
		{"create again, as first", []string{appletCOM, "00e000000663040008011e"}, appletCOM, apdu.OK},
		{"create again, larger", []string{appletCOM}, "00e00000066304" + "0011" + "011e", apdu.NoMemory},
		{"create DG3", nil, "00e00000066304" + "0010" + "0103", apdu.SecurityStatus},
		{"create DG4", nil, "00e00000066304" + "0010" + "0104", apdu.SecurityStatus},
		{"create DG16", nil, "00e00000066304" + "0010" + "0110", apdu.Unspecified},
		{"create EF.DIR", nil, "00e00000066304" + "0010" + "2f00", apdu.Unspecified},
		{"create DG15", nil, "00e00000066304" + "0010" + "010f", apdu.OK},
		{"create 7FFF bytes", nil, "00e00000066304" + "7fff" + "0102", apdu.OK},
		{"create 8000 bytes", nil, "00e00000066304" + "8000" + "0102", apdu.Unspecified},
		{"create after the lock", []string{appletLock}, appletCOM, apdu.ConditionsOfUse},
		{"create DG3 after the lock", []string{appletLock}, "00e000000663040010" + "0103", apdu.SecurityStatus},
		{"select a file", []string{appletCOM}, appletChoose, apdu.OK},
		{"select an absent file", nil, appletChoose, apdu.FileNotFound},
		{"select after the lock", []string{appletCOM, appletLock}, appletChoose, apdu.SecurityStatus},
		{"create does not select", []string{appletCOM}, "00d600000160", apdu.ConditionsOfUse},
		{"write", []string{appletCOM, appletChoose}, "00d600000160", apdu.OK},
		{"write the last byte", []string{appletCOM, appletChoose}, "00d6000f0160", apdu.OK},
		{"write beyond the size", []string{appletCOM, appletChoose}, "00d60010" + "0160", apdu.NoMemory},
		{"write after the lock", []string{appletCOM, appletChoose, appletLock}, "00d600000160", apdu.ConditionsOfUse},
		{"read without BAC, open", []string{appletCOM, appletChoose}, "00b0000008", apdu.SecurityStatus},
		{"read without BAC, locked", []string{appletCOM, appletChoose, appletLock}, "00b0000008", apdu.SecurityStatus},
		{"BAC keys", nil, appletKeys, apdu.OK},
		{"BAC keys, number unpadded", nil, appletUnpadded, apdu.OK},
		{"BAC keys, small letter", nil, strings.Replace(appletKeys, "4c38", "6c38", 1), 0x6D04},
		{"BAC keys after the lock", []string{appletLock}, appletKeys, apdu.ConditionsOfUse},
		{"AA modulus, outer length 00", nil, "00da0060856000048180" + modulus, apdu.OK},
		{"AA modulus, well formed", nil, "00da006086" + "608183048180" + modulus, apdu.Unspecified},
		{"AA exponent", nil, "00da0061856100048180" + modulus, apdu.OK},
		{"AA exponent, another length", nil, "00da006115" + "6100048110" + modulus[:32], apdu.OK},
		{"AA modulus after the lock", []string{appletLock}, "00da0060856000048180" + modulus, apdu.ConditionsOfUse},
		{"lock of an empty chip", nil, appletLock, apdu.OK},
		{"lock twice", []string{appletLock}, appletLock, apdu.ConditionsOfUse},
		{"challenge of eight", []string{appletKeys}, "0084000008", apdu.OK},
		{"challenge of all", []string{appletKeys}, "0084000000", apdu.WrongLength},
		{"challenge without keys", nil, "0084000008", apdu.ConditionsOfUse},
		{"question about the state", nil, "80ca9f7f00", apdu.UnknownInstruction},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := script(t, test.before...)
			if got := statusOf(t, c, test.command); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestAppletUnpaddedNumber shows the trap: the key is another one.
func TestAppletUnpaddedNumber(t *testing.T) {
	_, padded := script(t, appletKeys)
	_, unpadded := script(t, appletUnpadded)
	if hex.EncodeToString(hashOf(padded)) == hex.EncodeToString(hashOf(unpadded)) {
		t.Error("the same key")
	}
	if want := "239ab9cb282daf66231dc5a4df6bfbae"; !strings.HasPrefix(hex.EncodeToString(hashOf(padded)), want) {
		t.Errorf("K_seed %x, want that of Doc 9303-11, D.2", hashOf(padded))
	}
}

// TestAppletInSession holds it against the rows that need BAC.
func TestAppletInSession(t *testing.T) {
	c, m := script(t, appletKeys, appletCOM, appletChoose, "00d60000026001")
	ch := basicSession(t, c, hashOf(m))
	ask := func(command string) apdu.Response {
		t.Helper()
		cmd, err := apdu.ParseCommand(unhex(t, command))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ch.Do(t.Context(), cmd)
		if _, ok := apdu.StatusOf(err); err != nil && !ok {
			t.Fatal(err)
		}
		return r
	}
	for _, test := range []struct {
		name, command string
		want          apdu.Status
		data          string
	}{
		{"select", appletChoose, apdu.OK, ""},
		{"read", "00b0000002", apdu.OK, "6001"},
		{"read over the end", "00b0000ec0", apdu.OK, "0000"},
		{"read at the size", "00b0001001", apdu.OK, ""},
		{"read beyond the size", "00b0001101", apdu.Unspecified, ""},
		{"read all", "00b0000000", apdu.OK, ""},
		{"no short identifiers", "00b09e0001", apdu.Unspecified, ""},
		{"create", "00e00000066304" + "0010" + "0101", apdu.OK, ""},
		{"put data", appletKeys, apdu.OK, ""},
	} {
		if r := ask(test.command); r.Status != test.want || hex.EncodeToString(r.Data) != test.data {
			t.Errorf("%s: %v, %x", test.name, r.Status, r.Data)
		}
	}
	wrapped, err := ch.Session.Wrap(apdu.Command{INS: 0xD6, Data: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := wrapped.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := statusOf(t, c, hex.EncodeToString(b)); got != 0x0001 {
		t.Errorf("UPDATE under secure messaging: %v, want 0001", got)
	}
}

// TestAppletLockedForEver: what a locked chip takes in a session, and what resets change.
func TestAppletLockedForEver(t *testing.T) {
	c, m := script(t, appletKeys, appletCOM, appletLock)
	ch := basicSession(t, c, hashOf(m))
	for _, command := range []string{appletCOM, appletKeys, appletLock} {
		cmd, err := apdu.ParseCommand(unhex(t, command))
		if err != nil {
			t.Fatal(err)
		}
		if r, _ := ch.Do(t.Context(), cmd); r.Status != apdu.ConditionsOfUse {
			t.Errorf("%s in a session: %v", command, r.Status)
		}
	}
	if got := statusOf(t, c, appletChoose); got != apdu.OK {
		t.Errorf("the flag of BAC went without a reset: %v", got)
	}
	c.Power()
	if got := statusOf(t, c, selectApplication); got != apdu.OK {
		t.Fatal(got)
	}
	if got := statusOf(t, c, appletChoose); got != apdu.SecurityStatus {
		t.Errorf("after a reset: %v", got)
	}
}

// TestAppletRetriesForEver: there is no counter of wrong keys.
func TestAppletRetriesForEver(t *testing.T) {
	c, m := script(t, appletKeys)
	for range 20 {
		if got := statusOf(t, c, "0084000008"); got != apdu.OK {
			t.Fatal(got)
		}
		if got := statusOf(t, c, "0082000028"+strings.Repeat("5a", 40)+"28"); got != apdu.AuthFailed {
			t.Fatalf("wrong key: %v", got)
		}
	}
	basicSession(t, c, hashOf(m))
}

// FuzzApplet sends two commands to an open chip with a file: it answers, whatever they are.
func FuzzApplet(f *testing.F) {
	for _, s := range []string{appletKeys, appletCOM, appletChoose, appletLock, appletUnpadded, "00d600000160",
		"0084000008", "00da0060856000048180", "0cb000000d9701048e08ed6705417e96ba5500"} {
		f.Add(unhex(f, s), unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		c := chiptest.Insert(t, chiptest.NewApplet(t))
		for _, b := range [][]byte{unhex(t, selectApplication), unhex(t, appletCOM), unhex(t, appletChoose), first, second} {
			if answer, err := c.Transmit(b); err != nil || len(answer) < 2 {
				t.Errorf("answer % X, %v", answer, err)
			}
		}
	})
}

// TestClock: a chip whose clock sleeps takes all the time that is counted, and a slow one its delay.
func TestClock(t *testing.T) {
	air, err := virtual.NewAir(424)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := script(t, appletCOM, appletChoose)
	var slept time.Duration
	k := &virtual.Clock{Air: air, Sleep: func(d time.Duration) { slept += d }}
	c.SetClock(k)
	c.Power()
	for _, command := range []string{selectApplication, appletChoose, "00d60000026001"} {
		if got := statusOf(t, c, command); got != apdu.OK {
			t.Fatal(got)
		}
	}
	want := air.Activation() + air.Exchange(12, 2) + air.Exchange(7, 2) + air.Exchange(7, 2)
	if k.Spent != want || k.Flash != air.Flash(2) || k.Resets != 1 || slept != k.Spent+k.Flash {
		t.Errorf("%+v, slept %s, want %s on the air", k, slept, want)
	}
	c.SetClock(nil)
	c.SetFaults(virtual.Faults{Delay: 30 * time.Millisecond})
	began := time.Now()
	if got := statusOf(t, c, appletChoose); got != apdu.OK || time.Since(began) < 30*time.Millisecond {
		t.Errorf("%v after %s", got, time.Since(began))
	}
}
