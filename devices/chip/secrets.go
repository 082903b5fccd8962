package chip

import (
	"bytes"
	"crypto/x509"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/products"
	"padarozhnik/station/lds"
)

// ownSecrets copies what is secret in an order, so that it can be erased behind the last use of it
// while the caller's order remains the caller's.
func ownSecrets(o devices.ChipOrder) devices.ChipOrder {
	for _, b := range secretBytes(&o) {
		*b = bytes.Clone(*b)
	}
	return o
}

// erase clears the secrets of the work's own copy of the order.
func (w *work) erase() {
	for _, b := range secretBytes(&w.order) {
		clear(*b)
	}
	w.order.CAN = ""
}

// secretBytes is all that an order has for a chip and nobody else may know, but for the CAN.
func secretBytes(o *devices.ChipOrder) []*[]byte {
	return []*[]byte{
		&o.MRZHash, &o.Auth.Private, &o.Mapping.Private, &o.Active.RSA, &o.Active.Private,
		&o.SCP03.Enc, &o.SCP03.Mac, &o.SCP03.Dek,
	}
}

// field gives the fields of a step a copy of what the order has for them, and nothing where it has none.
func (w *work) field(name string) []byte {
	o := w.order
	switch name {
	case products.FieldApplication:
		return bytes.Clone(w.product.Application)
	case products.FieldMRZHash:
		return bytes.Clone(o.MRZHash)
	case products.FieldCAN:
		return []byte(o.CAN)
	case products.FieldChipAuth:
		if o.Auth.KeyID == 0 && len(o.Auth.Private) > 0 {
			return slices.Concat([]byte{byte(o.Auth.ParameterID)}, o.Auth.Private)
		}
		return nil
	case products.FieldNumbered:
		if o.Auth.KeyID != 0 {
			return numbered(o.Auth)
		}
		return nil
	case products.FieldMapping:
		return numbered(o.Mapping)
	case products.FieldActive:
		return active(o.Active)
	case products.FieldModulus, products.FieldExponent:
		return halfRSA(o.Active, name)
	}
	return w.zoneField(name)
}

// numbered and active make room for all of a key at once, so that no copy of it is left behind.
func numbered(k devices.ChipAuthKey) []byte {
	if len(k.Private) == 0 {
		return nil
	}
	return slices.Concat([]byte{byte(k.KeyID), byte(k.ParameterID)}, k.Private)
}

func active(k devices.ActiveAuthKey) []byte {
	hash := byte(k.HashBits / 8)
	switch {
	case len(k.RSA) > 0:
		return slices.Concat([]byte{hash, 0}, k.RSA)
	case len(k.Private) > 0:
		return slices.Concat([]byte{hash, byte(k.ParameterID)}, k.Private)
	}
	return nil
}

// halfRSA is the modulus of an RSA key, or its private exponent at the same length.
func halfRSA(k devices.ActiveAuthKey, name string) []byte {
	private, err := x509.ParsePKCS1PrivateKey(k.RSA)
	if err != nil {
		return nil
	}
	half := private.D
	if name == products.FieldModulus {
		half = private.N
	}
	return half.FillBytes(make([]byte, private.Size()))
}

// zoneField finds a part of the MRZ information: number (9), birth (6) and expiry (6), each with
// its check digit behind it. The number is padded, as it stands in the MRZ.
func (w *work) zoneField(name string) []byte {
	places := map[string][2]int{
		products.FieldNumber: {0, 9}, products.FieldBirth: {10, 16}, products.FieldExpiry: {17, 23},
	}
	place, ok := places[name]
	dg1, err := lds.ParseDG1(filesOf(w.order.Files)["DG1"])
	if !ok || err != nil {
		return nil
	}
	d, err := dg1.Document()
	if err != nil || len(d.Information()) != 24 {
		return nil
	}
	return []byte(d.Information()[place[0]:place[1]])
}
