package issuance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/lds/lint"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/printing/inspection"
	"padarozhnik/station"
)

// Finding is one thing that was compared, with the result in plain words. It holds no personal
// data.
type Finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// Examination is what page and chip of a booklet say, beside its order.
type Examination struct {
	Serial    station.Serial     `json:"serial"`
	Inked     bool               `json:"inked"`   // a machine readable zone stands on the page
	PageOK    bool               `json:"pageOk"`  // and it is the order's
	Encoded   bool               `json:"encoded"` // the chip is locked and holds exactly the order
	Findings  []Finding          `json:"findings"`
	Page      []byte             `json:"-"` // the page as scanned
	Looks     *inspection.Result `json:"-"` // the page beside its order; its picture is as personal as the page
	PageType  string             `json:"-"`
	ChipFiles []devices.ChipFile `json:"-"`
	Doubt     error              `json:"-"` // why the scanner's picture is not to be relied upon; nil where it is
}

// OK tells whether the booklet is what the order asked for.
func (e Examination) OK() bool {
	for _, f := range e.Findings {
		if !f.OK {
			return false
		}
	}
	return len(e.Findings) > 0
}

func (e *Examination) add(what string, ok bool, reason string) {
	e.Findings = append(e.Findings, Finding{what, ok, reason})
}

// Examine looks at a booklet without changing its record: the page is scanned and its machine
// readable zone read, the chip is read through its access protocol and verified, and both are
// compared with the order. What cannot be read is a finding; an error says that a device or a
// booklet is missing.
func (d *Desk) Examine(
	ctx context.Context, seat Seat, token station.CaseToken, report devices.Report,
) (Examination, error) {
	o, err := d.Order(ctx, seat, token)
	if err != nil {
		return Examination{}, err
	}
	defer Destroy(&o)
	defer d.atWork()()
	e := Examination{Serial: o.Serial}
	if err := d.places.with(ctx, SpotScanner, func() error { return d.examinePage(ctx, o, &e) }); err != nil {
		return e, fmt.Errorf("examine %s: %w", o.Serial, err)
	}
	if err := d.places.with(ctx, SpotReader, func() error { return d.examineChip(ctx, o, &e, report) }); err != nil {
		return e, fmt.Errorf("examine %s: %w", o.Serial, err)
	}
	return e, nil
}

func (d *Desk) examinePage(ctx context.Context, o station.Order, e *Examination) error {
	if e.Doubt = d.ScannerDoubt(ctx); d.doubtStops(e.Doubt) {
		return e.Doubt
	}
	if err := d.put(ctx, o.Serial, SpotScanner); err != nil {
		return err
	}
	img, err := d.scanBook(ctx, e)
	if err != nil {
		return err
	}
	e.addSerial(img, o.Serial)
	return d.comparePage(ctx, o, img, e)
}

// lint runs the conformity checks of the data groups and their signatures over a chip's files.
func (d *Desk) lint(files []devices.ChipFile, e *Examination) {
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name] = f.Data
	}
	report := lint.Lint(byName, lint.Trust{CSCA: d.Charter.Anchors, CRL: d.Charter.CRLs}, d.Now())
	if failed := report.Failed(); len(failed) > 0 {
		e.add("conformity", false, "checks failed: "+strings.Join(failed, ", "))
		return
	}
	e.add("conformity", report.OK(), fmt.Sprintf("%d checks of Doc 9303-10 to 9303-12 passed", report.Count(lint.Pass)))
}

// ReadChip reads and verifies the chip of a booklet with a password that a person knows.
func (d *Desk) ReadChip(ctx context.Context, serial station.Serial, p devices.Password) (devices.ChipReading, error) {
	if _, err := d.chipOf(ctx, serial); err != nil {
		return devices.ChipReading{}, err
	}
	return d.Encoder.Inspect(ctx, p, d.Trust, d.Now(), nil)
}

func (d *Desk) examineChip(ctx context.Context, o station.Order, e *Examination, report devices.Report) error {
	if _, err := d.chipOf(ctx, o.Serial); err != nil && !errors.Is(err, devices.ErrForeignChip) {
		return err
	}
	r, err := d.Encoder.Inspect(ctx, devices.Password{MRZHash: o.MRZHash}, d.Trust, d.Now(), report)
	switch {
	case errors.Is(err, devices.ErrWrongPassword):
		e.add("chip access", false, "the chip does not open with the printed zone of this order")
		return nil
	case errors.Is(err, devices.ErrForeignChip):
		e.add("chip access", false, "the chip holds no passport")
		return nil
	case err != nil:
		return err
	}
	e.ChipFiles = r.Files
	for _, v := range r.Verdicts {
		e.add(v.Mechanism, v.OK, v.Reason)
	}
	equal := true
	for _, f := range o.Files {
		if !bytes.Equal(r.File(f.Name), f.Data) {
			equal = false
			e.add("chip "+f.Name, false, "differs from the order")
		}
	}
	if equal {
		e.add("chip files", true, fmt.Sprintf("%d files equal to the order, byte for byte", len(o.Files)))
	}
	d.lint(r.Files, e)
	_, failed := r.Failed()
	e.Encoded = equal && !failed
	return nil
}

// Inspect examines a printed booklet and passes it if everything agrees and the officer has looked at
// what no scanner sees: looked is what they ticked of the profile's list. Otherwise it returns the
// examination with ErrInspection, and the inspecting officer either looks again or spoils the
// booklet with Resolve.
func (d *Desk) Inspect(
	ctx context.Context, seat Seat, token station.CaseToken, report devices.Report, looked ...station.Item,
) (Examination, error) {
	c, err := d.Case(ctx, token)
	if err != nil {
		return Examination{}, err
	}
	if err := c.MayInspect(seat.Officer, d.Now()); err != nil {
		return Examination{}, err
	}
	if err := station.Ticked("visual", d.Charter.Profile.Visual, looked); err != nil {
		return Examination{}, fmt.Errorf("inspect %s: %w", c.Serial, err)
	}
	book, err := d.booklet(ctx, c.Serial)
	if err != nil {
		return Examination{}, err
	}
	if book.State != station.StatePrinted {
		return Examination{}, fmt.Errorf("inspect a booklet that is %s: %w", book.State, station.ErrStage)
	}
	e, err := d.Examine(ctx, seat, token, report)
	if err != nil {
		return e, err
	}
	if err := d.noteShift(ctx, e.position()); err != nil {
		return e, err
	}
	o, err := d.Order(ctx, seat, token)
	if err != nil {
		return e, err
	}
	defer Destroy(&o)
	sod := sha256.Sum256(o.File("EF.SOD"))
	body := event.Inspected{SOD: sod[:], Looked: looked}
	for _, f := range e.Findings {
		if f.OK == e.OK() {
			body.Findings = append(body.Findings, f.What)
		}
	}
	if !e.OK() {
		ev := fact{kind: event.InspectionFailed, subject: string(o.Serial), body: body}
		err := d.Store.Update(ctx, func(tx Tx) error { return d.record(tx, seat.Key, ev) })
		return e, errors.Join(ErrInspection, err)
	}
	return e, d.finish(ctx, seat, o, body)
}

// Resolve records what a person decided after looking at a booklet: that its page carries no ink
// (encoded), that it was printed to the end (printed), or that it cannot become a passport
// (spoiled). The reason is kept in the journal and must not name the holder.
func (d *Desk) Resolve(
	ctx context.Context, seat Seat, token station.CaseToken, as station.State, reason string,
) error {
	c, err := d.Case(ctx, token)
	if err != nil {
		return err
	}
	operates := seat.Officer.May(station.RoleOperate, station.DateOf(d.Now()))
	inspects := seat.Officer.May(station.RoleInspect, station.DateOf(d.Now()))
	if operates != nil && inspects != nil {
		return fmt.Errorf("resolve %s: %w", c.Serial, operates)
	}
	if c.Stage == station.StagePassed {
		return fmt.Errorf("resolve a finished book %s: %w", c.Serial, station.ErrSamePerson)
	}
	o := station.Order{Case: token, Serial: c.Serial}
	ev := fact{kind: event.BookletResolved, body: event.Resolved{Case: token, As: as, Reason: reason}}
	switch as {
	case station.StateEncoded, station.StatePrinted:
		book, err := d.booklet(ctx, c.Serial)
		if err != nil {
			return err
		}
		if book.State != station.StateInking {
			return fmt.Errorf("resolve a booklet that is %s: %w", book.State, station.ErrStage)
		}
		err = d.advance(ctx, seat.Key, o, as, ev, nil)
		return err
	case station.StateSpoiled:
		ev.kind = event.BookletSpoiled
		return d.advance(ctx, seat.Key, o, as, ev, func(c *station.Case) (err error) {
			*c, err = c.Spoil(reason)
			return err
		})
	}
	return fmt.Errorf("resolve as %s: %w", as, station.ErrStage)
}
