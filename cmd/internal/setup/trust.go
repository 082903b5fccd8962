package setup

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
	"padarozhnik/station/issuance"
	"padarozhnik/station/pki"
)

// Documents returns whom the office believes when it inspects a passport that it did not make, as the
// Desk of Open has it, without opening a token: the own country's CSCA certificates, those of other
// countries from headquarters' trust list, and the own revocation list. Each anchor says where it came
// from. A list that is missing, or another one than the charter names, is issuance.ErrTrustList.
func Documents(c Config) (*pki.TrustStore, error) {
	root, signed, err := readCharter(c)
	if err != nil {
		return nil, err
	}
	return documents(c, root, signed)
}

// readCharter reads the charter under headquarters' root.
func readCharter(c Config) (*x509.Certificate, station.Charter, error) {
	root, err := certificate(c.Root)
	if err != nil {
		return nil, station.Charter{}, err
	}
	raw, err := readBounded(c.Charter, charter.MaxSize)
	if err != nil {
		return nil, station.Charter{}, fmt.Errorf("charter: %w", err)
	}
	key, err := rootKey(root)
	if err != nil {
		return nil, station.Charter{}, err
	}
	signed, err := charter.Parse(raw, key)
	if err != nil {
		return nil, signed, fmt.Errorf("%w: %w", issuance.ErrCharter, err)
	}
	return root, signed, nil
}

// documents makes the store for documents of every country. It is not the one that judges our own chips:
// there nothing counts but the charter.
func documents(c Config, root *x509.Certificate, signed station.Charter) (*pki.TrustStore, error) {
	store := pki.NewTrustStore()
	if err := addAnchors(store, signed); err != nil {
		return nil, err
	}
	if signed.Trust != nil {
		if err := addTrustList(store, c.Trust, root, signed); err != nil {
			return nil, fmt.Errorf("%w: %w", issuance.ErrTrustList, err)
		}
	}
	return store, addLists(store, signed)
}

func addTrustList(store *pki.TrustStore, path string, root *x509.Certificate, signed station.Charter) error {
	key := root.PublicKey.(*ecdsa.PublicKey)
	var list charter.TrustList
	raw, err := readBounded(path, charter.MaxTrust)
	if err == nil {
		list, err = charter.Accompany(signed, raw, key)
	}
	missing := errors.Is(err, fs.ErrNotExist)
	if missing || errors.Is(err, charter.ErrOtherTrust) {
		if raw, waiting := takeNext(path, signed, key); waiting == nil {
			list, err = charter.Accompany(signed, raw, key)
			missing = false
		}
	}
	if missing {
		return fmt.Errorf("version %d is named by the charter: %w", signed.Trust.Version, err)
	}
	if err != nil {
		return err
	}
	return list.AddTo(store)
}

// addAnchors takes the own country's roots.
func addAnchors(store *pki.TrustStore, signed station.Charter) error {
	for _, der := range signed.Anchors {
		c, err := pki.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
		if err := store.AddAnchor(c, "charter"); err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
	}
	return nil
}

// addLists takes the own country's revocation lists.
func addLists(store *pki.TrustStore, signed station.Charter) error {
	for _, der := range signed.CRLs {
		l, err := pki.ParseCRL(der)
		if err != nil {
			return fmt.Errorf("revocation list: %w", err)
		}
		if err := store.AddCRL(l); err != nil {
			return fmt.Errorf("revocation list: %w", err)
		}
	}
	return nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b, err
}

// RootKey returns headquarters' key by the root certificate of a configuration.
func RootKey(c Config) (*ecdsa.PublicKey, error) {
	root, err := certificate(c.Root)
	if err != nil {
		return nil, err
	}
	return rootKey(root)
}

func rootKey(root *x509.Certificate) (*ecdsa.PublicKey, error) {
	key, ok := root.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("root: %w", issuance.ErrCharter)
	}
	return key, nil
}

// Charter reads the charter of a configuration. It needs no token.
func Charter(c Config) (station.Charter, error) {
	_, signed, err := readCharter(c)
	return signed, err
}
