package chip

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/station/lds"
)

// Life is the chip's stage.
type Life string

// Stages of life.
const (
	Blank   Life = "blank"
	Partial Life = "partial"
	Locked  Life = "locked"
)

// Dialect is what makers of chips choose for themselves behind the same secure channel: how the
// stage of life is coded, which data groupings bring the secrets, which tag file parameters have, and
// by what command the chip is locked.
type Dialect struct {
	Blank   byte   `json:"blank"`
	Partial byte   `json:"partial"`
	Locked  byte   `json:"locked"`
	Groups  Groups `json:"groups"`
	Create  uint32 `json:"create"`
	Last    uint16 `json:"last,omitempty"` // a data grouping whose coming locks the chip; 0 for SET STATUS
}

// Groups are the data grouping identifiers of STORE DATA. 0 is for what the chip does not take.
type Groups struct {
	MRZ      uint16 `json:"mrz"`      // SHA-1 over the MRZ information
	CAN      uint16 `json:"can"`      // six digits
	Auth     uint16 `json:"auth"`     // number of the domain parameters, private key
	Mapping  uint16 `json:"mapping"`  // number of the key, number of the domain parameters, private key
	Active   uint16 `json:"active"`   // hash in bytes; 0 and an RSAPrivateKey, or domain parameters and private key
	Numbered uint16 `json:"numbered"` // of Chip Authentication, as Mapping
}

// ownDialect is the reference chip's. Stages are those of ISO/IEC 7816-4, table 14: creation,
// initialisation, activated.
func ownDialect() Dialect {
	return Dialect{
		Blank: 0x01, Partial: 0x03, Locked: 0x05, Create: 0x62,
		Groups: Groups{MRZ: 0x8F01, CAN: 0x8F02, Auth: 0x8F03, Mapping: 0x8F04, Active: 0x8F05, Numbered: 0x8F06},
	}
}

func (s *State) dialect() Dialect {
	if s.Dialect != nil {
		return *s.Dialect
	}
	return ownDialect()
}

// lifeCode is the life cycle status byte.
func (s *State) lifeCode() byte {
	d := s.dialect()
	switch s.Life {
	case Blank:
		return d.Blank
	case Partial:
		return d.Partial
	}
	return d.Locked
}

const (
	stateVersion = 1
	chipIDSize   = 8
	keyVersion   = 1
	capacity     = 96 << 10 // bytes of files, with their overhead
	fileOverhead = 16
	// bufferSize is what one APDU may have in either direction, as EF.ATR/INFO states.
	bufferSize = 4096
	// responseOverhead is what secure messaging adds to a response at most: status word, its object,
	// authenticator, head of the cryptogram and padding.
	responseOverhead = 2 + 4 + 10 + 5 + 12
)

// File is one elementary file. Master tells a file of the master file from the application's.
// First is the size that it was created with, on chips that let it be made smaller later.
type File struct {
	ID     uint16 `json:"id"`
	Short  byte   `json:"short"`
	Master bool   `json:"master,omitempty"`
	Data   []byte `json:"data"`
	First  int    `json:"first,omitempty"`
}

// Kind tells the two kinds of chips apart.
type Kind string

// Kinds of chips, named like the products that personalise them.
const (
	Reference Kind = ""
	Applet    Kind = "jmrtd"
)

// State is all that a chip remembers without power. BAC makes it take Basic Access Control beside
// PACE, as books until 2027 do; Old makes it play a passport from before PACE: Basic Access Control
// alone, short APDUs. With either the application is open to selection.
type State struct {
	Version  int               `json:"version"`
	Kind     Kind              `json:"kind,omitempty"`
	Dialect  *Dialect          `json:"dialect,omitempty"` // nil for the reference chip's own
	ChipID   []byte            `json:"chipId"`
	Life     Life              `json:"life"`
	Old      bool              `json:"old,omitempty"`
	BAC      bool              `json:"bac,omitempty"`
	SCP03    devices.SCP03Keys `json:"scp03"`
	Sequence uint32            `json:"sequence"`
	MRZHash  []byte            `json:"mrzHash,omitempty"`
	CAN      string            `json:"can,omitempty"`
	Guesses  int               `json:"guesses,omitempty"` // wrong CANs in a row
	Auth     *AuthKey          `json:"auth,omitempty"`
	Mapping  *AuthKey          `json:"mapping,omitempty"`
	Active   *ActiveKey        `json:"active,omitempty"`
	Modulus  []byte            `json:"modulus,omitempty"` // Active Authentication of the applet
	Exponent []byte            `json:"exponent,omitempty"`
	Files    []File            `json:"files"`
}

// basicAccess tells that the chip takes Basic Access Control.
func (s *State) basicAccess() bool { return s.Old || s.BAC }

// NewState is a chip as its maker delivers it: an identifier, keys, and EF.ATR/INFO.
func NewState(rand io.Reader, diversify func(chipID []byte) (devices.SCP03Keys, error)) (State, error) {
	s := State{Version: stateVersion, Life: Blank, ChipID: make([]byte, chipIDSize)}
	if _, err := io.ReadFull(rand, s.ChipID); err != nil {
		return State{}, fmt.Errorf("draw chip identifier: %w", err)
	}
	var err error
	if s.SCP03, err = diversify(s.ChipID); err != nil {
		return State{}, err
	}
	info, err := atrInfo()
	if err != nil {
		return State{}, err
	}
	s.Files = []File{info}
	return s, nil
}

// atrInfo is the maker's EF.ATR/INFO.
func atrInfo() (File, error) {
	info := lds.ATRInfo{Capabilities: lds.ExtendedCapabilities(), MaxCommand: bufferSize, MaxResponse: bufferSize}
	b, err := info.Bytes()
	if err != nil {
		return File{}, fmt.Errorf("EF.ATR/INFO: %w", err)
	}
	return File{ID: atrInfoID, Short: 1, Master: true, Data: b}, nil
}

// NewApplet is an open chip of the second kind. Its identifier stays inside: no command tells it.
func NewApplet(rand io.Reader) (State, error) {
	s := State{Version: stateVersion, Kind: Applet, Life: Blank, ChipID: make([]byte, chipIDSize)}
	if _, err := io.ReadFull(rand, s.ChipID); err != nil {
		return State{}, fmt.Errorf("draw chip identifier: %w", err)
	}
	return s, nil
}

// putFiles adds files as a personalised chip has them.
func (s *State) putFiles(files []devices.ChipFile, master bool) error {
	for _, f := range files {
		id, ok := lds.FileID(f.Name)
		short, _ := lds.ShortFileID(f.Name)
		if !ok || lds.InMasterFile(f.Name) && !master {
			return fmt.Errorf("passport: file %q", f.Name)
		}
		s.Files = append(s.Files, File{ID: id, Short: short, Master: lds.InMasterFile(f.Name), Data: f.Data})
	}
	return nil
}

func (s *State) clone() State {
	c := *s
	c.Files = slices.Clone(s.Files)
	for i := range c.Files {
		c.Files[i].Data = bytes.Clone(c.Files[i].Data)
	}
	c.SCP03 = devices.SCP03Keys{
		Enc: bytes.Clone(s.SCP03.Enc), Mac: bytes.Clone(s.SCP03.Mac), Dek: bytes.Clone(s.SCP03.Dek),
	}
	return c
}

func (s *State) file(id uint16, master bool) *File {
	for i := range s.Files {
		if s.Files[i].ID == id && s.Files[i].Master == master {
			return &s.Files[i]
		}
	}
	return nil
}

func (s *State) short(id byte, master bool) *File {
	for i := range s.Files {
		if s.Files[i].Short == id && s.Files[i].Master == master {
			return &s.Files[i]
		}
	}
	return nil
}

// free is the room left for files.
func (s *State) free() int {
	n := capacity
	for _, f := range s.Files {
		n -= len(f.Data) + fileOverhead
	}
	return n
}

// production is the card production life cycle data: 42 bytes, of which the fabrication date, the
// serial number and the batch of the chip (8 bytes from the tenth on) tell chips apart.
func (s *State) production() []byte {
	b := make([]byte, 42)
	binary.BigEndian.PutUint16(b, 0x5044)
	copy(b[10:], s.ChipID)
	return b
}

// atrOf is the answer to reset that a PC/SC reader gives for a contactless chip: historical bytes
// with the card capabilities (PC/SC part 3, 3.1.3.2.3.1).
func atrOf(s State) []byte {
	history := []byte{0x80, 0x73, 0x84, 0x01, 0x40}
	if s.Kind == Applet {
		history = []byte{0x80, 0x31, 0xE0, 0x6B}
	}
	if s.Old {
		history = []byte{0x80, 0x31, 0x80, 0x65}
	}
	atr := append([]byte{0x3B, 0x80 | byte(len(history)), 0x80, 0x01}, history...)
	var check byte
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}

// Store keeps a chip's memory. Save returns when the memory is safe: after a crash Load gives
// what the last finished Save wrote, or what one under way was writing, and never a mixture.
type Store interface {
	Load() (State, error)
	Save(State) error
}

// FileStore keeps a memory in one file of mode 0600, replaced whole at each Save.
type FileStore struct{ Path string }

// Load reads the file.
func (f FileStore) Load() (State, error) {
	b, err := os.ReadFile(f.Path)
	if err != nil {
		return State{}, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, fmt.Errorf("chip memory: %w", err)
	}
	if s.Version != stateVersion || len(s.ChipID) != chipIDSize {
		return State{}, fmt.Errorf("chip memory of version %d", s.Version)
	}
	return s, nil
}

// Save writes a temporary file, syncs it, renames it into place and syncs the directory.
func (f FileStore) Save(s State) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("chip memory: %w", err)
	}
	defer clear(b)
	t, err := os.CreateTemp(filepath.Dir(f.Path), filepath.Base(f.Path)+".new*")
	if err != nil {
		return fmt.Errorf("chip memory: %w", err)
	}
	_, err = t.Write(b)
	err = errors.Join(err, t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), f.Path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("chip memory: %w", err), os.Remove(t.Name()))
	}
	dir, err := os.Open(filepath.Dir(f.Path))
	if err != nil {
		return fmt.Errorf("chip memory: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
