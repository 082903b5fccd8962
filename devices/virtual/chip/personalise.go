package chip

import (
	"bytes"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

// initializeUpdate opens the personaliser's channel, while the chip takes one.
func (c *Chip) initializeUpdate(r request) apdu.Response {
	if c.state.Life == Locked || !c.ram.application || r.secured {
		return status(apdu.ConditionsOfUse)
	}
	end := scp03.Card{
		Keys: c.state.SCP03, KeyVersion: keyVersion, AID: applicationID(), Parameter: scp03.ParameterPseudoRandom,
		Diversification: append(make([]byte, 10-chipIDSize), c.state.ChipID...),
		Sequence:        c.state.Sequence + 1, Rand: c.rand,
	}
	answer, channel, err := end.InitializeUpdate(r.Command)
	if err != nil {
		return status(apdu.WrongData)
	}
	if s := c.commit(func(s *State) apdu.Status { s.Sequence++; return apdu.OK }); s.Status != apdu.OK {
		return s
	}
	c.ram.channel = channel
	return done(answer)
}

// personalise takes the commands of an authenticated channel and refuses everybody else.
func (c *Chip) personalise(r request) apdu.Response {
	if !r.trusted || !c.ram.channel.Authenticated() || c.state.Life == Locked {
		return status(apdu.SecurityStatus)
	}
	switch r.INS {
	case 0xE0:
		return c.createFile(r)
	case 0xE2:
		return c.storeData(r)
	case 0xF0:
		return c.lock(r)
	}
	return c.updateBinary(r)
}

// commit changes the memory: fn works on a copy, and only a change that fn approves and the store
// has taken becomes the chip's memory.
func (c *Chip) commit(fn func(*State) apdu.Status) apdu.Response {
	next := c.state.clone()
	if s := fn(&next); s != apdu.OK {
		return status(s)
	}
	if err := c.store.Save(next); err != nil {
		return status(memoryFailure)
	}
	var current *File
	if c.ram.file != nil {
		current = next.file(c.ram.file.ID, c.ram.file.Master)
	}
	c.state, c.ram.file = next, current
	return status(apdu.OK)
}

// memoryFailure is the status of a chip that cannot write (ISO/IEC 7816-4, table 6).
const memoryFailure apdu.Status = 0x6581

// createFile takes file control parameters 62 (or what its dialect has for it) {80 size, 83 identifier,
// 88 short identifier} and selects the new file. The identifier of a file in the master file comes
// behind that of the master file, 3F00. A repeat with the same parameters is allowed, so that a torn
// personalisation can go on.
func (c *Chip) createFile(r request) apdu.Response {
	tag := c.state.dialect().Create
	size, err1 := tlv.Path(r.Data, tag, 0x80)
	id, err2 := tlv.Path(r.Data, tag, 0x83)
	short, err3 := tlv.Path(r.Data, tag, 0x88)
	id, master := bytes.CutPrefix(id, []byte{masterFileID >> 8, masterFileID & 0xFF})
	if err1 != nil || err2 != nil || err3 != nil || len(size) != 2 || len(id) != 2 || len(short) != 1 {
		return status(apdu.WrongData)
	}
	f := File{
		ID: uint16(id[0])<<8 | uint16(id[1]), Short: short[0] >> 3, Master: master,
		Data: make([]byte, int(size[0])<<8|int(size[1])),
	}
	if !creatable(f.ID, master) || len(f.Data) == 0 {
		return status(apdu.WrongData)
	}
	answer := c.commit(func(s *State) apdu.Status {
		if old := s.file(f.ID, f.Master); old != nil {
			if len(old.Data) != len(f.Data) || old.Short != f.Short {
				return apdu.FileExists
			}
			return apdu.OK
		}
		if s.free() < len(f.Data)+fileOverhead {
			return apdu.NoMemory
		}
		s.Files = append(s.Files, f)
		s.Life = Partial
		return apdu.OK
	})
	if answer.Status == apdu.OK {
		c.ram.file = c.state.file(f.ID, f.Master)
	}
	return answer
}

// creatable lists what this chip carries: no DG3 and DG4, because it has no terminal
// authentication to guard them.
func creatable(id uint16, master bool) bool {
	switch {
	case master:
		return id == cardAccessID || id == cardSecurityID
	case id == 0x0103 || id == 0x0104:
		return false
	case id >= 0x0101 && id <= 0x0110, id == 0x011D, id == 0x011E:
		return true
	}
	return false
}

// updateBinary writes inside the size that the file was created with.
func (c *Chip) updateBinary(r request) apdu.Response {
	f, offset, s := c.target(r)
	if s != apdu.OK {
		return status(s)
	}
	data := r.Data
	if r.INS&1 == 1 {
		var err error
		if data, err = tlv.Path(r.Data, 0x53); err != nil {
			return status(apdu.WrongData)
		}
	}
	if f.ID == atrInfoID {
		return status(apdu.SecurityStatus)
	}
	if offset+len(data) > len(f.Data) {
		return status(apdu.NoMemory)
	}
	c.wrote(len(data))
	return c.commit(func(s *State) apdu.Status {
		copy(s.file(f.ID, f.Master).Data[offset:], data)
		s.Life = Partial
		return apdu.OK
	})
}

// lock is SET STATUS of the application to PERSONALIZED. A chip that nobody could read afterwards
// does not let itself be locked.
func (c *Chip) lock(r request) apdu.Response {
	if r.P1 != 0x40 || r.P2 != 0x0F || !bytes.Equal(r.Data, applicationID()) || c.state.dialect().Last != 0 {
		return status(apdu.WrongP1P2)
	}
	return c.close()
}

func (c *Chip) close() apdu.Response {
	answer := c.commit(func(s *State) apdu.Status {
		if !s.complete() {
			return apdu.ConditionsOfUse
		}
		s.Life = Locked
		scp03.Zero(s.SCP03)
		s.SCP03 = devices.SCP03Keys{}
		return apdu.OK
	})
	if answer.Status == apdu.OK {
		c.ram.channel = nil
		c.ram.application, c.ram.file = false, nil
	}
	return answer
}

// complete tells that the chip could be read after the lock: password, access protocol and the
// files that every passport has, and what chip authentication mapping needs.
func (s *State) complete() bool {
	for _, name := range []string{"EF.COM", "EF.SOD", "DG1", "DG2"} {
		id, ok := lds.FileID(name)
		if !ok || s.file(id, false) == nil {
			return false
		}
	}
	access := s.file(cardAccessID, true)
	if access == nil || len(s.MRZHash) == 0 {
		return false
	}
	infos, err := pace.ParseInfos(access.Data)
	if err != nil || len(infos) == 0 {
		return false
	}
	for _, i := range infos {
		mapping := i.Protocol.Mapping == pace.ChipAuthMapping
		if !i.Supported() || mapping && (s.Mapping == nil || s.file(cardSecurityID, true) == nil) {
			return false
		}
	}
	return true
}
