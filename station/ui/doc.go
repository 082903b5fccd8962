// Package ui is the window of a station: screens over the Desk of package issuance, in Belarusian
// and English.
//
// Each screen is a struct with its widgets: newX makes it in the present language, show fills it
// from what was read of the desk, and its buttons call back named functions of the Window. A screen
// decides nothing: whether an officer may do a step is asked of the domain (a verb of station.Case
// on a copy), and what a person should do about an error is issuance.Cure's answer.
//
// What takes time runs in a goroutine through one task runner, which knows one verb at a time: a
// second click, or the second half of a double click, finds it busy or resting and does nothing.
// Reading the desk's state runs beside it, and the newest reading wins.
//
// An enrolment is a row of steps, each in a form of its own (enrolStep): any step may be the next one, what was
// typed is saved when a step is left, and the last one lists what is missing as links to its fields. Pictures
// are decoded, measured and made small by workers; a frame that is moved is measured beside everything else,
// the newest one last.
//
// Texts come from resources.Texts by key. Fyne's own lang package is not used: it takes the
// language of the system once, before the program begins, and cannot change it; officers choose
// theirs from the menu while they work.
//
// Signing out takes the board away as well as the seat: who walks past sees nothing.
package ui
