package sm

import (
	"fmt"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds/tlv"
)

// Unprotect checks and opens a protected command: the chip's mirror of Wrap. The class byte comes
// back without its secure messaging bits.
func (s *Session) Unprotect(c apdu.Command) (apdu.Command, error) {
	if s.engine == nil {
		return apdu.Command{}, ErrEnded
	}
	s.step()
	out, err := s.unprotect(c)
	if err != nil {
		s.End()
		return apdu.Command{}, err
	}
	return out, nil
}

func (s *Session) unprotect(c apdu.Command) (apdu.Command, error) {
	s.odd = c.INS&1 == 1
	f, err := s.verify(c.Header(), c.Data, tagLe)
	if err != nil {
		return apdu.Command{}, err
	}
	out := apdu.Command{CLA: c.CLA &^ 0x0C, INS: c.INS, P1: c.P1, P2: c.P2, Extended: c.Extended}
	if out.Data, err = s.payload(f); err != nil {
		return apdu.Command{}, err
	}
	le := f.other
	if le == nil {
		return out, nil
	}
	switch len(le) {
	case 1:
		out.Ne = int(le[0])
		if out.Ne == 0 {
			out.Ne = apdu.MaxShort
		}
	case 2:
		out.Ne = int(le[0])<<8 | int(le[1])
		if out.Ne == 0 {
			out.Ne = apdu.MaxExtended
		}
	default:
		return apdu.Command{}, fmt.Errorf("%w: expected length of %d bytes", ErrMalformed, len(le))
	}
	return out, nil
}

// Protect wraps a response of the chip: the mirror of Unwrap.
func (s *Session) Protect(r apdu.Response) (apdu.Response, error) {
	if s.engine == nil {
		return apdu.Response{}, ErrEnded
	}
	s.step()
	var objects []byte
	if len(r.Data) > 0 {
		objects = s.seal(objects, r.Data)
	}
	objects = tlv.Append(objects, tagStatus, []byte{byte(r.Status >> 8), byte(r.Status)})
	mac := s.engine.authenticate(s.ssc, nil, objects)
	return apdu.Response{Data: tlv.Append(objects, tagMAC, mac[:]), Status: r.Status}, nil
}
