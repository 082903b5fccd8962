package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// inked tells whether a page carries more than what the maker printed: the eyes of the pretended
// operator.
func (d *demo) inked(ctx context.Context, serial station.Serial) (bool, error) {
	table, err := d.training.Desk()
	if err != nil {
		return false, err
	}
	raw, err := os.ReadFile(table.PagePath(string(serial)))
	if err != nil {
		return false, err
	}
	page, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return false, err
	}
	blank, err := printing.RenderBlank(ctx, string(serial), d.office.Desk.Layout, d.office.Config.Page.DPI)
	if err != nil {
		return false, err
	}
	b := page.Bounds()
	if b != blank.Bounds() {
		return true, nil
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := page.At(x, y).RGBA()
			wr, wg, wb, _ := blank.At(x, y).RGBA()
			if r != wr || g != wg || bl != wb {
				return true, nil
			}
		}
	}
	return false, nil
}

// leave writes what the finished booklet and its order are, for whoever wants to check.
func (d *demo) leave(ctx context.Context, c station.Case) (string, error) {
	var o station.Order
	err := d.as("I-01", func(seat issuance.Seat) (err error) {
		o, err = d.office.Desk.Order(ctx, seat, d.token)
		return err
	})
	if err != nil {
		return "", err
	}
	defer issuance.Destroy(&o)
	if err := issuance.SaveOrder(filepath.Join(d.out, "order"), d.office.Desk.Charter.Profile, o); err != nil {
		return "", err
	}
	read, err := d.office.Desk.ReadChip(ctx, c.Serial, devices.Password{CAN: o.Secrets.CAN})
	if err != nil {
		return "", err
	}
	if err := dumpFiles(filepath.Join(d.out, "chip"), read.Files); err != nil {
		return "", err
	}
	table, err := d.training.Desk()
	if err != nil {
		return "", err
	}
	job, err := lastJob(d.training.Path("desk", "jobs"))
	if err != nil {
		return "", err
	}
	public := d.training.Path("headquarters", "public")
	trust := filepath.Join(d.out, "trust")
	for from, to := range map[string]string{
		table.PagePath(string(c.Serial)):  filepath.Join(d.out, "page.png"),
		job:                               filepath.Join(d.out, "page.pwg"),
		filepath.Join(public, "csca.der"): filepath.Join(trust, "csca.der"),
		filepath.Join(public, "dsc.der"):  filepath.Join(trust, "dsc.der"),
		filepath.Join(public, "csca.crl"): filepath.Join(trust, "csca.crl"),
	} {
		if err := copyFile(from, to); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("chip opened with its CAN: %d files; page, raster, order and trust left behind",
		len(read.Files)), nil
}

// lastJob is the newest document that the virtual printer kept.
func lastJob(dir string) (string, error) {
	kept, err := filepath.Glob(filepath.Join(dir, "*.pwg"))
	if err != nil || len(kept) == 0 {
		return "", fmt.Errorf("the printer kept no document: %w", errors.Join(err, os.ErrNotExist))
	}
	number := func(path string) int {
		n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".pwg"))
		return n
	}
	return slices.MaxFunc(kept, func(a, b string) int { return number(a) - number(b) }), nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// ledgerLine is one entry in plain words.
type ledgerLine struct {
	Sequence uint64 `json:"sequence"`
	Kind     string `json:"kind"`
	Subject  string `json:"subject,omitempty"`
	Actor    string `json:"actor"`
	Time     int64  `json:"time"`
	Identity string `json:"id"`
}

// leaveLedger writes the station's chain: each entry as signed, and a list of all in plain words.
func (d *demo) leaveLedger(ctx context.Context) error {
	entries, err := d.office.Desk.Journal(ctx, "")
	if err != nil {
		return err
	}
	dir := filepath.Join(d.out, "ledger")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "entries"), 0o755); err != nil {
		return err
	}
	var list bytes.Buffer
	lines := json.NewEncoder(&list)
	for _, s := range entries {
		e := s.Entry
		name := filepath.Join(dir, "entries", fmt.Sprintf("%06d.cose", e.Sequence))
		if err := os.WriteFile(name, s.Raw(), 0o644); err != nil {
			return err
		}
		line := ledgerLine{
			Sequence: e.Sequence, Kind: e.Kind, Subject: e.Subject, Actor: e.Actor, Time: e.Time, Identity: s.ID().String(),
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "entries.jsonl"), list.Bytes(), 0o644); err != nil {
		return err
	}
	return copyFile(d.training.Path("headquarters", "public", "ledger.pub"), filepath.Join(dir, "ledger.pub"))
}
