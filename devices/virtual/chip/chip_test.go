package chip_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"reflect"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/devices/virtual/desk"
)

// locked is a personalised chip.
func locked(t testing.TB) (*virtual.Chip, devices.ChipOrder) {
	t.Helper()
	country, m := chiptest.NewCountry(t), chiptest.NewBlank(t)
	o := country.Order(t, chiptest.Book{}, m.State())
	slot := &virtual.Slot{}
	slot.Put(chiptest.Insert(t, m))
	e, err := chip.NewEncoder(slot, chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil); err != nil {
		t.Fatal(err)
	}
	return chiptest.Insert(t, m), o
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const selectApplication = "00a4040c07a0000002471001"

func statusOf(t *testing.T, c *virtual.Chip, command string) apdu.Status {
	t.Helper()
	b, err := c.Transmit(unhex(t, command))
	if err != nil {
		t.Fatal(err)
	}
	r, err := apdu.ParseResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	return r.Status
}

// TestPlainCommands sends each command in clear to a blank and to a locked chip. On a locked chip
// the application is closed (ICAO Doc 9303-10, 3.6.1).
func TestPlainCommands(t *testing.T) {
	end, _ := locked(t)
	for _, test := range []struct {
		name, command string
		blank, locked apdu.Status
	}{
		{"select application", selectApplication, apdu.OK, apdu.SecurityStatus},
		{"select another application", "00a4040c05a000000001", apdu.FileNotFound, apdu.FileNotFound},
		{"select EF.ATR/INFO", "00a4020c022f01", apdu.OK, apdu.OK},
		{"select EF.CardAccess", "00a4020c02011c", apdu.FileNotFound, apdu.OK},
		{"select DG1", "00a4020c020101", apdu.FileNotFound, apdu.SecurityStatus},
		{"read without a file", "00b0000008", apdu.NoCurrentFile, apdu.SecurityStatus},
		{"read EF.ATR/INFO by short identifier", "00b0810000", apdu.OK, apdu.OK},
		{"production data", "80ca9f7f00", apdu.OK, apdu.SecurityStatus},
		{"unknown data", "80ca006600", apdu.ReferenceNotFound, apdu.SecurityStatus},
		{"create", "00e000000262" + "00", apdu.SecurityStatus, apdu.SecurityStatus},
		{"update", "00d60000010100"[:12], apdu.SecurityStatus, apdu.SecurityStatus},
		{"store data", "80e2e8000101", apdu.SecurityStatus, apdu.SecurityStatus},
		{"lock", "80f0400f07a0000002471001", apdu.SecurityStatus, apdu.SecurityStatus},
		{"channel without application", "8050010008000000000000000000", apdu.ConditionsOfUse, apdu.ConditionsOfUse},
		{"session of nobody", "0cb000000d9701048e08ed6705417e96ba5500", apdu.SMObjectWrong, apdu.SMObjectWrong},
		{"channel of nobody", "84e2e800080102030405060708", apdu.SecurityStatus, apdu.SecurityStatus},
		{"PACE without password", "0022c1a40f800a04007f00070202040202830101", apdu.ReferenceNotFound, apdu.OK},
		{"PACE of another kind", "0022c1a40f800a04007f00070202040402830101", apdu.ReferenceNotFound, apdu.WrongData},
		{"unknown password", "0022c1a40f800a04007f00070202040202830103", apdu.ReferenceNotFound, apdu.ReferenceNotFound},
		{"round without a run", "10860000027c0000", apdu.ConditionsOfUse, apdu.ConditionsOfUse},
		{"challenge of BAC", "0084000008", apdu.UnknownInstruction, apdu.UnknownInstruction},
		{"nonsense", "00ff0000", apdu.UnknownInstruction, apdu.UnknownInstruction},
		{"cut short", "00a40204", apdu.WrongP1P2, apdu.WrongP1P2},
		{"length beyond the command", "00a4020c05011c", apdu.WrongLength, apdu.WrongLength},
	} {
		t.Run(test.name, func(t *testing.T) {
			blank := chiptest.Insert(t, chiptest.NewBlank(t))
			if got := statusOf(t, blank, test.command); got != test.blank {
				t.Errorf("blank: %v, want %v", got, test.blank)
			}
			end.Power()
			if got := statusOf(t, end, test.command); got != test.locked {
				t.Errorf("locked: %v, want %v", got, test.locked)
			}
		})
	}
}

func TestApplicationFilesAskForASession(t *testing.T) {
	country, m := chiptest.NewCountry(t), chiptest.NewBlank(t)
	o := country.Order(t, chiptest.Book{}, m.State())
	slot := &virtual.Slot{}
	c := chiptest.Insert(t, m)
	slot.Put(c)
	c.SetFaults(virtual.Faults{TearAfter: 30})
	e, err := chip.NewEncoder(slot, chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil); err == nil {
		t.Fatal("the chip was not torn")
	}
	c.Power()
	for _, command := range []string{selectApplication + "", "00a4020c020101", "00b0810008"} {
		want := apdu.SecurityStatus
		if command == selectApplication {
			want = apdu.OK
		}
		if got := statusOf(t, c, command); got != want {
			t.Errorf("%s: %v, want %v", command, got, want)
		}
	}
}

func TestBufferIsTheLongestCommand(t *testing.T) {
	c := chiptest.Insert(t, chiptest.NewBlank(t))
	long, err := apdu.Command{INS: 0xD6, Data: make([]byte, 5000)}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := statusOf(t, c, hex.EncodeToString(long)); got != apdu.WrongLength {
		t.Errorf("status %v, want WrongLength", got)
	}
}

func TestParseFault(t *testing.T) {
	var f virtual.Faults
	for _, s := range []string{"tear-before:3", "tear-after:4", "status:5:6982", "wrong-byte:6", "remove:7",
		"refuse-long:200", "delay:3"} {
		if err := virtual.ParseFault(&f, s); err != nil {
			t.Error(err)
		}
	}
	want := virtual.Faults{TearBefore: 3, TearAfter: 4, StatusAt: 5, Status: apdu.SecurityStatus, WrongByteAtRead: 6,
		SwapAt: 7, ReadRoom: 200, RefuseLong: true, Delay: 3 * time.Millisecond}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("faults %+v", f)
	}
	for _, s := range []string{"", "tear", "tear-before:0", "status:1", "status:1:zz", "flood:1", "remove:1:2"} {
		if err := virtual.ParseFault(&f, s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestMakeBlanks(t *testing.T) {
	d, err := desk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var drawn []string
	maker := virtual.Maker{Rand: rand.Reader, Prefix: "UT", Start: 41, Page: func(serial, _ string) error {
		drawn = append(drawn, serial)
		return nil
	}}
	manifest, master, err := maker.MakeBlanks(d, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(master) != 32 || len(manifest.Blanks) != 3 || len(drawn) != 3 || manifest.Blanks[0].Serial != "UT0000041" {
		t.Errorf("manifest %+v, drawn %v", manifest, drawn)
	}
	b, err := manifest.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back virtual.Manifest
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	for i, blank := range back.Blanks {
		s, err := virtual.FileStore{Path: d.ChipPath(blank.Serial)}.Load()
		if err != nil {
			t.Fatal(err)
		}
		if s.Life != virtual.Blank || !bytes.Equal(s.ChipID, blank.ChipID) || len(blank.ChipID) != 8 {
			t.Errorf("blank %d: %s, %x, manifest %x", i, s.Life, s.ChipID, blank.ChipID)
		}
	}
	if _, _, err := maker.MakeBlanks(d, 1); err == nil {
		t.Error("a serial was made twice")
	}
	for _, bad := range []virtual.Maker{{Prefix: "U"}, {Prefix: "ut"}, {Prefix: "UT", Start: 9_999_999}} {
		bad.Rand = rand.Reader
		if _, _, err := bad.MakeBlanks(d, 2); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestServe talks to the chip as a vpcd reader does.
func TestServe(t *testing.T) {
	near, far := net.Pipe()
	c := chiptest.Insert(t, chiptest.NewBlank(t))
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(t.Context(), far) }()
	ask := func(message []byte, answers bool) []byte {
		t.Helper()
		b := binary.BigEndian.AppendUint16(nil, uint16(len(message)))
		if _, err := near.Write(append(b, message...)); err != nil {
			t.Fatal(err)
		}
		if !answers {
			return nil
		}
		var head [2]byte
		if _, err := io.ReadFull(near, head[:]); err != nil {
			t.Fatal(err)
		}
		out := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(near, out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	ask([]byte{1}, false)
	if atr := ask([]byte{4}, true); !bytes.Equal(atr, c.ATR()) {
		t.Errorf("ATR % X", atr)
	}
	if answer := ask(unhex(t, selectApplication), true); !bytes.Equal(answer, []byte{0x90, 0}) {
		t.Errorf("answer % X", answer)
	}
	ask([]byte{2}, false)
	if answer := ask(unhex(t, "00b0000008"), true); !bytes.Equal(answer, []byte{0x69, 0x86}) {
		t.Errorf("after a reset: % X", answer)
	}
	_ = near.Close()
	if err := <-ended; err == nil {
		t.Error("a reader that hangs up is no error")
	}
}

func FuzzTransmit(f *testing.F) {
	for _, s := range []string{
		selectApplication, "00b0810000", "00b100000454020000ff", "10860000027c0000",
		"0022c1a40f800a04007f00070202040202830101", "8050010008000000000000000000",
		"0cb000000d9701048e08ed6705417e96ba5500", "84e2e800080102030405060708",
	} {
		f.Add(unhex(f, s), unhex(f, s))
	}
	c, _ := locked(f)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		blank := chiptest.NewBlank(t)
		for _, one := range []*virtual.Chip{c, chiptest.Insert(t, blank)} {
			one.Power()
			for _, b := range [][]byte{first, second} {
				if answer, err := one.Transmit(b); err != nil || len(answer) < 2 {
					t.Errorf("answer % X, %v", answer, err)
				}
			}
		}
		if s := blank.State(); s.Life != virtual.Blank {
			t.Error("a chip was written without its keys")
		}
	})
}
