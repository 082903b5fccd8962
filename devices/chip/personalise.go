package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
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
	if err := checkOrder(e.product, o, now); err != nil {
		return devices.ChipProof{}, fmt.Errorf("check order: %w", err)
	}
	l, err := e.connect(ctx)
	if err != nil {
		return devices.ChipProof{}, fmt.Errorf("personalise: %w", err)
	}
	defer l.close()
	w := &work{link: l, order: ownSecrets(o), trust: trust, now: now, report: report}
	defer w.erase()
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
	auth   *chipauth.Key // public half; nil where the order announces no Chip Authentication
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
	if files["DG14"] == nil {
		return nil
	}
	key, announced, err := authenticationKey(files["DG14"])
	if announced {
		w.auth = &key
	}
	return err
}

// judge is passive authentication of all that is signed, and what the chip offers compared with it.
func (w *work) judge(files fileSet) []devices.Verdict {
	out := []devices.Verdict{files.passive(w.trust, w.now)}
	if w.product.Access == products.AccessPACE {
		out = append(out, files.access())
	} else if v, tested := files.hidden(); tested {
		out = append(out, v)
	}
	if files["EF.CardSecurity"] != nil {
		out = append(out, files.cardSecurity(w.trust, w.now))
	}
	return out
}

// verdict adds one that holds.
func (w *work) verdict(mechanism, reason string) {
	w.proof.Verdicts = append(w.proof.Verdicts, devices.Verdict{Mechanism: mechanism, OK: true, Reason: reason})
}

// survey reads through the access protocol what an earlier, torn personalisation has left. Where
// the protocol cannot be run yet, nothing is there, and writing begins at the beginning. A chip
// that runs it and refuses our password was begun for another order.
func (w *work) survey(ctx context.Context) error {
	w.proof.Resumed = true
	w.starts = map[string]start{}
	runs, err := w.openBegun(ctx)
	if err != nil {
		if errors.Is(err, pace.ErrPassword) || errors.Is(err, bac.ErrPassword) {
			return fmt.Errorf("%w: %w: %w", devices.ErrBegunForAnother, devices.ErrWrongBlank, err)
		}
		return err
	}
	if !runs {
		return nil
	}
	var done int64
	for _, f := range w.files {
		if f.Name == "EF.CardAccess" {
			w.starts[f.Name] = start{exists: true, offset: len(f.Data)} // or the protocol could not be run
			done += int64(len(f.Data))
			continue
		}
		at, found, err := w.begun(ctx, f, func(n int) {
			done += int64(n)
			w.report.At(StepCheck, done, w.total)
		})
		if err != nil || !found {
			return err // files are written one after another: the first that is missing is the end
		}
		w.starts[f.Name] = at
	}
	return nil
}

// begun finds where a file on the chip stops being the order's. One that is longer or shorter than
// it should be is made again: a chip that cannot do that says so, and is spoiled.
func (w *work) begun(ctx context.Context, f devices.ChipFile, progress func(int)) (at start, found bool, err error) {
	part, err := w.fill(ctx, f.Name, 0, len(f.Data), progress)
	if errors.Is(err, apdu.FileNotFound) {
		return start{}, false, nil
	}
	if err != nil {
		return start{}, false, err
	}
	if w.product.CreateSelectsNot { // its CREATE changes the size of a file that exists
		more, err := w.readAt(ctx, f.Name, len(part), 1)
		if err != nil {
			return start{}, false, err
		}
		if len(part) != len(f.Data) || len(more) > 0 {
			return start{}, true, nil
		}
	}
	return start{exists: true, offset: sameUntil(part, f.Data)}, true, nil
}

// openBegun opens the chip as a border would, with the order's MRZ. It returns false for a chip that
// cannot run the protocol yet: with PACE, because the order's EF.CardAccess is not all there.
func (w *work) openBegun(ctx context.Context) (runs bool, err error) {
	if w.product.Access == products.AccessBAC {
		if err := w.leave(ctx); err != nil {
			return false, err
		}
		err := w.runBAC(ctx)
		if errors.Is(err, apdu.ConditionsOfUse) {
			return false, nil // no keys loaded
		}
		return err == nil, err
	}
	want := filesOf(w.files)["EF.CardAccess"]
	has, err := w.readMaster(ctx, "EF.CardAccess")
	if _, refused := apdu.StatusOf(err); refused || (err == nil && !bytes.Equal(has, want)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = w.openPACE(ctx, has, pace.MRZ(w.order.MRZHash))
	return err == nil, err
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

// write brings secrets and files onto the chip. Secrets are always sent again: storing them twice
// does no harm, and nobody can read whether they arrived.
func (w *work) write(ctx context.Context) error {
	c, err := w.openChannel(ctx)
	if err != nil {
		return err
	}
	defer c.End()
	w.known = nil
	for _, step := range w.product.Steps {
		switch step.Do {
		case products.Store:
			err = w.perform(ctx, c, step)
		case products.Files:
			err = w.writeFiles(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	w.selected = false
	return nil
}

// lock sends the command that ends the chip's openness. It is called behind readBack alone.
func (w *work) lock(ctx context.Context) error {
	w.report.At(StepLock, w.total, w.total)
	c, err := w.openChannel(ctx)
	if err != nil {
		return err
	}
	defer c.End()
	return w.perform(ctx, c, w.product.Lock())
}
