package station

import (
	"fmt"
	"slices"
)

// Fate is what became of a book after it was handed over.
type Fate string

// Fates. A book that was reported is invalid for ever: what is found stays so.
const (
	FateLost    Fate = "lost"
	FateStolen  Fate = "stolen"
	FateSpoiled Fate = "spoiled" // damaged in its holder's hands
	FateFound   Fate = "found"
)

// Fates lists them.
func Fates() []Fate { return []Fate{FateLost, FateStolen, FateSpoiled, FateFound} }

// fates says what can be reported after what.
var fates = map[Fate][]Fate{
	"":          {FateLost, FateStolen, FateSpoiled, FateFound},
	FateLost:    {FateStolen, FateFound},
	FateStolen:  {FateFound},
	FateSpoiled: {},
	FateFound:   {FateLost, FateStolen}, // and lost again
}

// Report says what became of a handed-over book. A book that is found without having been reported is
// somebody's all the same, and is treated as lost.
func (b Booklet) Report(as Fate) (Booklet, error) {
	if b.State != StateHanded && b.State != StateRevoked {
		return b, fmt.Errorf("report a booklet that is %s: %w", b.State, ErrStage)
	}
	if !slices.Contains(fates[b.Fate], as) {
		return b, fmt.Errorf("report a booklet that is %s as %s: %w", b.Fate, as, ErrStage)
	}
	b.Fate = as
	return b, nil
}
