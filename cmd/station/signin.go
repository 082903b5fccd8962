package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/token"
)

// officersOf lists who can sign in: those whose key files lie in a directory and, where the office has
// hardware tokens, every officer of the charter.
func officersOf(office *setup.Office, dir string) ([]string, error) {
	names, err := tokensIn(dir)
	if office.Config.Tokens.Module == "" {
		return names, err
	}
	for _, o := range office.Desk.Charter.Officers {
		if !slices.Contains(names, o.Pseudonym) {
			names = append(names, o.Pseudonym)
		}
	}
	slices.Sort(names)
	return names, nil
}

// signIn opens an officer's token with what was typed or, where nothing was, with the passphrase
// file of a training office. A name without a key file is the label of a hardware token. Before the last
// try of its PIN the officer is warned once, and nothing is given to the token.
func signIn(office *setup.Office, o options) func(string, []byte) (issuance.Seat, error) {
	warned := map[string]bool{}
	return func(name string, typed []byte) (issuance.Seat, error) {
		defer debug.FreeOSMemory() // as when the office is opened
		path := filepath.Join(o.tokens, name+".token")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && office.Config.Tokens.Module != "" {
			path = setup.Hardware + name
			tries, err := office.Tries(name)
			if err != nil {
				return issuance.Seat{}, err
			}
			if tries == token.TriesLast && !warned[name] {
				warned[name] = true
				return issuance.Seat{}, issuance.ErrTokenLastTry
			}
		}
		seat, err := office.SignIn(path, func(prompt string) ([]byte, error) {
			if len(typed) == 0 && o.passphraseFile != "" {
				return passphrase.Read(o.passphraseFile, prompt)
			}
			return slices.Clone(typed), nil
		})
		warned[name] = errors.Is(err, issuance.ErrTokenLastTry)
		return seat, err
	}
}

// sign makes an order with the office's own document signer; nil where the office has none. The token is
// open for this signature alone.
func sign(office *setup.Office) func(context.Context, issuance.Seat, station.CaseToken, []byte) error {
	if !office.Desk.SignsHere {
		return nil
	}
	return func(ctx context.Context, seat issuance.Seat, token station.CaseToken, pin []byte) error {
		key, end, err := office.Signer(func(string) ([]byte, error) { return slices.Clone(pin), nil })
		if err != nil {
			return err
		}
		return errors.Join(office.Desk.SignHere(ctx, seat, token, key), end())
	}
}
