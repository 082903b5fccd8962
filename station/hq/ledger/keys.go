package ledger

import (
	"crypto/ecdsa"
	"crypto/x509"
	"database/sql"
	"fmt"
	"slices"
	"sync"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

func parseKey(spki []byte) (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	pub, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("public key: not ECDSA")
	}
	return pub, nil
}

// validKey is a registered key with the leaves that it may sign.
type validKey struct {
	party, role, id string
	epoch           uint64
	since           int64
	until           sql.NullInt64
	public          *ecdsa.PublicKey
}

// signs tells whether the key may have signed an entry as a leaf: the station's own keys of that
// epoch for its chain, any vault's for directives.
func (k *validKey) signs(e journal.Entry, leaf int64) bool {
	station, directives, err := journal.SplitChain(e.Chain)
	if err != nil || k.id != e.Actor || leaf < k.since || k.until.Valid && leaf >= k.until.Int64 {
		return false
	}
	if directives {
		return k.role == string(wire.RoleVault)
	}
	return k.party == station && k.epoch == e.Epoch
}

const selectKeys = `SELECT k.party, p.role, k.key_id, k.epoch, k.since, k.until, k.spki
	FROM keys k JOIN parties p ON p.name = k.party`

func (t *tx) readKeys(list *[]validKey, query string, args ...any) error {
	err := t.each(func(rows *sql.Rows) error {
		var k validKey
		var spki []byte
		err := rows.Scan(&k.party, &k.role, &k.id, &k.epoch, &k.since, &k.until, &spki)
		if err != nil {
			return err
		}
		if k.public, err = parseKey(spki); err != nil {
			return err
		}
		*list = append(*list, k)
		return nil
	}, query, args...)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// keyAt finds the actor's key of an entry as it was valid for a leaf. What it has found is kept for
// the rest of the transaction, in which registrations do not change.
func (t *tx) keyAt(e journal.Entry, leaf int64) (*ecdsa.PublicKey, error) {
	if k := signerOf(t.keys, e, leaf); k != nil {
		return k, nil
	}
	if !slices.ContainsFunc(t.keys, func(k validKey) bool { return k.id == e.Actor }) {
		if err := t.readKeys(&t.keys, selectKeys+" WHERE k.key_id = ?", e.Actor); err != nil {
			return nil, err
		}
	}
	if k := signerOf(t.keys, e, leaf); k != nil {
		return k, nil
	}
	return nil, journal.ErrUnknownKey
}

func signerOf(keys []validKey, e journal.Entry, leaf int64) *ecdsa.PublicKey {
	for i := range keys {
		if keys[i].signs(e, leaf) {
			return keys[i].public
		}
	}
	return nil
}

// maxKnown bounds the keys that a process remembers.
const maxKnown = 4096

// knownKeys remembers public keys by their id, which is a hash of them. Whether a key may sign is
// never taken from here: only what its signature is checked with before the transaction begins.
type knownKeys struct {
	mu   sync.Mutex
	keys map[string]*ecdsa.PublicKey // guarded by mu
}

func newKnownKeys() *knownKeys { return &knownKeys{keys: map[string]*ecdsa.PublicKey{}} }

func (k *knownKeys) get(id string) *ecdsa.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[id]
}

func (k *knownKeys) add(list []validKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, v := range list {
		if len(k.keys) >= maxKnown {
			clear(k.keys)
		}
		k.keys[v.id] = v.public
	}
}
