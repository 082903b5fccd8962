package chip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

// Inspect opens a chip with a password, reads all its files and verifies them, as devices.Encoder
// says. PACE is used wherever the chip has EF.CardAccess; BAC only where it has none, and only
// with the MRZ. The application's files come in the standard's order behind EF.ATR-INFO and
// EF.CardAccess, as far as the chip has them.
func (e *Encoder) Inspect(ctx context.Context, p devices.Password, trust *pki.TrustStore, now time.Time,
	report devices.Report) (devices.ChipReading, error) {
	l, err := e.connect(ctx)
	if err != nil {
		return devices.ChipReading{}, fmt.Errorf("inspect: %w", err)
	}
	defer l.close()
	in := &inspection{link: l, files: fileSet{}, report: report}
	if err := in.run(ctx, p, trust, now); err != nil {
		return in.reading, fmt.Errorf("inspect: %w", condition(err))
	}
	return in.reading, nil
}

// inspection is one reading of a chip.
type inspection struct {
	*link
	report  devices.Report
	reading devices.ChipReading
	files   fileSet
	done    int64
}

func (in *inspection) run(ctx context.Context, p devices.Password, trust *pki.TrustStore, now time.Time) error {
	if err := in.readMasterFile(ctx); err != nil {
		return err
	}
	if err := in.open(ctx, p); err != nil {
		return err
	}
	if err := in.readApplication(ctx); err != nil {
		return err
	}
	in.verdict(in.files.passive(trust, now))
	if in.files["EF.CardAccess"] != nil {
		in.verdict(in.files.access())
	}
	return in.authenticate(ctx)
}

func (in *inspection) verdict(v devices.Verdict) {
	in.reading.Verdicts = append(in.reading.Verdicts, v)
}

func (in *inspection) keep(name string, data []byte) {
	in.files[name] = data
	in.reading.Files = append(in.reading.Files, devices.ChipFile{Name: name, Data: data})
}

// readMasterFile reads what is open to all.
func (in *inspection) readMasterFile(ctx context.Context) error {
	if err := in.readBuffers(ctx); err != nil {
		return err
	}
	for _, name := range []string{"EF.ATR-INFO", "EF.CardAccess"} {
		b, err := in.readFree(ctx, name)
		if _, refused := apdu.StatusOf(err); refused {
			continue
		}
		if err != nil {
			return err
		}
		in.keep(name, b)
	}
	return nil
}

// open runs the access protocol.
func (in *inspection) open(ctx context.Context, p devices.Password) error {
	access := in.files["EF.CardAccess"]
	if access == nil {
		if err := in.openBAC(ctx, p.MRZHash); err != nil {
			return err
		}
		in.verdict(devices.Verdict{Mechanism: MechanismBAC, OK: true, Reason: "opened"})
		return nil
	}
	pw, err := passwordOf(p)
	if err != nil {
		return err
	}
	info, err := in.openPACE(ctx, access, pw)
	if err != nil {
		return err
	}
	in.verdict(devices.Verdict{Mechanism: MechanismPACE, OK: true, Reason: info.Protocol.String()})
	return nil
}

// readApplication reads EF.COM and EF.SOD, and every data group that either of them names and that
// is not guarded by terminal authentication.
func (in *inspection) readApplication(ctx context.Context) error {
	for _, name := range []string{"EF.COM", "EF.SOD"} {
		if err := in.read(ctx, name); err != nil {
			return err
		}
	}
	named := map[int]bool{}
	if com, err := lds.ParseCOM(in.files["EF.COM"]); err == nil {
		for _, n := range com.DataGroups {
			named[n] = true
		}
	}
	if sod, err := lds.ParseSOD(in.files["EF.SOD"]); err == nil {
		for n := range sod.DataGroups {
			named[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(named)) {
		if guarded(n) {
			continue
		}
		if err := in.read(ctx, dataGroupName(n)); err != nil {
			return err
		}
	}
	return nil
}

// read takes one file. One that is named and not there is left out: passive authentication says
// so.
func (in *inspection) read(ctx context.Context, name string) error {
	b, err := in.readWhole(ctx, name, func(n int) {
		in.done += int64(n)
		in.report.At(StepRead, in.done, 0)
	})
	switch {
	case errors.Is(err, apdu.FileNotFound) || errors.Is(err, apdu.SecurityStatus):
		return nil
	case err != nil:
		return err
	}
	in.keep(name, b)
	return nil
}

// authenticate has the chip prove its key, where DG14 announces one that can be tested, and asks
// for the chip's identifier last, because old chips break their session over it.
func (in *inspection) authenticate(ctx context.Context) error {
	v, tested, err := in.proveKey(ctx)
	if err != nil {
		return err
	}
	if tested {
		in.verdict(v)
	}
	if !in.short || (tested && !v.OK) {
		return nil
	}
	id, err := in.chipID(ctx)
	if errors.Is(err, devices.ErrChipRemoved) || ctx.Err() != nil {
		return err
	}
	in.reading.ChipID = id // nil where the chip does not tell
	return nil
}

func (in *inspection) proveKey(ctx context.Context) (v devices.Verdict, tested bool, err error) {
	dg14 := in.files["DG14"]
	if dg14 == nil {
		return v, false, nil
	}
	v.Mechanism = MechanismChipAuth
	key, offered, err := authenticationKey(dg14)
	switch {
	case err != nil:
		v.Reason = err.Error()
		return v, true, nil
	case !offered:
		return v, false, nil
	}
	err = in.authenticateChip(ctx, key)
	if errors.Is(err, devices.ErrNotAuthentic) {
		v.Reason = err.Error()
		return v, true, nil
	}
	v.OK, v.Reason = err == nil, "chip holds the key of DG14"
	return v, true, err
}
