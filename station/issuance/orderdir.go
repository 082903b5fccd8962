package issuance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"padarozhnik/station"
)

// SaveOrder writes an opened order to plain files: order.json, portrait.jpg, and each file of the
// chip as NAME.bin. It refuses unless the profile makes specimens: a real order is never in clear.
func SaveOrder(dir string, p station.Profile, o station.Order) error {
	if p.Mode != station.ModeSpecimen {
		return fmt.Errorf("open an order to files: %w", station.ErrProfile)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	errs := []error{
		os.WriteFile(filepath.Join(dir, "order.json"), append(text, '\n'), 0o600),
		os.WriteFile(filepath.Join(dir, "portrait.jpg"), o.Portrait, 0o600),
	}
	for _, f := range o.Files {
		errs = append(errs, os.WriteFile(filepath.Join(dir, f.Name+".bin"), f.Data, 0o600))
	}
	return errors.Join(errs...)
}

// LoadOrder reads what SaveOrder wrote.
func LoadOrder(dir string) (station.Order, error) {
	var o station.Order
	text, err := os.ReadFile(filepath.Join(dir, "order.json"))
	if err != nil {
		return o, fmt.Errorf("order: %w", err)
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("order: %w: %w", station.ErrMalformed, err)
	}
	if o.Portrait, err = os.ReadFile(filepath.Join(dir, "portrait.jpg")); err != nil {
		return o, fmt.Errorf("order: %w", err)
	}
	for i, f := range o.Files {
		if filepath.Base(f.Name) != f.Name {
			return o, fmt.Errorf("order: file name: %w", station.ErrMalformed)
		}
		if o.Files[i].Data, err = os.ReadFile(filepath.Join(dir, f.Name+".bin")); err != nil {
			return o, fmt.Errorf("order: %w", err)
		}
	}
	return o, nil
}
