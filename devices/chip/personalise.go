package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/pki"
)

// Steps of the work as progress names them.
const (
	StepCheck = "check"
	StepWrite = "write"
	StepRead  = "read"
	StepLock  = "lock"
	StepProve = "prove"
)

// Personalise writes, proves and locks, as devices.Encoder says. An error before the lock leaves
// the chip open, and the call may be repeated; the error of a refused check leaves it untouched.
func (e *Encoder) Personalise(ctx context.Context, o devices.ChipOrder, trust *pki.TrustStore, now time.Time,
	report devices.Report) (devices.ChipProof, error) {
	report.At(StepCheck, 0, 0)
	if err := checkOrder(e.product, o); err != nil {
		return devices.ChipProof{}, fmt.Errorf("check order: %w", err)
	}
	l, err := e.connect(ctx)
	if err != nil {
		return devices.ChipProof{}, fmt.Errorf("personalise: %w", err)
	}
	defer l.close()
	w := &work{link: l, order: o, trust: trust, now: now, report: report}
	w.split()
	proof, err := w.run(ctx)
	if err != nil {
		return proof, fmt.Errorf("personalise: %w", condition(err))
	}
	return proof, nil
}

// work is one personalisation.
type work struct {
	*link
	order  devices.ChipOrder
	trust  *pki.TrustStore
	now    time.Time
	report devices.Report

	files  []devices.ChipFile // those to write, in their order
	total  int64
	auth   chipauth.Key // public half
	starts map[string]start
	proof  devices.ChipProof
}

// start is where writing of a file begins: it exists on the chip, and its first bytes are right.
type start struct {
	exists bool
	offset int
}

// split puts the files to write into the product's order.
func (w *work) split() {
	var first []string
	for _, s := range w.product.Steps {
		first = append(first, s.First...)
	}
	rank := func(name string) bool { return products.Carries(first, name) }
	all := filesOf(w.order.Files)
	for _, name := range first {
		if data, ok := all[name]; ok {
			w.files = append(w.files, devices.ChipFile{Name: name, Data: data})
		}
	}
	for _, f := range w.order.Files {
		if !rank(f.Name) && !products.Carries(w.product.Limits.Given, f.Name) {
			w.files = append(w.files, f)
		}
	}
	for _, f := range w.files {
		w.total += int64(len(f.Data))
	}
}

// run is the sequence.
func (w *work) run(ctx context.Context) (devices.ChipProof, error) {
	if err := w.verifyOrder(); err != nil {
		return w.proof, err
	}
	state, err := w.identify(ctx)
	if err != nil {
		return w.proof, err
	}
	switch state.Life {
	case devices.LifeLocked:
		return w.proof, w.runLocked(ctx)
	case devices.LifeUnknown:
		return w.proof, devices.ErrForeignChip
	}
	if !bytes.Equal(state.ChipID, w.order.ChipID) {
		return w.proof, devices.ErrWrongBlank
	}
	if err := w.checkRoom(ctx, w.order, state.Life); err != nil {
		return w.proof, err
	}
	if state.Life == devices.LifePartial {
		if err := w.survey(ctx); err != nil {
			return w.proof, err
		}
	}
	if err := w.write(ctx); err != nil {
		return w.proof, err
	}
	if err := w.readBack(ctx); err != nil {
		return w.proof, err
	}
	if err := w.lock(ctx); err != nil {
		return w.proof, err
	}
	return w.proof, w.proveLocked(ctx)
}

// verifyOrder runs passive authentication over the order itself: a chip must not be spoiled for an
// order that no border would believe.
func (w *work) verifyOrder() error {
	files := filesOf(w.order.Files)
	for _, v := range w.judge(files) {
		if err := asError(v); err != nil {
			return err
		}
	}
	key, _, err := authenticationKey(files["DG14"])
	w.auth = key
	return err
}

// judge is passive authentication of all that is signed.
func (w *work) judge(files fileSet) []devices.Verdict {
	out := []devices.Verdict{files.passive(w.trust, w.now), files.access()}
	if files["EF.CardSecurity"] != nil {
		out = append(out, files.cardSecurity(w.trust, w.now))
	}
	return out
}

// verdict adds one that holds.
func (w *work) verdict(mechanism, reason string) {
	w.proof.Verdicts = append(w.proof.Verdicts, devices.Verdict{Mechanism: mechanism, OK: true, Reason: reason})
}

// survey reads through PACE what an earlier, torn personalisation has left. Where EF.CardAccess is
// not all there, nothing behind it is, and writing begins at the beginning. A chip whose
// EF.CardAccess is ours and whose password is not was begun for another order.
func (w *work) survey(ctx context.Context) error {
	w.proof.Resumed = true
	w.starts = map[string]start{}
	want := filesOf(w.files)["EF.CardAccess"]
	has, err := w.readMaster(ctx, "EF.CardAccess")
	if err != nil || !bytes.Equal(has, want) {
		if _, ok := apdu.StatusOf(err); err == nil || ok {
			return nil
		}
		return err
	}
	if err := w.reset(ctx); err != nil {
		return err
	}
	if _, err := w.openPACE(ctx, has, pace.MRZ(w.order.MRZHash)); err != nil {
		if errors.Is(err, pace.ErrPassword) {
			return fmt.Errorf("%w: begun for another order: %w", devices.ErrWrongBlank, err)
		}
		return err
	}
	w.starts["EF.CardAccess"] = start{exists: true, offset: len(has)}
	done := int64(len(has))
	for _, f := range w.files {
		if f.Name == "EF.CardAccess" {
			continue
		}
		part, err := w.fill(ctx, f.Name, 0, len(f.Data), func(n int) {
			done += int64(n)
			w.report.At(StepCheck, done, w.total)
		})
		if errors.Is(err, apdu.FileNotFound) {
			return nil // files are written one after another: the first that is missing is the end
		}
		if err != nil {
			return err
		}
		w.starts[f.Name] = start{exists: true, offset: sameUntil(part, f.Data)}
	}
	return nil
}

// sameUntil is the offset of the first byte that differs.
func sameUntil(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// openChannel resets the chip, selects the application and opens the personaliser's channel.
func (w *work) openChannel(ctx context.Context) (*scp03.Session, error) {
	if err := w.reset(ctx); err != nil {
		return nil, err
	}
	if _, err := w.plain(ctx, w.selection(0x0C, 0)); err != nil {
		return nil, err
	}
	s, err := scp03.Host{Rand: w.rand, KeyVersion: w.product.KeyVersion}.Open(ctx, w.card, w.order.SCP03)
	if errors.Is(err, scp03.ErrCryptogram) || errors.Is(err, apdu.AuthFailed) {
		return nil, fmt.Errorf("%w: its keys are not those of the order: %w", devices.ErrWrongBlank, err)
	}
	return s, err
}

// write brings secrets and files onto the chip. Secrets are always sent again: storing them twice
// does no harm, and nobody can read whether they arrived.
func (w *work) write(ctx context.Context) error {
	s, err := w.openChannel(ctx)
	if err != nil {
		return err
	}
	defer s.End()
	for _, step := range w.product.Steps {
		switch step.Do {
		case products.Store:
			err = w.store(ctx, s, step)
		case products.Files:
			err = w.writeFiles(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refusedToHold names the chip's own word for what it cannot take.
func refusedToHold(err error) error {
	if errors.Is(err, apdu.NoMemory) || errors.Is(err, apdu.WrongData) || errors.Is(err, apdu.FileExists) {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	return err
}

// lock sends the command that ends the chip's openness. It is called behind readBack alone.
func (w *work) lock(ctx context.Context) error {
	w.report.At(StepLock, w.total, w.total)
	s, err := w.openChannel(ctx)
	if err != nil {
		return err
	}
	defer s.End()
	step := w.product.Steps[len(w.product.Steps)-1]
	c := apdu.Command{CLA: 0x80, INS: 0xF0, P1: step.P1, P2: step.P2, Data: w.product.Application}
	if _, err := s.Do(ctx, c); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}
