package chip_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"testing"

	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
)

// p256 is a private key on P-256.
func p256() []byte { return append(make([]byte, 31), 7) }

func grouped(group byte, content ...byte) []byte {
	if len(content) < 0xFF {
		return append([]byte{0x8F, group, byte(len(content))}, content...)
	}
	return append([]byte{0x8F, group, 0xFF, byte(len(content) >> 8), byte(len(content))}, content...)
}

func TestStore(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(key)
	for _, test := range []struct {
		name string
		data []byte
		want apdu.Status
	}{
		{"MRZ", grouped(1, make([]byte, 20)...), apdu.OK},
		{"short MRZ", grouped(1, make([]byte, 19)...), apdu.WrongData},
		{"CAN", grouped(2, []byte("123456")...), apdu.OK},
		{"CAN of letters", grouped(2, []byte("12345a")...), apdu.WrongData},
		{"key", grouped(3, append([]byte{12}, p256()...)...), apdu.OK},
		{"key of integers", grouped(3, append([]byte{1}, make([]byte, 27)...)...), apdu.WrongData},
		{"key of zero", grouped(3, append([]byte{12}, make([]byte, 32)...)...), apdu.WrongData},
		{"mapping key", grouped(4, append([]byte{2, 12}, p256()...)...), apdu.OK},
		{"numbered key", grouped(6, append([]byte{1, 12}, p256()...)...), apdu.OK},
		{"parameters that nobody knows", grouped(4, append([]byte{2, 31}, p256()...)...), apdu.WrongData},
		{"RSA", grouped(5, append([]byte{32, 0}, pkcs1...)...), apdu.OK},
		{"RSA cut short", grouped(5, append([]byte{32, 0}, pkcs1[:100]...)...), apdu.WrongData},
		{"RSA with a hash that nobody knows", grouped(5, append([]byte{16, 0}, pkcs1...)...), apdu.WrongData},
		{"ECDSA", grouped(5, append([]byte{32, 12}, p256()...)...), apdu.OK},
		{"ECDSA on integers", grouped(5, append([]byte{32, 1}, p256()...)...), apdu.WrongData},
		{"unknown", grouped(9, 1), apdu.ReferenceNotFound},
		{"length beyond the end", []byte{0x8F, 1, 20, 0}, apdu.WrongData},
		{"long length beyond the end", []byte{0x8F, 5, 0xFF, 4, 0, 1}, apdu.WrongData},
		{"nothing", nil, apdu.WrongData},
	} {
		if got := virtual.StoreGroup(&virtual.State{}, test.data); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func FuzzStore(f *testing.F) {
	f.Add(grouped(2, []byte("123456")...))
	f.Add(grouped(5, append([]byte{32, 12}, p256()...)...))
	f.Add(grouped(5, 32, 0, 0x30, 3, 2, 1, 0))
	f.Add([]byte{0x8F, 4, 0xFF, 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s virtual.State
		ok := virtual.StoreGroup(&s, b) == apdu.OK
		if has := s.MRZHash != nil || s.CAN != "" || s.Auth != nil || s.Mapping != nil || s.Active != nil; ok && !has {
			t.Error("taken, and nothing is there")
		}
	})
}
