package main

import (
	"errors"
	"fmt"
	"strings"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// errKeyFileRSA: key files are for training.
var errKeyFileRSA = errors.New("RSA keys need a token (--pkcs11)")

// keyKind is what a new key of the country is to be: on a curve, or RSA of so many bits.
type keyKind struct {
	curve *ec.Curve
	bits  int
}

// Name is the kind in the words of the flags.
func (k keyKind) Name() string {
	if k.curve == nil {
		return fmt.Sprintf("RSA-%d", k.bits)
	}
	return k.curve.Name()
}

// kindLike is the kind of a key that exists.
func kindLike(key *pki.PublicKey) keyKind {
	if key.RSA != nil {
		return keyKind{bits: key.RSA.N.BitLen()}
	}
	return keyKind{curve: key.Curve}
}

// kindNamed finds a kind by the name that the flags use; "" is the other one.
func kindNamed(name string, otherwise keyKind) (keyKind, error) {
	if name == "" {
		return otherwise, nil
	}
	for _, k := range kinds() {
		if strings.EqualFold(k.Name(), name) {
			return k, nil
		}
	}
	return keyKind{}, fmt.Errorf("%w: no curve %q: want one of %s", errUsage, name, kindNames())
}

// kinds are those of the country's keys (ICAO Doc 9303-12, 4.4).
func kinds() (list []keyKind) {
	for _, c := range []*ec.Curve{
		ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(),
	} {
		list = append(list, keyKind{curve: c})
	}
	for _, bits := range []int{2048, 3072, 4096} {
		list = append(list, keyKind{bits: bits})
	}
	return list
}

func kindNames() string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.Name())
	}
	return strings.Join(names, ", ")
}
