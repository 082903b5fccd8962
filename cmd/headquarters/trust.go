package main

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/pki"
)

// Conditions of lists that come from elsewhere.
var (
	errOlderList = errors.New("an older list than the one in force")
	errOwnList   = errors.New("it names a CSCA of our own country that is not ours: ask who made it")
)

// trustList reads the trust list in force and its bytes; both are zero where there is none yet.
func (h *headquarters) trustList() (charter.TrustList, []byte, error) {
	raw, err := os.ReadFile(h.path("public", fileTrust))
	if errors.Is(err, os.ErrNotExist) {
		return charter.TrustList{}, nil, nil
	}
	if err != nil {
		return charter.TrustList{}, nil, err
	}
	root, err := h.certificate("public", "root.der")
	if err != nil {
		return charter.TrustList{}, nil, err
	}
	l, err := charter.ParseTrust(raw, root.PublicKey.(*ecdsa.PublicKey))
	return l, raw, err
}

// ownStore believes the own country alone.
func (c *country) ownStore() (*pki.TrustStore, error) {
	store := pki.NewTrustStore()
	for _, root := range c.roots {
		if err := store.AddAnchor(root, "own"); err != nil {
			return nil, err
		}
	}
	return store, nil
}

// putTrust signs the next trust list with other sources, and with those revocation lists for which there
// is still somebody to vouch.
func (a *act) putTrust(sources []charter.Source) error {
	last, _, err := a.trustList()
	if err != nil {
		return err
	}
	next := charter.TrustList{Version: last.Version + 1, Signed: a.began.Unix(), Sources: sources}
	for _, f := range last.Lists {
		alone := charter.TrustList{Sources: sources, Lists: []charter.ForeignCRL{f}}
		store, err := a.ownStore()
		if err != nil {
			return err
		}
		if err := alone.AddTo(store); errors.Is(err, pki.ErrUntrusted) {
			a.say("revocation list %s goes with the certificate that signed it", f.Origin)
			continue
		} else if err != nil {
			return err
		}
		next.Lists = append(next.Lists, f)
	}
	return a.signTrust(next)
}

// signTrust signs a trust list. It is read as a station will read it before the root signs.
func (a *act) signTrust(next charter.TrustList) error {
	store, err := a.ownStore()
	if err != nil {
		return err
	}
	if err := next.AddTo(store); err != nil {
		return err
	}
	root, key, err := a.root(a.keys)
	if err != nil {
		return err
	}
	raw, err := charter.SignTrust(next, key)
	if err != nil {
		return err
	}
	if _, err := charter.ParseTrust(raw, root.PublicKey.(*ecdsa.PublicKey)); err != nil {
		return fmt.Errorf("read trust list back: %w", err)
	}
	a.put(fileTrust, raw)
	a.say("trust list %d: %d anchors, %d revocation lists, %d bytes; it reaches stations with their next charters "+
		"(`headquarters station renew`)", next.Version, len(store.Anchors()), len(next.Lists), len(raw))
	return nil
}

// handed makes the sources of certificates that were handed over. One that was known keeps the origin it
// had; our own need none, and another of our own country's is refused.
func (a *act) handed(known []charter.Source, files []string, certificates []*pki.Certificate, origin string) (
	[]charter.Source, error) {
	var out []charter.Source
	for i, c := range certificates {
		if a.ours(c) {
			continue
		}
		if strings.EqualFold(c.Country(), a.roots[0].Country()) {
			return nil, fmt.Errorf("%s: %w", files[i], errOwnList)
		}
		s := charter.Source{Origin: a.origin(origin, files[i]), Roots: [][]byte{c.Raw}}
		for _, old := range known {
			if len(old.List) == 0 && slices.EqualFunc(old.Roots, s.Roots, slices.Equal) {
				s.Origin = old.Origin
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// origin says in words where a file came from.
func (a *act) origin(words, file string) string {
	return fmt.Sprintf("%s, %s, %s", words, filepath.Base(file), a.began.Format(time.DateOnly))
}

// imported are the sources that are master lists.
func imported(sources []charter.Source) []charter.Source {
	return slices.DeleteFunc(slices.Clone(sources), func(s charter.Source) bool { return len(s.List) == 0 })
}

// countryOf is the country that signed the master list of a source.
func countryOf(s charter.Source) (string, *pki.MasterList, error) {
	m, err := pki.ParseMasterList(s.List)
	if err != nil {
		return "", nil, err
	}
	return m.Signer.Country(), m, nil
}

// signedAt is when a master list was signed; where it does not say so, its signer's beginning.
func signedAt(m *pki.MasterList) time.Time {
	if m.SigningTime.IsZero() {
		return m.Signer.NotBefore
	}
	return m.SigningTime
}

// ours tells whether a certificate is one of the country's.
func (c *country) ours(listed *pki.Certificate) bool {
	return slices.ContainsFunc(c.all(), func(o *pki.Certificate) bool { return slices.Equal(o.Raw, listed.Raw) })
}

// onlyOurs refuses a list that would have stations believe another CSCA of our own country.
func (c *country) onlyOurs(m *pki.MasterList) error {
	for listed, err := range m.Certificates() {
		if err != nil || !strings.EqualFold(listed.Country(), c.roots[0].Country()) {
			continue
		}
		if !c.ours(listed) {
			return fmt.Errorf("certificate %x, key %x: %w", listed.SerialNumber, listed.SubjectKeyID, errOwnList)
		}
	}
	return nil
}
