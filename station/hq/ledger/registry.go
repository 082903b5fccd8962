package ledger

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// ErrRegistry is returned for a registration that contradicts itself or an earlier one.
var ErrRegistry = errors.New("registration refused")

// Station is what headquarters registers of a station. Epoch is 1, and one more for each time it
// is brought onto new hardware; registering a later epoch also unfreezes its chain.
type Station struct {
	ID       string
	Epoch    uint64
	Key      []byte // SubjectPublicKeyInfo of the station's signing key, P-256
	Officers []Officer
}

// Officer is a person's token at a station.
type Officer struct {
	Key   []byte   // SubjectPublicKeyInfo, P-256
	Roles []string // in the words of the workflow; the ledger only keeps them
}

// Vault is what headquarters registers of its own vault: the keys that sign directives.
type Vault struct {
	Name string
	Keys [][]byte // SubjectPublicKeyInfo, P-256
}

const roleProgram = "program" // of a key that no person holds

var (
	roleForm  = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)
	vaultForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
)

// Register makes a station known, or replaces its set of keys: keys that are not in the new set
// end with the present tree size. A revoked station stays revoked.
func (l *Ledger) Register(ctx context.Context, s Station) error {
	if err := journal.CheckStation(s.ID); err != nil || s.Epoch == 0 {
		return fmt.Errorf("register station: %w: name or epoch", ErrRegistry)
	}
	keys, err := newKeys(s.Key, []string{roleProgram})
	if err != nil {
		return fmt.Errorf("register station %s: %w", s.ID, err)
	}
	for _, o := range s.Officers {
		more, err := newKeys(o.Key, o.Roles)
		if err != nil {
			return fmt.Errorf("register station %s: officer: %w", s.ID, err)
		}
		keys = append(keys, more...)
	}
	return l.register(ctx, wire.Peer{Name: s.ID, Role: wire.RoleStation}, s.Epoch, keys)
}

// RegisterVault makes a vault known, or replaces its set of keys.
func (l *Ledger) RegisterVault(ctx context.Context, v Vault) error {
	if !vaultForm.MatchString(v.Name) {
		return fmt.Errorf("register vault: %w: name", ErrRegistry)
	}
	var keys []registeredKey
	for _, k := range v.Keys {
		more, err := newKeys(k, []string{roleProgram})
		if err != nil {
			return fmt.Errorf("register vault %s: %w", v.Name, err)
		}
		keys = append(keys, more...)
	}
	return l.register(ctx, wire.Peer{Name: v.Name, Role: wire.RoleVault}, 1, keys)
}

// Revoke ends everything that a station or vault may do. What it signed before stays valid.
func (l *Ledger) Revoke(ctx context.Context, name string) error {
	return l.update(ctx, func(t *tx) error {
		var known int
		err := t.row("SELECT count(*) FROM parties WHERE name = ?", name).Scan(&known)
		if err != nil {
			return fmt.Errorf("revoke %s: %w", name, err)
		}
		if known == 0 {
			return fmt.Errorf("revoke: %w", wire.UnknownStation)
		}
		return t.exec("UPDATE parties SET revoked = 1 WHERE name = ?", name)
	})
}

// stillTheirs tells whether the key of a certificate is one that its party has now. A certificate
// outlives the hardware that it was made for: the key of a station that was brought onto other hardware
// gets no answer any more, wherever it is. A party that is not registered is for the endpoint to judge.
func (l *Ledger) stillTheirs(ctx context.Context, p wire.Peer, key crypto.PublicKey) error {
	id := ""
	if k, ok := key.(*ecdsa.PublicKey); ok {
		id, _ = journal.KeyID(k) // a key of another curve has none, and is nobody's
	}
	var registered, theirs int
	err := l.view(ctx, func(t *tx) error {
		return t.row(`SELECT (SELECT count(*) FROM parties WHERE name = ?), (SELECT count(*) FROM keys
			WHERE party = ? AND key_id = ? AND roles = ? AND until IS NULL)`, p.Name, p.Name, id, roleProgram).
			Scan(&registered, &theirs)
	})
	if err != nil {
		return fmt.Errorf("caller's key: %w", err)
	}
	if registered > 0 && theirs == 0 {
		return &wire.Error{Code: wire.UnknownKey}
	}
	return nil
}

// registeredKey is one row to be.
type registeredKey struct {
	id, roles string
	spki      []byte
}

func newKeys(spki []byte, roles []string) ([]registeredKey, error) {
	pub, err := parseKey(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRegistry, err)
	}
	id, err := journal.KeyID(pub)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRegistry, err)
	}
	for _, r := range roles {
		if !roleForm.MatchString(r) {
			return nil, fmt.Errorf("%w: role", ErrRegistry)
		}
	}
	return []registeredKey{{id: id, roles: strings.Join(roles, ","), spki: spki}}, nil
}

func (l *Ledger) register(ctx context.Context, p wire.Peer, epoch uint64, keys []registeredKey) error {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k.id] {
			return fmt.Errorf("register %s: %w: key twice", p.Name, ErrRegistry)
		}
		seen[k.id] = true
	}
	err := l.grow(ctx, func(t *tx) error {
		size, err := t.lockTree() // so that no entry comes in between
		if err != nil {
			return err
		}
		if err := t.party(p, epoch); err != nil {
			return err
		}
		return t.setKeys(p.Name, epoch, size, keys)
	})
	if err != nil {
		return fmt.Errorf("register %s: %w", p.Name, err)
	}
	return nil
}

// party writes the row of a party and, for a station, those of its two chains.
func (t *tx) party(p wire.Peer, epoch uint64) error {
	var role string
	var had uint64
	err := t.row("SELECT role, epoch FROM parties WHERE name = ?", p.Name).Scan(&role, &had)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = t.exec("INSERT INTO parties (name, role, epoch) VALUES (?, ?, ?)", p.Name, string(p.Role), epoch)
		if err != nil || p.Role != wire.RoleStation {
			return err
		}
		for _, chain := range []string{p.Name, p.Name + journal.Directives} {
			if err := t.exec("INSERT INTO chains (name, party) VALUES (?, ?)", chain, p.Name); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		return err
	case role != string(p.Role):
		return fmt.Errorf("%w: it is a %s", ErrRegistry, role)
	case epoch < had:
		return fmt.Errorf("%w: epoch %d is over", ErrRegistry, epoch)
	case epoch > had:
		return errors.Join(
			t.exec("UPDATE parties SET epoch = ? WHERE name = ?", epoch, p.Name),
			t.exec("UPDATE chains SET frozen = 0 WHERE name = ?", p.Name))
	}
	return nil
}

// setKeys ends and begins keys at the present size, so that exactly the given ones are valid.
func (t *tx) setKeys(party string, epoch uint64, size int64, keys []registeredKey) error {
	// A key that was set at this very size never signed a leaf; its row is replaced.
	if err := t.exec("DELETE FROM keys WHERE party = ? AND since = ?", party, size); err != nil {
		return err
	}
	if err := t.exec("UPDATE keys SET until = ? WHERE party = ? AND until IS NULL", size, party); err != nil {
		return err
	}
	for _, k := range keys {
		err := t.exec("INSERT INTO keys (party, key_id, spki, roles, epoch, since) VALUES (?, ?, ?, ?, ?, ?)",
			party, k.id, k.spki, k.roles, epoch, size)
		if err != nil {
			return err
		}
	}
	return nil
}
