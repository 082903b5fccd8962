package main_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/station/issuance"
)

// voidBook lays a page into a drawer of the training office's desk that is no booklet of the office.
func (b *bureau) voidBook(serial string, page image.Image) {
	b.t.Helper()
	if _, err := b.desk().AddBook(serial); err != nil {
		b.t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, page); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.desk().PagePath(serial), buf.Bytes(), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// TestTechniciansVisit calibrates the training office from the command line: the scanner by its card, the
// MRZ test card, the printer by void pages, the reader by a chip; and shows what is kept.
func TestTechniciansVisit(t *testing.T) {
	b := openBureau(t)
	tech := []string{"--token", b.office.Token("T-01"), "--yes", "--json"}
	signed := append([]string{"--witness", b.office.Token("C-01")}, tech...)
	call := func(words []string, more ...string) []string { return append(words, more...) }

	b.refused("role", "calibrate", "card", "--token", b.office.Token("O-01"), "--yes")
	b.refused("device-not-calibrated", call([]string{"calibrate", "printer", "--void", "V1,V2,V3,V4"}, signed...)...)
	sheet := filepath.Join(b.office.Path("pages"), "9-card.png")
	b.ok("calibrate", "sheet", "scanner", "--dpi", "300", "--out", sheet)
	if err := b.desk().Clear(desk.Scanner); err != nil {
		t.Fatal(err)
	}
	scanner := b.calibration(call([]string{"calibrate", "scanner"}, signed...)...)
	if !scanner.OK || scanner.Scanner == nil || scanner.Time == 0 || scanner.Witness == "" {
		t.Errorf("scanner: %+v", scanner)
	}
	l, err := printing.Utopia()
	if err != nil {
		t.Fatal(err)
	}
	card, err := calibration.Card(t.Context(), l, 300)
	if err != nil {
		t.Fatal(err)
	}
	b.voidBook("CARD", card)
	if err := b.desk().Move("CARD", desk.Scanner); err != nil {
		t.Fatal(err)
	}
	b.ok(call([]string{"calibrate", "card"}, tech...)...)
	blank, err := printing.RenderBlank(t.Context(), "VOID", l, 300)
	if err != nil {
		t.Fatal(err)
	}
	for _, serial := range []string{"V1", "V2", "V3", "V4"} {
		b.voidBook(serial, blank)
	}
	b.refused("page-not-void", call([]string{"calibrate", "printer", "--void", b.serial + ",V2,V3,V4"}, signed...)...)
	printer := b.calibration(call([]string{"calibrate", "printer", "--void", "V1,V2,V3,V4"}, signed...)...)
	if !printer.OK || printer.Printer == nil || printer.Printer.Prints != 3 || printer.Serial == "" {
		t.Errorf("printer: %+v", printer)
	}
	b.ok(call([]string{"calibrate", "reader", "--serial", b.serial}, tech...)...)
	chart := filepath.Join(t.TempDir(), "chart.svg")
	var status []struct {
		Word    string                 `json:"word"`
		History []issuance.Calibration `json:"history"`
	}
	if err := json.Unmarshal([]byte(b.ok("calibrate", "status", "--json", "--chart", chart)), &status); err != nil {
		t.Fatal(err)
	}
	if len(status) != 2 || status[0].Word != "ok" || status[1].Word != "ok" || len(status[1].History) != 1 {
		t.Errorf("status: %+v", status)
	}
	b.listsCalibrations()
	if drawn, err := os.ReadFile(chart); err != nil || !bytes.HasPrefix(drawn, []byte("<svg")) {
		t.Errorf("chart: %v", err)
	}
}

// listsCalibrations: the list of devices says when each was calibrated, and what stands in the way of one.
func (b *bureau) listsCalibrations() {
	b.t.Helper()
	b.fault("printer", "cover-open")
	defer b.fault("printer", "")
	out, _, status := b.run("devices", "test", "--json")
	var list []struct {
		Kind     string `json:"kind"`
		Identity struct {
			Firmware string `json:"firmware"`
		} `json:"identity"`
		Conditions  []string `json:"conditions"`
		Calibration *struct {
			OK      bool   `json:"ok"`
			Witness string `json:"witness"`
		} `json:"calibration"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		b.t.Fatal(err)
	}
	if status != 1 || len(list) < 2 || list[0].Kind != "scanner" || list[1].Kind != "printer" {
		b.t.Fatalf("status %d: %+v", status, list)
	}
	for _, d := range list[:2] {
		if d.Calibration == nil || !d.Calibration.OK || d.Calibration.Witness == "" {
			b.t.Errorf("%+v", d)
		}
	}
	if p := list[1]; len(p.Conditions) != 1 || p.Conditions[0] != "cover-open" || p.Identity.Firmware == "" {
		b.t.Errorf("printer: %+v", p)
	}
}

func (b *bureau) calibration(args ...string) issuance.Calibration {
	b.t.Helper()
	var c issuance.Calibration
	if err := json.Unmarshal([]byte(b.ok(args...)), &c); err != nil {
		b.t.Fatal(err)
	}
	return c
}
