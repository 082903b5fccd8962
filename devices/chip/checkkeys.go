package chip

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
	"padarozhnik/station/lds"
)

// checkKeys demands that every private key of an order is of a kind that the chip takes, and that
// its public half stands in the file which announces it.
func checkKeys(p *products.Product, o devices.ChipOrder, files fileSet) error {
	if err := checkAuth(p, o.Auth, files["DG14"]); err != nil {
		return err
	}
	if err := checkMapping(p, o.Mapping, files); err != nil {
		return err
	}
	return checkActive(p, o.Active, files)
}

// privateKey reads a private key and finds its public half.
func privateKey(p *products.Product, parameterID int, private []byte) (domain.Group, domain.Element, error) {
	if !slices.Contains(p.Limits.Parameters, parameterID) {
		return domain.Group{}, domain.Element{}, cannotHold("key with domain parameters %d", parameterID)
	}
	g, err := domain.ByParameterID(parameterID)
	if err != nil {
		return g, domain.Element{}, fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	d, err := g.Private(private)
	if err != nil {
		return g, domain.Element{}, fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	public, err := g.Public(d)
	if err != nil {
		return g, domain.Element{}, fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	return g, public, nil
}

// checkAuth is about the key of Chip Authentication.
func checkAuth(p *products.Product, k devices.ChipAuthKey, dg14 []byte) error {
	if len(k.Private) == 0 || !p.Stores(products.FieldChipAuth) && !p.Stores(products.FieldNumbered) {
		return checkNoAuth(k, dg14)
	}
	g, public, err := privateKey(p, k.ParameterID, k.Private)
	if err != nil {
		return fmt.Errorf("chip authentication: %w", err)
	}
	stated, announced, err := authenticationKey(dg14)
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	if !announced {
		return cannotHold("no Chip Authentication in DG14")
	}
	d, err := lds.ParseDG14(dg14)
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	for _, i := range d.Infos.ChipAuthentication {
		if !slices.Contains(p.Limits.ChipAuth, i.OID.String()) {
			return cannotHold("Chip Authentication %s", i.OID)
		}
	}
	var number []byte
	if k.KeyID != 0 {
		number = []byte{byte(k.KeyID)}
	}
	if k.KeyID < 0 || k.KeyID > 127 || !bytes.Equal(stated.KeyID, number) {
		return cannotHold("number of the Chip Authentication key")
	}
	field := map[bool]string{true: products.FieldNumbered, false: products.FieldChipAuth}[k.KeyID != 0]
	if !p.Stores(field) {
		return cannotHold("%s key", field)
	}
	if stated.Group.ParameterID() != g.ParameterID() || !g.Equal(stated.Public, public) {
		return cannotHold("Chip Authentication key is not that of DG14")
	}
	return nil
}

// checkNoAuth is for a chip that gets no Chip Authentication: its files must not announce it either.
func checkNoAuth(k devices.ChipAuthKey, dg14 []byte) error {
	if len(k.Private) > 0 {
		return cannotHold("Chip Authentication key")
	}
	if dg14 == nil {
		return nil
	}
	d, err := lds.ParseDG14(dg14)
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	if len(d.Infos.ChipAuthentication) > 0 {
		return cannotHold("Chip Authentication in DG14")
	}
	return nil
}

// checkMapping is about the key of PACE with chip authentication mapping, which a chip has only
// beside another mapping, and announced in EF.CardSecurity under a number (ICAO Doc 9303-11, 4.4 and
// 9.2.6).
func checkMapping(p *products.Product, k devices.ChipAuthKey, files fileSet) error {
	var infos []pace.Info
	if access := files["EF.CardAccess"]; access != nil {
		var err error
		if infos, err = pace.ParseInfos(access); err != nil {
			return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
		}
	}
	offered, others := false, false
	for _, i := range infos {
		if i.Protocol.Mapping != pace.ChipAuthMapping {
			others = true
			continue
		}
		offered = true
		if i.ParameterID != k.ParameterID {
			return cannotHold("chip authentication mapping on another curve than its key")
		}
	}
	switch {
	case !offered && len(k.Private) == 0:
		return nil
	case !offered:
		return cannotHold("key of chip authentication mapping that EF.CardAccess does not offer")
	case !others:
		return cannotHold("chip authentication mapping and no other")
	case !p.Stores(products.FieldMapping):
		return cannotHold("key of chip authentication mapping")
	case k.KeyID < 1 || k.KeyID > 127:
		return cannotHold("key of chip authentication mapping without a number")
	}
	g, public, err := privateKey(p, k.ParameterID, k.Private)
	if err != nil {
		return fmt.Errorf("chip authentication mapping: %w", err)
	}
	s, err := files.parseCardSecurity()
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	for _, stated := range s.Infos.ChipAuthenticationKeys {
		if stated.KeyID != nil && *stated.KeyID == k.KeyID && stated.ParameterID == k.ParameterID &&
			bytes.Equal(stated.Point, g.Bytes(public)) {
			return nil
		}
	}
	return cannotHold("key of chip authentication mapping is not that of EF.CardSecurity")
}

// checkActive is about the key of Active Authentication.
func checkActive(p *products.Product, k devices.ActiveAuthKey, files fileSet) error {
	dg15 := files["DG15"]
	switch {
	case dg15 == nil && k.IsZero():
		return nil
	case dg15 == nil || k.IsZero():
		return cannotHold("DG15 and the key of Active Authentication do not go together")
	case !p.Stores(products.FieldActive) && (!p.Stores(products.FieldModulus) || !p.Stores(products.FieldExponent)):
		return cannotHold("key of Active Authentication")
	case len(k.RSA) == 0 && !p.Stores(products.FieldActive):
		return cannotHold("key of Active Authentication on a curve")
	case !slices.Contains(p.Limits.Hash, k.HashBits):
		return cannotHold("Active Authentication with a hash of %d bits", k.HashBits)
	}
	stated, err := challengeKey(dg15, files["DG14"])
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	if len(k.RSA) > 0 {
		private, err := x509.ParsePKCS1PrivateKey(k.RSA)
		if err != nil {
			return cannotHold("RSA key that cannot be read")
		}
		if !slices.Contains(p.Limits.RSA, private.N.BitLen()) {
			return cannotHold("RSA key of %d bits", private.N.BitLen())
		}
		if stated.RSA == nil || !stated.RSA.Equal(&private.PublicKey) {
			return cannotHold("key of Active Authentication is not that of DG15")
		}
		return nil
	}
	if _, _, err := privateKey(p, k.ParameterID, k.Private); err != nil {
		return fmt.Errorf("active authentication: %w", err)
	}
	if stated.Curve == nil || stated.Curve.ParameterID() != k.ParameterID ||
		!stated.Curve.BaseMul(new(big.Int).SetBytes(k.Private)).Equal(stated.Point) {
		return cannotHold("key of Active Authentication is not that of DG15")
	}
	if stated.Hash.Size()*8 != k.HashBits || k.HashBits > stated.Curve.N.BitLen() {
		return cannotHold("hash of Active Authentication is not that of DG14, or longer than the key")
	}
	return nil
}
