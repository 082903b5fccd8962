package chip

import (
	"bytes"
	"errors"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// choosePACE takes protocol, password and, where EF.CardAccess leaves a choice, domain parameters
// (ICAO Doc 9303-11, 4.4.4.1). A chip whose password is not loaded yet knows none.
func (c *Chip) choosePACE(data []byte) apdu.Response {
	protocol, reference, err := authenticationTemplate(data)
	if err != nil {
		return status(apdu.WrongData)
	}
	password, ok := c.password(reference)
	if !ok {
		return status(apdu.ReferenceNotFound)
	}
	info, ok := c.offered(protocol, data)
	if !ok {
		return status(apdu.WrongData)
	}
	static, ok := c.state.mappingKey(info)
	if !ok {
		return status(apdu.ReferenceNotFound)
	}
	run, err := pace.NewChip(c.rand, info, password, static)
	if err != nil {
		return status(apdu.NotSupported)
	}
	c.ram.pace = paceRun{Chip: run, guessable: reference == pace.ReferenceCAN}
	return status(apdu.OK)
}

func authenticationTemplate(data []byte) (pace.Protocol, byte, error) {
	oid, err := tlv.Path(data, 0x80)
	if err != nil {
		return pace.Protocol{}, 0, err
	}
	protocol, err := pace.ParseProtocol(oid)
	if err != nil {
		return pace.Protocol{}, 0, err
	}
	reference, err := tlv.Path(data, 0x83)
	if err != nil {
		return pace.Protocol{}, 0, err
	}
	if len(reference) != 1 {
		return pace.Protocol{}, 0, tlv.ErrInvalid
	}
	return protocol, reference[0], nil
}

func (c *Chip) password(reference byte) (pace.Password, bool) {
	switch {
	case reference == pace.ReferenceMRZ && len(c.state.MRZHash) > 0:
		return pace.MRZ(c.state.MRZHash), true
	case reference == pace.ReferenceCAN && c.state.CAN != "":
		return pace.CAN(c.state.CAN), true
	}
	return pace.Password{}, false
}

// offered finds the one PACEInfo of EF.CardAccess that the terminal means.
func (c *Chip) offered(protocol pace.Protocol, data []byte) (pace.Info, bool) {
	f := c.state.file(cardAccessID, true)
	if f == nil {
		return pace.Info{}, false
	}
	infos, err := pace.ParseInfos(f.Data)
	if err != nil {
		return pace.Info{}, false
	}
	parameter, named := tlv.Path(data, 0x84)
	var found []pace.Info
	for _, i := range infos {
		if i.Protocol != protocol {
			continue
		}
		if named == nil && (len(parameter) != 1 || int(parameter[0]) != i.ParameterID) {
			continue
		}
		found = append(found, i)
	}
	if len(found) != 1 {
		return pace.Info{}, false
	}
	return found[0], true
}

// authenticatePACE answers one round.
func (c *Chip) authenticatePACE(data []byte) apdu.Response {
	run := c.ram.pace
	if run.Chip == nil {
		return status(apdu.ConditionsOfUse)
	}
	if s := c.guard(run); s != apdu.OK {
		return status(s)
	}
	answer, session, err := run.Authenticate(data)
	if err != nil {
		c.ram.pace = paceRun{}
		if errors.Is(err, pace.ErrPassword) {
			return status(apdu.AuthFailed)
		}
		return status(apdu.WrongData)
	}
	if session != nil && run.guessable {
		if s := c.commit(func(s *State) apdu.Status { s.Guesses = 0; return apdu.OK }); s.Status != apdu.OK {
			return s
		}
	}
	c.ram.next = session
	return done(answer)
}

// chooseChipAuth takes the cipher of Chip Authentication, which DG14 must announce. This chip has
// one key: a terminal may name it and no other.
func (c *Chip) chooseChipAuth(data []byte) apdu.Response {
	r, err := chipauth.ParseSetAT(data)
	if err != nil || !c.announces(r.Protocol) {
		return status(apdu.WrongData)
	}
	if !c.state.Auth.named(r.Reference) {
		return status(apdu.ReferenceNotFound)
	}
	c.ram.auth = chosenAuth{set: true, suite: r.Protocol.Suite}
	return status(apdu.OK)
}

// agreeKeys is MSE:Set KAT: Chip Authentication with 3DES in one command.
func (c *Chip) agreeKeys(data []byte) apdu.Response {
	r, err := chipauth.ParseSetKAT(data)
	if err != nil {
		return status(apdu.WrongData)
	}
	if !c.state.Auth.named(r.Reference) {
		return status(apdu.ReferenceNotFound)
	}
	group, private, err := c.state.Auth.key()
	if err != nil {
		return status(apdu.ReferenceNotFound)
	}
	if !c.announces(chipauth.Protocol{OnCurve: group.OnCurve(), Suite: sm.TripleDES}) {
		return status(apdu.NotSupported)
	}
	next, err := chipauth.Agree(sm.TripleDES, group, private, r.Public)
	if err != nil {
		return status(apdu.WrongData)
	}
	c.ram.next = next
	return status(apdu.OK)
}

// announces tells whether DG14 states a protocol of Chip Authentication.
func (c *Chip) announces(p chipauth.Protocol) bool {
	f := c.state.file(dg14ID, false)
	return f != nil && bytes.Contains(f.Data, tlv.Encode(0x06, p.OID()))
}

// internalAuthenticate is Active Authentication.
func (c *Chip) internalAuthenticate(r request) apdu.Response {
	switch {
	case c.state.Active == nil:
		return status(apdu.UnknownInstruction)
	case !r.secured || !c.ram.application:
		return status(apdu.SecurityStatus)
	}
	signer, err := c.state.Active.signer(c.rand)
	if err != nil {
		return status(apdu.ConditionsOfUse)
	}
	signature, err := signer.Sign(r.Data)
	if err != nil {
		return status(apdu.WrongData)
	}
	return done(signature)
}
