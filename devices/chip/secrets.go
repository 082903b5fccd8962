package chip

import (
	"context"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/scp03"
)

// secret is the value of a step as the chip takes it, and nothing where the order has none.
//
//	chip-authentication           number of the domain parameters, private key
//	numbered-chip-authentication  number of the key, and the same
//	chip-authentication-mapping   number of the key, and the same
//	active-authentication         hash in bytes; 0 and an RSAPrivateKey, or domain parameters and key
func secret(o devices.ChipOrder, value string) []byte {
	switch value {
	case products.ValueMRZHash:
		return append([]byte(nil), o.MRZHash...)
	case products.ValueCAN:
		return []byte(o.CAN)
	case products.ValueChipAuth:
		if o.Auth.KeyID == 0 && len(o.Auth.Private) > 0 {
			return append([]byte{byte(o.Auth.ParameterID)}, o.Auth.Private...)
		}
	case products.ValueNumberedChipAuth:
		if o.Auth.KeyID != 0 {
			return numbered(o.Auth)
		}
	case products.ValueMapping:
		return numbered(o.Mapping)
	case products.ValueActiveAuth:
		head := []byte{byte(o.Active.HashBits / 8)}
		if len(o.Active.RSA) > 0 {
			return append(append(head, 0), o.Active.RSA...)
		}
		if len(o.Active.Private) > 0 {
			return append(append(head, byte(o.Active.ParameterID)), o.Active.Private...)
		}
	}
	return nil
}

func numbered(k devices.ChipAuthKey) []byte {
	if len(k.Private) == 0 {
		return nil
	}
	return append([]byte{byte(k.KeyID), byte(k.ParameterID)}, k.Private...)
}

// STORE DATA of encrypted data in the form of data groupings (GlobalPlatform 2.3, 11.11.2.1).
const (
	encryptedGroup = 0x68
	lastBlock      = 0x80
)

// store sends one secret: identifier, length in one byte or FF and two, and the content under the
// DEK, in as many blocks as it needs.
func (w *work) store(ctx context.Context, s *scp03.Session, step products.Step) error {
	value := secret(w.order, step.Value)
	defer clear(value)
	if len(value) == 0 {
		return nil // an order without a CAN, or without this key
	}
	sealed := s.EncryptKey(value)
	data := []byte{byte(step.Group >> 8), byte(step.Group)}
	if len(sealed) < 0xFF {
		data = append(data, byte(len(sealed)))
	} else {
		data = append(data, 0xFF, byte(len(sealed)>>8), byte(len(sealed)))
	}
	data = append(data, sealed...)
	room := scp03.DataRoom(w.product.Limits.Short)
	for number := 0; len(data) > 0; number++ {
		n := min(room, len(data))
		c := apdu.Command{CLA: 0x80, INS: 0xE2, P1: encryptedGroup, P2: byte(number), Data: data[:n]}
		data = data[n:]
		if len(data) == 0 {
			c.P1 |= lastBlock
		}
		if _, err := s.Do(ctx, c); err != nil {
			return fmt.Errorf("store %s: %w", step.Value, refusedToHold(err))
		}
	}
	return nil
}
