package chip

import (
	"bytes"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds/tlv"
)

// Identifiers of files that this chip treats in a way of their own.
const (
	cardAccessID   = 0x011C
	cardSecurityID = 0x011D // in the master file; EF.SOD has the same in the application
	dg14ID         = 0x010E
	atrInfoID      = 0x2F01
	masterFileID   = 0x3F00
)

// mayRead tells who reads a file. Those of the master file are open to all, but for EF.CardSecurity;
// that and the application's files need a session, and the personaliser's channel does not read at
// all (ICAO Doc 9303-10, 3.11).
func (c *Chip) mayRead(r request) bool { return !c.ram.application || r.secured }

func (f *File) closed(r request) bool {
	return f.Master && f.ID == cardSecurityID && !r.secured && !r.trusted
}

// selectFile is SELECT of the application, of the master file, or of a file in the one selected, or
// by its path from the master file.
func (c *Chip) selectFile(r request) apdu.Response {
	if r.P1 == 4 {
		return c.selectApplication(r)
	}
	if len(r.Data) == 0 && r.P1 == 0 {
		r.Data = []byte{masterFileID >> 8, masterFileID & 0xFF}
	}
	if (r.P1 != 0 && r.P1 != 2 && r.P1 != 8) || len(r.Data) != 2 {
		return status(apdu.WrongP1P2)
	}
	id := uint16(r.Data[0])<<8 | uint16(r.Data[1])
	if id == masterFileID && r.P1 == 0 {
		c.ram.application, c.ram.file = false, nil
		return status(apdu.OK)
	}
	if !c.mayRead(r) && !r.trusted {
		return status(apdu.SecurityStatus)
	}
	f := c.state.file(id, !c.ram.application || r.P1 == 8)
	switch {
	case f != nil && f.closed(r):
		return status(apdu.SecurityStatus)
	case f != nil:
		c.ram.file = f
		return status(apdu.OK)
	case c.closed(r):
		return status(apdu.SecurityStatus)
	}
	return status(apdu.FileNotFound)
}

// closed tells that a terminal without a session faces a locked chip, which does not even tell it
// what files there are.
func (c *Chip) closed(r request) bool { return c.state.Life == Locked && !r.secured }

// selectApplication gives the life cycle of the application where file control parameters are
// asked for (ISO/IEC 7816-4, 7.4.10).
func (c *Chip) selectApplication(r request) apdu.Response {
	if !bytes.Equal(r.Data, applicationID()) {
		return status(apdu.FileNotFound)
	}
	if c.state.Life == Locked && !r.secured && !c.state.basicAccess() {
		return status(apdu.SecurityStatus)
	}
	c.ram.application, c.ram.file = true, nil
	if r.P2&0x0C != 0x04 {
		return status(apdu.OK)
	}
	return done(tlv.Encode(0x62, tlv.Encode(0x84, applicationID()), tlv.Encode(0x8A, []byte{c.state.lifeCode()})))
}

// readBinary is READ BINARY with a 15-bit offset, a short file identifier, or the offset in a
// data object (ISO/IEC 7816-4, 11.3.3).
func (c *Chip) readBinary(r request) apdu.Response {
	if !c.mayRead(r) {
		return status(apdu.SecurityStatus)
	}
	f, offset, s := c.target(r)
	switch {
	case s == apdu.NoCurrentFile && c.closed(r):
		return status(apdu.SecurityStatus)
	case s != apdu.OK:
		return status(s)
	case f.closed(r):
		return status(apdu.SecurityStatus)
	}
	if offset > len(f.Data) {
		return status(apdu.WrongOffset)
	}
	room := bufferSize - responseOverhead
	if c.faults.ReadRoom > 0 {
		room = min(room, c.faults.ReadRoom)
	}
	if c.faults.RefuseLong && r.Ne > room && r.Ne != apdu.MaxShort {
		c.ram.dropped = true
		return status(apdu.WrongLength)
	}
	n := min(r.Ne, len(f.Data)-offset, room)
	answer := done(append([]byte(nil), f.Data[offset:offset+n]...))
	c.spoil(answer.Data)
	if n < r.Ne && offset+n == len(f.Data) && r.Ne != apdu.MaxShort && r.Ne != apdu.MaxExtended {
		answer.Status = apdu.EndOfFile
	}
	if r.INS&1 == 1 {
		answer.Data = tlv.Encode(0x53, answer.Data)
	}
	return answer
}

// spoil counts a reading, and plays a wrong bit in it where the faults say so.
func (c *Chip) spoil(data []byte) {
	c.reads++
	if c.faults.WrongByteAtRead == c.reads && len(data) > 0 {
		data[len(data)-1] ^= 1
	}
}

// target finds file and offset of a binary command and makes the file current.
func (c *Chip) target(r request) (*File, int, apdu.Status) {
	if r.INS&1 == 1 {
		return c.targetInData(r)
	}
	if r.P1&0x80 != 0 {
		f := c.state.short(r.P1&0x1F, !c.ram.application)
		if f == nil {
			return nil, 0, apdu.FileNotFound
		}
		c.ram.file = f
		return f, int(r.P2), apdu.OK
	}
	if c.ram.file == nil {
		return nil, 0, apdu.NoCurrentFile
	}
	return c.ram.file, int(r.P1)<<8 | int(r.P2), apdu.OK
}

// targetInData reads the offset object 54 of an odd instruction. P1 P2 is 0 for the current file,
// a short file identifier, or a file identifier.
func (c *Chip) targetInData(r request) (*File, int, apdu.Status) {
	f := c.ram.file
	id := uint16(r.P1)<<8 | uint16(r.P2)
	switch {
	case id > 0 && id <= 0x1F:
		f = c.state.short(byte(id), !c.ram.application)
	case id != 0:
		f = c.state.file(id, !c.ram.application)
	}
	if f == nil {
		return nil, 0, apdu.FileNotFound
	}
	b, err := tlv.Path(r.Data, 0x54)
	if err != nil || len(b) == 0 || len(b) > 3 {
		return nil, 0, apdu.WrongData
	}
	offset := 0
	for _, x := range b {
		offset = offset<<8 | int(x)
	}
	c.ram.file = f
	return f, offset, apdu.OK
}

// getData gives the production data (tag 9F7F) and the room left (FF21). Both are closed once the
// chip is locked, but for a reader in a session, who may know which chip this is.
func (c *Chip) getData(r request) apdu.Response {
	if c.state.Life == Locked && !r.secured {
		return status(apdu.SecurityStatus)
	}
	switch uint16(r.P1)<<8 | uint16(r.P2) {
	case 0x9F7F:
		return done(tlv.Encode(0x9F7F, c.state.production()))
	case 0xFF21:
		free := c.state.free()
		room := []byte{byte(free >> 24), byte(free >> 16), byte(free >> 8), byte(free)}
		return done(tlv.Encode(0xFF21, tlv.Encode(0x81, []byte{1}), tlv.Encode(0x82, room)))
	}
	return status(apdu.ReferenceNotFound)
}
