package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"padarozhnik/station/hq/vault"
	"padarozhnik/station/token"
)

// keyDuplicates is the secret under which the vault marks applicants.
const keyDuplicates = "duplicates"

// fileDiary is the vault's own memory.
const fileDiary = "diary"

// addDuplicateKey makes the secret of a new headquarters. One that a begun and cut-off headquarters left
// in the token is taken: nothing was ever marked under it.
func addDuplicateKey(s keystore) error {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return err
	}
	defer clear(secret[:])
	err := s.AddSecret(keyDuplicates, secret[:])
	if errors.Is(err, token.ErrNameTaken) {
		left, err := s.Secret(keyDuplicates)
		clear(left)
		return err
	}
	return err
}

// duplicateKey reads the secret. A headquarters from before there was one gets it with its first
// diary; later a missing secret is an error, because marks under another one would find nobody.
func (h *headquarters) duplicateKey(s keystore) ([]byte, error) {
	secret, err := s.Secret(keyDuplicates)
	if !incomplete(err) {
		return secret, err
	}
	if info, missing := os.Stat(h.path("vault", fileDiary)); missing == nil && info.Size() > 0 {
		return nil, fmt.Errorf("key of the marks in vault/%s: %w", fileDiary, err)
	}
	if err := addDuplicateKey(s); err != nil {
		return nil, err
	}
	return s.Secret(keyDuplicates)
}

// openDiary opens the vault's diary with the officers who may decide.
func (h *headquarters) openDiary(keys keystore) (*vault.Diary, error) {
	_, key, err := h.vaultKey(keys)
	if err != nil {
		return nil, err
	}
	may, err := h.deciders()
	if err != nil {
		return nil, err
	}
	d, err := vault.OpenDiary(h.path("vault", fileDiary), key)
	if err != nil {
		return nil, err
	}
	d.Officers, d.Now = may, h.now
	return d, nil
}

// deciders returns who may decide for headquarters: those of the register, everybody where there is
// none (training).
func (h *headquarters) deciders() (func(keyID string) bool, error) {
	if !h.hasRegister() {
		return nil, nil
	}
	var known []witness
	if err := readJSON(h.registerFile(), &known); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, w := range known {
		ids[w.KeyID] = true
	}
	return func(keyID string) bool { return ids[keyID] }, nil
}
