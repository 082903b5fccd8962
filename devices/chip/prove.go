package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/lds"
)

// readBack proves that the chip holds the order: it opens it by both passwords, compares every
// byte, verifies what was read, and has the chip prove its key. The chip is fit for its lock when
// this returns nil.
func (w *work) readBack(ctx context.Context) error {
	access, err := w.readMaster(ctx, "EF.CardAccess")
	if err != nil {
		return err
	}
	got := fileSet{"EF.CardAccess": access}
	if !bytes.Equal(access, filesOf(w.files)["EF.CardAccess"]) {
		return fmt.Errorf("%w: EF.CardAccess", devices.ErrReadBack)
	}
	if w.order.CAN != "" {
		if _, err := w.openPACE(ctx, access, pace.CAN(w.order.CAN)); err != nil {
			return passwordDiffers(err, "CAN")
		}
		w.verdict(MechanismPACE, "opens with the CAN")
	}
	o, err := w.openEach(ctx, access)
	if err != nil {
		return err
	}
	if err := w.compare(ctx, got); err != nil {
		return err
	}
	verdicts := w.judge(got)
	if o.proof != nil {
		verdicts = append(verdicts, got.mapping(o.proof))
	}
	for _, v := range verdicts {
		if err := asError(v); err != nil {
			return err
		}
		w.proof.Verdicts = append(w.proof.Verdicts, v)
	}
	return w.proveKeys(ctx, got)
}

// openEach opens the chip with the MRZ by every way of PACE that it announces, the best one last,
// and selects the application in that session.
func (w *work) openEach(ctx context.Context, access []byte) (opened, error) {
	infos, err := pace.ParseInfos(access)
	if err != nil {
		return opened{}, err
	}
	best, named, err := pace.Choose(infos)
	if err != nil {
		return opened{}, err
	}
	mrz := pace.MRZ(w.order.MRZHash)
	for _, info := range append(slices.DeleteFunc(infos, func(i pace.Info) bool { return i == best }), best) {
		if err := w.reset(ctx); err != nil {
			return opened{}, err
		}
		o, err := w.runProtocol(ctx, info, named || info != best, mrz)
		if err != nil {
			return o, passwordDiffers(err, "MRZ")
		}
		w.verdict(MechanismPACE, fmt.Sprintf("opens with the MRZ, %s", info.Protocol))
		if info == best {
			return o, w.enter(ctx, false)
		}
	}
	return opened{}, pace.ErrUnsupported
}

// proveKeys has the chip use its private keys.
func (w *work) proveKeys(ctx context.Context, got fileSet) error {
	if got["DG15"] != nil {
		key, err := challengeKey(got["DG15"], got["DG14"])
		if err != nil {
			return err
		}
		if err := w.answerChallenge(ctx, key); err != nil {
			return err
		}
		w.verdict(MechanismActiveAuth, "chip signs with the key of DG15")
	}
	if err := w.authenticateChip(ctx, w.auth); err != nil {
		return err
	}
	w.verdict(MechanismChipAuth, "chip holds the key of DG14")
	return nil
}

// passwordDiffers takes a refused password for what it is here: not what was written.
func passwordDiffers(err error, which string) error {
	if errors.Is(err, pace.ErrPassword) {
		return fmt.Errorf("%w: %s: %w", devices.ErrReadBack, which, err)
	}
	return err
}

// compare reads every file in the open session and fills got.
func (w *work) compare(ctx context.Context, got fileSet) error {
	done := int64(len(got["EF.CardAccess"]))
	for _, f := range w.files {
		if f.Name == "EF.CardAccess" {
			continue
		}
		b, err := w.fill(ctx, f.Name, 0, len(f.Data), func(n int) {
			done += int64(n)
			w.report.At(StepRead, done, w.total)
		})
		if err != nil {
			return err
		}
		if !bytes.Equal(b, f.Data) {
			return fmt.Errorf("%w: %s from byte %d on", devices.ErrReadBack, f.Name, sameUntil(b, f.Data))
		}
		got[f.Name] = b
	}
	w.proof.Bytes = int(done)
	w.verdict(MechanismReadBack, fmt.Sprintf("%d bytes are those of the order", done))
	return nil
}

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
	id, err := w.chipID(ctx)
	if err != nil {
		return err
	}
	if !bytes.Equal(id, w.order.ChipID) {
		return fmt.Errorf("%w, and locked", devices.ErrWrongBlank)
	}
	w.proof.Resumed = true
	return w.proveLocked(ctx)
}

// attempt is a command that a locked chip must refuse.
type attempt struct {
	what string
	cmd  apdu.Command
}

// proveLocked shows that nothing can be read or written without PACE, that nothing can be written
// behind PACE, and that PACE still opens the chip.
func (w *work) proveLocked(ctx context.Context) error {
	w.report.At(StepProve, w.total, w.total)
	if err := w.reset(ctx); err != nil {
		return err
	}
	attempts, err := w.forbidden()
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if err := w.mustRefuse(ctx, a); err != nil {
			return err
		}
	}
	if err := w.reset(ctx); err != nil {
		return err
	}
	access := filesOf(w.files)["EF.CardAccess"]
	if _, err := w.openPACE(ctx, access, pace.MRZ(w.order.MRZHash)); err != nil {
		return fmt.Errorf("open the locked chip: %w", err)
	}
	sod := filesOf(w.files)["EF.SOD"]
	b, err := w.fill(ctx, "EF.SOD", 0, len(sod), func(int) {})
	if err != nil {
		return fmt.Errorf("read the locked chip: %w", err)
	}
	if !bytes.Equal(b, sod) {
		return fmt.Errorf("%w: EF.SOD of the locked chip", devices.ErrReadBack)
	}
	// The byte that is there already: should the chip take it, nothing is spoiled.
	write := attempt{"writing behind PACE", apdu.Command{INS: 0xD6, Data: sod[:1]}}
	if err := w.mustRefuse(ctx, write); err != nil {
		return err
	}
	w.verdict(MechanismLock, "plain reading, writing and the personaliser's channel are refused")
	return nil
}

// forbidden lists what a locked chip must refuse in clear.
func (w *work) forbidden() ([]attempt, error) {
	out := []attempt{{"plain selection of the application", w.selection(0x0C, 0)}}
	for _, name := range []string{"EF.COM", "EF.SOD", "DG1"} {
		id, ok := lds.FileID(name)
		if !ok {
			return nil, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
		}
		fid := []byte{byte(id >> 8), byte(id)}
		out = append(out,
			attempt{"plain selection of " + name, apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: fid}},
			attempt{"plain reading of " + name, apdu.Command{INS: 0xB0, Ne: headSize}},
			attempt{"plain writing of " + name, apdu.Command{INS: 0xD6, Data: filesOf(w.files)[name][:1]}})
	}
	challenge := make([]byte, 8)
	return append(out,
		attempt{"creating a file", apdu.Command{INS: 0xE0, Data: []byte{0x62, 0}}},
		attempt{"the personaliser's channel", scp03.InitializeUpdate(w.product.KeyVersion, challenge)}), nil
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
