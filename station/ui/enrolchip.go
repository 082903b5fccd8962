package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// chipBranches are the questions that a chip is asked, in the order in which they are read, with the
// checks that answer each.
func chipBranches() []struct {
	key  string
	what []string
} {
	return []struct {
		key  string
		what []string
	}{
		{"ui.chip.branch.access", []string{"chip", "pace", "bac", "no access control", "ef.cardaccess"}},
		{"ui.chip.branch.zone", []string{"zone"}},
		{"ui.chip.branch.signature", []string{"passive authentication", "ef.cardsecurity", "algorithms"}},
		{"ui.chip.branch.copy", []string{"active authentication", "chip authentication", "chip authentication mapping"}},
		{"ui.chip.branch.more", nil}, // whatever else there is
	}
}

// chipTree is what the old passport's chip proves: the verdict, below it the questions, below each the
// checks that answer it.
func chipTree(t texts, old *station.OldPassport) fyne.CanvasObject {
	if old == nil || old.Chip == nil {
		return snug(paragraph(t.text("ui.chip.none")))
	}
	c := *old.Chip
	head := paragraph(t.word("ui.chip", string(c.Level)))
	head.TextStyle.Bold = true
	if c.Level == station.ChipFalse {
		head.Importance = widget.DangerImportance
	}
	tree := column(3, snug(head))
	if c.Origin != "" {
		tree.Add(fact(t.text("ui.chip.origin"), c.Origin))
	}
	if c.Reason != "" {
		tree.Add(fact(t.text("ui.chip.reason"), c.Reason))
	}
	taken := make([]bool, len(c.Checks))
	for _, b := range chipBranches() {
		leaves := column(1)
		for i, k := range c.Checks {
			if !taken[i] && (b.what == nil || slices.Contains(b.what, strings.ToLower(k.What))) {
				taken[i] = true
				leaves.Add(chipLeaf(t, k))
			}
		}
		if len(leaves.Objects) > 0 {
			tree.Add(inset(4, 0, 0, 0, line(t.text(b.key), sizeSmall, true, colourFaint)))
			tree.Add(inset(0, 0, 16, 0, leaves))
		}
	}
	for _, f := range []struct{ key, value string }{
		{"ui.chip.name", strings.ReplaceAll(strings.ReplaceAll(c.FullName, "<<", ", "), "<", " ")},
		{"ui.person.placeOfBirth", c.PlaceOfBirth}, {"ui.chip.authority", c.Authority}, {"ui.chip.issued", c.Issued},
	} {
		if f.value != "" {
			tree.Add(fact(t.text(f.key), f.value))
		}
	}
	return tree
}

// chipLeaf is one check: a sign, what was asked, what it came to, and what to do where that is not good. The
// engineer's words are in the evidence, for whoever looks into it later.
func chipLeaf(t texts, k station.ChipCheck) fyne.CanvasObject {
	sign, shade := "✓", colourDone
	if !k.OK {
		sign, shade = "!", colourTrouble
	}
	what := t.word("ui.finding", strings.ReplaceAll(strings.ToLower(k.What), " ", "-"))
	words := line(what, sizeSmall, !k.OK, colourInk)
	return container.NewBorder(nil, nil, container.NewVBox(atLeast(16, 0, line(sign, sizeSmall, true, shade))), nil,
		column(0, words, snug(detail(t.word("ui.chip.why", string(k.Word()))))))
}
