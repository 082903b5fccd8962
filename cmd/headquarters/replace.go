package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal/event"
)

// errSameKey: a replacement brings a key of its own.
var errSameKey = errors.New("the new key is one that the station has or had")

// replacement is new hardware of a station, or a new token of an officer. What it changes outside of
// public/ is done when the ceremony is in force, so that one that was cut off is held again.
type replacement struct {
	id, key, old, reason string
	officers             []string
	apply                func(context.Context) error
}

// replaceStationCommand brings a station onto new hardware.
func (h *headquarters) replaceStationCommand() *cobra.Command {
	var r replacement
	cmd := &cobra.Command{
		Use:   "replace STATION",
		Short: "Bring a station onto new hardware: new keys, a new epoch, its past from the ledger",
		Long: `Bring a station that was destroyed, seized or copied onto new hardware. Its old keys end at once; its new
charter opens the next epoch. The vault seals the station's own entries and stock to the new key, and
the station takes them in with its first exchange. Cases that nobody had approved, and orders that lay
in the old hardware, are lost: applicants are enrolled again, and booklets in work get another blank.
Blanks that were in the safe have to be counted again by two.

Carry charter.cose, trust.cose and client.der of stations/STATION/ there. If the stock is in foreign
hands, revoke it first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.id = args[0]
			return r.hold(h, cmd, "replace-station", r.station)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&r.key, "key", "", "public key file of the new station token")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

// replaceOfficerCommand gives an officer another token.
func (h *headquarters) replaceOfficerCommand() *cobra.Command {
	var r replacement
	cmd := &cobra.Command{
		Use:   "replace STATION KEY-ID",
		Short: "Give an officer another token in place of one that is lost or blocked",
		Long: `Give an officer another token. Two officers of headquarters sign; the notice that ends the old token and
the station's next charter follow from it. The roles stay. What the old token signed and the station
has not yet sent is refused from now on: let the station exchange first, if it can.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.id, r.old = args[0], args[1]
			return r.hold(h, cmd, "replace-officer", r.officer)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&r.key, "with", "", "public key file of the new token")
	_ = cmd.MarkFlagRequired("with")
	return cmd
}

func (r *replacement) flags(cmd *cobra.Command) {
	officerFlag(cmd, &r.officers)
	cmd.Flags().StringVar(&r.reason, "reason", "replaced", "why, in one word")
}

// hold holds the ceremony and, when it is in force, changes ledger and charter.
func (r *replacement) hold(h *headquarters, cmd *cobra.Command, kind string, do func(context.Context, *act) error) error {
	if err := vault.CheckWord(r.reason); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err := h.hold(cmd, kind, r.officers, do); err != nil {
		return err
	}
	if err := r.apply(cmd.Context()); err != nil {
		return fmt.Errorf("in force, but not carried out; hold it again: %w", err)
	}
	c, err := h.charterOf(r.id)
	if err == nil {
		h.chartered(cmd.OutOrStdout(), r.id, c.Version)
	}
	return err
}

// begin reads the charter and the new key.
func (r *replacement) begin(a *act) (c station.Charter, fresh publicKey, err error) {
	if c, err = a.charterOf(r.id); err != nil {
		return c, fresh, fmt.Errorf("station %s: %w", r.id, err)
	}
	if err := readJSON(r.key, &fresh); err != nil {
		return c, fresh, fmt.Errorf("new key: %w", err)
	}
	id, err := keyIDOf(fresh.SPKI)
	if err != nil || id != fresh.KeyID {
		return c, fresh, fmt.Errorf("new key: identifier: %w", errors.Join(station.ErrMalformed, err))
	}
	if id == c.StationID || c.SignedOnce(id) != nil {
		return c, fresh, errSameKey
	}
	c.Version++
	return c, fresh, nil
}

func (r *replacement) station(_ context.Context, a *act) error {
	c, fresh, err := r.begin(a)
	if err != nil {
		return err
	}
	before, err := a.hardware(r.id, c)
	if err != nil {
		return err
	}
	c.Former = append(c.Former, station.Former{KeyID: before.KeyID, SPKI: before.SPKI})
	c.StationID, c.Epoch = fresh.KeyID, c.Hardware()+1
	root, key, err := a.root(a.keys)
	if err != nil {
		return err
	}
	client, err := a.clientCertificate(wire.Issuer{Root: root, Key: key}, r.id, fresh)
	if err != nil {
		return err
	}
	files, err := r.sign(a, c, fresh.SPKI)
	if err != nil {
		return err
	}
	a.say("station %s: key %s in place of %s, epoch %d", r.id, fresh.KeyID, before.KeyID, c.Epoch)
	h := a.headquarters
	r.apply = func(ctx context.Context) error {
		if err := h.admit(ctx, c, fresh); err != nil {
			return err
		}
		if err := write(h.path("stations", r.id, "client.der"), client, 0o644); err != nil {
			return err
		}
		// The old key is kept first and the charter comes last: until then it can all be done again.
		if err := writeJSON(h.oldHardware(r.id, c.Epoch-1), before); err != nil {
			return err
		}
		if err := writeJSON(h.path("stations", r.id, "station.json"), fresh); err != nil {
			return err
		}
		return files.layOut(h, r.id)
	}
	return r.notice(a, before.KeyID)
}

// hardware reads the key of the hardware that a charter is for.
func (h *headquarters) hardware(id string, c station.Charter) (key publicKey, err error) {
	if err = readJSON(h.path("stations", id, "station.json"), &key); err == nil && key.KeyID != c.StationID {
		err = readJSON(h.oldHardware(id, c.Hardware()), &key)
	}
	return key, err
}

func (h *headquarters) oldHardware(id string, epoch uint64) string {
	return h.path("stations", id, fmt.Sprintf("station-%d.json", epoch))
}

func (r *replacement) officer(_ context.Context, a *act) error {
	c, fresh, err := r.begin(a)
	if err != nil {
		return err
	}
	o, ok := c.Retire(r.old)
	if !ok {
		return fmt.Errorf("station %s has no officer with key %s", r.id, r.old)
	}
	o.KeyID, o.SPKI, o.HPKE = fresh.KeyID, fresh.SPKI, fresh.HPKE
	c.Officers = append(c.Officers, o)
	files, err := r.sign(a, c, nil)
	if err != nil {
		return err
	}
	a.say("station %s: %s gets key %s in place of %s, roles %v", r.id, o.Pseudonym, fresh.KeyID, r.old, o.Roles)
	h := a.headquarters
	r.apply = func(ctx context.Context) error {
		var own publicKey
		if err := readJSON(h.path("stations", r.id, "station.json"), &own); err != nil {
			return err
		}
		if err := h.admit(ctx, c, own); err != nil {
			return err
		}
		return files.layOut(h, r.id)
	}
	return r.notice(a, r.old)
}

// sign signs the next charter and puts its hash into the protocol.
func (r *replacement) sign(a *act, c station.Charter, own []byte) (charterFiles, error) {
	_, key, err := a.root(a.keys)
	if err != nil {
		return charterFiles{}, err
	}
	files, err := a.signCharter(a.keys, key, c, own)
	if err == nil {
		a.say("charter version %d of %s, SHA-256 %x", c.Version, r.id, sha256.Sum256(files.charter))
	}
	return files, err
}

// notice ends the old key everywhere.
func (r *replacement) notice(a *act, old string) error {
	return a.putNotice(vault.Notice{Revoked: event.Revoked{Officers: []string{old}, Reason: r.reason}})
}
