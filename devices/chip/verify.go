package chip

import (
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

// fileSet is the files of a chip or of an order, by name.
type fileSet map[string][]byte

func filesOf(list []devices.ChipFile) fileSet {
	m := make(fileSet, len(list))
	for _, f := range list {
		m[f.Name] = f.Data
	}
	return m
}

func dataGroupName(n int) string { return fmt.Sprintf("DG%d", n) }

// guarded tells the data groups that a terminal without a certificate of its own cannot read:
// fingerprints and irises.
func guarded(n int) bool { return n == 3 || n == 4 }

// passive is passive authentication (ICAO Doc 9303-11, 5.1): the signature of EF.SOD, its signer's
// chain to a trusted CSCA, the digest of every data group, and the list in EF.COM.
func (f fileSet) passive(trust *pki.TrustStore, now time.Time) devices.Verdict {
	v := devices.Verdict{Mechanism: MechanismPassive}
	origin, checked, err := f.checkPassive(trust, now)
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	v.OK = true
	v.Reason = fmt.Sprintf("signature, chain to %s and %d data groups agree", origin, checked)
	return v
}

func (f fileSet) checkPassive(trust *pki.TrustStore, now time.Time) (origin string, checked int, err error) {
	sod, err := lds.ParseSOD(f["EF.SOD"])
	if err != nil {
		return "", 0, err
	}
	if err := sod.Verify(); err != nil {
		return "", 0, fmt.Errorf("EF.SOD: %w", err)
	}
	code, err := f.documentCode()
	if err != nil {
		return "", 0, err
	}
	if trust == nil {
		return "", 0, errors.New("no trusted certificates")
	}
	path, err := trust.Verify(sod.Signer, now, code)
	if err != nil {
		return "", 0, fmt.Errorf("document signer: %w", err)
	}
	for _, n := range slices.Sorted(maps.Keys(sod.DataGroups)) {
		b, ok := f[dataGroupName(n)]
		if !ok && guarded(n) {
			continue
		}
		if !ok {
			return "", 0, fmt.Errorf("DG%d is signed and missing", n)
		}
		if err := sod.CheckDataGroup(n, b); err != nil {
			return "", 0, fmt.Errorf("DG%d: %w", n, err)
		}
		checked++
	}
	return path.Origin, checked, f.sameList(sod)
}

// documentCode is the first two characters of the MRZ without fillers.
func (f fileSet) documentCode() (string, error) {
	dg1, err := lds.ParseDG1(f["DG1"])
	if err != nil {
		return "", err
	}
	return strings.TrimRight(dg1.MRZ[:2], "<"), nil
}

// sameList demands that EF.COM names exactly the data groups that EF.SOD signs, and that nothing
// unsigned is among the files.
func (f fileSet) sameList(sod *lds.SOD) error {
	com, err := lds.ParseCOM(f["EF.COM"])
	if err != nil {
		return err
	}
	if !slices.Equal(com.DataGroups, slices.Sorted(maps.Keys(sod.DataGroups))) {
		return errors.New("EF.COM and EF.SOD list different data groups")
	}
	for n := 1; n <= lds.DataGroups; n++ {
		if _, there := f[dataGroupName(n)]; there && sod.DataGroups[n] == nil {
			return fmt.Errorf("DG%d is not signed", n)
		}
	}
	return nil
}

// matchesMRZ demands that a hash is that of the MRZ in DG1, so that the book can be opened with
// what is printed in it.
func (f fileSet) matchesMRZ(hash []byte) error {
	dg1, err := lds.ParseDG1(f["DG1"])
	if err != nil {
		return err
	}
	d, err := dg1.Document()
	if err != nil {
		return errors.New("DG1 has a wrong check digit")
	}
	sum := sha1.Sum([]byte(d.Information()))
	if subtle.ConstantTimeCompare(sum[:], hash) != 1 {
		return errors.New("password is not that of the MRZ in DG1")
	}
	return nil
}

// asError turns a verdict that is not OK into an error.
func asError(v devices.Verdict) error {
	if v.OK {
		return nil
	}
	return fmt.Errorf("%w: %s: %s", devices.ErrNotAuthentic, v.Mechanism, v.Reason)
}
