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
// says. PACE is used wherever EF.CardAccess announces it; BAC only where it does not, and only
// with the MRZ. EF.CardSecurity is read where the chip proved itself by chip authentication mapping.
// The application's files come in the standard's order behind those of the master file, as far as
// the chip has them; DG3 and DG4 are never asked for. Active Authentication runs where there is DG15,
// Chip Authentication where DG14 announces it. A chip whose access protocol is not known here gives
// devices.ErrUnsupported.
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
	in.judge(trust, now)
	return in.authenticate(ctx)
}

// judge gives the verdicts on what was read.
func (in *inspection) judge(trust *pki.TrustStore, now time.Time) {
	in.verdict(in.files.passive(trust, now))
	if in.mapping != nil {
		in.verdict(in.files.cardSecurity(trust, now))
		in.verdict(in.files.mapping(in.mapping))
	}
	if announcesPACE(in.files["EF.CardAccess"]) {
		in.verdict(in.files.access())
	} else if v, tested := in.files.hidden(); tested {
		in.verdict(v)
	}
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
	if !announcesPACE(access) {
		return in.openOld(ctx, p)
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
	if in.mapping == nil {
		return nil
	}
	return in.read(ctx, "EF.CardSecurity")
}

func (in *inspection) openOld(ctx context.Context, p devices.Password) error {
	protected, err := in.openBAC(ctx, p.MRZHash)
	if err != nil {
		return err
	}
	v := devices.Verdict{Mechanism: MechanismBAC, OK: true, Reason: "opened"}
	if !protected {
		v = devices.Verdict{Mechanism: MechanismNoAccess, OK: true, Reason: "chip is open to everybody"}
	}
	in.verdict(v)
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

// authenticate has the chip prove its keys, where DG15 and DG14 announce them, and asks for the
// chip's identifier last, because old chips break their session over it.
func (in *inspection) authenticate(ctx context.Context) error {
	sound := true
	for _, prove := range []func(context.Context) (devices.Verdict, bool, error){in.proveActive, in.proveKey} {
		v, tested, err := prove(ctx)
		if err != nil {
			return err
		}
		if tested {
			in.verdict(v)
			sound = sound && v.OK
		}
	}
	if !in.short || !sound {
		return nil
	}
	id, err := in.chipID(ctx)
	if errors.Is(err, devices.ErrChipRemoved) || ctx.Err() != nil {
		return err
	}
	in.reading.ChipID = id // nil where the chip does not tell
	return nil
}

// proveActive is Active Authentication.
func (in *inspection) proveActive(ctx context.Context) (v devices.Verdict, tested bool, err error) {
	if in.files["DG15"] == nil {
		return v, false, nil
	}
	v.Mechanism = MechanismActiveAuth
	key, err := challengeKey(in.files["DG15"], in.files["DG14"])
	if err != nil {
		v.Reason = err.Error()
		return v, true, nil
	}
	return in.proven(v, "chip signs with the key of DG15", in.answerChallenge(ctx, key))
}

// proveKey is Chip Authentication.
func (in *inspection) proveKey(ctx context.Context) (v devices.Verdict, tested bool, err error) {
	if in.files["DG14"] == nil {
		return v, false, nil
	}
	v.Mechanism = MechanismChipAuth
	key, announced, err := authenticationKey(in.files["DG14"])
	switch {
	case err != nil:
		v.Reason = err.Error()
		return v, true, nil
	case !announced:
		return v, false, nil
	}
	return in.proven(v, "chip holds the key of DG14", in.authenticateChip(ctx, key))
}

// proven turns what a proof came to into a verdict; errors that say nothing of the chip are passed
// on.
func (in *inspection) proven(v devices.Verdict, reason string, err error) (devices.Verdict, bool, error) {
	if errors.Is(err, devices.ErrNotAuthentic) {
		v.Reason = err.Error()
		return v, true, nil
	}
	v.OK, v.Reason = err == nil, reason
	return v, true, err
}
