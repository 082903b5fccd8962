package chip

import (
	"bytes"
	"testing"

	"padarozhnik/devices"
)

// TestErase: what a work copied of an order's secrets is gone behind it, and the order is whole.
func TestErase(t *testing.T) {
	secret := func(n byte) []byte { return bytes.Repeat([]byte{n}, 16) }
	o := devices.ChipOrder{
		MRZHash: secret(1), CAN: "314159", Auth: devices.ChipAuthKey{Private: secret(2)},
		SCP03:   devices.SCP03Keys{Enc: secret(3), Mac: secret(4), Dek: secret(5)},
		Mapping: devices.ChipAuthKey{Private: secret(6)},
		Active:  devices.ActiveAuthKey{RSA: secret(7), Private: secret(8)},
	}
	w := &work{order: ownSecrets(o)}
	all := func(o devices.ChipOrder) [][]byte {
		return [][]byte{
			o.MRZHash, o.Auth.Private, o.SCP03.Enc, o.SCP03.Mac, o.SCP03.Dek, o.Mapping.Private, o.Active.RSA,
			o.Active.Private,
		}
	}
	mine := all(w.order)
	w.erase()
	for i, b := range mine {
		if !bytes.Equal(b, make([]byte, 16)) {
			t.Errorf("secret %d stays: %x", i+1, b)
		}
	}
	for i, b := range all(o) {
		if !bytes.Equal(b, secret(byte(i+1))) {
			t.Errorf("the caller's secret %d was changed", i+1)
		}
	}
	if w.order.CAN != "" || o.CAN == "" {
		t.Errorf("CAN %q, the caller's %q", w.order.CAN, o.CAN)
	}
}
