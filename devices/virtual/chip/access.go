package chip

import (
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/pace"
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
	run, err := pace.NewChip(c.rand, info, password)
	if err != nil {
		return status(apdu.NotSupported)
	}
	c.ram.pace = run
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

// chooseChipAuth takes the cipher of Chip Authentication. This chip has one key, so the terminal
// must not name another by number.
func (c *Chip) chooseChipAuth(data []byte) apdu.Response {
	oid, err := tlv.Path(data, 0x80)
	if err != nil {
		return status(apdu.WrongData)
	}
	suite, err := chipauth.ParseOID(oid)
	if err != nil {
		return status(apdu.WrongData)
	}
	if _, err := tlv.Path(data, 0x84); err == nil || c.state.Auth == nil {
		return status(apdu.ReferenceNotFound)
	}
	c.ram.auth = chosenAuth{set: true, suite: suite}
	return status(apdu.OK)
}
