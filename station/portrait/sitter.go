package portrait

// Sitter is by whose rules a picture is judged.
type Sitter int

// Sitters. Small children do not hold still, and their heads are rounder and higher above the eyes; of
// infants neither open eyes nor a closed mouth is asked.
const (
	Adult  Sitter = iota
	Child         // under six years
	Infant        // under one year
)

// SitterOf chooses the rules by completed years.
func SitterOf(years int) Sitter {
	switch {
	case years < 1:
		return Infant
	case years < 6:
		return Child
	}
	return Adult
}

// String returns "adult", "child" or "infant".
func (s Sitter) String() string {
	switch s {
	case Child:
		return "child"
	case Infant:
		return "infant"
	}
	return "adult"
}

// MarshalText writes the sitter as its word.
func (s Sitter) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// roll is how many degrees the head may be tilted before it is warned of, and before it fails.
func (s Sitter) roll() (warn, fail float64) {
	if s == Infant {
		return 10, 15
	}
	return 5, 8
}

// crown is how far the crown lies above the eyes, in distances between the pupils.
func (s Sitter) crown() float64 {
	switch s {
	case Child:
		return 1.95
	case Infant:
		return 2.1
	}
	return crownAbove
}

// Keys of what no measure of this package can tell. The officer looks and ticks.
const (
	TickRecent    = "recent"      // taken within six months (ICAO Doc 9303-3, 3.9.1.2)
	TickEyes      = "eyes-open"   // and looking into the camera
	TickMouth     = "mouth"       // closed, neutral
	TickFrontal   = "frontal"     // neither turned nor nodding
	TickGlasses   = "glasses"     // none, or without tint, glare and frames over the eyes
	TickUncovered = "uncovered"   // from chin to brow and both edges of the face
	TickAlone     = "alone"       // no hand, chair back or toy
	TickLikeness  = "likeness"    // it is the person at the desk
	TickTrue      = "unretouched" // nothing was smoothed, slimmed or painted
)

// Ticks lists what the officer has to look at.
func (s Sitter) Ticks() []string {
	if s == Infant {
		return []string{TickRecent, TickUncovered, TickAlone, TickLikeness, TickTrue}
	}
	return []string{
		TickRecent, TickEyes, TickMouth, TickFrontal, TickGlasses, TickUncovered, TickAlone, TickLikeness, TickTrue,
	}
}

// Keys lists the keys of all checks.
func Keys() []string {
	return []string{
		KeyFaces, KeyEyeDistance, KeyRoll, KeyHeadSize, KeyHeadPlace, KeySaturation, KeyExposure, KeyBackground,
		KeyIllumination, KeySharpness, KeyDynamicRange,
	}
}
