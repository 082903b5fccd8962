package station

import "slices"

// Hardware is the epoch of the station's hardware, from 1.
func (c Charter) Hardware() uint64 { return max(c.Epoch, 1) }

// Former is a key that signed on a station's chain once: of an officer who has left or got another
// token, or of hardware that is gone. What it signed in its time stays true.
type Former struct {
	KeyID string `cbor:"1,keyasint" json:"keyId"`
	SPKI  []byte `cbor:"2,keyasint" json:"spki"`
}

// SignedOnce returns the key of an officer of today or of a former signer, DER; nil for a stranger's.
func (c Charter) SignedOnce(keyID string) []byte {
	if o, ok := c.Officer(keyID); ok {
		return o.SPKI
	}
	for _, f := range c.Former {
		if f.KeyID == keyID {
			return f.SPKI
		}
	}
	return nil
}

// Retire takes an officer's key out of the charter and remembers it among the former ones. It returns
// the officer as they were; ok is false if nobody has that key.
func (c *Charter) Retire(keyID string) (o Officer, ok bool) {
	i := slices.IndexFunc(c.Officers, func(o Officer) bool { return o.KeyID == keyID })
	if i < 0 {
		return Officer{}, false
	}
	o = c.Officers[i]
	c.Officers = slices.Delete(slices.Clone(c.Officers), i, i+1)
	c.Former = append(slices.Clone(c.Former), Former{o.KeyID, o.SPKI})
	return o, true
}

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
	if err := c.at("strand", StageApproved, StageOrdered, StageProducing); err != nil {
		return c, err
	}
	c.Stage = StageSpoiled
	c.Spoiled = append(slices.Clone(c.Spoiled), c.Serial)
	return c, nil
}
