package chip_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

const childVariable = "PADAROZHNIK_TEST_CHIP"

// TestChildPersonalises is what TestKilledAtAnyTime kills: it personalises the chip in the file
// that the environment names, with an order made for the purpose, and prints when it begins.
func TestChildPersonalises(t *testing.T) {
	path := os.Getenv(childVariable)
	if path == "" {
		return // nobody to kill it
	}
	store := virtual.FileStore{Path: path}
	s, err := store.Load()
	if err != nil {
		t.Fatal(err)
	}
	country := chiptest.NewCountry(t)
	personaliseFile(t, store, country, country.Order(t, chiptest.Book{Side: 200}, s), func() { fmt.Println("begins") })
}

func personaliseFile(t *testing.T, store virtual.FileStore, c chiptest.Country, o devices.ChipOrder, begins func()) {
	t.Helper()
	slot := &virtual.Slot{}
	slot.Put(chiptest.Insert(t, store))
	e, err := chip.NewEncoder(slot, chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	begins()
	if _, err := e.Personalise(t.Context(), o, c.Trust, chiptest.Now(), nil); err != nil {
		t.Fatal(err)
	}
}

// TestKilledAtAnyTime kills the process that plays a chip while it is written, and finds a whole
// memory behind it each time.
func TestKilledAtAnyTime(t *testing.T) {
	lives := map[virtual.Life]int{}
	for n := range 12 {
		dir := t.TempDir()
		path := filepath.Join(dir, "chip.state")
		store := virtual.FileStore{Path: path}
		blank := chiptest.NewBlank(t).State()
		if err := store.Save(blank); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0], "-test.run=^TestChildPersonalises$")
		child.Env = append(os.Environ(), childVariable+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(n*n) * time.Millisecond)
		_ = child.Process.Kill() // it may be done already
		_ = child.Wait()
		s, err := store.Load()
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		lives[s.Life]++
		if string(s.ChipID) != string(blank.ChipID) {
			t.Error("another chip came back")
		}
		if _, err := virtual.Open(store, rand.Reader); err != nil {
			t.Error(err)
		}
	}
	t.Logf("lives after the kill: %v", lives)
}
