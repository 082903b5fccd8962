package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// revocation is what two officers decide to end.
type revocation struct {
	signers, keys, blanks, books, stations []string
	reason                                 string
	days                                   int
	notice                                 vault.Notice
}

// revokeCommand is the ceremony that makes one notice of everything an adversary may hold.
func (h *headquarters) revokeCommand() *cobra.Command {
	var r revocation
	var officers []string
	cmd := &cobra.Command{
		Use:   "revoke [STATION ...]",
		Short: "End document signers, blanks, books, officers' tokens and stations with one notice",
		Long: `Make one notice of everything that an adversary may hold. It is in force when two officers have signed the
protocol: the ledger takes nothing more that a revoked key signs, the vault gives the notice to every
station and makes no order that it touches, the revocation list is the next one if a document signer is
named, and newer charters leave revoked officers out. Any office can carry the notice.

STATION ends all that a station may do, and revokes its blanks that the ledger does not show as handed
over. Entries that a revoked key has signed and its station has not yet sent are refused too: such a
station goes on with "station replace".

A reason is one word: seized, stolen, lost, impostor. It is shown to who verifies a book.`,
		Example: `  headquarters revoke UTO-07 --key 4be1…90 --reason seized --officer pkcs11:anna --officer pkcs11:boris
  headquarters revoke --blanks UT4200100-UT4200199 --reason stolen --officer pkcs11:anna --officer pkcs11:boris
  headquarters revoke --book UT4200007 --reason impostor --officer pkcs11:anna --officer pkcs11:boris`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.stations = args
			if err := h.hold(cmd, "revoke", officers, r.do); err != nil {
				return err
			}
			return h.renewAfter(cmd, r.notice)
		},
	}
	flags := cmd.Flags()
	officerFlag(cmd, &officers)
	flags.StringArrayVar(&r.signers, "signer", nil, "serial number of a document signer (hexadecimal)")
	flags.StringArrayVar(&r.keys, "key", nil, "key identifier of an officer's token")
	flags.StringArrayVar(&r.blanks, "blanks", nil, "serial of a blank, or FIRST-LAST")
	flags.StringArrayVar(&r.books, "book", nil, "serial of an issued book")
	flags.StringVar(&r.reason, "reason", "", "why, in one word")
	flags.IntVar(&r.days, "days", 90, "days until the revocation list after this one is due, at most 90")
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

func (r *revocation) do(ctx context.Context, a *act) error {
	if err := vault.CheckWord(r.reason); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	r.notice = vault.Notice{Revoked: event.Revoked{Reason: r.reason}, Stations: r.stations}
	if len(r.signers)+len(r.keys)+len(r.blanks)+len(r.books)+len(r.stations) == 0 {
		return fmt.Errorf("%w: name what to revoke", errUsage)
	}
	history, err := a.history(ctx)
	if err != nil {
		return err
	}
	for _, do := range []func(context.Context, *act, *ledgerHistory) error{
		r.revokeBlanks, r.revokeKeys, r.revokeStations, r.revokeSigners,
	} {
		if err := do(ctx, a, history); err != nil {
			return err
		}
	}
	return a.putNotice(r.notice)
}

// putNotice has the protocol of this ceremony vouch for a notice.
func (a *act) putNotice(n vault.Notice) error {
	body, err := journal.Encode(n.Revoked)
	if err != nil {
		return err
	}
	if len(body) > maxNotice {
		return fmt.Errorf("a notice of %d bytes does not fit an entry: divide it", len(body))
	}
	content, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	a.put(noticeFile(a.number), append(content, '\n'))
	a.say("notice %s: %d tokens, %d rows of serials, %d signers, %d stations; reason: %s", noticeFile(a.number),
		len(n.Revoked.Officers), len(n.Revoked.Blanks), len(n.Revoked.Signers), len(n.Stations), n.Revoked.Reason)
	return nil
}

// revokeBlanks takes in rows of blanks and single books. A book must be one that was ordered.
func (r *revocation) revokeBlanks(_ context.Context, a *act, past *ledgerHistory) error {
	for _, spec := range r.blanks {
		first, last, row := strings.Cut(spec, "-")
		if !row {
			last = first
		}
		whole := event.Range{First: station.Serial(first), Last: station.Serial(last)}
		if whole.First.Check() != nil || whole.Last.Check() != nil || len(first) != len(last) || first > last {
			return fmt.Errorf("%w: --blanks %s: want SERIAL or FIRST-LAST of one length", errUsage, spec)
		}
		a.say("revoking blanks %s to %s", first, last)
		r.notice.Revoked.Blanks = append(r.notice.Revoked.Blanks, whole)
	}
	for _, book := range r.books {
		serial := station.Serial(book)
		if past.cases[serial] == "" {
			return fmt.Errorf("book %s was never ordered here", serial)
		}
		a.say("revoking book %s of case %s", serial, past.cases[serial])
		r.notice.Revoked.Blanks = append(r.notice.Revoked.Blanks, event.Range{First: serial, Last: serial})
	}
	return nil
}

// revokeKeys ends officers' tokens, which must be in somebody's charter.
func (r *revocation) revokeKeys(ctx context.Context, a *act, _ *ledgerHistory) error {
	if len(r.keys) == 0 {
		return nil
	}
	for _, id := range r.keys {
		name, at, err := a.officerAt(id)
		if err != nil {
			return err
		}
		a.say("revoking token %s of %s at %s", id, name, at)
	}
	r.notice.Revoked.Officers = r.keys
	return a.endKeys(ctx, r.keys)
}

// endKeys has the ledger refuse keys. It comes before the notice: no entry of theirs may stand behind it.
func (a *act) endKeys(ctx context.Context, ids []string) error {
	l, err := a.administer()
	if err != nil {
		return err
	}
	defer l.Close()
	n, err := l.EndKeys(ctx, ids)
	if err == nil {
		a.say("the ledger takes nothing more from %d keys", n)
	}
	return err
}

// officerAt finds the station whose charter has a token.
func (h *headquarters) officerAt(keyID string) (pseudonym, at string, err error) {
	ids, err := h.stations()
	if err != nil {
		return "", "", err
	}
	for _, id := range ids {
		c, err := h.charterOf(id)
		if err != nil {
			return "", "", err
		}
		if o, ok := c.Officer(keyID); ok {
			return o.Pseudonym, id, nil
		}
	}
	return "", "", fmt.Errorf("no station has an officer with key %s", keyID)
}

// revokeStations ends stations, and the blanks that they still have.
func (r *revocation) revokeStations(ctx context.Context, a *act, past *ledgerHistory) error {
	for _, id := range r.stations {
		if _, err := a.charterOf(id); err != nil {
			return fmt.Errorf("station %s: %w", id, err)
		}
		rows := past.open(id)
		for _, row := range rows {
			a.say("revoking blanks %s to %s of %s", row.First, row.Last, id)
		}
		r.notice.Revoked.Blanks = append(r.notice.Revoked.Blanks, rows...)
		l, err := a.administer()
		if err != nil {
			return err
		}
		if err := l.Revoke(ctx, id); err != nil {
			_ = l.Close()
			return err
		}
		if err := l.Close(); err != nil {
			return err
		}
		a.say("the ledger takes nothing more from %s", id)
	}
	return nil
}

// revokeSigners makes the next revocation list.
func (r *revocation) revokeSigners(ctx context.Context, a *act, _ *ledgerHistory) error {
	if len(r.signers) == 0 {
		return nil
	}
	for _, serial := range r.signers {
		cert, err := a.signer(serial)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(cert.Raw)
		r.notice.Revoked.Signers = append(r.notice.Revoked.Signers, sum[:])
	}
	return nextList(ctx, a, r.signers, r.days)
}

// renewAfter signs the next charters where a notice changes them: without the officers, with the list.
func (h *headquarters) renewAfter(cmd *cobra.Command, n vault.Notice) error {
	if len(n.Revoked.Officers)+len(n.Revoked.Signers) == 0 {
		return nil
	}
	keys, err := h.store()
	if err != nil {
		return err
	}
	defer keys.Close()
	_, root, err := h.root(keys)
	if err != nil {
		return err
	}
	ids, err := h.stations()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if slices.Contains(n.Stations, id) {
			continue
		}
		version, err := h.renew(keys, root, id)
		if err != nil {
			return fmt.Errorf("station %s: %w", id, err)
		}
		h.chartered(cmd.OutOrStdout(), id, version)
	}
	return nil
}

// keyIDOf names a public key, DER.
func keyIDOf(spki []byte) (string, error) {
	key, err := journal.ParseKey(spki)
	if err != nil {
		return "", err
	}
	return journal.KeyID(key)
}
