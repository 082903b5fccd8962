package issuance_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/pcsc"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/devices/virtual/readers"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
	"padarozhnik/station/sqlite"
)

// bornAbroad is the zone of an old passport that expired in 2024.
func bornAbroad(t testing.TB, a station.Applicant) [2]string {
	t.Helper()
	return must(station.Zone(station.Profile{IssuingState: "UTO", DocumentCode: "P"}, a, "UX0031416",
		station.Date{Year: 2014, Month: 3, Day: 3}, station.Date{Year: 2024, Month: 3, Day: 2}))(t)
}

// oldBook is a passport that another Utopian state issued in 2014, with details and a key of Active
// Authentication unless plain.
func oldBook(t testing.TB, c chiptest.Country, plain bool) *chiptest.Memory {
	t.Helper()
	zone := bornAbroad(t, person())
	b := chiptest.Book{Zone: zone[:], Groups: map[int][]byte{
		11: must(lds.DG11{FullName: "VANDROUNAIA<<ZORKA<MIRA", PlaceOfBirth: []string{"ZENITH", "UTOPIA"}}.Bytes())(t),
		12: must(lds.DG12{Authority: "Zenith", Issued: "20140303"}.Bytes())(t),
	}}
	if !plain {
		b.RSA = must(rsa.GenerateKey(rand.Reader, 1024))(t)
	}
	m := chiptest.NewApplet(t)
	slot := &virtualchip.Slot{}
	slot.Put(chiptest.Insert(t, m))
	product := must(products.Load("jmrtd"))(t)
	e := must(chip.NewEncoder(slot, chip.Options{Product: product}))(t)
	if _, err := e.Personalise(t.Context(), c.OldBook(t, b), c.Trust, issued(), nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func issued() time.Time { return time.Date(2014, 3, 3, 9, 0, 0, 0, time.UTC) }

// tampered is the memory of a chip after somebody was at it.
func tampered(m *chiptest.Memory, change func(*virtualchip.State)) *chiptest.Memory {
	s := m.State()
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		s.Files[i].Data = bytes.Clone(s.Files[i].Data)
	}
	change(&s)
	return chiptest.NewMemory(s)
}

// draft opens a case with the zone of an old passport typed in.
func (o *office) draft(d *issuance.Desk, zone [2]string) (issuance.Seat, station.CaseToken) {
	o.t.Helper()
	seat := o.seat(d, "E")
	token := must(d.Enrol(o.t.Context(), seat))(o.t)
	if err := d.TypeOldPassport(o.t.Context(), seat, token, zone); err != nil {
		o.t.Fatal(err)
	}
	return seat, token
}

// TestOldChipLevels reads old passports of every kind through a slot, and sees what is kept of each.
func TestOldChipLevels(t *testing.T) {
	abroad := chiptest.NewCountryOn(t, issued())
	whole, plain := oldBook(t, abroad, false), oldBook(t, abroad, true)
	named := person()
	named.Surname = "VANDROUNAYA"
	tests := []struct {
		name  string
		book  *chiptest.Memory
		trust *pki.TrustStore
		zone  [2]string
		level station.ChipLevel
		fails string // the check that must not pass
		why   station.ChipReason
	}{
		{"with a key", whole, abroad.Trust, bornAbroad(t, person()), station.ChipGenuine, "", ""},
		{"without a key", plain, abroad.Trust, bornAbroad(t, person()), station.ChipSigned, "", ""},
		{"of a state that nobody here knows", whole, pki.NewTrustStore(), bornAbroad(t, person()),
			station.ChipUnknownState, chip.MechanismPassive, station.ChipUnvouched},
		{"copied without its key", tampered(whole, func(s *virtualchip.State) {
			s.Exponent = bytes.Repeat([]byte{3}, 128)
		}), abroad.Trust, bornAbroad(t, person()), station.ChipFalse, chip.MechanismActiveAuth, station.ChipKeyMissing},
		{"with another face", tampered(plain, func(s *virtualchip.State) {
			at := slices.IndexFunc(s.Files, func(f virtualchip.File) bool { return f.ID == 0x0102 })
			s.Files[at].Data[len(s.Files[at].Data)-40] ^= 1
		}), abroad.Trust, bornAbroad(t, person()), station.ChipFalse, chip.MechanismPassive, station.ChipAltered},
		{"with another face, of an unknown state", tampered(plain, func(s *virtualchip.State) {
			at := slices.IndexFunc(s.Files, func(f virtualchip.File) bool { return f.ID == 0x0102 })
			s.Files[at].Data[len(s.Files[at].Data)-40] ^= 1
		}), pki.NewTrustStore(), bornAbroad(t, person()), station.ChipFalse, chip.MechanismPassive, station.ChipAltered},
		{"in a page of another name", whole, abroad.Trust, bornAbroad(t, named), station.ChipFalse, "zone", station.ChipZoneDiffers},
		{"of another book", whole, abroad.Trust, must(station.Zone(station.Profile{IssuingState: "UTO", DocumentCode: "P"},
			person(), "UX0031417", station.Date{Year: 2014, Month: 3, Day: 3},
			station.Date{Year: 2024, Month: 3, Day: 2}))(t), station.ChipSilent, "chip", station.ChipOtherZone},
	}
	o := newOffice(t, 1)
	o.clock = chiptest.Now
	d := o.desk(nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seat, token := o.draft(d, tt.zone)
			d.Documents = tt.trust
			o.slot.Put(chiptest.Insert(t, tt.book))
			got, err := d.ReadOldChip(t.Context(), seat, token, nil)
			if err != nil || got.Level != tt.level {
				t.Fatalf("level %q, want %q: %v, %v", got.Level, tt.level, got.Checks, err)
			}
			failed := got.Failed()
			if tt.fails == "" && len(got.Face) == 0 {
				t.Error("the face of the chip was not kept")
			}
			if tt.fails != "" && !slices.ContainsFunc(failed, func(c station.ChipCheck) bool {
				return c.What == tt.fails && c.Why == tt.why
			}) {
				t.Errorf("failed %v, want %s for %s", failed, tt.fails, tt.why)
			}
			for _, c := range got.Checks {
				if !slices.Contains(station.ChipReasons(), c.Why) || c.Word() == (station.ChipCheck{OK: c.OK}).Word() {
					t.Errorf("%s has no word for an officer: %+v", c.What, c)
				}
			}
			a := must(d.Application(t.Context(), seat, token))(t)
			at := slices.IndexFunc(a.Evidence, func(e station.Evidence) bool { return e.Kind == station.ChipProof })
			if at < 0 || a.OldPassport.Chip.Level != tt.level || len(a.Portrait) != 0 {
				t.Fatalf("kept: %+v, evidence %+v", a.OldPassport.Chip, a.Evidence)
			}
			if a.Evidence[at].Note == "" || a.Evidence[at].Proven != tt.level.Proven() {
				t.Errorf("evidence %+v", a.Evidence[at])
			}
			rules := d.Charter.Profile.Rules
			with := a.Score(rules, station.IdentityExists)
			a.Evidence = slices.Delete(a.Evidence, at, at+1)
			if more := with > a.Score(rules, station.IdentityExists); more != tt.level.Proven() {
				t.Errorf("the chip adds points: %v", more)
			}
			if tt.level == station.ChipFalse && (got.Face != nil || got.FullName != "") {
				t.Error("something was taken from a chip that is not authentic")
			}
			if err := d.Withdraw(t.Context(), seat, token); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestOldChipNeedsAPerson: what is wrong with the desk is an error and no verdict; a chip that cannot be
// read at all is put down by the officer, with a reason.
func TestOldChipNeedsAPerson(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	if _, err := d.ReadOldChip(t.Context(), seat, token, nil); !errors.Is(err, issuance.ErrNoZone) {
		t.Errorf("no zone: %v", err)
	}
	if err := d.TypeOldPassport(t.Context(), seat, token, bornAbroad(t, person())); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadOldChip(t.Context(), seat, token, nil); !errors.Is(err, devices.ErrNoChip) {
		t.Errorf("no chip: %v", err)
	}
	if err := d.WaiveOldChip(t.Context(), seat, token, " "); !errors.Is(err, station.ErrReason) {
		t.Errorf("no reason: %v", err)
	}
	if err := d.WaiveOldChip(t.Context(), seat, token, "the book is of 2004 and has none"); err != nil {
		t.Fatal(err)
	}
	a := must(d.Application(t.Context(), seat, token))(t)
	if a.OldPassport.Chip.Level != station.ChipSilent || a.Evidence[len(a.Evidence)-1].Proven {
		t.Errorf("%+v", a.OldPassport.Chip)
	}
	if err := d.TypeOldPassport(t.Context(), seat, token, bornAbroad(t, person())); err != nil {
		t.Fatal(err)
	}
	a = must(d.Application(t.Context(), seat, token))(t)
	if a.OldPassport.Chip != nil || slices.ContainsFunc(a.Evidence, func(e station.Evidence) bool { return e.Kind == station.ChipProof }) {
		t.Error("a zone that was entered anew still has the chip of the one before")
	}
	if _, err := d.ReadOldChip(t.Context(), o.seat(d, "A"), token, nil); !errors.Is(err, station.ErrRole) {
		t.Errorf("another officer: %v", err)
	}
}

// TestScenario1F2 is the failure of that name: a chip that is silent or not authentic, on a real reader
// service. The evidence drops, the reason is kept, and the case goes on to its submission.
func TestScenario1F2(t *testing.T) {
	lease, release, err := readers.New().Lease(t.Context())
	if err != nil {
		t.Fatalf("virtual readers: %v (run make deps)", err)
	}
	defer release()
	abroad := chiptest.NewCountryOn(t, issued())
	whole := oldBook(t, abroad, false)
	copied := tampered(whole, func(s *virtualchip.State) { s.Exponent = bytes.Repeat([]byte{3}, 128) })
	o := newOffice(t, 1)
	o.clock = chiptest.Now
	d := o.desk(nil)
	d.Documents = abroad.Trust
	reader := pcsc.NewService(pcsc.Deadlines{}).Reader(lease.ReaderName)
	d.Encoder = must(chip.NewEncoder(reader, chip.Options{}))(t)
	for _, tt := range []struct {
		name  string
		book  *chiptest.Memory
		level station.ChipLevel
		sum   int
	}{{"genuine", whole, station.ChipGenuine, 4}, {"not authentic", copied, station.ChipFalse, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, takeAway := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- chiptest.Insert(t, tt.book).ServeAt(ctx, lease.Port) }()
			defer func() { takeAway(); <-ended }()
			if err := reader.WaitChip(t.Context()); err != nil {
				t.Fatal(err)
			}
			seat, token := o.draft(d, bornAbroad(t, person()))
			got, err := d.ReadOldChip(t.Context(), seat, token, nil)
			if err != nil || got.Level != tt.level {
				t.Fatalf("level %q: %v, %v", got.Level, got.Checks, err)
			}
			err = d.Amend(t.Context(), seat, token, "person", func(a *station.Application) error {
				before := a.Evidence
				if err := complete(a); err != nil {
					return err
				}
				a.Evidence, a.Portrait = append(a.Evidence, before...), portraitBytes()
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			a := must(d.Application(t.Context(), seat, token))(t)
			if a.Score(d.Charter.Profile.Rules, station.IdentityExists) != tt.sum || a.OldPassport.Chip.Origin == "" && tt.level == station.ChipGenuine {
				t.Errorf("%d points, %+v", a.Score(d.Charter.Profile.Rules, station.IdentityExists), a.OldPassport.Chip)
			}
			if err := d.Submit(t.Context(), seat, token); err != nil {
				t.Error(err)
			}
		})
	}
	if err := d.Store.(*sqlite.Store).Close(); err != nil {
		t.Error(err)
	}
}
