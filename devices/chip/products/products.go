// Package products describes the chips that the encoder can personalise, one file each: which
// files and keys a chip takes, by which identifiers, in which order, what it can hold, and how it
// is locked. A vendor's chip that works like one of them is a new file and no new code.
package products

import (
	"bytes"
	"embed"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed *.toml
var files embed.FS

// ErrUnknown is returned for the name of a product that has no file.
var ErrUnknown = errors.New("unknown chip product")

// Hex is a string of bytes, written as hexadecimal digits.
type Hex []byte

// UnmarshalText reads the digits.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return err
	}
	*h = b
	return nil
}

// Product is what the encoder knows of a kind of chip.
type Product struct {
	Name        string `toml:"name"`
	Title       string `toml:"title"`
	Application Hex    `toml:"application"` // selected before the secure channel is opened
	KeyVersion  byte   `toml:"key_version"` // of the SCP03 keys

	Identifier Identifier `toml:"identifier"`
	Life       Life       `toml:"life"`
	Room       Room       `toml:"room"`
	Limits     Limits     `toml:"limits"`
	Steps      []Step     `toml:"step"`
}

// Identifier says where the chip's own identifier stands: bytes of a GET DATA object's content.
type Identifier struct {
	Tag    uint16 `toml:"tag"`
	Offset int    `toml:"offset"`
	Length int    `toml:"length"`
}

// Life maps the life cycle status byte that SELECT gives.
type Life struct {
	Blank   byte `toml:"blank"`
	Partial byte `toml:"partial"`
	Locked  byte `toml:"locked"`
}

// Room says where a chip tells its free memory: a field of a GET DATA object. Overhead is what a
// file costs beside its bytes.
type Room struct {
	Tag      uint16 `toml:"tag"`
	Field    uint32 `toml:"field"`
	Overhead int    `toml:"overhead"`
}

// Limits are what the product can hold at all.
type Limits struct {
	File       int      `toml:"file"`       // bytes of the largest file
	Files      []string `toml:"files"`      // that it can carry
	Required   []string `toml:"required"`   // without which it does not let itself be locked
	Given      []string `toml:"given"`      // that it has from its maker and nobody writes
	PACE       []string `toml:"pace"`       // object identifiers
	Parameters []int    `toml:"parameters"` // standardized domain parameters of PACE and of the chip's keys
	ChipAuth   []string `toml:"chip_auth"`  // object identifiers of Chip Authentication
	RSA        []int    `toml:"rsa"`        // bits of an RSA key for Active Authentication
	CAN        int      `toml:"can"`        // digits
	Short      int      `toml:"short"`      // data bytes of the longest command where the chip states no buffers
}

// Step is one part of the personalisation.
type Step struct {
	Do    string   `toml:"do"`
	Value string   `toml:"value"` // of a store: what goes in
	Group uint16   `toml:"group"` // of a store: data grouping identifier
	First []string `toml:"first"` // of files: these before the others, in this order
	P1    byte     `toml:"p1"`    // of a lock
	P2    byte     `toml:"p2"`
}

// What a step can do.
const (
	Store = "store" // STORE DATA of one value, encrypted under the DEK
	Files = "files" // CREATE FILE and UPDATE BINARY for every file
	Lock  = "lock"  // SET STATUS of the application; always the last step
)

// Values of a store.
const (
	ValueMRZHash  = "mrz-hash"
	ValueCAN      = "can"
	ValueChipAuth = "chip-authentication"

	ValueNumberedChipAuth = "numbered-chip-authentication" // of a key that has a number
	ValueMapping          = "chip-authentication-mapping"
	ValueActiveAuth       = "active-authentication"
)

// values are those that a store can have.
func values() []string {
	return []string{
		ValueMRZHash, ValueCAN, ValueChipAuth, ValueNumberedChipAuth, ValueMapping, ValueActiveAuth,
	}
}

// Stores tells whether a product takes a value.
func (p *Product) Stores(value string) bool {
	for _, s := range p.Steps {
		if s.Do == Store && s.Value == value {
			return true
		}
	}
	return false
}

// Names lists the products.
func Names() ([]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("chip products: %w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names, nil
}

// Load returns the product of a name, or ErrUnknown.
func Load(name string) (*Product, error) {
	b, err := files.ReadFile(name + ".toml")
	if err != nil {
		return nil, fmt.Errorf("%w %q", ErrUnknown, name)
	}
	p, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("chip product %q: %w", name, err)
	}
	return p, nil
}

// Parse reads a product's file. Keys that it does not know are an error.
func Parse(b []byte) (*Product, error) {
	d := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	var p Product
	if err := d.Decode(&p); err != nil {
		return nil, err
	}
	return &p, p.check()
}

func (p *Product) check() error {
	switch {
	case p.Name == "" || len(p.Application) < 5:
		return errors.New("name or application missing")
	case p.Identifier.Length < 1 || p.Identifier.Offset < 0:
		return errors.New("identifier has no length")
	case p.Limits.File < 1 || p.Limits.File > 0xFFFF || p.Limits.Short < 64 || p.Limits.Short > 255:
		return errors.New("limits out of range")
	case len(p.Steps) == 0 || p.Steps[len(p.Steps)-1].Do != Lock:
		return errors.New("last step is not the lock")
	}
	for i, s := range p.Steps {
		known := Carries(values(), s.Value)
		switch {
		case s.Do == Store && known && s.Group != 0:
		case s.Do == Files:
		case s.Do == Lock && i == len(p.Steps)-1:
		default:
			return fmt.Errorf("step %d: %q %q", i+1, s.Do, s.Value)
		}
	}
	for _, oid := range append(p.Limits.PACE[:len(p.Limits.PACE):len(p.Limits.PACE)], p.Limits.ChipAuth...) {
		if _, err := ObjectIdentifier(oid); err != nil {
			return err
		}
	}
	return nil
}

// ObjectIdentifier reads dotted numbers.
func ObjectIdentifier(s string) (asn1.ObjectIdentifier, error) {
	var out asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("object identifier %q", s)
		}
		out = append(out, int(n))
	}
	return out, nil
}

// Carries tells whether a file's name is in a list.
func Carries(list []string, name string) bool {
	for _, n := range list {
		if n == name {
			return true
		}
	}
	return false
}
