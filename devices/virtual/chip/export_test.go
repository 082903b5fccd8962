package chip

import "padarozhnik/devices/chip/apdu"

// StoreGroup is what the chip does with one opened data grouping.
func StoreGroup(s *State, grouped []byte) apdu.Status {
	group, content, missing := grouping(grouped)
	if missing != 0 {
		return apdu.WrongData
	}
	return s.set(group, content)
}
