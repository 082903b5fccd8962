package training

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"

	"padarozhnik/station/token/softhsm"
)

// hsmLabel is the label of the token that holds the training headquarters' keys.
const hsmLabel = "headquarters"

// hsm is the office's own token in software. Its files are kept beside it, as an authority keeps a
// second device: the office is killed often, and the software may lose a token then.
func (o *Office) hsm() (softhsm.Tokens, error) { return softhsm.At(o.Path("hsm"), hsmLabel) }

// makeHSM makes the token, unless the caller has named one of theirs.
func (o *Office) makeHSM(ctx context.Context) error {
	if o.Keys != nil {
		return nil
	}
	tokens, err := o.hsm()
	if err != nil {
		return err
	}
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	pin := hex.EncodeToString(b[:])
	if err := tokens.Create(ctx, pin); err != nil {
		return err
	}
	return os.WriteFile(o.pinFile(), []byte(pin+"\n"), 0o600)
}

func (o *Office) pinFile() string { return o.Path("hsm", "pin") }

// keepHSM keeps the token as it is when headquarters has made its keys.
func (o *Office) keepHSM(context.Context) error {
	if o.Keys != nil {
		return nil
	}
	tokens, err := o.hsm()
	if err != nil {
		return err
	}
	return tokens.Keep()
}

// mendHSM puts the kept token back where a kill has lost it.
func (o *Office) mendHSM(ctx context.Context) error {
	if o.Keys != nil {
		return nil
	}
	tokens, err := o.hsm()
	if err != nil {
		return err
	}
	_, err = tokens.Mend(ctx)
	return err
}

// keyFlags tell a headquarters program where its keys are, and environment how to reach them.
func (o *Office) keyFlags() (flags, environment []string, err error) {
	if o.Keys != nil {
		return o.Keys, os.Environ(), nil
	}
	tokens, err := o.hsm()
	if err != nil {
		return nil, nil, err
	}
	flags = []string{"--pkcs11", tokens.Library, "--token", hsmLabel, "--pin-file", o.pinFile()}
	return flags, append(os.Environ(), tokens.Setting()), nil
}
