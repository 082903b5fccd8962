package issuance

import (
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// lock encrypts a value under a new key that only the given officers can unwrap: with their tokens,
// and through the day's key while that is in memory. The key exists nowhere else when lock returns.
func (d *Desk) lock(token station.CaseToken, v any, readers []station.Officer) ([]byte, []seal.Wrap, error) {
	key := seal.NewKey()
	defer key.Destroy()
	sealed, err := sealValue(key, token, v)
	if err != nil {
		return nil, nil, err
	}
	var wraps []seal.Wrap
	seen := d.session.outside()
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
	wraps, err = d.session.underDay(token, key, wraps)
	return sealed, wraps, err
}

// outside lists the officers to whom nothing is sealed any more.
func (s *session) outside() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]bool{}
	for id := range s.revoked {
		out[id] = true
	}
	return out
}

// underDay adds the wrap of a case key under the day's key, if that is in memory.
func (s *session) underDay(token station.CaseToken, key *seal.Key, wraps []seal.Wrap) ([]seal.Wrap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day == nil {
		return wraps, nil
	}
	sealed, err := s.day.WrapKey(dayContext(token), key)
	if err != nil {
		return nil, err
	}
	return append(withoutDay(wraps), seal.Wrap{Recipient: dayPrefix + s.dayID, Sealed: sealed}), nil
}

// fromDay finds a case key through the day's key; nil where there is no such way.
func (s *session) fromDay(token station.CaseToken, wraps []seal.Wrap) (*seal.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(wraps, func(w seal.Wrap) bool { return w.Recipient == dayPrefix+s.dayID })
	if s.day == nil || i < 0 {
		return nil, nil
	}
	return s.day.UnwrapKey(dayContext(token), wraps[i].Sealed)
}

func dayContext(token station.CaseToken) string { return dayPrefix + string(token) }

func sealValue(key *seal.Key, token station.CaseToken, v any) ([]byte, error) {
	plain, err := journal.Encode(v)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return key.Seal(string(token), plain)
}

// caseKey finds the key of a case for an officer who is signed in and to whom it is wrapped; the
// day's key saves the token an operation, and gives nobody a case that is not theirs.
func (d *Desk) caseKey(token station.CaseToken, wraps []seal.Wrap, by Key) (*seal.Key, error) {
	if err := d.awake(by); err != nil {
		return nil, err
	}
	me := seal.Recipient(by.HPKEPublic())
	if !slices.ContainsFunc(wraps, func(w seal.Wrap) bool { return w.Recipient == me }) {
		return nil, ErrNotForYou
	}
	if key, err := d.session.fromDay(token, wraps); key != nil || err != nil {
		return key, err
	}
	key, err := seal.Unwrap(by, string(token), wraps)
	if errors.Is(err, seal.ErrNotRecipient) {
		return nil, ErrNotForYou
	}
	return key, err
}

// unlock decrypts a value into v and returns the key, which the caller destroys. It returns
// ErrNotForYou for an officer to whom the case is not wrapped.
func (d *Desk) unlock(tx Tx, token station.CaseToken, wraps []seal.Wrap, sealed []byte, by Key, v any) (*seal.Key, error) {
	if err := d.noService(tx); err != nil {
		return nil, err
	}
	key, err := d.caseKey(token, wraps, by)
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
func (d *Desk) open(tx Tx, token station.CaseToken, wraps []seal.Wrap, sealed []byte, by Key, v any) error {
	key, err := d.unlock(tx, token, wraps, sealed, by, v)
	if err != nil {
		return err
	}
	key.Destroy()
	return nil
}

// shred takes everything that is locked out of a folder and records that the case's key is
// destroyed, if there was one.
func (d *Desk) shred(tx Tx, by Key, f *Folder, cause string) error {
	had := len(f.Keys) > 0
	f.Sealed, f.Keys, f.Order = nil, nil, nil
	if !had {
		return nil
	}
	body := event.Destroyed{Cause: cause}
	return d.record(tx, by, fact{kind: event.CaseKeyDestroyed, subject: string(f.Case.Token), body: body})
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
