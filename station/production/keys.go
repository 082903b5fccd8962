package production

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"

	"padarozhnik/station"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki/ec"
)

// Numbers of the static keys of a chip that has two of them: one for Chip Authentication, one for the
// mapping of PACE, so that neither protocol ever uses the other's key.
const (
	authNumber    = 1
	mappingNumber = 2
)

// keys are the secrets that are drawn for one chip, and what the chip says of them.
type keys struct {
	secrets station.ChipSecrets
	infos   lds.SecurityInfos
	active  *lds.DG15 // nil without active authentication
}

// drawKeys draws what only this chip will know: the CAN and the keys that the profile chooses.
func drawKeys(p station.Profile) (keys, error) {
	k := keys{secrets: station.ChipSecrets{ParameterID: p.PACEParameter}, infos: offers(p)}
	curve, err := ec.ByParameterID(p.PACEParameter)
	if err != nil {
		return k, err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return k, err
	}
	k.secrets.CAN = fmt.Sprintf("%06d", n)
	if err := k.static(p, curve); err != nil {
		return k, fmt.Errorf("chip authentication: %w", err)
	}
	if err := k.challenge(p, curve); err != nil {
		return k, fmt.Errorf("active authentication: %w", err)
	}
	return k, nil
}

// offers is what EF.CardAccess says and DG14 repeats (ICAO Doc 9303-11, 9.2): generic mapping for every
// reader, and chip authentication mapping beside it where the profile has it.
func offers(p station.Profile) lds.SecurityInfos {
	parameter := p.PACEParameter
	infos := lds.SecurityInfos{PACE: []lds.PACEInfo{
		{OID: lds.OIDPACEGM(lds.AES128), Version: 2, ParameterID: &parameter},
	}}
	if p.ChipAuth == station.ChipAuthMapping {
		cam := lds.PACEInfo{OID: lds.OIDPACECAM(lds.AES128), Version: 2, ParameterID: &parameter}
		infos.PACE = append(infos.PACE, cam)
	}
	return infos
}

// static draws the keys of Chip Authentication and of chip authentication mapping.
func (k *keys) static(p station.Profile, curve *ec.Curve) (err error) {
	switch p.ChipAuth {
	case station.ChipAuthNone:
		return nil
	case station.ChipAuthMapping:
		k.secrets.KeyID = authNumber
		k.secrets.Mapping.KeyID = mappingNumber
		if k.secrets.Mapping.Private, err = k.pair(curve, mappingNumber); err != nil {
			return err
		}
	}
	info := lds.ChipAuthenticationInfo{OID: lds.OIDChipAuthentication(lds.AES128), Version: 1}
	info.KeyID = numbered(k.secrets.KeyID)
	k.infos.ChipAuthentication = append(k.infos.ChipAuthentication, info)
	k.secrets.Private, err = k.pair(curve, k.secrets.KeyID)
	return err
}

// pair draws a key pair, states its public half and returns the private one.
func (k *keys) pair(curve *ec.Curve, number int) ([]byte, error) {
	private, public, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k.infos.ChipAuthenticationKeys = append(k.infos.ChipAuthenticationKeys, lds.ChipAuthenticationPublicKey{
		ParameterID: curve.ParameterID(), Point: curve.Bytes(public), KeyID: numbered(number),
	})
	return scalar(curve, private), nil
}

func numbered(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// scalar is a private key as long as the group order.
func scalar(curve *ec.Curve, private *big.Int) []byte {
	return private.FillBytes(make([]byte, (curve.N.BitLen()+7)/8))
}

// challenge draws the key of active authentication.
func (k *keys) challenge(p station.Profile, curve *ec.Curve) error {
	switch p.ActiveAuth {
	case station.ActiveAuthNone:
		return nil
	case station.ActiveAuthECDSA:
		return k.challengeCurve(curve)
	}
	private, err := rsa.GenerateKey(rand.Reader, p.ActiveAuth.RSABits())
	if err != nil {
		return err
	}
	dg15, err := lds.NewDG15(&private.PublicKey)
	k.active = &dg15
	k.secrets.Active = station.ActiveKey{RSA: x509.MarshalPKCS1PrivateKey(private), HashBits: 256}
	return err
}

// challengeCurve draws a key on a curve. DG14 names the signature, whose hash is no longer than the key
// (ICAO Doc 9303-11, 6.1 and 9.2.7).
func (k *keys) challengeCurve(curve *ec.Curve) error {
	private, public, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	key, err := curve.PublicKey(public)
	if err != nil {
		return err
	}
	dg15, err := lds.NewDG15(key)
	if err != nil {
		return err
	}
	bits, arc := hashFor(curve.N.BitLen())
	k.active = &dg15
	k.infos.ActiveAuthentication = []lds.ActiveAuthenticationInfo{{Version: 1, Signature: lds.OIDPlainECDSA(arc)}}
	k.secrets.Active = station.ActiveKey{Private: scalar(curve, private), HashBits: bits}
	return nil
}

// hashFor is the longest SHA-2 that is no longer than a key, and its arc below the plain signatures of
// BSI TR-03111, 5.2.1.
func hashFor(key int) (bits, arc int) {
	switch {
	case key >= 512:
		return 512, 5
	case key >= 384:
		return 384, 4
	case key >= 256:
		return 256, 3
	}
	return 224, 2
}
