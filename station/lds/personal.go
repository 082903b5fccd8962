package lds

// PersonalGroups builds the two data groups that a person's application determines, DG1 with the zone
// and DG2 with the portrait in the format named as ParseFaceFormat reads it. Whoever decides and
// whoever signs build them each for themselves and compare.
func PersonalGroups(zone [2]string, portrait []byte, format string) (dg1, dg2 []byte, err error) {
	f, err := ParseFaceFormat(format)
	if err != nil {
		return nil, nil, err
	}
	if dg1, err = NewDG1(zone[:]).Bytes(); err != nil {
		return nil, nil, err
	}
	face, err := NewDG2As(f, portrait)
	if err != nil {
		return nil, nil, err
	}
	dg2, err = face.Bytes()
	return dg1, dg2, err
}
