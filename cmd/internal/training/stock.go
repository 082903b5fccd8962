package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

// delivery is how many blanks the pretended maker sends at a time; lowStock is when.
const (
	delivery = 6
	lowStock = 2
)

// Supply has the maker send blanks when few are left, and headquarters allocate what was sent. It
// must be called before Start: the vault reads the maker's key when it opens.
func (o *Office) Supply(ctx context.Context) error {
	left, next, err := o.count(ctx)
	if err != nil {
		return fmt.Errorf("supply: %w", err)
	}
	key := o.Path("transport.key")
	if left < lowStock {
		args := []string{"stock", "--desk", o.Path("desk"), "--count", strconv.Itoa(delivery), "--prefix", "UT",
			"--start", strconv.Itoa(next), "--out", o.Path(fmt.Sprintf("delivery-%d.json", next)), "--transport-key", key}
		if err := o.run(ctx, "simulator", args...); err != nil {
			return err
		}
	}
	sent, err := filepath.Glob(o.Path("delivery-*.json"))
	if err != nil {
		return err
	}
	for _, manifest := range sent {
		mark := manifest + ".allocated"
		if _, err := os.Stat(mark); err == nil {
			continue
		}
		if err := o.run(ctx, "headquarters", "stock", "allocate",
			"--station", StationID, "--manifest", manifest, "--transport-key", key); err != nil {
			return err
		}
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Delivery is what the maker has sent in one shipment: what can be read from its bags, and what a person
// who opens them finds.
type Delivery struct {
	Shipment string
	Seals    map[string]station.SealRead
	Blanks   map[string][]station.Serial // by bag
}

// Deliveries lists what the maker has sent.
func (o *Office) Deliveries() ([]Delivery, error) {
	sent, err := filepath.Glob(o.Path("delivery-*.json"))
	if err != nil {
		return nil, err
	}
	var out []Delivery
	for _, path := range sent {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var m struct {
			Shipment string `json:"shipment"`
			Bags     []struct {
				Name string `json:"name"`
				Seal string `json:"seal"`
			} `json:"bags"`
			Blanks []struct {
				Serial station.Serial `json:"serial"`
				Bag    string         `json:"bag"`
			} `json:"blanks"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		d := Delivery{m.Shipment, map[string]station.SealRead{}, map[string][]station.Serial{}}
		for _, b := range m.Bags {
			d.Seals[b.Name] = station.SealRead{Number: b.Seal}
		}
		for _, b := range m.Blanks {
			d.Blanks[b.Bag] = append(d.Blanks[b.Bag], b.Serial)
		}
		out = append(out, d)
	}
	return out, nil
}

// firstSerial is the number of the first blank.
const firstSerial = 4200001

// count tells how many blanks can still be used and the number of the next to be made.
func (o *Office) count(ctx context.Context) (left, next int, err error) {
	table, err := o.Desk()
	if err != nil {
		return 0, 0, err
	}
	made, err := table.Books()
	if err != nil {
		return 0, 0, err
	}
	next = firstSerial + len(made)
	deliveries, err := o.Deliveries()
	if err != nil {
		return 0, 0, err
	}
	sent := 0
	for _, d := range deliveries {
		for _, bag := range d.Blanks {
			sent += len(bag)
		}
	}
	path := o.Path("station", "station.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return sent, next, nil
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	known := 0
	err = store.View(ctx, func(tx issuance.Tx) error {
		books, err := tx.AllBooklets()
		for _, b := range books {
			known++
			if b.State == station.StateReceived || b.State == station.StateAvailable {
				left++
			}
		}
		return err
	})
	return left + sent - known, next, err
}
