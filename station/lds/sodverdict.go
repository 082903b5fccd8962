package lds

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"padarozhnik/station/pki"
)

// ErrIncomplete is returned by Judge where not a single data group was given.
var ErrIncomplete = errors.New("no data group to judge")

// Verdict is what passive authentication found (ICAO Doc 9303-11, 5.1). Judge's error decides
// whether the file is authentic; a verdict that goes with none may still hold Weak and Tolerated,
// and whoever relies on it shows them to a person.
type Verdict struct {
	Path      pki.Path
	Checked   []int    // data groups that are what was signed
	Unread    []int    // data groups that were signed and not given
	Weak      []string // algorithms that no longer prove what they once did
	Tolerated []string // strayings from the standard that were read past, none left out
}

// Judge is passive authentication of a chip at a date: the security object is signed by its
// document signer, the signer is believed by trust, and each whole file in dataGroups, by number, is
// what was signed. An empty documentCode asks nothing about the signer's document types. Errors are
// those of pki.TrustStore.Verify, pki.ErrSignature for a wrong signature or data group,
// pki.ErrUntrusted where no signer is embedded, and ErrIncomplete.
func (s *SOD) Judge(trust *pki.TrustStore, at time.Time, documentCode string, dataGroups map[int][]byte) (
	Verdict, error) {
	v := Verdict{Tolerated: slices.Clone(s.Tolerated)}
	err := s.Verify()
	if s.Signer != nil {
		path, err2 := trust.Verify(s.Signer, at, documentCode)
		v.Path = path
		v.Tolerated = slices.Concat(v.Tolerated, path.Tolerated, nameStrayings(path))
		if err == nil && err2 != nil {
			err = fmt.Errorf("EF.SOD: %w", err2)
		}
	}
	v.Weak = s.weaknesses(v.Path)
	for _, number := range slices.Sorted(maps.Keys(dataGroups)) {
		if failure := s.CheckDataGroup(number, dataGroups[number]); failure != nil {
			err = errors.Join(err, failure)
			continue
		}
		v.Checked = append(v.Checked, number)
	}
	for _, number := range slices.Sorted(maps.Keys(s.DataGroups)) {
		if _, given := dataGroups[number]; !given {
			v.Unread = append(v.Unread, number)
		}
	}
	if err == nil && len(v.Checked) == 0 {
		err = ErrIncomplete
	}
	return v, err
}

// nameStrayings notes an issuer that means the CSCA and is not written like it.
func nameStrayings(path pki.Path) []string {
	const differs = "document signer: issuer is not the CSCA's name"
	if path.Anchor == nil || bytes.Equal(path.Signer.RawIssuer, path.Anchor.RawSubject) ||
		slices.Contains(path.Tolerated, differs) {
		return nil
	}
	return []string{"document signer: issuer is written in another string type than the CSCA's name"}
}
