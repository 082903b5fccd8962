package chip

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"math/big"

	"padarozhnik/devices/chip/activeauth"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/mrz"
)

// The second kind of chip: the open JMRTD passport applet, with its traps. It speaks short commands
// only, asks nobody who personalises it, tells nobody its state, lets itself be locked whatever it
// holds, and opens by Basic Access Control, whose flag only a reset takes back.

const (
	appletRead     = 223 // bytes of the longest READ BINARY that it answers
	appletFile     = 0x8000
	appletSMUpdate = apdu.Status(0x0001) // UPDATE BINARY under secure messaging
	illegalLetter  = apdu.Status(0x6D04) // in a document number
	rsaModulusSize = 128
)

// applet answers one command of the second kind.
func (c *Chip) applet(command []byte) apdu.Response {
	cmd, err := apdu.ParseCommand(command)
	if err != nil || cmd.Extended {
		return status(apdu.WrongLength)
	}
	if cmd.CLA&0x0C != 0x0C {
		r := c.appletCommand(request{Command: cmd})
		c.takeOver()
		return r
	}
	if c.ram.session == nil {
		return status(apdu.SMObjectWrong)
	}
	plain, refusal := c.unprotect(cmd)
	if refusal != apdu.OK {
		return status(refusal)
	}
	if plain.INS == 0xD6 {
		return status(appletSMUpdate)
	}
	r, err := c.ram.session.Protect(c.appletCommand(request{Command: plain, secured: true}))
	if err != nil {
		return status(apdu.Unspecified)
	}
	return r
}

func (c *Chip) appletCommand(r request) apdu.Response {
	if r.INS == 0xA4 && r.P1 == 4 {
		if string(r.Data) != string(applicationID()) {
			return status(apdu.FileNotFound)
		}
		c.ram.application, c.ram.file = true, nil
		return status(apdu.OK)
	}
	if !c.ram.application {
		return status(apdu.UnknownInstruction)
	}
	switch r.INS {
	case 0xA4:
		return c.appletSelect(r)
	case 0xB0:
		return c.appletReadBinary(r)
	case 0xD6:
		return c.appletUpdate(r)
	case 0xE0:
		return c.appletCreate(r)
	case 0xDA:
		return c.appletPutData(r)
	case 0x84:
		return c.appletChallenge(r)
	case 0x82:
		return c.answerBAC(r.Data)
	case 0x88:
		return c.appletSign(r)
	}
	return status(apdu.UnknownInstruction)
}

// authenticated tells that BAC was run since the last reset.
func (c *Chip) authenticated() bool { return c.ram.session != nil }

func (c *Chip) appletSelect(r request) apdu.Response {
	switch {
	case c.state.Life == Locked && !c.authenticated():
		return status(apdu.SecurityStatus)
	case len(r.Data) != 2:
		return status(apdu.WrongLength)
	}
	f := c.state.file(uint16(r.Data[0])<<8|uint16(r.Data[1]), false)
	if f == nil {
		return status(apdu.FileNotFound)
	}
	c.ram.file = f
	return status(apdu.OK)
}

// appletReadBinary needs a session even while the chip is open. It gives nothing, and says that all
// is well, to whoever asks for more than it can.
func (c *Chip) appletReadBinary(r request) apdu.Response {
	offset := int(r.P1)<<8 | int(r.P2)
	switch {
	case !c.authenticated():
		return status(apdu.SecurityStatus)
	case c.ram.file == nil:
		return status(apdu.ConditionsOfUse)
	case offset >= shortIdentifierBit || offset > len(c.ram.file.Data):
		return status(apdu.Unspecified)
	case r.Ne > appletRead:
		return status(apdu.OK)
	}
	n := min(r.Ne, len(c.ram.file.Data)-offset)
	answer := done(append([]byte(nil), c.ram.file.Data[offset:offset+n]...))
	c.spoil(answer.Data)
	return answer
}

// shortIdentifierBit is where 15-bit offsets end; the applet knows no short identifiers.
const shortIdentifierBit = 0x8000

func (c *Chip) appletUpdate(r request) apdu.Response {
	offset := int(r.P1)<<8 | int(r.P2)
	switch {
	case c.state.Life == Locked || c.ram.file == nil:
		return status(apdu.ConditionsOfUse)
	case len(r.Data) == 0:
		return status(apdu.WrongLength)
	case offset+len(r.Data) > len(c.ram.file.Data):
		return status(apdu.NoMemory)
	}
	c.wrote(len(r.Data))
	id := c.ram.file.ID
	return c.commit(func(s *State) apdu.Status {
		copy(s.file(id, false).Data[offset:], r.Data)
		return apdu.OK
	})
}

// appletCreate takes 63 04, size, identifier. A repeat may make a file smaller again, never larger
// than it was first. It does not select the file.
func (c *Chip) appletCreate(r request) apdu.Response {
	if len(r.Data) != 6 || r.Data[0] != 0x63 || r.Data[1] != 4 {
		return status(apdu.Unspecified)
	}
	size, id := int(r.Data[2])<<8|int(r.Data[3]), uint16(r.Data[4])<<8|uint16(r.Data[5])
	switch {
	case id == 0x0103 || id == 0x0104:
		return status(apdu.SecurityStatus)
	case c.state.Life == Locked:
		return status(apdu.ConditionsOfUse)
	case size >= appletFile || !appletHas(id):
		return status(apdu.Unspecified)
	}
	return c.commit(func(s *State) apdu.Status {
		old := s.file(id, false)
		if old == nil {
			s.Files = append(s.Files, File{ID: id, Data: make([]byte, size), First: size})
			return apdu.OK
		}
		if size > old.First {
			return apdu.NoMemory
		}
		old.Data = append(old.Data, make([]byte, max(size-len(old.Data), 0))...)[:size]
		return apdu.OK
	})
}

func appletHas(id uint16) bool { return id >= 0x0101 && id <= 0x010F || id == 0x011D || id == 0x011E }

// appletPutData takes the secrets, and the command that closes the chip for ever.
func (c *Chip) appletPutData(r request) apdu.Response {
	if c.state.Life == Locked {
		return status(apdu.ConditionsOfUse)
	}
	switch uint16(r.P1)<<8 | uint16(r.P2) {
	case 0xDEAD:
		return c.commit(func(s *State) apdu.Status { s.Life = Locked; return apdu.OK })
	case 0x0062:
		return c.appletKeys(r.Data)
	case 0x0060:
		return c.appletRSA(r.Data, 0x60, func(s *State, b []byte) { s.Modulus = b })
	case 0x0061:
		return c.appletRSA(r.Data, 0x61, func(s *State, b []byte) { s.Exponent = b })
	}
	return status(apdu.WrongP1P2)
}

// appletKeys derives the BAC keys from what it is given, padded or not.
func (c *Chip) appletKeys(data []byte) apdu.Response {
	value, err := tlv.Only(data, 0x62)
	if err != nil {
		return status(apdu.Unspecified)
	}
	list, err := tlv.Elements(value)
	if err != nil || len(list) != 3 {
		return status(apdu.Unspecified)
	}
	h := sha1.New()
	for _, e := range list {
		digit, err := mrz.CheckDigit(string(e.Value))
		if err != nil {
			return status(illegalLetter)
		}
		_, _ = h.Write(append(e.Value[:len(e.Value):len(e.Value)], digit)) // a hash takes everything
	}
	return c.commit(func(s *State) apdu.Status { s.MRZHash = h.Sum(nil); return apdu.OK })
}

// appletRSA takes half of a key. Its outer length has to be zero.
func (c *Chip) appletRSA(data []byte, tag byte, set func(*State, []byte)) apdu.Response {
	const head = 5 // tag, zero, 04 81 and the length
	if len(data) <= head || data[0] != tag || data[1] != 0 || data[2] != 0x04 || data[3] != 0x81 ||
		int(data[4]) != len(data)-head || len(data)-head > rsaModulusSize {
		return status(apdu.Unspecified)
	}
	value := append([]byte(nil), data[head:]...)
	return c.commit(func(s *State) apdu.Status { set(s, value); return apdu.OK })
}

func (c *Chip) appletChallenge(r request) apdu.Response {
	switch {
	case r.Ne != 8:
		return status(apdu.WrongLength)
	case len(c.state.MRZHash) == 0:
		return status(apdu.ConditionsOfUse)
	}
	return c.drawChallenge()
}

// appletSign is Active Authentication, with SHA-1 alone.
func (c *Chip) appletSign(r request) apdu.Response {
	switch {
	case !c.authenticated():
		return status(apdu.SecurityStatus)
	case len(c.state.Modulus) != rsaModulusSize || len(c.state.Exponent) != rsaModulusSize:
		return status(apdu.ConditionsOfUse)
	}
	key := &rsa.PrivateKey{D: new(big.Int).SetBytes(c.state.Exponent)}
	key.N = new(big.Int).SetBytes(c.state.Modulus)
	signature, err := activeauth.Signer{RSA: key, Hash: crypto.SHA1, Rand: c.rand}.Sign(r.Data)
	if err != nil {
		return status(apdu.Unspecified)
	}
	return done(signature)
}
