package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/lds"
)

// runLocked is for a chip that is locked already: after a tear behind the lock, this order's own.
// It must hold exactly the order, and is only read.
func (w *work) runLocked(ctx context.Context) error {
	err := w.readBack(ctx)
	_, refused := apdu.StatusOf(err)
	switch {
	case errors.Is(err, devices.ErrReadBack), errors.Is(err, devices.ErrNotAuthentic), refused:
		return fmt.Errorf("%w, and not with this order: %w", devices.ErrLockedChip, err)
	case err != nil:
		return err
	}
	if w.product.Identifier.Length > 0 {
		id, err := w.chipID(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(id, w.order.ChipID) {
			return fmt.Errorf("%w, and locked", devices.ErrWrongBlank)
		}
	}
	w.proof.Resumed = true
	return w.proveLocked(ctx)
}

// attempt is a command that a locked chip must refuse.
type attempt struct {
	what string
	cmd  apdu.Command
}

// proveLocked shows, on a chip that was just powered anew, that nothing can be read or written
// without the access protocol, that nothing can be written behind it, and that it still opens the
// chip.
func (w *work) proveLocked(ctx context.Context) error {
	w.report.At(StepProve, w.total, w.total)
	if err := w.reset(ctx); err != nil {
		return err
	}
	attempts, err := w.forbidden()
	if err != nil {
		return err
	}
	if w.product.Access == products.AccessBAC { // its application takes a plain selection, and no more
		if _, err := w.plain(ctx, w.selection(0x0C, 0)); err != nil {
			return err
		}
	}
	for _, a := range attempts {
		if err := w.mustRefuse(ctx, a); err != nil {
			return err
		}
	}
	if err := w.openLocked(ctx); err != nil {
		return fmt.Errorf("open the locked chip: %w", err)
	}
	com := filesOf(w.files)["EF.COM"]
	b, err := w.fill(ctx, "EF.COM", 0, len(com), func(int) {})
	if err != nil {
		return fmt.Errorf("read the locked chip: %w", err)
	}
	if !bytes.Equal(b, com) {
		return fmt.Errorf("%w: EF.COM of the locked chip", devices.ErrReadBack)
	}
	behind, err := w.behind(com)
	if err != nil {
		return err
	}
	for _, a := range behind {
		if err := w.mustRefuse(ctx, a); err != nil {
			return err
		}
	}
	w.verdict(MechanismLock, "plain reading, writing and the personaliser's channel are refused")
	return nil
}

// openLocked runs the access protocol in the state that the refused attempts have left.
func (w *work) openLocked(ctx context.Context) error {
	if w.product.Access == products.AccessBAC {
		return w.runBAC(ctx)
	}
	_, err := w.openPACE(ctx, filesOf(w.files)["EF.CardAccess"], pace.MRZ(w.order.MRZHash))
	return err
}

// creation is a CREATE FILE that would change nothing on a chip that took it: EF.COM as it is.
func (w *work) creation() (apdu.Command, error) {
	create, _, err := w.commandsFor("EF.COM", len(filesOf(w.files)["EF.COM"]))
	return create, err
}

// forbidden lists what a locked chip must refuse in clear: finding any of the order's files, and
// every command that reads or writes. Should the chip take one, nothing is spoiled by it.
func (w *work) forbidden() ([]attempt, error) {
	var out []attempt
	create, err := w.creation()
	if err != nil {
		return nil, err
	}
	if w.product.Access == products.AccessPACE {
		out = append(out, attempt{"plain selection of the application", w.selection(0x0C, 0)})
	}
	for _, name := range []string{"EF.COM", "EF.SOD", "DG1", "DG2"} {
		id, ok := lds.FileID(name)
		if !ok {
			return nil, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
		}
		fid := []byte{byte(id >> 8), byte(id)}
		out = append(out, attempt{"plain selection of " + name, apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: fid}})
	}
	out = append(out,
		attempt{"plain reading", apdu.Command{INS: 0xB0, Ne: headSize}},
		attempt{"plain writing", apdu.Command{INS: 0xD6, Data: []byte{0x60}}},
		attempt{"creating a file", create})
	if w.product.Channel == products.ChannelSCP03 {
		challenge := make([]byte, 8)
		channel := scp03.InitializeUpdate(w.product.KeyVersion, challenge)
		return append(out, attempt{"the personaliser's channel", channel}), nil
	}
	return append(out, w.secretsAgain()...), nil
}

// secretsAgain are the commands that brought the secrets, as they were: for a chip without a
// channel.
func (w *work) secretsAgain() []attempt {
	var out []attempt
	for _, s := range w.product.Steps {
		data, complete := s.Data.Expand(w.field, inClear{}.EncryptKey)
		if s.Do == products.Store && complete {
			cmd := apdu.Command{CLA: s.CLA, INS: s.INS, P1: s.P1, P2: s.P2, Data: data}
			out = append(out, attempt{"storing a secret", cmd})
		}
	}
	return out
}

// behind lists what a locked chip must refuse in its session: writing the byte that is there
// already, or, on a chip that knows no writing in a session, making files and secrets.
func (w *work) behind(com []byte) ([]attempt, error) {
	if w.product.Access == products.AccessPACE {
		return []attempt{{"writing behind PACE", apdu.Command{INS: 0xD6, Data: com[:1]}}}, nil
	}
	create, err := w.creation()
	return append([]attempt{{"creating a file behind BAC", create}}, w.secretsAgain()...), err
}

// mustRefuse sends a command and wants a status that refuses it. Reading that is refused for want
// of a selected file counts: the selection was refused before.
func (w *work) mustRefuse(ctx context.Context, a attempt) error {
	r, err := w.ch.Do(ctx, a.cmd)
	if _, ok := apdu.StatusOf(err); err != nil && !ok {
		return fmt.Errorf("%s: %w", a.what, err)
	}
	if r.Status.Refused() || r.Status == apdu.NoCurrentFile {
		return nil
	}
	return fmt.Errorf("%w: %s answers %04X", devices.ErrNotLocked, a.what, uint16(r.Status))
}
