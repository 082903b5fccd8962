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
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/station/lds"
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

// Ways on which a chip takes what is written.
const (
	ChannelSCP03 = "scp03" // GlobalPlatform's secure channel
	ChannelPlain = "plain" // commands in clear: whoever holds an open chip controls it
)

// Ways on which a chip is opened for reading.
const (
	AccessPACE = "pace"
	AccessBAC  = "bac"
)

// Ways on which a chip is made to leave a session.
const (
	LeaveBySelect = "select" // any command in clear ends it, and SELECT finds the master file again
	LeaveByPower  = "power"  // only a reset does
)

// Product is what the encoder knows of a kind of chip.
type Product struct {
	Name        string   `toml:"name"`
	Title       string   `toml:"title"`
	Driver      string   `toml:"driver"`      // family of chips, as `--driver` names it
	Application Hex      `toml:"application"` // that takes the personalisation
	Channel     string   `toml:"channel"`
	KeyVersion  byte     `toml:"key_version"` // of the SCP03 keys
	Access      string   `toml:"access"`
	Leave       string   `toml:"leave"`
	Create      Template `toml:"create"` // data of CREATE FILE
	// CreateMaster is the same for a file of the master file, on a chip that has such files: EF.CardSecurity
	// and EF.SOD share their identifier.
	CreateMaster Template `toml:"create_master"`
	// CreateSelectsNot is for a chip whose new file has to be selected before it is written.
	CreateSelectsNot bool `toml:"create_selects_not"`

	Identifier Identifier `toml:"identifier"`
	Life       Life       `toml:"life"`
	Room       Room       `toml:"room"`
	Limits     Limits     `toml:"limits"`
	Steps      []Step     `toml:"step"`
}

// Identifier says where the chip's own identifier stands: bytes of a GET DATA object's content.
// Length 0 is for a chip that has none.
type Identifier struct {
	Tag    uint16 `toml:"tag"`
	Offset int    `toml:"offset"`
	Length int    `toml:"length"`
}

// Life says how a chip tells its stage: by the life cycle status byte that SELECT gives, or, where
// Probe names a file, by what selecting that file answers: not found is blank, found is partial,
// refused is locked.
type Life struct {
	Probe   string `toml:"probe"`
	Blank   byte   `toml:"blank"`
	Partial byte   `toml:"partial"`
	Locked  byte   `toml:"locked"`
}

// Room says where a chip tells its free memory: a field of a GET DATA object. Overhead is what a
// file costs beside its bytes. Total is for a chip that does not tell.
type Room struct {
	Tag      uint16 `toml:"tag"`
	Field    uint32 `toml:"field"`
	Overhead int    `toml:"overhead"`
	Total    int    `toml:"total"`
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
	Hash       []int    `toml:"hash"`       // bits of the hash of Active Authentication
	CAN        int      `toml:"can"`        // digits; 0 where the chip knows none
	Short      int      `toml:"short"`      // data bytes of the longest command where the chip states no buffers
}

// Step is one part of the personalisation.
type Step struct {
	Do    string   `toml:"do"`
	First []string `toml:"first"` // of files: these before the others, in this order
	CLA   byte     `toml:"cla"`   // of a store or a lock: the command
	INS   byte     `toml:"ins"`
	P1    byte     `toml:"p1"`
	P2    byte     `toml:"p2"`
	More  byte     `toml:"more"` // P1 of the commands before the last, where one does not hold the data; P2 counts
	Data  Template `toml:"data"` // a store whose fields the order does not fill is left out
}

// What a step can do.
const (
	Store = "store" // one command that brings secrets
	Files = "files" // CREATE FILE and UPDATE BINARY for every file
	Lock  = "lock"  // the command that ends the chip's openness; always the last step
)

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
	case p.Name == "" || p.Driver == "" || len(p.Application) < 5:
		return errors.New("name, driver or application missing")
	case p.Channel != ChannelSCP03 && p.Channel != ChannelPlain:
		return fmt.Errorf("channel %q", p.Channel)
	case p.Access != AccessPACE && p.Access != AccessBAC:
		return fmt.Errorf("access %q", p.Access)
	case p.Leave != LeaveBySelect && p.Leave != LeaveByPower:
		return fmt.Errorf("leave %q", p.Leave)
	case !p.Create.Uses(FieldSize) || !p.Create.Uses(FieldFile):
		return errors.New("create needs size and file")
	case slices.ContainsFunc(p.Limits.Files, lds.InMasterFile) &&
		(!p.CreateMaster.Uses(FieldSize) || !p.CreateMaster.Uses(FieldFile)):
		return errors.New("create_master needs size and file")
	case p.Create.Sealed() || p.CreateMaster.Sealed():
		return errors.New("create holds nothing secret")
	case p.Identifier.Length < 0 || p.Identifier.Offset < 0:
		return errors.New("identifier out of range")
	case p.Limits.File < 1 || p.Limits.File > 0xFFFF || p.Limits.Short < 64 || p.Limits.Short > 255:
		return errors.New("limits out of range")
	case len(p.Steps) == 0 || p.Steps[len(p.Steps)-1].Do != Lock:
		return errors.New("last step is not the lock")
	}
	for _, oid := range slices.Concat(p.Limits.PACE, p.Limits.ChipAuth) {
		if _, err := ObjectIdentifier(oid); err != nil {
			return err
		}
	}
	return p.checkSteps()
}

func (p *Product) checkSteps() error {
	for i, s := range p.Steps {
		last := i == len(p.Steps)-1
		switch {
		case s.Do == Files && !last:
		case s.Do == Store && !last && s.INS != 0 && len(s.Data) > 0:
		case s.Do == Lock && last && s.INS != 0:
		default:
			return fmt.Errorf("step %d: %q", i+1, s.Do)
		}
		if s.Data.Sealed() && p.Channel != ChannelSCP03 {
			return fmt.Errorf("step %d: nothing seals keys in a %s channel", i+1, p.Channel)
		}
	}
	return nil
}

// Stores tells whether a product takes a field.
func (p *Product) Stores(field string) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Do == Store && s.Data.Uses(field) })
}

// Lock is the last step.
func (p *Product) Lock() Step { return p.Steps[len(p.Steps)-1] }

// Find returns the product of a name, or the first of a driver's family, or ErrUnknown.
func Find(name string) (*Product, error) {
	names, err := Names()
	if err != nil {
		return nil, err
	}
	var family *Product
	for _, n := range names {
		p, err := Load(n)
		if err != nil {
			return nil, err
		}
		if n == name {
			return p, nil
		}
		if family == nil && p.Driver == name {
			family = p
		}
	}
	if family == nil {
		return nil, fmt.Errorf("%w %q: want one of %s", ErrUnknown, name, strings.Join(names, ", "))
	}
	return family, nil
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
func Carries(list []string, name string) bool { return slices.Contains(list, name) }
