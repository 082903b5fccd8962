package chip

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/devices/virtual/desk"
)

// Manifest is what the maker of blanks declares of a delivery.
type Manifest struct {
	Maker    string         `json:"maker"`
	Product  string         `json:"product"`
	Shipment string         `json:"shipment,omitempty"`
	Bags     []SealedBag    `json:"bags,omitempty"`
	Blanks   []BlankBooklet `json:"blanks"`
}

// SealedBag is one bag of a delivery and the number of its seal.
type SealedBag struct {
	Name string `json:"name"`
	Seal string `json:"seal"`
}

// BlankBooklet is one blank: its printed serial and its chip.
type BlankBooklet struct {
	Serial string `json:"serial"`
	ChipID HexID  `json:"chipId"`
	Bag    string `json:"bag,omitempty"`
}

// HexID is a chip identifier, written as hexadecimal digits.
type HexID []byte

// MarshalText writes the digits.
func (h HexID) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", []byte(h)), nil }

// UnmarshalText reads the digits.
func (h *HexID) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("chip identifier: %w", err)
	}
	*h = b
	return nil
}

// Maker makes blanks as a factory would. Rand gives serials and identifiers, and the transport key
// unless MasterKey is set. Page, if not nil, draws the data page of each new book into the file at
// path, which must be a PNG.
type Maker struct {
	Rand      io.Reader
	Prefix    string // two letters
	Start     int    // first number; 0 draws one
	MasterKey []byte // 32 bytes; drawn where nil
	BagSize   int    // blanks in a sealed bag; 0 packs without bags
	Page      func(serial, path string) error
}

var prefixForm = regexp.MustCompile(`^[A-Z]{2}$`)

// serials of seven digits.
const serialNumbers = 10_000_000

// MakeBlanks puts count new books with blank chips into the desk's drawer and returns the maker's
// manifest and the master key that their chips' keys are derived from. Serials are two letters and
// seven digits: the form of a document number.
func (m Maker) MakeBlanks(d *desk.Desk, count int) (Manifest, []byte, error) {
	if !prefixForm.MatchString(m.Prefix) {
		return Manifest{}, nil, fmt.Errorf("prefix %q: want two letters A-Z", m.Prefix)
	}
	if count < 1 || count >= serialNumbers {
		return Manifest{}, nil, fmt.Errorf("%d blanks: want 1 to %d", count, serialNumbers-1)
	}
	start, err := m.first(count)
	if err != nil {
		return Manifest{}, nil, err
	}
	master := m.MasterKey
	if master == nil {
		master = make([]byte, 32)
		if _, err := io.ReadFull(m.Rand, master); err != nil {
			return Manifest{}, nil, fmt.Errorf("draw transport key: %w", err)
		}
	}
	out := Manifest{Maker: "Padarozhnik virtual booklets", Product: "reference"}
	for n := start; n < start+count; n++ {
		b, err := m.makeOne(d, fmt.Sprintf("%s%07d", m.Prefix, n), master)
		if err != nil {
			return Manifest{}, nil, err
		}
		out.Blanks = append(out.Blanks, b)
	}
	return out, master, m.pack(&out)
}

// pack puts the blanks into sealed bags, if the maker uses any.
func (m Maker) pack(out *Manifest) error {
	if m.BagSize < 1 {
		return nil
	}
	out.Shipment = "D-" + out.Blanks[0].Serial
	for i := range out.Blanks {
		if i%m.BagSize == 0 {
			n, err := rand.Int(m.Rand, big.NewInt(serialNumbers))
			if err != nil {
				return fmt.Errorf("draw seal: %w", err)
			}
			bag := SealedBag{Name: fmt.Sprint(len(out.Bags) + 1), Seal: fmt.Sprintf("SL%07d", n)}
			out.Bags = append(out.Bags, bag)
		}
		out.Blanks[i].Bag = out.Bags[len(out.Bags)-1].Name
	}
	return nil
}

// first is the first number of the run.
func (m Maker) first(count int) (int, error) {
	if m.Start < 0 || m.Start+count > serialNumbers {
		return 0, fmt.Errorf("start %d: want seven digits for %d blanks", m.Start, count)
	}
	if m.Start > 0 {
		return m.Start, nil
	}
	n, err := rand.Int(m.Rand, big.NewInt(int64(serialNumbers-count)))
	if err != nil {
		return 0, fmt.Errorf("draw serial: %w", err)
	}
	return int(n.Int64()) + 1, nil
}

func (m Maker) makeOne(d *desk.Desk, serial string, master []byte) (BlankBooklet, error) {
	state, err := NewState(m.Rand, func(id []byte) (devices.SCP03Keys, error) { return scp03.Diversify(master, id) })
	if err != nil {
		return BlankBooklet{}, fmt.Errorf("blank %s: %w", serial, err)
	}
	if _, err := d.AddBook(serial); err != nil {
		return BlankBooklet{}, err
	}
	if err := (FileStore{Path: d.ChipPath(serial)}).Save(state); err != nil {
		return BlankBooklet{}, fmt.Errorf("blank %s: %w", serial, err)
	}
	if m.Page != nil {
		if err := m.Page(serial, d.PagePath(serial)); err != nil {
			return BlankBooklet{}, fmt.Errorf("blank %s: page: %w", serial, err)
		}
	}
	return BlankBooklet{Serial: serial, ChipID: state.ChipID}, nil
}

// JSON writes the manifest as the maker delivers it.
func (m Manifest) JSON() ([]byte, error) {
	if len(m.Blanks) == 0 {
		return nil, errors.New("manifest of no blanks")
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return append(b, '\n'), nil
}
