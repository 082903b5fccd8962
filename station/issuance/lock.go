package issuance

import (
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// lock encrypts a value under a new key that only the given officers can unwrap. The key exists
// nowhere else when lock returns.
func lock(token station.CaseToken, v any, readers []station.Officer) ([]byte, []seal.Wrap, error) {
	key := seal.NewKey()
	defer key.Destroy()
	sealed, err := sealValue(key, token, v)
	if err != nil {
		return nil, nil, err
	}
	var wraps []seal.Wrap
	seen := map[string]bool{}
	for _, o := range readers {
		if seen[o.KeyID] {
			continue
		}
		seen[o.KeyID] = true
		pub, err := seal.ParsePublic(o.HPKE)
		if err != nil {
			return nil, nil, fmt.Errorf("officer %s: %w", o.Pseudonym, err)
		}
		w, err := key.WrapTo(string(token), pub)
		if err != nil {
			return nil, nil, err
		}
		wraps = append(wraps, w...)
	}
	return sealed, wraps, nil
}

func sealValue(key *seal.Key, token station.CaseToken, v any) ([]byte, error) {
	plain, err := journal.Encode(v)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return key.Seal(string(token), plain)
}

// unlock decrypts a value into v and returns the key, which the caller destroys. It returns
// ErrNotForYou for an officer to whom the case is not wrapped.
func unlock(token station.CaseToken, wraps []seal.Wrap, sealed []byte, by Key, v any) (*seal.Key, error) {
	key, err := seal.Unwrap(by, string(token), wraps)
	if errors.Is(err, seal.ErrNotRecipient) {
		return nil, ErrNotForYou
	}
	if err != nil {
		return nil, err
	}
	plain, err := key.Open(string(token), sealed)
	if err != nil {
		key.Destroy()
		return nil, err
	}
	defer clear(plain)
	if err := journal.Decode(plain, v); err != nil {
		key.Destroy()
		return nil, err
	}
	return key, nil
}

// open is unlock for reading only.
func open(token station.CaseToken, wraps []seal.Wrap, sealed []byte, by Key, v any) error {
	key, err := unlock(token, wraps, sealed, by, v)
	if err != nil {
		return err
	}
	key.Destroy()
	return nil
}

// sealToVault encrypts a value to headquarters' vault and keeps the blob for the next sync.
func (d *Desk) sealToVault(tx Tx, purpose string, v any) (*journal.Blob, error) {
	plain, err := journal.Encode(v)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	data, blob, err := seal.Seal(d.Vault, purpose, plain)
	if err != nil {
		return nil, err
	}
	return &blob, tx.PutBlob(blob.Digest, data)
}
