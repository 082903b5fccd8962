// Package say tells the person at a terminal what went wrong.
package say

import (
	"fmt"
	"io"

	"padarozhnik/resources"
	"padarozhnik/station/issuance"
)

// Error writes the sentence that names the cure, in the language, and below it what an engineer
// wants to know. An error without a cure gets the second line alone.
func Error(w io.Writer, program, language string, err error) {
	key := issuance.Cure(err)
	texts, textErr := resources.Texts(language)
	if sentence, ok := texts["cure."+key]; textErr == nil && ok && key != "other" {
		fmt.Fprintln(w, sentence)
	}
	fmt.Fprintf(w, "%s: %v\n", program, err)
}
