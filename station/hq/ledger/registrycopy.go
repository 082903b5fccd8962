package ledger

import (
	"crypto/ecdsa"
	"database/sql"
	"fmt"

	"padarozhnik/station/journal"
)

// registryCopy is everything of a ledger that is not in its tree: who may sign and call, which
// chains are frozen, and why.
type registryCopy struct {
	Parties  []partyCopy    `json:"parties"`
	Keys     []keyCopy      `json:"keys"`
	Chains   []chainCopy    `json:"chains"`
	Evidence []evidenceCopy `json:"evidence,omitempty"`
}

type partyCopy struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Epoch   int64  `json:"epoch"`
	Revoked int    `json:"revoked,omitempty"`
}

type keyCopy struct {
	Party string `json:"party"`
	ID    string `json:"id"`
	SPKI  []byte `json:"spki"`
	Roles string `json:"roles"`
	Epoch int64  `json:"epoch"`
	Since int64  `json:"since"`
	Until *int64 `json:"until,omitempty"`
}

type chainCopy struct {
	Name   string `json:"name"`
	Party  string `json:"party"`
	Frozen int    `json:"frozen,omitempty"`
}

type evidenceCopy struct {
	Number int64  `json:"number"`
	Chain  string `json:"chain"`
	Kept   []byte `json:"kept"`
	Other  []byte `json:"other"`
	Found  int64  `json:"found"`
}

// registry reads the copy, in an order that is always the same.
func (t *tx) registry() (r registryCopy, err error) {
	for _, table := range []struct {
		query string
		scan  func(*sql.Rows) error
	}{
		{"SELECT name, role, epoch, revoked FROM parties ORDER BY name", func(rows *sql.Rows) error {
			var p partyCopy
			err := rows.Scan(&p.Name, &p.Role, &p.Epoch, &p.Revoked)
			r.Parties = append(r.Parties, p)
			return err
		}},
		{"SELECT party, key_id, spki, roles, epoch, since, until FROM keys ORDER BY party, since, key_id",
			func(rows *sql.Rows) error {
				var k keyCopy
				err := rows.Scan(&k.Party, &k.ID, &k.SPKI, &k.Roles, &k.Epoch, &k.Since, &k.Until)
				r.Keys = append(r.Keys, k)
				return err
			}},
		{"SELECT name, party, frozen FROM chains ORDER BY name", func(rows *sql.Rows) error {
			var c chainCopy
			err := rows.Scan(&c.Name, &c.Party, &c.Frozen)
			r.Chains = append(r.Chains, c)
			return err
		}},
		{"SELECT number, chain, kept, other, found FROM evidence ORDER BY number", func(rows *sql.Rows) error {
			var e evidenceCopy
			err := rows.Scan(&e.Number, &e.Chain, &e.Kept, &e.Other, &e.Found)
			r.Evidence = append(r.Evidence, e)
			return err
		}},
	} {
		if err := t.each(table.scan, table.query); err != nil {
			return r, fmt.Errorf("registry: %w", err)
		}
	}
	return r, nil
}

// putRegistry writes a copy into an empty ledger.
func (t *tx) putRegistry(r registryCopy) error {
	var parties, keys, chains, evidence []any
	for _, p := range r.Parties {
		parties = append(parties, p.Name, p.Role, p.Epoch, p.Revoked)
	}
	for _, k := range r.Keys {
		keys = append(keys, k.Party, k.ID, k.SPKI, k.Roles, k.Epoch, k.Since, k.Until)
	}
	for _, c := range r.Chains {
		chains = append(chains, c.Name, c.Party, c.Frozen)
	}
	for _, e := range r.Evidence {
		evidence = append(evidence, e.Number, e.Chain, e.Kept, e.Other, e.Found)
	}
	for _, table := range []struct {
		into    string
		columns int
		values  []any
	}{
		{"parties (name, role, epoch, revoked)", 4, parties},
		{"keys (party, key_id, spki, roles, epoch, since, until)", 7, keys},
		{"chains (name, party, frozen)", 3, chains},
		{"evidence (number, chain, kept, other, found)", 5, evidence},
	} {
		for len(table.values) > 0 {
			n := min(len(table.values), table.columns*maxQuery)
			if err := t.insert(table.into, table.columns, table.values[:n]); err != nil {
				return fmt.Errorf("registry: %w", err)
			}
			table.values = table.values[n:]
		}
	}
	return nil
}

// validKeys are the keys of the copy, for an audit.
func (r registryCopy) validKeys() ([]validKey, error) {
	roles := map[string]string{}
	for _, p := range r.Parties {
		roles[p.Name] = p.Role
	}
	out := make([]validKey, len(r.Keys))
	for i, k := range r.Keys {
		public, err := parseKey(k.SPKI)
		if err != nil {
			return nil, fmt.Errorf("%w: key of %s", ErrBackup, k.Party)
		}
		if err := keyNamed(public, k.ID); err != nil {
			return nil, err
		}
		out[i] = validKey{party: k.Party, role: roles[k.Party], id: k.ID, epoch: uint64(k.Epoch), since: k.Since,
			public: public}
		if k.Until != nil {
			out[i].until = sql.NullInt64{Int64: *k.Until, Valid: true}
		}
	}
	return out, nil
}

func keyNamed(public *ecdsa.PublicKey, id string) error {
	if got, err := journal.KeyID(public); err != nil || got != id {
		return fmt.Errorf("%w: key %s", ErrBackup, id)
	}
	return nil
}
