package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
)

// readBack proves that the chip holds the order: it opens it by every password and every way of PACE,
// compares every byte, verifies what was read, and has the chip prove its keys. The chip is fit for its
// lock when this returns nil.
func (w *work) readBack(ctx context.Context) error {
	got := fileSet{}
	if err := w.openAsWritten(ctx, got); err != nil {
		return err
	}
	if err := w.compare(ctx, got); err != nil {
		return err
	}
	verdicts := w.judge(got)
	if w.mapping != nil {
		verdicts = append(verdicts, got.mapping(w.mapping))
	}
	for _, v := range verdicts {
		if err := asError(v); err != nil {
			return err
		}
		w.proof.Verdicts = append(w.proof.Verdicts, v)
	}
	return w.proveKeys(ctx, got)
}

// openAsWritten opens the chip by its access protocol with every password.
func (w *work) openAsWritten(ctx context.Context, got fileSet) error {
	if w.product.Access == products.AccessBAC {
		if err := w.leave(ctx); err != nil {
			return err
		}
		if err := w.runBAC(ctx); err != nil {
			return passwordDiffers(err, "MRZ")
		}
		w.verdict(MechanismBAC, "opens with the MRZ")
		return nil
	}
	access, err := w.readMaster(ctx, "EF.CardAccess")
	if err != nil {
		return err
	}
	got["EF.CardAccess"] = access
	if !bytes.Equal(access, filesOf(w.files)["EF.CardAccess"]) {
		return fmt.Errorf("%w: EF.CardAccess", devices.ErrReadBack)
	}
	if w.order.CAN != "" {
		if _, err := w.openPACE(ctx, access, pace.CAN(w.order.CAN)); err != nil {
			return passwordDiffers(err, "CAN")
		}
		w.verdict(MechanismPACE, "opens with the CAN")
		if err := w.backToMaster(ctx); err != nil {
			return err
		}
	}
	return w.openEach(ctx, access)
}

// runBAC opens a chip that has Basic Access Control alone.
func (w *work) runBAC(ctx context.Context) error {
	protected, err := w.openBAC(ctx, w.order.MRZHash)
	if err == nil && !protected {
		return fmt.Errorf("%w: it has no access control", devices.ErrForeignChip)
	}
	return err
}

// openEach opens the chip, whose master file is selected, with the MRZ by every way of PACE that it
// announces, the best one last.
func (w *work) openEach(ctx context.Context, access []byte) error {
	infos, err := pace.ParseInfos(access)
	if err != nil {
		return err
	}
	best, named, err := pace.Choose(infos)
	if err != nil {
		return err
	}
	mrz := pace.MRZ(w.order.MRZHash)
	for _, info := range infos {
		if info == best {
			continue
		}
		if err := w.opens(ctx, info, true, mrz); err != nil {
			return err
		}
		if err := w.backToMaster(ctx); err != nil {
			return err
		}
	}
	return w.opens(ctx, best, named, mrz)
}

// opens runs one way of PACE with the MRZ and says that it holds.
func (w *work) opens(ctx context.Context, info pace.Info, named bool, mrz pace.Password) error {
	if err := w.runPACE(ctx, info, named, mrz); err != nil {
		return passwordDiffers(err, "MRZ")
	}
	w.verdict(MechanismPACE, fmt.Sprintf("opens with the MRZ, %s", info.Protocol))
	return nil
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
	if w.auth == nil {
		return nil
	}
	if err := w.authenticateChip(ctx, *w.auth); err != nil {
		return err
	}
	w.verdict(MechanismChipAuth, "chip holds the key of DG14")
	return nil
}

// passwordDiffers takes a refused password for what it is here: not what was written.
func passwordDiffers(err error, which string) error {
	if errors.Is(err, pace.ErrPassword) || errors.Is(err, bac.ErrPassword) {
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
