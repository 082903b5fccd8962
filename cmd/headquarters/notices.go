package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/veraison/go-cose"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal"
)

// errNotice: a file that says it is a notice has not been signed by two officers.
var errNotice = errors.New("notice is not the one that two officers signed")

// noticeFile names the notice of a ceremony in public/.
func noticeFile(ceremony int) string { return fmt.Sprintf("notice-%04d.json", ceremony) }

// notices reads every notice in force. Each is in the protocol of its own ceremony, by digest, and two
// officers have signed that.
func (h *headquarters) notices() ([]vault.Notice, error) {
	found, err := filepath.Glob(h.path("public", "notice-*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	out := make([]vault.Notice, len(found))
	for i, path := range found {
		if err := h.provenNotice(path, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return out, nil
}

func (h *headquarters) provenNotice(path string, into *vault.Notice) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	number := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "notice-"), ".json")
	dirs, err := filepath.Glob(h.path("ceremonies", number+"-*"))
	if err != nil || len(dirs) != 1 {
		return errors.Join(errNotice, err)
	}
	p, err := h.provenProtocol(dirs[0])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if p.After[filepath.Base(path)] != hex.EncodeToString(sum[:]) {
		return errNotice
	}
	strict := json.NewDecoder(bytes.NewReader(content))
	strict.DisallowUnknownFields()
	return strict.Decode(into)
}

// provenProtocol reads a protocol and verifies the signatures of two officers who may hold ceremonies.
func (h *headquarters) provenProtocol(dir string) (protocol, error) {
	var p protocol
	content, err := os.ReadFile(filepath.Join(dir, "protocol.json"))
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(content, &p); err != nil {
		return p, err
	}
	may, err := h.deciders()
	if err != nil {
		return p, err
	}
	if len(p.Officers) != 2 || p.Officers[0].KeyID == p.Officers[1].KeyID {
		return p, errNotice
	}
	for i, o := range p.Officers {
		raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("protocol-%d.cose", i+1)))
		if err != nil {
			return p, err
		}
		var m cose.Sign1Message
		if err := m.UnmarshalCBOR(raw); err != nil {
			return p, errors.Join(errNotice, err)
		}
		id, err := keyIDOf(o.SPKI)
		if err != nil || id != o.KeyID || may != nil && !may(id) || !bytes.Equal(m.Payload, content) {
			return p, errors.Join(errNotice, err)
		}
		if err := verifyBy(raw, o.SPKI); err != nil {
			return p, errors.Join(errNotice, err)
		}
	}
	return p, nil
}

// maxNotice bounds the body of a notice below that of an entry.
const maxNotice = journal.MaxBody - 64

// dismiss takes officers out of a charter whose tokens a notice has revoked.
func (h *headquarters) dismiss(c *station.Charter) error {
	notices, err := h.notices()
	if err != nil {
		return err
	}
	for _, n := range notices {
		for _, id := range n.Revoked.Officers {
			c.Retire(id)
		}
	}
	return nil
}
