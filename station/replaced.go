package station

import "slices"

// Hardware is the epoch of the station's hardware, from 1.
func (c Charter) Hardware() uint64 { return max(c.Epoch, 1) }

// Lose ends a case whose application was in the old hardware of a station only. The applicant has to
// be enrolled again.
func (c Case) Lose() (Case, error) {
	if err := c.at("lose", StageDraft, StageSubmitted, StageReturned); err != nil {
		return c, err
	}
	c.Stage = StageClosed
	return c, nil
}

// Strand takes the booklet from a case whose order went down with the old hardware of a station. The
// case waits for another blank, as after a spoiled booklet.
func (c Case) Strand() (Case, error) {
	if err := c.at("strand", StageOrdered, StageProducing); err != nil {
		return c, err
	}
	c.Stage = StageSpoiled
	c.Spoiled = append(slices.Clone(c.Spoiled), c.Serial)
	return c, nil
}
